"""What a container keeps when a unit recreates it, and what its unit does not wait for."""

from collections.abc import Iterator

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, ask, done, podman

pytestmark = pytest.mark.usefixtures("dave_is_tidied")
TARGET = "network-online.target"


def launched(host: Host, name: str, *options: str) -> None:
    podman(host, "dave", "run", "-d", "--stop-signal", "KILL", "--name", name, *options, IMAGE)


@pytest.mark.parametrize("style", ["quadlet", "generate-new"])
def test_data_in_a_volume_without_a_name_is_there_also_after_a_restart(
    host: Host, style: str
) -> None:
    launched(host, "web", "-v", "/scratch")
    podman(host, "dave", "exec", "web", "sh", "-c", "umask 077; echo kept >/scratch/note")
    (before,) = podman(host, "dave", "volume", "ls", "--quiet").split()
    kept = done(host, "dave", "container.autostart", container="web", style=style)
    assert (kept["anonymous_volumes"], kept["named_volumes"]) == ([before], ["web-scratch"])
    assert "copied into the volume web-scratch" in " ".join(kept["warnings"])
    done(host, "dave", "unit.restart", unit=kept["unit"])
    assert podman(host, "dave", "exec", "web", "cat", "/scratch/note") == "kept\n"
    assert "-rw-------" in podman(host, "dave", "exec", "web", "ls", "-l", "/scratch/note")
    left = podman(host, "dave", "volume", "ls", "--quiet").split()
    assert sorted(left) == sorted([before, "web-scratch"])


def test_data_is_there_after_a_conversion_of_a_unit_that_had_it_in_a_volume_without_a_name(
    host: Host,
) -> None:
    text = (
        f"[Container]\nImage={IMAGE}\nContainerName=web\nVolume=/scratch\n"
        "PodmanArgs=--stop-signal=KILL\n"
    )
    done(host, "dave", "unit.write", file="containers/systemd/web.container", text=text)
    done(host, "dave", "unit.start", unit="web.service")
    podman(host, "dave", "exec", "web", "sh", "-c", "echo kept >/scratch/note")
    done(host, "dave", "unit.convert", unit="web.service", style="generate-new")
    assert podman(host, "dave", "exec", "web", "cat", "/scratch/note") == "kept\n"


@pytest.fixture
def offline(host: Host) -> Iterator[None]:
    """Make a host on which nothing reaches network-online.target."""
    host.run("systemctl", "stop", TARGET)
    yield
    host.run("systemctl", "start", TARGET)


def previewed(host: Host) -> str:
    """Return the Quadlet that the container would become."""
    (preview,) = ask(host, "dave", "container.unit-preview", container="web")
    return str(preview["styles"][0]["files"][0]["text"])


def network(host: Host) -> str:
    """Return the doctor's finding about the network."""
    (health,) = ask(host, "dave", "session.health")
    (message,) = [each for each in health["findings"] if each["name"] == "network-online"]
    return str(message["state"])


def test_a_quadlet_waits_for_the_network_where_the_host_says_when_it_is_there(host: Host) -> None:
    launched(host, "web")
    assert "DefaultDependencies" not in previewed(host)
    assert network(host) == "ok"


def test_a_quadlet_does_not_wait_for_what_the_host_never_reaches(host: Host, offline: None) -> None:
    launched(host, "web")
    text = previewed(host)
    assert "DefaultDependencies=false" in text
    waiting = text.replace("DefaultDependencies=false", "")
    file = "containers/systemd/web.container"
    for given, warned in ((text, False), (waiting, True)):
        (answer,) = ask(host, "dave", "unit.validate", file=file, text=given)
        assert any("90 s" in each["message"] for each in answer["problems"]) is warned
        assert ("wait-network-online" in answer["generated"]) is warned
    assert network(host) == "warning"
    done(host, "dave", "container.autostart", container="web")  # otherwise, it would take the 90 s
