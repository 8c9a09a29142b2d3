"""`image.pull` from a real registry: progress in bytes, errors, and interruptions."""

import os
from uuid import uuid4

import pytest

from engine.schema.errors import ErrorCode
from engine.schema.images import ImagePull, ImageRemove
from engine.schema.progress import Cancelled, Progress, Succeeded
from tests.engine.account import Account
from tests.engine.registries import NOISE, PASSWORD, USER, Registry
from tests.engine.test_cancelling import cancelled as cancel_after
from tests.machine import free_port


async def test_bytes_of_each_layer_are_counted(alice: Account, slow_image: str) -> None:
    known: list[Progress] = []
    async for each in alice.engine.run(uuid4(), ImagePull(image=slow_image)):
        if isinstance(each, Progress):
            known.append(each)
        else:
            assert isinstance(each, Succeeded), each
            assert each.result["reference"] == slow_image
            assert each.result["size"] >= NOISE
    counted = [each.current for each in known if each.total and each.current]
    assert len(set(counted)) > 3
    assert counted == sorted(counted)
    assert counted[-1] >= NOISE
    assert all(each.unit == "bytes" for each in known if each.total)
    again = await alice.do(ImagePull(image=slow_image, policy="missing"))
    assert again["summary"] == "It was there already."
    await alice.do(ImageRemove(image=slow_image))


async def test_one_that_is_cancelled_in_the_middle_leaves_nothing(
    alice: Account, slow_image: str
) -> None:
    operation = uuid4()
    ended: object = None
    async for ended in alice.engine.run(operation, ImagePull(image=slow_image)):
        if isinstance(ended, Progress) and ended.current:
            await alice.engine.cancel(operation)
    assert isinstance(ended, Cancelled), ended
    assert slow_image not in [tag for row in await alice.engine.images() for tag in row.tags]
    assert isinstance(await alice.engine.recall(operation), Cancelled)


async def test_a_small_one_that_is_cancelled_is_there_only_if_it_succeeded(
    alice: Account, registry: Registry
) -> None:
    first = registry.holding(alice.linux, "small")
    await alice.do(ImagePull(image=first, tls_verify=False))
    cancelled, names = set(), set()
    for number in range(16):
        name = f"{first}-{number}"
        alice.podman("tag", first, name)
        alice.podman("push", "--tls-verify=false", name)
        alice.podman("untag", first, name)
        pull = ImagePull(image=name, tls_verify=False)
        if isinstance(await cancel_after(alice, pull, number / 100), Cancelled):
            cancelled.add(name)
        names.add(name)
    tags = {tag for row in await alice.engine.images() for tag in row.tags}
    assert tags & names == names - cancelled
    for name in (first, *(names - cancelled)):
        await alice.do(ImageRemove(image=name, force=True))


async def test_without_tls_only_when_it_was_said(alice: Account, registry: Registry) -> None:
    image = registry.holding(alice.linux, "plain")
    error = await alice.refused(ImagePull(image=image))
    assert error.code == ErrorCode.UNREACHABLE, error
    assert "TLS" in error.remedy
    result = await alice.do(ImagePull(image=image, tls_verify=False))
    assert result["reference"] == image
    await alice.do(ImageRemove(image=image))


@pytest.mark.parametrize("verify", [False, True])
async def test_a_password_is_asked_for_and_taken(
    alice: Account, private_registry: Registry, verify: bool
) -> None:
    image = private_registry.holding(alice.linux, "private")
    if verify:
        _trust(alice, private_registry)
    for user, password in (("", None), (USER, "wrong")):
        query = ImagePull(image=image, tls_verify=verify, username=user, password=password)
        error = await alice.refused(query)
        assert error.code == ErrorCode.UNAUTHORIZED, error
        assert "wrong" not in f"{error.message}{error.remedy}"
    query = ImagePull(image=image, tls_verify=verify, username=USER, password=PASSWORD)
    assert PASSWORD not in str(query.command())
    assert (await alice.do(query))["reference"] == image
    await alice.do(ImageRemove(image=image))


async def test_what_a_registry_does_not_have(alice: Account, registry: Registry) -> None:
    image = registry.holding(alice.linux, "plain")
    for missing in (f"{image}0", f"{registry.address}/nothing:1"):
        error = await alice.refused(ImagePull(image=missing, tls_verify=False))
        assert error.code == ErrorCode.NOT_FOUND, error
        assert error.remedy


async def test_a_registry_that_is_not_there(alice: Account) -> None:
    for verify in (True, False):
        query = ImagePull(image=f"127.0.0.1:{free_port()}/x:1", tls_verify=verify)
        error = await alice.refused(query)
        assert error.code == ErrorCode.UNREACHABLE, error


@pytest.mark.parametrize("image", ["UPPER/case:1", "a/b:c:d", "x@sha256:12", "127.0.0.1:1//x"])
async def test_a_name_that_is_none(alice: Account, image: str) -> None:
    error = await alice.refused(ImagePull(image=image))
    assert error.code == ErrorCode.INVALID, error
    assert error.remedy


def _trust(alice: Account, registry: Registry) -> None:
    assert registry.certificate
    place = alice.linux.home / ".config/containers/certs.d" / registry.address
    place.mkdir(parents=True, exist_ok=True)
    (place / "ca.crt").write_bytes(registry.certificate.read_bytes())
    for made in (place.parent, place, place / "ca.crt"):
        os.chown(made, alice.linux.uid, alice.linux.gid)
