"""An engine's answer leaves the observer without what looks like a secret."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.accounts.tokens import issue
from consoleapp.core.actor import Actor
from consoleapp.live import relay
from consoleapp.live.redaction import redacted
from consoleapp.observer.observer import Observer
from engine.schema.layers import ImageCompare, ImageLayers
from engine.schema.queries import (
    ContainerInspect,
    ContainerTop,
    ImageHistory,
    ImageInspect,
    RemoteImageInspect,
)
from tests.fixtures.live import socket_of
from tests.live.engine_double import Double

SECRET = "hunter2"
INSPECTED = {
    "Id": "1",
    "Config": {
        "Env": [f"DB_PASSWORD={SECRET}", f"URL=postgres://web:{SECRET}@db/web", "PATH=/bin"],
        "Labels": {"com.example.api-token": SECRET, "version": "1"},
        "Cmd": ["server", "--password", SECRET, f"--db-pass={SECRET}"],
        "Entrypoint": ["sh", "-c", f"export API_TOKEN={SECRET}; exec server"],
        "CreateCommand": ["podman", "run", "-e", f"A_SECRET={SECRET}", f"--env=A_SECRET={SECRET}"],
    },
    "Extra": [{"name": "DB_PASSWORD", "value": SECRET}, {"Name": "A_TOKEN", "Value": SECRET}],
}
INSTRUCTIONS = [
    f"/bin/sh -c #(nop) ENV DB_PASSWORD={SECRET}",
    f"|2 COLOR=blue NPM_TOKEN={SECRET} /bin/sh -c npm ci",
    f'|1 NPM_TOKEN="{SECRET} {SECRET}" /bin/sh -c npm ci',
    f"|1 NPM_TOKEN='{SECRET} {SECRET}' /bin/sh -c npm ci",
    f"RUN curl https://web:{SECRET}@host.example/x",
    f"RUN login --password {SECRET}",
    f"RUN login --password '{SECRET} {SECRET}' --user web",
    f"RUN A=b; TOKEN={SECRET}; go",
]
ANSWERS: list[tuple[Any, dict[str, Any]]] = [
    (ContainerInspect(container="a"), {"type": "document", "data": INSPECTED}),
    (ImageInspect(image="a"), {"type": "document", "data": INSPECTED}),
    (RemoteImageInspect(image="host.example/a:1"), {"type": "document", "data": INSPECTED}),
    (
        ImageLayers(image="a"),
        {"type": "document", "data": {"layers": [{"instruction": i} for i in INSTRUCTIONS]}},
    ),
    (
        ImageCompare(image="a", other="b"),
        {
            "type": "document",
            "data": {"settings": [{"name": "DB_PASSWORD", "before": SECRET, "after": SECRET}]},
        },
    ),
    (
        ImageHistory(image="a"),
        {"type": "table", "titles": ["instruction"], "rows": [[i, 1] for i in INSTRUCTIONS]},
    ),
    (
        ContainerTop(container="a"),
        {"type": "table", "titles": ["command"], "rows": [[f"server --password {SECRET} -v"]]},
    ),
]


@pytest.mark.parametrize(("query", "answer"), ANSWERS, ids=lambda each: type(each).__name__)
async def test_a_relayed_answer_holds_no_secret(
    observer: Observer, engine: Double, olga: User, web: LinuxAccount, query: Any, answer: Any
) -> None:
    engine.lines = [answer]
    found = await relay.document(web, query, Actor(user=olga))
    assert SECRET not in json.dumps(found)
    assert "••••••" in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize(("query", "answer"), ANSWERS, ids=lambda each: type(each).__name__)
async def test_the_websocket_of_a_page_gives_none_away(
    observer: Observer, engine: Double, olga: User, web: LinuxAccount, query: Any, answer: Any
) -> None:
    engine.lines = [answer]
    socket = await socket_of(olga)
    assert await socket.connect()
    await socket.say({"query": query.query, "parameters": query.model_dump(mode="json")})
    assert await socket.hear() == {"type": "opened"}
    [found] = await socket.hear()
    assert found["type"] == answer["type"]
    assert SECRET not in json.dumps(found)
    await socket.closing()


async def test_only_who_may_act_sees_it_as_it_is_and_only_when_asked(
    observer: Observer, engine: Double, olga: User, victor: User, web: LinuxAccount
) -> None:
    query, answer = ANSWERS[0]
    engine.lines = [answer]
    token, _ = await sync_to_async(issue)(olga, "reads", "read", None)
    for actor, sees in (
        (Actor(user=olga), True),
        (Actor(user=olga, token=token), False),
        (Actor(user=victor), False),
    ):
        found = await relay.document(web, query, actor, reveal=True)
        assert (SECRET in json.dumps(found)) is sees


@pytest.mark.parametrize(
    "harmless",
    [
        {"Id": "sha256:ab", "Path": "/usr/bin/passwd-server", "Args": ["--verbose", "x"]},
        {"Env": ["PATH=/usr/bin", "EMPTY_PASSWORD=", "AUTHOR=me"], "Labels": {"author": "me"}},
        ["server", "--user", "web", "--", "a=b"],
        ["RUN apt-get install passwd", "COPY --from=build /a /b", "text with = in it"],
        [None, 1, 2.5, True, "", "="],
    ],
)
def test_what_is_no_secret_stays(harmless: Any) -> None:
    assert redacted(harmless) == harmless


def test_depth_and_many_quotes_do_no_harm() -> None:
    deep: Any = f"A_TOKEN={SECRET}"
    for _ in range(5000):
        deep = [deep]
    assert SECRET not in str(redacted(deep))
    assert redacted("a='" * 50_000 + 'b="' * 50_000)
    assert redacted("--a " * 50_000 + "=" * 50_000)
