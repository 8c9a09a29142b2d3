"""Allow cleaning up a test that really commits: disable the audit log's triggers for that."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from consoleapp.audit.migrations import _triggers as triggers
from tests.waiting import PATIENCE

# Many concurrent writers are slow on a busy machine. SQLite gives up on a lock after this.
if connection.vendor == "sqlite":
    settings.DATABASES["default"]["OPTIONS"]["timeout"] = PATIENCE


@pytest.fixture(autouse=True, scope="session")
def _flush_despite_the_triggers() -> Iterator[None]:
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_all(self: Any, sql_list: list[str]) -> None:
        with self.connection.schema_editor() as editor:
            triggers.undo(None, editor)
        flush(self, sql_list)
        with self.connection.schema_editor() as editor:
            triggers.make(None, editor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", flush_all)
        yield
