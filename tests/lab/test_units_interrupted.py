"""Operations on units whose engine is killed, or that are cancelled, while they run.

Each ends as it truly ended, with nothing half-changed. The middle is where a container or a unit
waits for a file, the gate, which the test makes.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.registries import registry
from tests.lab.host import Host
from tests.lab.session import IMAGE, api, as_account, ask, done, engine_version, podman, unit
from tests.lab.test_units_updates import SERVES, image, pushed, version
from tests.waiting import until

__all__ = ["image", "registry"]  # fixtures
pytestmark = pytest.mark.usefixtures("dave_is_tidied")
GATE = "/home/dave/gate"
WAITS = "until test -e {}/open; do sleep 0.1; done"
# Ends when the gate is open, after its stop signal.
STAYS = f"trap '{WAITS.format('/gate')}; exit 0' TERM; while :; do sleep 0.1; done"
QUADLET = "containers/systemd/{}.container"
GATED = """[Container]
Image={image}
ContainerName=app
AutoUpdate=registry
StopTimeout=0
[Service]
ExecStartPre=/bin/sh -c '{waits}'
TimeoutStartSec=infinity
"""


@pytest.fixture(autouse=True)
def gate(host: Host) -> Iterator[None]:
    """Close the gate, and open it at the end, so that everything can end."""
    as_account(host, "dave", "mkdir", "-p", GATE)
    shut(host)
    yield
    opened(host)


def shut(host: Host) -> None:
    as_account(host, "dave", "rm", "-f", f"{GATE}/open")


def opened(host: Host) -> None:
    as_account(host, "dave", "touch", f"{GATE}/open")


def requested(host: Host, kind: str, **parameters: object) -> str:
    values = {"kind": kind, "parameters": parameters}
    return str(api(host, "POST", "/accounts/dave/operations", values)["id"])


def now(host: Host, operation: str) -> dict[str, Any]:
    return api(host, "GET", f"/operations/{operation}")


def ended(host: Host, operation: str) -> dict[str, Any]:
    return (
        until(lambda: row if (row := now(host, operation))["ended_at"] else None, "it ends") or {}
    )


def kill_engine(host: Host) -> None:
    host.run("systemctl", "--user", "--machine=dave@", "kill", "--signal=KILL",
             "berth-engine.service")  # fmt: skip


def interrupt(host: Host, operation: str, how: str) -> dict[str, Any]:
    """Kill the engine or cancel the operation, then open the gate. Return the outcome."""
    if how == "killed":
        kill_engine(host)
    else:
        api(host, "POST", f"/operations/{operation}/cancel")
        until(lambda: now(host, operation)["cancel_requested_at"], "the wish is written down")
    opened(host)
    return ended(host, operation)


def is_(host: Host, name: str, active: str) -> bool:
    row = unit(host, "dave", name)
    return bool(row and row["active"] == active)


def launched(host: Host, name: str) -> str:
    words = ("--stop-timeout", "120", "-v", f"{GATE}:/gate", IMAGE, "sh", "-c", STAYS)
    return podman(host, "dave", "run", "-d", "--name", name, *words).strip()


def containers(host: Host) -> dict[str, str]:
    """Return the account's containers, and their states."""
    lines = podman(host, "dave", "ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines()
    return dict(line.split() for line in lines)


def files(host: Host) -> set[str]:
    return {row["file"] for row in ask(host, "dave", "units") if row["file"]}


def identity(host: Host, name: str) -> str:
    return podman(host, "dave", "inspect", "--format", "{{.Id}}", name).strip()


@pytest.mark.parametrize("how", ["killed", "cancelled"])
def test_a_unit_is_restarted_once(host: Host, how: str) -> None:
    text = GATED.format(image=IMAGE, waits=WAITS.format(GATE))
    opened(host)
    done(host, "dave", "unit.write", file=QUADLET.format("app"), text=text)
    done(host, "dave", "unit.start", unit="app.service")
    before = identity(host, "app")
    shut(host)
    operation = requested(host, "unit.restart", unit="app.service")
    until(lambda: is_(host, "app.service", "activating"), "it waits for the gate")
    end = interrupt(host, operation, how)
    assert end["state"] == "succeeded", end
    assert is_(host, "app.service", "active")
    assert containers(host) == {"app": "running"}
    after = identity(host, "app")
    assert after != before
    host.run("sleep", "1")
    assert identity(host, "app") == after


@pytest.mark.parametrize("how", ["killed", "cancelled"])
def test_a_container_gets_its_unit_or_stays_as_it_was(host: Host, how: str) -> None:
    before = launched(host, "web")
    operation = requested(host, "container.autostart", container="web")

    def stopping() -> bool:
        progress = now(host, operation)["progress"] or {}
        return str(progress.get("message", "")).startswith("Stopping")

    until(stopping, "the container is being stopped")
    end = interrupt(host, operation, how)
    assert containers(host) == {"web": "running"}
    if how == "killed":
        assert end["state"] == "succeeded", end
        assert is_(host, "web.service", "active")
        assert identity(host, "web") != before
        assert QUADLET.format("web") in files(host)
    else:
        assert end["state"] == "cancelled", end
        assert unit(host, "dave", "web.service") is None
        assert identity(host, "web") == before
        assert QUADLET.format("web") not in files(host)


@pytest.mark.parametrize("how", ["killed", "cancelled"])
def test_a_unit_is_converted_or_stays_as_it_was(host: Host, how: str) -> None:
    launched(host, "web")
    opened(host)
    done(host, "dave", "container.autostart", container="web")
    before = identity(host, "web")
    shut(host)
    operation = requested(host, "unit.convert", unit="web.service", style="generate-new")
    until(lambda: is_(host, "web.service", "deactivating"), "the unit is being stopped")
    end = interrupt(host, operation, how)
    assert containers(host) == {"web": "running"}
    assert identity(host, "web") != before
    new = "systemd/user/container-web.service"
    if how == "killed":
        assert end["state"] == "succeeded", end
        assert is_(host, "container-web.service", "active")
        assert (QUADLET.format("web") in files(host), new in files(host)) == (False, True)
    else:
        assert end["state"] == "cancelled", end
        assert is_(host, "web.service", "active")
        assert (QUADLET.format("web") in files(host), new in files(host)) == (True, False)


def test_an_engine_that_is_killed_again_and_again_is_started_each_time(host: Host) -> None:
    for _ in range(8):  # systemd's own limit is five starts within ten seconds
        kill_engine(host)
        assert engine_version(host, "dave")


def test_a_file_is_written_whole_or_not_at_all_whenever_the_engine_is_killed(host: Host) -> None:
    for number in range(6):
        name = f"note{number}"
        text = f"[Container]\nImage={IMAGE}\nContainerName={name}\n" + "# a line\n" * 2000
        operation = requested(host, "unit.write", file=QUADLET.format(name), text=text)
        host.run("sleep", f"{number * 0.05:.2f}")
        kill_engine(host)
        end = ended(host, operation)
        assert end["state"] == "succeeded", end
        (found,) = ask(host, "dave", "unit.file", file=QUADLET.format(name))
        assert (found["text"], found["versions"]) == (text, [])
        row = unit(host, "dave", f"{name}.service")
        assert row


@pytest.mark.parametrize("how", ["killed", "cancelled"])
def test_an_update_comes_to_its_end(host: Host, image: str, how: str) -> None:
    podman(host, "dave", "rmi", "--force", "--ignore", image)  # another test's newer one
    opened(host)
    text = GATED.format(image=image, waits=WAITS.format(GATE))
    done(host, "dave", "unit.write", file=QUADLET.format("app"), text=text)
    done(host, "dave", "unit.start", unit="app.service")
    assert version(host) == "true one"
    pushed(host, image, "two", SERVES)
    shut(host)
    operation = requested(host, "autoupdate.run")
    until(lambda: is_(host, "app.service", "activating"), "the unit waits for the gate")
    end = interrupt(host, operation, how)
    assert end["state"] == "succeeded", end
    until(lambda: is_(host, "app.service", "active"), "the unit is there again")
    assert version(host) == "true two"
    assert containers(host) == {"app": "running"}
    warned = " ".join(end["result"]["warnings"])
    assert ("interrupted" if how == "killed" else "too late to cancel") in warned
