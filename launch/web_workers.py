"""gunicorn's settings that need code.

The application is loaded once, before the workers are forked, so that they share its memory.
Whatever a worker must have for itself (threads, connections) starts in the worker.
"""

import gc
import signal

from launch.pdeathsig import end_with_parent

preload_app = True


def when_ready(_master: object) -> None:
    """Load the pages, which Django leaves to the first request, before gunicorn forks."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()  # a collection in a worker would write to the shared pages


def post_fork(_master: object, _worker: object) -> None:
    """End with the master: an orphan would keep the port from the next one.

    gunicorn calls this in each new worker. Uvicorn's workers do not notice that their master was
    killed.
    """
    end_with_parent(signal.SIGKILL)
