"""The queue of operations: Celery over Redis, tuned for a short path from a click to the engine."""

import os
from typing import Any

import kombu
from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import setup_logging, task_postrun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
# Django's checks load every page and the API, which a worker never serves. `migrate` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class _Connection(kombu.Connection):
    """Reconnect soon: by default, a worker waits 2 s, then 4 s, then 6 s for Redis."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        pauses = {"interval_start": 0.2, "interval_step": 0.2, "interval_max": 1.0}
        return super().ensure_connection(*args, **{**pauses, **options})


class _Amqp(AMQP):
    Connection = _Connection


app = Celery("consoleapp", amqp=_Amqp)
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
