"""Measure the audit log with many events: pages of each filter, verification, the cost of a link.

Runs as a separate program (`python -m tests.bench.audit --events N`), once per database, since
Django's database is set once: SQLite in a temporary folder, or the one in BERTH_DATABASE_URL.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

TREE = Path(__file__).resolve().parents[2]
ROUNDS = 40
SEALED = 20_000
"""The number of events that are also chained, to measure chaining and verification."""
AGAIN = 16
"""The number of spans of the search index after which the same events repeat."""


def measure(events: int, database: str) -> list[tuple[str, str]]:
    """Return the lines of the table for "sqlite" or "postgresql", measured in its own process."""
    from tests.audit.postgresql import cluster

    environment = os.environ | {"BERTH_TESTING": "1"}
    if database == "sqlite":
        environment.pop("BERTH_DATABASE_URL", None)
        return _run(events, environment)
    tuned = {"shared_buffers": "512MB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB"}
    with cluster(**tuned) as url:
        return _run(events, environment | {"BERTH_DATABASE_URL": url})


def _run(events: int, environment: dict[str, str]) -> list[tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="berth-bench-audit-", dir="/var/tmp") as place:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.audit", "--events", str(events)],
            cwd=TREE,
            env=environment | {"BERTH_DATA": place},
            stdout=subprocess.PIPE,
            check=True,
        )
    return [(name, value) for name, value in json.loads(done.stdout)]


# --- in the process of its own --------------------------------------------------------------------

_SQLITE = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO audit_event (id, at, actor_name, ip, source, account_name, action, kind, target,
  operation, parameters, outcome, detail)
SELECT i, strftime('%Y-%m-%d %H:%M:%S', 1700000000 + i * 6, 'unixepoch') || '.000000',
{columns} FROM (SELECT i, abs(i % {again} * 2654435761 % 1000003) AS r FROM n)"""
_POSTGRESQL = """
INSERT INTO audit_event (id, at, actor_name, ip, source, account_name, action, kind, target,
  operation, parameters, outcome, detail)
SELECT i, to_timestamp(1700000000 + i * 6), {columns}
FROM (SELECT i, abs(i % {again} * 2654435761 % 1000003) AS r
  FROM generate_series(1, {count}::bigint) AS g(i)) AS s"""
# A few users do most, a thousand do a little; nearly all are operations; failures are rare.
_COLUMNS = """
CASE WHEN r % 10 < 7 THEN 'person-' || (r % 20) ELSE 'person-' || (r % 1000) END,
'10.0.' || (r % 200) || '.' || (r % 250), CASE WHEN r % 3 = 0 THEN 'api' ELSE 'page' END,
'account-' || (r % 150),
CASE WHEN r % 50 = 0 THEN 'sign-in' WHEN r % 997 = 0 THEN 'access.refused'
  WHEN i % 2 = 0 THEN 'operation.requested' WHEN r % 40 = 1 THEN 'operation.failed'
  ELSE 'operation.succeeded' END,
CASE WHEN r % 50 = 0 THEN '' WHEN r % 4 = 0 THEN 'container.run'
  WHEN r % 4 = 1 THEN 'container.stop'
  WHEN r % 4 = 2 THEN 'image.pull' ELSE 'container.remove' END,
'web-' || (r % 50000), NULL,
{json}, CASE WHEN i % 2 = 0 THEN '' WHEN r % 40 = 1 THEN 'failed' ELSE 'succeeded' END,
CASE WHEN r % 40 = 1 THEN 'The registry does not answer: connection refused' ELSE '' END"""
_JSON = '\'{"image": "registry.example/app-\' || (r % 300) || \':2", "cpus": 1.5}\''


def fill(count: int) -> float:
    """Insert `count` events, bypassing the slow triggers, and index their words."""
    from django.db import connection

    from consoleapp.audit.search_index import SPAN
    from tests.fixtures.audit import triggers

    vendor = connection.vendor
    count = (count // SPAN + 1) * SPAN - 1  # whole spans, since copies describe whole spans
    began = time.perf_counter()
    with connection.schema_editor() as editor:
        for statement in (*triggers.UNDO[vendor], *triggers.FORGET[vendor]):
            editor.execute(statement)
        words = {"columns": _COLUMNS.format(json=_JSON), "count": count, "again": AGAIN * SPAN}
        if vendor == "sqlite":
            editor.execute("PRAGMA cache_size = -1000000")
            editor.execute(_SQLITE.format(**words), None)
        else:
            words["columns"] = words["columns"].replace(_JSON, f"({_JSON})::jsonb")
            editor.execute(_POSTGRESQL.format(**words), None)
            editor.execute(f"SELECT setval('audit_event_id_seq', {count})")
        for statement in (*triggers.NOTE[vendor], *triggers.MAKE[vendor]):
            editor.execute(statement, None)
    _index(count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return time.perf_counter() - began


def _index(count: int) -> None:
    """Write what the chainer would add to the search index. Repetitions are copied."""
    from django.db import connection, transaction

    from consoleapp.audit.chain import FIELDS, form
    from consoleapp.audit.models import Event
    from consoleapp.audit.search_index import SPAN, pack, sets, words_of

    for first in range(0, min(count, AGAIN * SPAN + SPAN - 1) + 1, SPAN):
        rows = Event.objects.filter(pk__range=(first, first + SPAN - 1)).values_list(*FIELDS)
        found = sets({values[0]: words_of(form(values)) for values in rows})
        lines = sorted((word, span, pack(events)) for (span, word), events in found.items())
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.cursor.executemany("INSERT INTO audit_word VALUES (?, ?, ?)", lines)
                continue
            with cursor.cursor.copy("COPY audit_word (word, span, events) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < %s)"
            " INSERT INTO audit_word SELECT word, span + k * %s, events FROM audit_word, n"
            " WHERE span > 0 AND span + k * %s <= %s ORDER BY word, span + k * %s",
            [count // SPAN // AGAIN + 1, AGAIN, AGAIN, count // SPAN, AGAIN],
        )


def pages() -> list[tuple[str, Callable[[], Any]]]:
    """Return the queries, each time with other values."""
    from consoleapp.audit.chain_status import effective_policy
    from consoleapp.audit.models import Event
    from consoleapp.audit.search import Criteria, newest
    from consoleapp.audit.search_index import named

    last = Event.objects.latest("pk")
    some = random.Random(7)

    def ask(**query: Any) -> Any:
        return newest([], Criteria(**query), before=None, size=50)

    def person() -> str:
        return f"person-{some.randrange(1000)}"

    def account() -> str:
        return f"account-{some.randrange(150)}"

    def target() -> str:
        return f"web-{some.randrange(50000)}"

    def owner() -> list[list[str]]:
        return [[named("account_name", account()) for _ in range(10)]]

    def day() -> Any:
        first = Event.objects.earliest("pk").at
        return first + (last.at - first) * some.random()

    return [
        ("the newest", ask),
        ("a place in the middle", lambda: newest(
            [], Criteria(), before=some.randrange(1, last.pk), size=50)),
        ("person", lambda: ask(person=person())),
        ("account", lambda: ask(account=account())),
        ("object", lambda: ask(targets=(target(),))),
        ("kind", lambda: ask(kinds=("image.pull",))),
        ("action, a group", lambda: ask(actions=("operation",))),
        ("action, a rare one", lambda: ask(actions=("access",))),
        ("action, one that never was", lambda: ask(actions=("lockout",))),
        ("outcome", lambda: ask(outcome="failed")),
        ("until a day", lambda: ask(until=day())),
        ("person and kind", lambda: ask(person=person(), kinds=("container.stop",))),
        ("account and outcome", lambda: ask(account=account(), outcome="failed")),
        ("person, account and kind", lambda: ask(
            person=person(), account=account(), kinds=("container.run",))),
        ("person and object", lambda: ask(person=person(), targets=(target(),))),
        ("person and action, never together", lambda: ask(
            person="person-1", kinds=("image.pull",))),
        ("person, until a day", lambda: ask(person=person(), until=day())),
        ("a frequent word", lambda: ask(words="registry")),
        ("a rare word", lambda: ask(words=f"web {some.randrange(50000)}")),
        ("words and a person", lambda: ask(words="refused", person=person())),
        ("four frequent words and a person", lambda: ask(
            words="the registry connection refused", person=person())),
        ("a rare word and a person", lambda: ask(words=str(49_000), person=person())),
        ("an owner of 10 accounts", lambda: newest(owner(), Criteria(), before=None, size=50)),
        ("an owner of 10 accounts, a rare object", lambda: newest(
            owner(), Criteria(targets=(target(),)), before=None, size=50)),
        ("state of the chain", effective_policy),
    ]  # fmt: skip


def writing(count: int) -> tuple[float, float]:
    """Return the microseconds to record an event in a transaction, without and with the trigger."""
    from django.db import connection, transaction

    from consoleapp.audit.record import record
    from consoleapp.core.actor import Actor
    from tests.fixtures.audit import triggers

    def spend() -> list[float]:
        took = []
        for number in range(count // 10):
            began = time.perf_counter()
            with transaction.atomic():
                record("bench", actor=Actor(user=None), target=f"bench-{number}")
            took.append((time.perf_counter() - began) * 1e6)
        return took

    drop, make = triggers.FORGET[connection.vendor][0], triggers.NOTE[connection.vendor][-1]
    plain: list[float] = []
    chained: list[float] = []
    spend()
    for _ in range(10):  # alternating, since the machine's load may vary
        chained += spend()
        with connection.schema_editor() as editor:
            editor.execute(drop)
        plain += spend()
        with connection.schema_editor() as editor:
            editor.execute(make, None)
    return median(plain), median(chained)


def main() -> None:
    """Fill, measure, print the lines as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    count = parser.parse_args().events
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from consoleapp.audit.models import Event

    call_command("migrate", verbosity=0, interactive=False)
    if Event.objects.exists():
        raise SystemExit("This database has events already: the bench fills an empty one.")
    lines = [(f"filled with {count} events", f"{fill(count):8.1f} s")]
    for name, ask in pages():
        ask()
        took, worked = [], []
        for _ in range(ROUNDS):
            began, at_work = time.perf_counter(), time.process_time()
            ask()
            took.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - at_work) * 1000)
        p95, processor = quantiles(took, n=20)[-1], quantiles(worked, n=20)[-1]
        text = f"{median(took):8.1f} ms   p95 {p95:7.1f} ms (aim < 50), {processor:.1f} ms at work"
        lines.append((name, text))
        print(connection.vendor, *lines[-1], file=sys.stderr, flush=True)
    lines += chain(min(count, SEALED))
    json.dump(lines, sys.stdout)


def chain(count: int) -> list[tuple[str, str]]:
    """Return the cost of a link, and the rates of chaining and verification."""
    from django.db import connection

    from consoleapp.audit import chainer
    from consoleapp.audit.chain import BEGINNING
    from consoleapp.audit.verify import Report, walk

    plain, chained = writing(2000)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_pending")
        cursor.execute(
            "INSERT INTO audit_pending SELECT id FROM audit_event ORDER BY id DESC LIMIT %s",
            [count],
        )
    began = time.perf_counter()
    chained = chainer.chain_all()
    sealing = chained / (time.perf_counter() - began)
    report = Report()
    began = time.perf_counter()
    walk(0, BEGINNING, deque(), report)
    seconds = time.perf_counter() - began
    if report.count:
        raise RuntimeError(report.faults[0])
    return [
        ("an event, recorded without the chain", f"{plain:8.0f} µs"),
        ("an event, recorded with it", f"{chained:8.0f} µs   {chained / plain:.2f} x (aim < 1.2)"),
        ("sealing and indexing", f"{sealing:8.0f} events a second"),
        ("verifying", f"{report.links / seconds:8.0f} links a second"),
    ]


if __name__ == "__main__":
    main()
