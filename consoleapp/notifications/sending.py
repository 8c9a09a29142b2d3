"""Send what is due, many at once in one thread: slow receivers hold up no operation."""

import asyncio
import logging
import threading

from django.core.mail import EmailMessage

from consoleapp.accounts.access import role_on
from consoleapp.core.encryption import Unreadable
from consoleapp.notifications import mail, queue, webhooks
from consoleapp.notifications.models import Delivery
from consoleapp.notifications.webhooks import Undelivered

_one_at_a_time = threading.Lock()
logger = logging.getLogger(__name__)


def send_due() -> None:
    """Send until nothing is due. Returns at once if another thread of this worker does so."""
    if not _one_at_a_time.acquire(blocking=False):
        return  # the sweeper repeats what the other one misses
    try:
        while taken := queue.claim():
            _send(taken)
    finally:
        _one_at_a_time.release()


def _send(taken: list[Delivery]) -> None:
    ready: list[tuple[Delivery, webhooks.Message | EmailMessage]] = []
    for delivery in taken:
        if reason := _no_longer_allowed(delivery):
            queue.withdraw(delivery, reason)
            continue
        try:
            made = webhooks.message(delivery) if delivery.webhook else mail.message(delivery)
        except Unreadable:
            text = "Its secret was sealed with another key of Berth's. Make a new one."
            queue.failed(delivery, text, again=False)
            continue
        ready.append((delivery, made))
    outcomes = asyncio.run(_all([message for _, message in ready]))
    for (delivery, _), outcome in zip(ready, outcomes, strict=True):
        match outcome:
            case None:
                queue.done(delivery)
            case Undelivered():
                queue.failed(delivery, outcome.error, again=outcome.again)
            case BaseException():
                logger.error("delivering %s broke off", delivery.pk, exc_info=outcome)
                queue.failed(delivery, f"A fault in Berth: {type(outcome).__name__}.", again=True)


async def _all(
    messages: list[webhooks.Message | EmailMessage],
) -> list[Undelivered | BaseException | None]:
    return await asyncio.gather(*(_one(message) for message in messages), return_exceptions=True)


async def _one(message: webhooks.Message | EmailMessage) -> Undelivered | None:
    if isinstance(message, webhooks.Message):
        return await webhooks.post(message)
    return await asyncio.to_thread(mail.send, message)


def _no_longer_allowed(delivery: Delivery) -> str:
    """Return why the user may not be notified (any more); "" if they may."""
    if not delivery.user.is_active:
        return "The user is disabled."
    if delivery.webhook and not delivery.webhook.active:
        return "The webhook is switched off."
    if delivery.webhook is None and not (mail.configured() and delivery.user.email):
        return "There is no address, or Berth cannot send e-mail any more."
    occurrence = delivery.occurrence
    if occurrence and role_on(delivery.user, occurrence.account) is None:
        return f"There is no grant any more on {occurrence.account}."
    return ""
