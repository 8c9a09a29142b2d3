"""The database's own part in the chain: triggers that refuse changes and record pending events.

They refuse UPDATE and DELETE of events, links, checkpoints, and summaries. An event and its link can only
be deleted once a summary (audit_pruning) covers the link. SQLite's INSERT OR REPLACE replaces a row
without firing the triggers on UPDATE and DELETE, so it has one of its own. PostgreSQL's ON CONFLICT DO
UPDATE counts as an UPDATE there, and is refused as one.
"""

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("audit_event", "audit_link", "audit_checkpoint", "audit_pruning")
COVERED = {
    "audit_event": "EXISTS (SELECT 1 FROM audit_link WHERE event_id = OLD.id"
    " AND seq <= (SELECT MAX(seq) FROM audit_pruning))",
    "audit_link": "EXISTS (SELECT 1 FROM audit_pruning WHERE seq >= OLD.seq)",
    "audit_checkpoint": "FALSE",
    "audit_pruning": "FALSE",
}
REFUSAL = "audit events are append-only"

SQLITE = [
    statement
    for table in TABLES
    for statement in (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}"
        f" WHEN NOT {COVERED[table]} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    )
]
POSTGRESQL = [
    f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
    *(
        statement
        for table in TABLES
        for statement in (
            f"""CREATE FUNCTION {table}_covered() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF {COVERED[table]} THEN RETURN OLD; END IF;
            RAISE EXCEPTION '{REFUSAL}'; END $$""",
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_covered()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        )
    ),
]
MAKE = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
UNDO = {
    "sqlite": [f"DROP TRIGGER {t}_no_{verb}" for t in TABLES for verb in ("update", "delete")],
    "postgresql": [
        *(
            f"DROP TRIGGER {table}_no_{verb} ON {table}"
            for table in TABLES
            for verb in ("update", "delete", "truncate")
        ),
        *(f"DROP FUNCTION {table}_covered()" for table in TABLES),
        "DROP FUNCTION audit_refuse()",
    ],
}


NOTE = {
    "sqlite": [
        "CREATE TRIGGER audit_event_added AFTER INSERT ON audit_event"
        " BEGIN INSERT INTO audit_pending(event_id) VALUES (NEW.id); END",
    ],
    "postgresql": [
        """CREATE FUNCTION audit_event_added() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO audit_pending(event_id) VALUES (NEW.id); RETURN NULL; END $$""",
        "CREATE TRIGGER audit_event_added AFTER INSERT ON audit_event"
        " FOR EACH ROW EXECUTE FUNCTION audit_event_added()",
    ],
}
FORGET = {
    "sqlite": ["DROP TRIGGER audit_event_added"],
    "postgresql": [
        "DROP TRIGGER audit_event_added ON audit_event",
        "DROP FUNCTION audit_event_added()",
    ],
}


def make(apps: Apps | None, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Return the triggers that refuse changes."""
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def undo(apps: Apps | None, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Return the statements that drop them."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def begin(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Return the trigger that adds new events to the pending ones."""
    for statement in NOTE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def forget(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Return the statements that drop it."""
    for statement in FORGET[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


UNIQUE = {
    "audit_event": ("id",),
    "audit_link": ("seq", "event_id"),
    "audit_checkpoint": ("number",),
    "audit_pruning": ("seq",),
}
"""The unique columns through which an insert could replace a row."""


def refuse_replacing(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Return the trigger that refuses a row in the place of another."""
    if schema_editor.connection.vendor != "sqlite":
        return
    for table, columns in UNIQUE.items():
        taken = " OR ".join(f"{column} = NEW.{column}" for column in columns)
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 - fixed names
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there}"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def allow_replacing(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Return the statements that drop it."""
    if schema_editor.connection.vendor == "sqlite":
        for table in UNIQUE:
            schema_editor.execute(f"DROP TRIGGER {table}_no_replace")
