"""The queue of operations: Celery over Redis, tuned for a short way from a click to the engine."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")

app = Celery("consoleapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _as_django_logs(**_: object) -> None:
    """Keep Celery from setting up logging of its own: settings.LOGGING says it all."""
