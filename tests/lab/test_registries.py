"""Registries with a newer Podman: edits take effect; logins, mirrors, pushes, copies."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.registries import Registries, Server
from tests.lab.host import Host
from tests.lab.session import IMAGE, as_account, ask, done, operate, podman
from tests.registries.publishing import Publisher

WHO = "carol"


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    """Run registries on this machine, whose network the lab host shares."""
    made = Registries(tmp_path_factory.mktemp("registries"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def plain(registries: Registries) -> Server:
    return registries.start("plain")


@pytest.fixture(scope="module")
def guarded(registries: Registries, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Run one without TLS, with a login: harbour / master-key."""
    word = subprocess.run(
        ["htpasswd", "-Bbn", "harbour", "master-key"], capture_output=True, text=True, check=True
    )
    file: Path = tmp_path_factory.mktemp("guarded") / "htpasswd"
    file.write_text(word.stdout)
    return registries.start(
        "guarded", more=f"auth: {{htpasswd: {{realm: harbour, path: {file}}}}}\n"
    )


@pytest.fixture(autouse=True)
def _nothing_left(host: Host) -> Iterator[None]:
    before = podman(host, WHO, "images", "--quiet", "--no-trunc").split()
    yield
    as_account(
        host, WHO, "sh", "-c",
        "rm -rf ~/.config/containers/registries.conf $XDG_RUNTIME_DIR/containers/auth.json",
    )  # fmt: skip
    after = podman(host, WHO, "images", "--quiet", "--no-trunc").split()
    if new := sorted(set(after) - set(before)):
        podman(host, WHO, "rmi", "--force", *new)


def answer_to(host: Host, query: str, **parameters: object) -> Any:
    """Return the data of the answered document."""
    (answer,) = ask(host, WHO, query, **parameters)
    return answer["data"]


def registry(host: Host, prefix: str, **more: object) -> None:
    """Add a [[registry]] to the account's own file."""
    answer = answer_to(host, "registries.show")["own_digest"]
    edit = {"change": "registry", "prefix": prefix, "insecure": True, **more}
    done(host, WHO, "registries.edit", seen=answer, edit=edit)


def test_a_pull_goes_by_way_of_the_mirror_that_the_page_names(host: Host, plain: Server) -> None:
    digest = Publisher(plain.address).image("copies/team/app", "1")
    mirror = {"location": f"{plain.address}/copies", "insecure": True}
    registry(host, "shop.invalid", mirrors=[mirror])
    found = answer_to(host, "registry.resolve", name="shop.invalid/team/app:1")
    [candidate] = found["candidates"]
    assert [(each["reference"], each["mirror"]) for each in candidate["attempts"]] == [
        (f"{plain.address}/copies/team/app:1", True),
        ("shop.invalid/team/app:1", False),
    ]
    pulled = done(host, WHO, "image.pull", image="shop.invalid/team/app:1")
    assert pulled["reference"] == "shop.invalid/team/app:1"
    digests = podman(host, WHO, "image", "inspect", "--format", "{{.RepoDigests}}",
                     "shop.invalid/team/app:1")  # fmt: skip
    assert digest in digests


def test_an_image_is_pushed_and_copied_with_a_sign_in_and_its_digest_stays(
    host: Host, plain: Server, guarded: Server
) -> None:
    for server in (plain, guarded):
        registry(host, server.address)
    there = f"{guarded.address}/team/pushed:1"
    refused = operate(host, WHO, "image.push", image=IMAGE, destination=there)
    assert refused["error"]["code"] == "unauthorized", refused["error"]
    login = {"registry": guarded.address, "username": "harbour", "password": "wrong"}
    wrong = operate(host, WHO, "registry.login", **login)
    assert wrong["error"]["code"] == "unauthorized", wrong["error"]
    done(host, WHO, "registry.login", **login | {"password": "master-key"})
    pushed = done(host, WHO, "image.push", image=IMAGE, destination=there)
    copied = done(
        host, WHO, "image.copy", source=there, destination=f"{plain.address}/team/copied:1"
    )
    assert copied["digest"] == pushed["digest"] != ""
    answer = answer_to(host, "registry.image", image=f"{plain.address}/team/copied:1")
    assert answer["digest"] == pushed["digest"]
    digest = Publisher(plain.address).list("team/list", "1", ["amd64", "arm64"])
    listed = done(
        host, WHO, "image.copy", source=f"{plain.address}/team/list:1",
        destination=f"{guarded.address}/team/list:1",
    )  # fmt: skip
    assert listed["digest"] == digest
    done(host, WHO, "registry.logout", registry=guarded.address)
    assert answer_to(host, "registries.show")["sign_ins"] == []


def test_what_podman_would_not_accept_changes_nothing(host: Host) -> None:
    edit = {"change": "text", "text": "[[registry]]\nlocation = 7\n"}
    refused = operate(host, WHO, "registries.edit", seen="", edit=edit)
    assert refused["error"]["code"] == "invalid", refused["error"]
    assert answer_to(host, "registries.show")["own_digest"] == ""
