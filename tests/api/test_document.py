"""The API conforms to its own document, whatever it receives (schemathesis makes the requests)."""

from collections.abc import Callable

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings

from consoleapp.operations import broker, page_events
from engine.schema.snapshot import Snapshot
from tests.fixtures.api import Caller

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.mark.django_db(transaction=True)
def test_nothing_that_is_sent_breaks_it(
    caller: Callable[..., Caller], stored_snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "send", lambda *_: True)
    monkeypatch.setattr(page_events, "send", lambda *_: None)
    headers = {"Authorization": f"Bearer {caller('operator').secret}", "Host": "localhost"}
    document = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", get_wsgi_application(), headers=headers
    )
    tried = 0
    for found in document.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        def send(case: schemathesis.Case) -> None:
            answer = case.call(headers=headers)
            assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"

        send()
        tried += 1
    assert tried == sum(len(METHODS & set(path)) for path in document.raw_schema["paths"].values())
