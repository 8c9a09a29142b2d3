"""The queue of operations: Celery over Redis, tuned for a short path from a click to the engine."""

import os

from celery import Celery
from celery.signals import setup_logging, task_postrun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
# Django's checks load every page and the API, which a worker never serves. `migrate` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("consoleapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _as_django_logs(**_: object) -> None:
    """Keep Celery from configuring logging itself: settings.LOGGING configures all of it."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def _keep_connections(**_: object) -> None:
    """Keep connections: a worker has a fixed number of threads, each with one to the database."""
    from django.conf import settings

    settings.DATABASES["default"]["CONN_MAX_AGE"] = None


@task_postrun.connect
def _drop_broken_connections(**_: object) -> None:
    from django.db import close_old_connections

    close_old_connections()
