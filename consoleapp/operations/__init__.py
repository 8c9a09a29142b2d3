"""Every change to an account: the row, its states, the queue, the worker's tasks, the sweeper."""
