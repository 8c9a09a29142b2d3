"""Auto-update on a whole host, from a real registry: previewed, run, and rolled back."""

from collections.abc import Iterator

import pytest

from tests.engine.registries import Registry, registry
from tests.lab.host import Host
from tests.lab.session import as_account, ask, done, podman

__all__ = ["registry"]  # a fixture
pytestmark = pytest.mark.usefixtures("dave_is_tidied")
SERVES = '["httpd", "-f", "-p", "8080", "-h", "/www"]'
BREAKS = '["false"]'
# Ready when its health check succeeds, which a container that ends at once never reaches.
TEXT = """[Container]
Image={image}
ContainerName=app
AutoUpdate=registry
StopTimeout=0
Notify=healthy
HealthCmd=true
HealthInterval=1s
"""


@pytest.fixture
def image(host: Host, registry: Registry) -> Iterator[str]:
    """Return the name of an image in the insecure registry, which has version 1 of it."""
    place = "/home/dave/.config/containers/registries.conf.d"
    text = f'[[registry]]\nlocation = "{registry.address}"\ninsecure = true\n'
    as_account(host, "dave", "mkdir", "-p", place)
    as_account(host, "dave", "sh", "-c", 'printf %s "$1" >"$2"', "sh", text, f"{place}/lab.conf")
    name = f"{registry.address}/app:1"
    pushed(host, name, "one", SERVES)
    yield name
    as_account(host, "dave", "rm", f"{place}/lab.conf")
    podman(host, "carol", "rmi", "--force", name)


def pushed(host: Host, image: str, version: str, command: str) -> None:
    """Push with another account, so that dave has it only from the registry."""
    changes = ("--change", f"CMD {command}", "--change", f"LABEL version={version}")
    podman(host, "carol", "import", *changes, "/var/tmp/image.tar", image)
    podman(host, "carol", "push", "--tls-verify=false", image)


def version(host: Host) -> str:
    """Return the version of the image that the container runs."""
    text = '{{.State.Running}} {{index .Config.Labels "version"}}'
    return podman(host, "dave", "inspect", "--format", text, "app").strip()


def foreseen(host: Host) -> list[str]:
    """Return a dry run's result for the containers, after checking that it changes nothing."""
    before = version(host)
    (found,) = ask(host, "dave", "autoupdate.preview")
    assert version(host) == before
    return [f"{each['container']} {each['updated']}" for each in found["containers"]]


def test_a_newer_image_is_run_and_one_that_does_not_start_is_taken_back(
    host: Host, image: str
) -> None:
    file = "containers/systemd/app.container"
    done(host, "dave", "unit.write", file=file, text=TEXT.format(image=image))
    done(host, "dave", "unit.start", unit="app.service")
    assert (version(host), foreseen(host)) == ("true one", ["app false"])

    pushed(host, image, "two", SERVES)
    assert foreseen(host) == ["app pending"]
    updated = done(host, "dave", "autoupdate.run")
    assert updated["summary"] == "1 of 1 containers updated."
    assert (version(host), foreseen(host)) == ("true two", ["app false"])

    pushed(host, image, "three", BREAKS)
    assert foreseen(host) == ["app pending"]
    taken_back = done(host, "dave", "autoupdate.run")
    assert taken_back["containers"][0]["updated"] == "rolled back"
    assert taken_back["summary"] == "0 of 1 containers updated."
    assert taken_back["warnings"][0].startswith("app was rolled back")
    assert version(host) == "true two"
