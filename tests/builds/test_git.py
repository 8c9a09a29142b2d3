"""Contexts from git: a real server with TLS, an engine whose host allows it."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from engine.schema.builds import GitSource
from engine.schema.progress import Cancelled, Failed, Succeeded
from tests.builds.git_server import GitServer, serving
from tests.builds.test_building import cat
from tests.fixtures.builds import BASE, Account, Yard, enrolled, open_yard
from tests.machine import open_folder, own


def commit(context: Path, files: dict[str, str], *links: tuple[str, str]) -> str:
    """Add files and links (path, target), and commit them. Return the commit's id."""
    for name, text in files.items():
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(text)
    for place, target in links:
        (context / place).symlink_to(target)
    git(context, "add", "--all")
    git(context, "-c", "user.name=x", "-c", "user.email=x@example", "commit", "-qm", "more")
    return git(context, "rev-parse", "HEAD").strip()


def git(context: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(context), *words], check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(scope="session")
def git_server() -> Iterator[GitServer]:
    """Serve a repository: branches main and next, the tag v1, and in `.first` its first commit."""
    with open_folder("git-server") as place:
        yield from _served(place)


def _served(place: Path) -> Iterator[GitServer]:
    context = place / "work"
    subprocess.run(["git", "init", "-qb", "main", str(context)], check=True)
    commit(
        context,
        {"Containerfile": f"FROM {BASE}\nCOPY a /a\n", "a": "first",
         "sub/dir/Dockerfile": f"FROM {BASE}\nCOPY b /b\n", "sub/dir/b": "below"},
    )  # fmt: skip
    git(context, "tag", "v1")
    commit(context, {"a": "main"}, ("out", "/etc"), ("Linkfile", "/etc/passwd"))
    git(context, "checkout", "-qb", "next")
    commit(context, {"a": "next"})
    git(context, "checkout", "-q", "main")
    bare = place / "repositories/team/app.git"
    bare.parent.mkdir(parents=True)
    git(context, "clone", "-q", "--bare", str(context), str(bare))
    (place / "first").write_text(git(context, "rev-parse", "v1").strip())
    with serving(place) as served:
        yield served


@pytest.fixture(scope="session")
def gitter(git_server: GitServer) -> Iterator[Account]:
    """Yield an account on a host whose builds may fetch from git."""
    git_server.certificate.chmod(0o644)
    settings = {"BERTH_BUILD_FROM_GIT": "1", "GIT_SSL_CAINFO": str(git_server.certificate)}
    with enrolled(own("git"), **settings) as account:
        yield account


@pytest.fixture
async def git_yard(gitter: Account) -> AsyncIterator[Yard]:
    async with open_yard(gitter) as opened:
        yield opened


def first(server: GitServer) -> str:
    return (server.repositories.parent / "first").read_text()


@pytest.mark.parametrize(
    ("ref", "text"), [("", "main"), ("next", "next"), ("v1", "first"), ("a commit", "first")]
)
async def test_a_branch_a_tag_or_a_commit_becomes_an_image(
    gitter: Account, git_yard: Yard, git_server: GitServer, ref: str, text: str
) -> None:
    wanted = first(git_server) if ref == "a commit" else ref
    git_of = {"url": f"{git_server.url}/team/app.git", "ref": wanted}
    outcome = await git_yard.build(git=git_of)
    assert isinstance(outcome, Succeeded), outcome
    assert cat(gitter, "localhost/built:1", "/a") == text
    assert not gitter.leftovers()


async def test_a_folder_of_the_repository_is_the_context_and_git_is_not_in_it(
    gitter: Account, git_yard: Yard, git_server: GitServer
) -> None:
    url = f"{git_server.url}/team/app.git"
    outcome = await git_yard.build(git={"url": url, "folder": "sub/dir"})
    assert isinstance(outcome, Succeeded), outcome
    assert cat(gitter, "localhost/built:1", "/b") == "below"
    pasted = f"FROM {BASE}\nCOPY . /all\n"
    outcome = await git_yard.build(git={"url": url}, containerfile=pasted)
    assert isinstance(outcome, Succeeded), outcome
    script = "ls -A $(podman image mount localhost/built:1)/all"
    listed = gitter.run("podman", "unshare", "sh", "-c", script).split()
    gitter.run("podman", "image", "unmount", "localhost/built:1")
    assert "sub" in listed
    assert ".git" not in listed


@pytest.mark.parametrize(
    ("where", "more", "text"),
    [
        ("/team/app.git", {"ref": "gone"}, "gone"),
        ("/team/none.git", {}, "could not fetch the default branch of"),
        ("/elsewhere/team/app.git", {}, "could not fetch"),
        ("/team/app.git", {"folder": "none"}, "has no folder none"),
        ("/team/app.git", {"folder": "out"}, "has no folder out"),
    ],
)
async def test_what_cannot_be_fetched_says_why_and_leaves_nothing(
    gitter: Account,
    git_yard: Yard,
    git_server: GitServer,
    where: str,
    more: dict[str, str],
    text: str,
) -> None:
    outcome = await git_yard.build(git={"url": git_server.url + where, **more})
    assert isinstance(outcome, Failed)
    assert text in outcome.error.message
    assert not gitter.leftovers()


async def test_a_containerfile_that_is_a_link_out_of_the_repository_is_refused(
    git_yard: Yard, git_server: GitServer
) -> None:
    url = f"{git_server.url}/team/app.git"
    outcome = await git_yard.build(git={"url": url}, containerfile_path="Linkfile")
    assert isinstance(outcome, Failed)
    assert "Linkfile leads out of the context" in outcome.error.message


async def test_a_fetch_that_hangs_can_be_cancelled(
    gitter: Account, git_yard: Yard, git_server: GitServer
) -> None:
    operation = uuid4()
    url = f"{git_server.url}/held/app.git"
    building = asyncio.create_task(git_yard.build(operation, git={"url": url}))
    while not any(path.startswith("/held/") for path in git_server.asked):
        assert not building.done(), building.result()
        await asyncio.sleep(0.05)
    await git_yard.engine.cancel(operation)
    assert isinstance(await building, Cancelled)
    assert not gitter.leftovers()


@pytest.mark.parametrize(
    "source",
    [
        {"url": "http://git.example/a.git"},
        {"url": "git://git.example/a.git"},
        {"url": "ssh://git@git.example/a.git"},
        {"url": "git@git.example:a.git"},
        {"url": "file:///etc"},
        {"url": "/home/other/repository"},
        {"url": "ext::sh -c id"},
        {"url": "https://name:word@git.example/a.git"},
        {"url": "--upload-pack=id"},
        {"url": "https://git.example/a.git", "ref": "--upload-pack=id"},
        {"url": "https://git.example/a.git", "ref": "a:b"},
        {"url": "https://git.example/a.git", "folder": "../up"},
        {"url": "https://git.example/a.git", "folder": "/etc"},
    ],
)
def test_only_https_addresses_without_credentials_are_taken(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GitSource.model_validate(source)
