"""As in the audit log: INSERT OR REPLACE takes a version's place without a trigger on UPDATE."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAKE = """CREATE TRIGGER catalog_templateversion_no_replace
    BEFORE INSERT ON catalog_templateversion
    WHEN EXISTS (SELECT 1 FROM catalog_templateversion WHERE id = NEW.id
        OR (template_id = NEW.template_id AND number = NEW.number))
    BEGIN SELECT RAISE(ABORT, 'versions of templates do not change'); END"""


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse a version whose place is taken."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(MAKE)


def undo(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without it."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER catalog_templateversion_no_replace")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_ports")]
    operations = [migrations.RunPython(make, undo)]
