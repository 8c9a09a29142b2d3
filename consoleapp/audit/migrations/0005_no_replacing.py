"""INSERT OR REPLACE takes a row's place: SQLite asks neither the trigger on UPDATE nor on DELETE.

PostgreSQL's ON CONFLICT DO UPDATE is an UPDATE there, and is refused as one.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

UNIQUE = {
    "audit_event": ("id",),
    "audit_link": ("seq", "event_id"),
    "audit_head": ("number",),
    "audit_pruning": ("seq",),
}
"""Columns by which a row would be replaced."""


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse a row whose place is taken."""
    if schema_editor.connection.vendor != "sqlite":
        return
    for table, columns in UNIQUE.items():
        taken = " OR ".join(f"{column} = NEW.{column}" for column in columns)
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 - fixed names
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there}"
            " BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END"
        )


def undo(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without it."""
    if schema_editor.connection.vendor == "sqlite":
        for table in UNIQUE:
            schema_editor.execute(f"DROP TRIGGER {table}_no_replace")


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_triggers")]
    operations = [migrations.RunPython(make, undo)]
