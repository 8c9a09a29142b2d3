"""gunicorn's settings that need code. Uvicorn's workers do not see that their master was killed."""

import signal

from launch.pdeathsig import end_with_parent


def post_fork(_master: object, _worker: object) -> None:
    """Called by gunicorn in each new worker: an orphan would keep the port from the next master."""
    end_with_parent(signal.SIGKILL)
