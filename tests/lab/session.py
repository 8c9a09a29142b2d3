"""Actions on a lab host: as an account, and through the API as an administrator."""

import json
from functools import cache
from typing import Any

from engine.schema.messages import load
from tests.lab.host import Host
from tests.machine import free_port
from tests.waiting import until

PORT, OLDER_PORT = free_port(), free_port()
IMAGE = "localhost/berth-demo:latest"
_CALL = """
import sys, urllib.error, urllib.request
url, method, token, body = sys.argv[1:]
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
asked = urllib.request.Request(url, method=method, data=body.encode() or None, headers=headers)
try:
    print(urllib.request.urlopen(asked).read().decode())
except urllib.error.HTTPError as error:
    print(error.read().decode())
"""
# With a text: until an answer contains it, since a following query has no end.
_ASK = """
import asyncio, json, pathlib, sys
from engine.client import Engine
from engine.schema.queries import QUERIES
uid, name, body, text = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
async def main():
    async with Engine(pathlib.Path(f"/run/berth/{uid}/engine.sock"), uid) as engine:
        if name == "units":
            answers = [row.model_dump(mode="json") for row in await engine.units()]
        else:
            query = QUERIES[name].model_validate(body)
            answers = []
            async for each in engine.query(query):
                answers.append(each.model_dump(mode="json"))
                if text and text in each.text:
                    break
    print(json.dumps(answers))
asyncio.run(main())
"""

_RUN = """
import asyncio, json, pathlib, sys, uuid
from engine.client import Engine
from engine.schema.kinds import parse
uid, kind, body = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
async def main():
    async with Engine(pathlib.Path(f"/run/berth/{uid}/engine.sock"), uid) as engine:
        *_, last = [each async for each in engine.run(uuid.uuid4(), parse(kind, body))]
    print(last.model_dump_json())
asyncio.run(main())
"""

_PING = """
import asyncio, pathlib, sys
from engine.client import Engine
async def main():
    uid = int(sys.argv[1])
    async with Engine(pathlib.Path(f"/run/berth/{uid}/engine.sock"), uid) as engine:
        print((await engine.ping())["version"])
asyncio.run(main())
"""


def as_account(host: Host, account: str, *words: str, check: bool = True) -> str:
    """Run a program as the account, in its session. Return its output."""
    # Through its user manager: an outside process must not enter the account's cgroups.
    done = host.run(
        *("systemd-run", "--user", f"--machine={account}@", "--quiet", "--collect", "--pipe"),
        *("--wait", "--property=KillMode=process", "--working-directory=/", "--", *words),
        check=check,
    )
    return done.stdout


def podman(host: Host, account: str, *words: str) -> str:
    """Run Podman as the account."""
    return as_account(host, account, "podman", *words)


@cache
def _token(host: Host) -> str:
    made = host.run("/root/berth/manage.py", "api_token", "admin", "--scope", "operate")
    return made.stdout.strip()


def api(host: Host, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Call the API with an administrator's token."""
    given = json.dumps(body) if body is not None else ""
    url = f"http://127.0.0.1:{PORT}/api/v1{path}"
    done = host.run("python3", "-c", _CALL, url, method, _token(host), given)
    return json.loads(done.stdout)


def operate(host: Host, account: str, kind: str, **parameters: object) -> dict[str, Any]:
    """Run an operation through the API, to its end."""
    values = {"kind": kind, "parameters": parameters}
    operation = api(host, "POST", f"/accounts/{account}/operations", values)
    assert "id" in operation, operation

    def ended() -> dict[str, Any] | None:
        row = api(host, "GET", f"/operations/{operation['id']}?wait=30")
        return row if row["ended_at"] else None

    return until(ended, f"{kind} ends") or {}


def done(host: Host, account: str, kind: str, **parameters: object) -> dict[str, Any]:
    """Return the result of an operation that succeeds."""
    ended = operate(host, account, kind, **parameters)
    assert ended["state"] == "succeeded", ended["error"]
    return ended["result"]


def ask(host: Host, account: str, query: str, **parameters: object) -> list[dict[str, Any]]:
    """Return the answers to a query, sent like a worker."""
    return _asked(host, account, query, parameters, "")


def following(host: Host, account: str, text: str, **parameters: object) -> list[dict[str, Any]]:
    """Return lines of the journal as they arrive, up to the first with the text."""
    return _asked(host, account, "unit.journal", parameters, text)


def at_the_socket(host: Host, account: str, kind: str, **parameters: object) -> dict[str, Any]:
    """Return the outcome of an operation sent to the engine without the console."""
    return dict(load(json.loads(_as_worker(host, account, _RUN, kind, json.dumps(parameters)))))


def engine_version(host: Host, account: str) -> str:
    """Return the version of the account's engine."""
    return _as_worker(host, account, _PING).strip()


def _asked(
    host: Host, account: str, query: str, parameters: dict[str, object], text: str
) -> list[dict[str, Any]]:
    message = _as_worker(host, account, _ASK, query, json.dumps(parameters), text)
    return list(load(json.loads(message)))


def _as_worker(host: Host, account: str, script: str, *words: str) -> str:
    uid = host.run("id", "-u", account).stdout.strip()
    output = host.run(
        *("setpriv", "--reuid", "berth", "--regid", "berth", "--clear-groups"),
        *("env", "PYTHONPATH=/opt/berth/code", "/opt/berth/venv/bin/python", "-c", script),
        *(uid, *words),
    )
    return output.stdout


def unit(host: Host, account: str, name: str) -> dict[str, Any] | None:
    """Return one unit's row."""
    return next((row for row in ask(host, account, "units") if row["unit"] == name), None)
