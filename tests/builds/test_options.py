"""The options of a build are in its image, according to Podman itself."""

import json
import re
import tarfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.schema.errors import ErrorCode
from engine.schema.progress import Failed, Succeeded
from tests.builds.test_building import SECRET, cat, tar
from tests.fixtures.builds import BASE, Account, Yard

IMAGE = "localhost/built:1"
RANDOM = f"FROM {BASE}\nRUN cat /proc/sys/kernel/random/uuid > /random\n"
STEPS = f"FROM {BASE}\nRUN echo a > /a\nRUN echo b > /b\n"
STAGES = f"FROM {BASE} AS first\nRUN echo 1 > /one\nFROM first AS last\nRUN echo 2 > /two\n"


def inspected(account: Account, image: str = IMAGE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(account.run("podman", "image", "inspect", image))[0]
    return found


async def test_labels_are_on_the_image_as_they_were_typed(shipwright: Account, yard: Yard) -> None:
    labels = {"org.example.team": "harbour", "says": "a = 'b' \"c\" $d"}
    outcome = await yard.build(containerfile=STEPS, labels=labels)
    assert isinstance(outcome, Succeeded), outcome
    assert inspected(shipwright)["Labels"].items() >= labels.items()


@pytest.mark.parametrize(("kind", "word"), [("oci", "oci.image"), ("docker", "docker.dist")])
async def test_the_format_is_the_one_that_was_chosen(
    shipwright: Account, yard: Yard, kind: str, word: str
) -> None:
    outcome = await yard.build(containerfile=STEPS, format=kind, cache=False)
    assert isinstance(outcome, Succeeded), outcome
    assert word in inspected(shipwright)["ManifestType"]


@pytest.mark.parametrize(("squash", "layers"), [("no", 3), ("new", 2), ("all", 1)])
async def test_squashing_makes_one_layer_of_the_new_ones_or_of_all(
    shipwright: Account, yard: Yard, squash: str, layers: int
) -> None:
    outcome = await yard.build(containerfile=STEPS, squash=squash)
    assert isinstance(outcome, Succeeded), outcome
    assert len(inspected(shipwright)["RootFS"]["Layers"]) == layers
    assert cat(shipwright, IMAGE, "/b") == "b\n"


async def test_without_the_cache_every_step_runs_anew(shipwright: Account, yard: Yard) -> None:
    known = []
    for cache in (True, True, False):
        outcome = await yard.build(containerfile=RANDOM, cache=cache)
        assert isinstance(outcome, Succeeded), outcome
        known.append(cat(shipwright, IMAGE, "/random"))
    assert known[0] == known[1] != known[2]


async def test_a_stage_is_where_the_build_ends(shipwright: Account, yard: Yard) -> None:
    outcome = await yard.build(containerfile=STAGES, stage="first")
    assert isinstance(outcome, Succeeded), outcome
    mounted = "ls $(podman image mount localhost/built:1); podman image unmount localhost/built:1"
    listed = shipwright.run("podman", "unshare", "sh", "-c", mounted).split()
    assert "one" in listed
    assert "two" not in listed


async def test_an_image_for_another_architecture_is_made_by_copying(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    upload = await yard.put(operation, tar(Containerfile="FROM scratch\nCOPY a /a\n", a="x"))
    outcome = await yard.build(operation, context=str(upload), platform="linux/s390x")
    assert isinstance(outcome, Succeeded), outcome
    assert inspected(shipwright)["Architecture"] == "s390x"


async def test_a_step_that_would_run_another_architecture_says_what_the_host_lacks(
    shipwright: Account, yard: Yard
) -> None:
    operation = uuid4()
    # An ELF program for a machine that no kernel supports.
    program = bytearray(Path("/bin/true").read_bytes())
    program[18:20] = b"\xfe\x7f"
    uploads = {"sh": bytes(program)}
    files = [
        {"path": name, "upload": str(await yard.put(operation, data))}
        for name, data in uploads.items()
    ]
    outcome = await yard.build(
        operation,
        files=files,
        containerfile="FROM scratch\nCOPY sh /bin/sh\nRUN true\n",
        platform="linux/s390x",
    )
    assert isinstance(outcome, Failed)
    assert outcome.error.code is ErrorCode.UNAVAILABLE
    assert "Step 3/3 failed: RUN true" in outcome.error.message
    assert "cannot run programs for linux/s390x" in outcome.error.message
    assert "qemu-user-static" in outcome.error.remedy
    assert not shipwright.leftovers()


@pytest.mark.parametrize("squash", ["no", "all"])
async def test_a_secret_is_nowhere_in_the_image(
    shipwright: Account, yard: Yard, tmp_path: Path, squash: str
) -> None:
    text = f"FROM {BASE}\nRUN --mount=type=secret,id=tok wc -c /run/secrets/tok > /size\n"
    outcome = await yard.build(
        containerfile=text, secrets={"tok": SECRET}, squash=squash, cache=False
    )
    assert isinstance(outcome, Succeeded), outcome
    assert cat(shipwright, IMAGE, "/size").split()[0] == str(len(SECRET))
    history = shipwright.run("podman", "history", "--no-trunc", "--format", "json", IMAGE)
    answer = history + json.dumps(inspected(shipwright))
    assert SECRET not in answer
    assert not re.search("berth-[0-9a-f]{8}-", answer)
    shipwright.run("podman", "save", "--output", "saved.tar", IMAGE)
    saved = shipwright.home / "saved.tar"
    with tarfile.open(saved) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is None or SECRET.encode() not in content.read(), member.name
    saved.unlink()
