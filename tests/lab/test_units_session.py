"""An account's session on a whole host: its journal, a start that never completes, lingering."""

import secrets
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, ask, done, following, operate, unit

pytestmark = pytest.mark.usefixtures("dave_is_tidied")
FILE = "containers/systemd/{}.container"
TEXT = f"[Container]\nImage={IMAGE}\nContainerName={{}}\nPodmanArgs=--stop-signal=KILL\n{{}}\n"


def started(host: Host, name: str, more: str) -> None:
    text = TEXT.format(name, more)
    done(host, "dave", "unit.write", file=FILE.format(name), text=text)
    done(host, "dave", "unit.start", unit=f"{name}.service")


def test_the_journal_is_told_by_unit_urgency_and_time_and_followed(host: Host) -> None:
    mark = secrets.token_hex(4)  # the journal is never cleared
    says = "Exec=sh -c 'echo {0}-{1}; echo {0}-urgent >&2; while sleep 0.2; do echo tick; done'"
    for name in ("first", "second"):
        started(host, name, says.format(mark, name))
    received = following(host, "dave", "tick", unit="first.service", follow=True)
    assert {each["unit"] for each in received} == {"first.service"}
    lines = ask(host, "dave", "unit.journal", tail=None, grep=mark)
    assert {f"{mark}-first", f"{mark}-second"} < {each["text"] for each in lines}
    urgent = ask(host, "dave", "unit.journal", tail=None, grep=mark, priority=3)
    assert [each["text"] for each in urgent] == [f"{mark}-urgent"] * 2
    (at,) = [each["at"] for each in lines if each["text"] == f"{mark}-second"]
    before = (datetime.fromisoformat(at) - timedelta(microseconds=1)).isoformat()
    earlier = ask(host, "dave", "unit.journal", tail=None, grep=mark, until=before)
    assert f"{mark}-first" in {each["text"] for each in earlier}
    assert f"{mark}-second" not in {each["text"] for each in earlier}
    later = ask(host, "dave", "unit.journal", tail=None, grep=mark, since=at)
    assert f"{mark}-second" in {each["text"] for each in later}
    assert f"{mark}-first" not in {each["text"] for each in later}


def test_a_program_that_never_says_that_it_is_ready_is_explained(host: Host) -> None:
    text = TEXT.format("mute", "Notify=true\n[Service]\nTimeoutStartSec=2\nTimeoutStopSec=1")
    done(host, "dave", "unit.write", file=FILE.format("mute"), text=text)
    failed = operate(host, "dave", "unit.start", unit="mute.service")
    assert "READY=1" in failed["error"]["message"]
    assert "Notify=true" in failed["error"]["remedy"]
    (status,) = ask(host, "dave", "unit.status", unit="mute.service")
    assert "READY=1" in status["explanation"]
    assert status["failure"]


def test_a_unit_that_failed_by_its_stop_signal_is_explained(host: Host) -> None:
    started(host, "hard", "Environment=TOKEN=abc")
    (status,) = ask(host, "dave", "unit.status", unit="hard.service")
    (command,) = status["exec_start"]
    assert command[1:4] == ["run", "--name", "hard"]
    assert "abc" not in " ".join(command)  # viewers can see it
    done(host, "dave", "unit.stop", unit="hard.service")
    (status,) = ask(host, "dave", "unit.status", unit="hard.service")
    assert status["row"]["active"] == "failed"
    assert "SIGKILL" in status["explanation"]
    assert "SuccessExitStatus=137" in status["remedy"]


@pytest.fixture
def logged_in(host: Host) -> Iterator[None]:
    """Log dave in: without that and lingering, the user manager ends."""
    unit = ("--user", "--machine=dave@")
    stays = ("systemd-run", *unit, "--quiet", "--wait", "--unit=login", "sleep", "infinity")
    login = threading.Thread(target=host.run, args=stays, kwargs={"check": False})
    login.start()
    yield
    host.run("loginctl", "enable-linger", "dave")
    host.run("systemctl", *unit, "stop", "login.service")
    login.join()


def test_an_account_turns_its_lingering_off_and_on(host: Host, logged_in: None) -> None:
    host.run("apt-get", "install", "-yq", "--no-install-recommends", "polkitd")
    started(host, "web", "[Install]\nWantedBy=default.target")
    done(host, "dave", "linger.disable")
    row = unit(host, "dave", "web.service")
    assert row
    assert row["active"] == "active"
    assert not row["starts_at_boot"]
    assert "Lingering is off" in row["boot_reason"]
    warned = done(host, "dave", "unit.enable", unit="web.service")
    assert "Lingering is off" in warned["warnings"][0]
    done(host, "dave", "linger.enable")
    row = unit(host, "dave", "web.service")
    assert row
    assert (row["starts_at_boot"], row["boot_reason"]) == (True, "")
