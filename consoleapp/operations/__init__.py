"""Every change to an account: the row, its states, submitting, the queue, approval."""
