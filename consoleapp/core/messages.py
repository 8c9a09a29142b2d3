"""Database fields for JSON and texts with messages (see `engine/schema/messages.py`)."""

from typing import Any

from django.db import models

from engine.schema.messages import dump, load


class MessagesField(models.JSONField):
    """JSON whose texts may be messages: read as strings, stored as msgid and parameters."""

    def from_db_value(self, value: Any, *args: Any) -> Any:
        """Return the value with its messages."""
        return load(super().from_db_value(value, *args))

    def get_db_prep_value(self, value: Any, *args: Any, **options: Any) -> Any:
        """Return the value as it is stored."""
        return super().get_db_prep_value(dump(value), *args, **options)
