"""gunicorn's settings that need code.

The application is loaded once, before the workers are forked: they share its memory. Whatever a
worker must have for itself (threads, connections) begins in the worker.
"""

import gc
import signal

from launch.pdeathsig import end_with_parent

preload_app = True


def when_ready(_master: object) -> None:
    """Called by gunicorn before it forks. Loads the pages too, which Django leaves to a request."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()  # a collection in a worker would write to the pages that it shares


def post_fork(_master: object, _worker: object) -> None:
    """Called by gunicorn in each new worker: an orphan would keep the port from the next master.

    Uvicorn's workers do not see that their master was killed.
    """
    end_with_parent(signal.SIGKILL)
