"""The database refuses to change a version of a template.

As in the audit log, SQLite needs one more trigger for INSERT OR REPLACE.
"""

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAKE = {
    "sqlite": [
        """CREATE TRIGGER catalog_templateversion_no_update
        BEFORE UPDATE ON catalog_templateversion
        BEGIN SELECT RAISE(ABORT, 'versions of templates do not change'); END""",
        """CREATE TRIGGER catalog_templateversion_no_replace
        BEFORE INSERT ON catalog_templateversion
        WHEN EXISTS (SELECT 1 FROM catalog_templateversion WHERE id = NEW.id
            OR (template_id = NEW.template_id AND number = NEW.number))
        BEGIN SELECT RAISE(ABORT, 'versions of templates do not change'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION catalog_templateversion_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'versions of templates do not change'; END $$""",
        """CREATE TRIGGER catalog_templateversion_no_update BEFORE UPDATE ON catalog_templateversion
        FOR EACH ROW EXECUTE FUNCTION catalog_templateversion_refuse()""",
    ],
}
UNDO = {
    "sqlite": [
        "DROP TRIGGER catalog_templateversion_no_update",
        "DROP TRIGGER catalog_templateversion_no_replace",
    ],
    "postgresql": [
        "DROP TRIGGER catalog_templateversion_no_update ON catalog_templateversion",
        "DROP FUNCTION catalog_templateversion_refuse()",
    ],
}


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers."""
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def undo(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without them."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
