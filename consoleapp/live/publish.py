"""What changed, told to the pages that are open."""

from typing import Any

from consoleapp.accounts.models import LinuxAccount
from consoleapp.operations.models import Operation


def publish(account: LinuxAccount, event: str, data: dict[str, Any]) -> None:
    """Tell it; does nothing when Redis is down."""


def operation_changed(operation: Operation) -> None:
    """Tell that an operation's state or progress changed."""
