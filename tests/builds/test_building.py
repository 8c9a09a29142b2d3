"""Building with real Podman as a real account."""

import asyncio
import io
import json
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.schema.progress import Cancelled, Failed, Succeeded
from tests.fixtures.builds import BASE, Account, Yard
from tests.waiting import eventually

SECRET = "not-for-any-log-4711"


def tar(**files: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


def cat(account: Account, image: str, *argv: str) -> str:
    """Return a program's output, read from the image's files without a container."""
    script = f"cat $(podman image mount {image}){argv[0]}; podman image unmount {image} >/dev/null"
    return account.run("podman", "unshare", "sh", "-c", script)


async def test_a_pasted_containerfile_becomes_an_image_step_by_step(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    outcome = await yard.build(
        operation,
        containerfile=f"FROM {BASE}\nARG WHO\nRUN echo hello $WHO > /greeting\nLABEL a=b\n",
        build_args={"WHO": "sailor"},
        labels={"made.by": "a test"},
    )
    assert isinstance(outcome, Succeeded), outcome
    assert cat(shipwright, "localhost/built:1", "/greeting") == "hello sailor\n"
    last = yard.progress[-1]
    assert [step.label.split()[0] for step in last.steps][:4] == ["FROM", "ARG", "RUN", "LABEL"]
    assert all(step.status.startswith(("done", "cached")) for step in last.steps)
    assert "STEP 3/" in await yard.log(operation)
    assert outcome.result["image_id"]
    assert not shipwright.leftovers()


async def test_what_was_built_before_is_taken_from_the_cache(yard: Yard) -> None:
    text = f"FROM {BASE}\nRUN echo once > /once\n"
    await yard.build(containerfile=text)
    yard.progress.clear()
    await yard.build(containerfile=text)
    assert "cached" in [step.status for step in yard.progress[-1].steps]


async def test_an_uploaded_context_is_used_and_its_ignored_files_are_not(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    context = {
        "Containerfile": f"FROM {BASE}\nCOPY . /src\n",
        "a_txt": "kept",
        "secret_env": "ignored",
        "_containerignore": "secret.env\n",
    }
    upload = await yard.put(operation, tar(**context))
    outcome = await yard.build(operation, context=str(upload))
    assert isinstance(outcome, Succeeded), outcome
    script = "ls $(podman image mount localhost/built:1)/src"
    listed = shipwright.run("podman", "unshare", "sh", "-c", script).split()
    shipwright.run("podman", "image", "unmount", "localhost/built:1")
    assert "a.txt" in listed
    assert "secret.env" not in listed
    assert not shipwright.leftovers()


async def test_a_zip_and_single_files_work_too(shipwright: Account, yard: Yard) -> None:
    operation, made = uuid4(), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("sub/Dockerfile", f"FROM {BASE}\nCOPY sub/a.txt /a\n")
        archive.writestr("sub/a.txt", "zipped")
    upload = await yard.put(operation, made.getvalue())
    outcome = await yard.build(operation, context=str(upload), containerfile_path="sub/Dockerfile")
    assert isinstance(outcome, Succeeded), outcome
    assert cat(shipwright, "localhost/built:1", "/a") == "zipped"

    operation = uuid4()
    upload = await yard.put(operation, b"single")
    outcome = await yard.build(
        operation,
        files=[{"path": "data/b.txt", "upload": str(upload)}],
        containerfile=f"FROM {BASE}\nCOPY data/b.txt /b\n",
    )
    assert isinstance(outcome, Succeeded), outcome
    assert cat(shipwright, "localhost/built:1", "/b") == "single"


async def test_a_failed_step_is_named_with_what_it_said_last(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    outcome = await yard.build(
        operation, containerfile=f"FROM {BASE}\nRUN echo the reason; exit 3\nRUN echo never\n"
    )
    assert isinstance(outcome, Failed)
    assert outcome.error.message.startswith("Step 2/3 failed: RUN echo the reason")
    assert "exit status 3" in outcome.error.message
    assert yard.progress[-1].steps[-1].status.startswith("failed")
    assert "the reason" in yard.progress[-1].message
    assert "the reason" in await yard.log(operation)
    assert not shipwright.leftovers()


async def test_cancelling_ends_every_process_and_leaves_nothing(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    text = f"FROM {BASE}\nRUN echo up; (sleep 4711 &) ; sleep 4711\n"
    building = asyncio.create_task(yard.build(operation, containerfile=text, cache=False))
    await eventually(lambda: shipwright.sleepers() or building.done(), "it sleeps")
    assert shipwright.sleepers(), building.result()
    await yard.engine.cancel(operation)
    assert isinstance(await building, Cancelled)
    assert not shipwright.sleepers()
    assert not shipwright.leftovers()
    assert "It was cancelled." in await yard.log(operation, follow=True)


async def test_a_secret_is_seen_by_its_step_and_by_nothing_else(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    text = (
        f"FROM {BASE}\nARG API_TOKEN\nRUN --mount=type=secret,id=tok "
        "cat /run/secrets/tok && wc -c < /run/secrets/tok > /size; sleep 1\n"
    )
    text = text.replace("wc -c < /run/secrets/tok > /size", "cat /run/secrets/tok > /size")
    building = asyncio.create_task(
        yard.build(
            operation,
            containerfile=text,
            secrets={"tok": SECRET},
            build_args={"API_TOKEN": f"{SECRET}-arg"},
            cache=False,
        )
    )
    known: set[bytes] = set()
    while not building.done():
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if place.stat().st_uid == shipwright.uid:
                    known.add((place / "cmdline").read_bytes())
            except OSError:
                continue
        await asyncio.sleep(0.05)
    outcome = await building
    assert isinstance(outcome, Succeeded), outcome
    assert any(b"--secret=id=tok" in line for line in known)
    assert not [line for line in known if SECRET.encode() in line]
    assert cat(shipwright, "localhost/built:1", "/size") == SECRET
    assert SECRET not in await yard.log(operation)
    assert SECRET not in str([message.model_dump() for message in yard.progress])
    for file in shipwright.state.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"containerfile": "FROM localhost/nowhere:1\n", "pull": "never"}, "nowhere"),
        ({"containerfile": "FORM x\n"}, "no FROM"),
        ({"containerfile": f"FROM {BASE}\n", "stage": "none"}, "none"),
        (
            {"git": {"url": "https://git.example/a.git"}},
            "does not let builds fetch their context from git",
        ),
    ],
)
async def test_what_cannot_be_built_says_why(
    shipwright: Account, yard: Yard, parameters: dict[str, Any], text: str
) -> None:
    outcome = await yard.build(**parameters)
    assert isinstance(outcome, Failed)
    assert text in outcome.error.message
    assert not shipwright.leftovers()


async def test_it_is_pushed_when_it_is_built_and_a_failed_push_says_that_it_was_built(
    shipwright: Account, yard: Yard, registry: str
) -> None:
    place = shipwright.home / ".config/containers"
    shipwright.run("mkdir", "-p", str(place))
    conf = f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n'
    shipwright.run("tee", str(place / "registries.conf"), given=conf.encode())
    text = f"FROM {BASE}\nRUN true\n"
    outcome = await yard.build(containerfile=text, push_to=f"{registry}/team/app:1")
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.result["pushed"] == f"{registry}/team/app:1"
    assert _tags(registry, "team/app") == ["1"]
    outcome = await yard.build(containerfile=text, push_to="127.0.0.1:1/team/app:1")
    assert isinstance(outcome, Failed)
    assert "was built, but could not be pushed" in outcome.error.message
    assert not shipwright.leftovers()


async def test_what_a_build_started_ends_with_the_engine_that_started_it(
    shipwright: Account,
) -> None:
    tree = Path(__file__).resolve().parents[2] / "engine/process/subreaper.py"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tree)),
        user=shipwright.uid,
        env=shipwright.environment,
    )
    await eventually(lambda: len(shipwright.sleepers()) == 2, "both sleep")
    parent.kill()
    await parent.wait()
    await eventually(lambda: not shipwright.sleepers(), "none is left")


def _tags(registry: str, repository: str) -> list[str]:
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/tags/list") as answer:
        found: list[str] = json.load(answer)["tags"]
    return found


PARENT = """
import os, subprocess, sys
subprocess.run([sys.executable, sys.argv[1], str(os.getpid()),
                "sh", "-c", "setsid sleep 4711 & sleep 4711"])
"""
