"""Podman 4.3 of Debian 12: no Quadlets, so `generate systemd` keeps a container running.

Uses the engine directly, like the worker.
"""

import json

from engine.schema.messages import load
from tests.lab.host import Host
from tests.lab.session import IMAGE, ask, podman

_RUN = """
import asyncio, json, pathlib, sys, uuid
from engine.client import Engine
from engine.schema.kinds import parse
uid, kind, body = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
async def main():
    async with Engine(pathlib.Path(f"/run/berth/{uid}/engine.sock"), uid) as engine:
        async for last in engine.run(uuid.uuid4(), parse(kind, body)):
            pass
    print(last.model_dump_json())
asyncio.run(main())
"""


def run(host: Host, kind: str, **parameters: object) -> dict:
    """Run an operation, and return its outcome."""
    uid = host.run("id", "-u", "carol").stdout.strip()
    output = host.run(
        *("setpriv", "--reuid", "berth", "--regid", "berth", "--clear-groups"),
        *("env", "PYTHONPATH=/opt/berth/code", "/opt/berth/venv/bin/python", "-c", _RUN),
        *(uid, kind, json.dumps(parameters)),
    )
    return load(json.loads(output.stdout))


def test_a_container_is_kept_running_by_generate_new_and_by_the_classic_style(
    older_host: Host,
) -> None:
    podman(older_host, "carol", "run", "-d", "--stop-signal", "KILL", "--name", "web", IMAGE)
    podman(older_host, "carol", "run", "-d", "--stop-signal", "KILL", "--name", "old", IMAGE)
    assert run(older_host, "container.autostart", container="web")["type"] == "succeeded"
    classic = run(older_host, "container.autostart", container="old", style="generate-classic")
    assert classic["type"] == "succeeded", classic
    styles = {row["unit"]: row["style"] for row in ask(older_host, "carol", "units")}
    assert styles == {
        "container-web.service": "generate-new",
        "container-old.service": "generate-classic",
    }
    older_host.off()
    older_host.boot()
    older_host.run("chown", "carol", "/sys/fs/cgroup")
    rows = {row["unit"]: row for row in ask(older_host, "carol", "units")}
    assert rows["container-web.service"]["starts_at_boot"]
    assert rows["container-web.service"]["style"] == "generate-new"


def test_a_quadlet_is_refused_with_the_reason(older_host: Host) -> None:
    podman(older_host, "carol", "create", "--name", "later", IMAGE)
    ended = run(older_host, "container.autostart", container="later", style="quadlet")
    assert ended["error"]["code"] == "unavailable"
    assert "4.4" in ended["error"]["message"]
