"""Close the recordings of an observer that died as broken off."""

import asyncio
import logging

from django.conf import settings
from django.db import connections

from consoleapp.core import polling
from consoleapp.core.actor import Actor
from consoleapp.recordings import recorder, storage
from consoleapp.recordings.models import How, Recording

EVERY = 60.0
LONGEST = 3600.0
"""Seconds between two rounds while nobody writes to the database."""
logger = logging.getLogger(__name__)


async def close_forever() -> None:
    """Run until cancelled: at the start, and then for ends that the database did not accept."""
    while True:
        before = polling.stamp()
        if await asyncio.to_thread(_round):
            await polling.change(before, EVERY, LONGEST)
        else:
            await asyncio.sleep(EVERY)


def _round() -> bool:
    """Run one round. Return whether it was possible."""
    try:
        close()
        return True
    except Exception:
        logger.exception("looking for recordings that broke off")
        return False
    finally:
        connections.close_all()  # the next round may run in another thread


def close() -> int:
    """Close them and return the count. Each host has one observer, so nobody else records them."""
    going_on = set(recorder.going_on)  # so that one that ends in the meantime is not closed twice
    rows = Recording.objects.filter(ended_at=None, account__host__name=settings.BERTH_HOST)
    found = [
        row for row in rows.select_related("account") if row.key not in going_on | recorder.going_on
    ]
    for row in found:
        row.how = How.BROKEN_OFF
        row.size, row.sha256 = storage.digest(row.key) or (0, "")
        recorder.finish(row, Actor(user=None, label="observer"))
    return len(found)
