"""What the database itself does for the chain: refuses, notes what is pending, indexes words.

Refused are UPDATE and DELETE of events, links, heads and summaries. An event and its link may go only
once a summary (audit_pruning) covers the link. What existed before becomes pending, to be chained.
"""

# ruff: noqa: S608 - the statements are made of names that stand here

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("audit_event", "audit_link", "audit_head", "audit_pruning")
COVERED = {
    "audit_event": "EXISTS (SELECT 1 FROM audit_link WHERE event_id = OLD.id"
    " AND seq <= (SELECT MAX(seq) FROM audit_pruning))",
    "audit_link": "EXISTS (SELECT 1 FROM audit_pruning WHERE seq >= OLD.seq)",
    "audit_head": "FALSE",
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


def _words(row: str, parameters: str) -> str:
    """What free text finds; the parameters hold the image, ports and so on, secrets redacted."""
    columns = ("action", "kind", "target", "actor_name", "account_name", "ip", "outcome")
    detail = f"substr({row}detail, 1, 2000)"
    return " || ' ' || ".join([*(row + name for name in columns), detail, parameters])


_OLD = _words("OLD.", "substr(coalesce(OLD.parameters, ''), 1, 2000)")
_NEW = _OLD.replace("OLD.", "NEW.")
_HERE = _OLD.replace("OLD.", "")
INDEX = {
    "sqlite": [
        # Without content, positions and sizes: just which words are in which event.
        "CREATE VIRTUAL TABLE audit_words USING fts5"
        "(words, content='', columnsize=0, detail='none', tokenize='unicode61', prefix='2 3')",
        f"CREATE TRIGGER audit_event_added AFTER INSERT ON audit_event BEGIN"
        f" INSERT INTO audit_pending(event_id) VALUES (NEW.id);"
        f" INSERT INTO audit_words(rowid, words) VALUES (NEW.id, {_NEW}); END",
        f"CREATE TRIGGER audit_event_removed AFTER DELETE ON audit_event BEGIN"
        f" DELETE FROM audit_pending WHERE event_id = OLD.id;"
        f" INSERT INTO audit_words(audit_words, rowid, words) VALUES ('delete', OLD.id, {_OLD});"
        f" END",
        f"INSERT INTO audit_words(rowid, words) SELECT id, {_HERE} FROM audit_event",
    ],
    "postgresql": [
        """CREATE FUNCTION audit_event_added() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO audit_pending(event_id) VALUES (NEW.id); RETURN NULL; END $$""",
        "CREATE TRIGGER audit_event_added AFTER INSERT ON audit_event"
        " FOR EACH ROW EXECUTE FUNCTION audit_event_added()",
        # Split at everything but letters and digits, as FTS5 does.
        "ALTER TABLE audit_event ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple',"
        " regexp_replace("
        + _words("", "left(coalesce(parameters::text, ''), 2000)")
        + ", '[^[:alnum:]]+', ' ', 'g'))) STORED",
        "CREATE INDEX audit_event_words ON audit_event USING gin (words)",
    ],
}
FORGET = {
    "sqlite": [
        "DROP TRIGGER audit_event_added",
        "DROP TRIGGER audit_event_removed",
        "DROP TABLE audit_words",
    ],
    "postgresql": [
        "DROP TRIGGER audit_event_added ON audit_event",
        "DROP FUNCTION audit_event_added()",
        "ALTER TABLE audit_event DROP COLUMN words",
    ],
}
PENDING = "INSERT INTO audit_pending(event_id) SELECT id FROM audit_event"


def make(apps: Apps | None, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers that refuse."""
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def undo(apps: Apps | None, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without them."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def begin(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What notes and indexes, beginning with the events that there are."""
    for statement in (*INDEX[schema_editor.connection.vendor], PENDING):
        schema_editor.execute(statement)


def forget(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without it."""
    for statement in FORGET[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_chain")]
    operations = [migrations.RunPython(begin, forget), migrations.RunPython(make, undo)]
