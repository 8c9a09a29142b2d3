"""The pages about images: who sees them, the fields of forms, what a click submits."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.live import relay
from consoleapp.operations.models import Operation
from engine.schema.disk import ContainerOnDisk, GoingImage, VolumeOnDisk, WouldGo
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.layers import (
    Comparison,
    FileChange,
    FileOfLayer,
    FilesOfLayer,
    Layer,
    LayerList,
    Setting,
)
from engine.schema.parameters import Model, Role
from engine.schema.query import Query
from engine.schema.snapshot import ImageRow
from tests.fixtures.web import StoredSnapshot, snapshot
from tests.fixtures.web_units import unit, with_units

IMAGE = "f" * 64
BASE = "/accounts/web/images/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def shown(snapshots: dict[str, StoredSnapshot], web: LinuxAccount) -> None:
    """Give the account one image, and a manifest list."""
    known = snapshot()
    many = ImageRow(
        id="a" * 64,
        tags=["localhost/many:1"],
        created=timezone.now(),
        size=9,
        manifest_list=True,
    )
    snapshots["web"] = StoredSnapshot(known.model_copy(update={"images": [*known.images, many]}))


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Model | EngineError], list[Query]]:
    """Set the engine's answer. Returns the queries that it received."""

    def tell(data: Model | EngineError) -> list[Query]:
        wanted: list[Query] = []

        def document(account: LinuxAccount, query: Query, actor: object) -> dict[str, Any]:
            wanted.append(query)
            if isinstance(data, EngineError):
                raise data
            return {"type": "document", "data": data.model_dump(mode="json")}

        monkeypatch.setattr(relay, "document_sync", document)
        return wanted

    return tell


Browser = Callable[[User], Client]


@pytest.mark.parametrize("path", ["push/", "share/"])
def test_a_viewer_may_neither_push_nor_share(as_: Browser, viewer: User, path: str) -> None:
    assert as_(viewer).get(f"{BASE}{IMAGE}/{path}").status_code == 403


@pytest.mark.parametrize(
    "path",
    ["disk/", f"{IMAGE}/", f"{IMAGE}/layers/0/", f"{IMAGE}/compare/", f"{'a' * 64}/entries/"],
)
def test_a_viewer_sees_what_images_are_made_of(as_: Browser, viewer: User, path: str) -> None:
    assert as_(viewer).get(BASE + path).status_code == 200


def test_a_push_is_submitted_with_its_password_sealed(as_: Browser, operator: User) -> None:
    values = {
        "destination": "registry.example/team/app:2",
        "username": "ferry",
        "password": "hidden-harbour",
    }
    answer = as_(operator).post(f"{BASE}{IMAGE}/push/", values, headers=HTMX)
    assert answer.status_code == 204
    operation = Operation.objects.get()
    assert operation.kind == "image.push"
    assert operation.parameters["image"] == "localhost/demo:1"
    assert operation.parameters["tls_verify"] is False
    assert "hidden-harbour" not in str([operation.parameters, operation.command])


@pytest.mark.parametrize(
    "destination", ["", "app", "team/app:1", "--help", "registry.example/Team", "a.b/c d"]
)
def test_a_destination_without_a_registry_is_said_at_the_field(
    as_: Browser, operator: User, destination: str
) -> None:
    answer = as_(operator).post(f"{BASE}{IMAGE}/push/", {"destination": destination}, headers=HTMX)
    assert answer.status_code == 422
    assert b"errorlist" in answer.content
    assert not Operation.objects.exists()


def test_half_of_a_sign_in_is_refused(as_: Browser, operator: User) -> None:
    values = {"destination": "registry.example/team/app:2", "username": "ferry"}
    answer = as_(operator).post(f"{BASE}{IMAGE}/push/", values, headers=HTMX)
    assert answer.status_code == 422
    assert b"go together" in answer.content


def test_sharing_is_an_operation_of_the_other_account_in_the_audit_of_both(
    as_: Browser, operator: User, shop: LinuxAccount
) -> None:
    Grant.objects.create(account=shop, user=operator, role=Role.OPERATOR)
    values = {"account": "shop", "tag": "localhost/demo:2"}
    answer = as_(operator).post(f"{BASE}{IMAGE}/share/", values, headers=HTMX)
    assert answer.status_code == 204
    operation = Operation.objects.get()
    assert operation.account == shop
    assert operation.parameters["source"] == "web"
    answering = Event.objects.filter(action="operation.requested").values_list(
        "account__key", flat=True
    )
    assert sorted(answering) == ["shop", "web"]


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_an_account_that_one_does_not_operate_is_not_offered(
    as_: Browser, operator: User, shop: LinuxAccount, role: Role | None
) -> None:
    if role:
        Grant.objects.create(account=shop, user=operator, role=role)
    values = {"account": "shop", "tag": "localhost/demo:2"}
    answer = as_(operator).post(f"{BASE}{IMAGE}/share/", values, headers=HTMX)
    assert answer.status_code == 422
    assert not Operation.objects.exists()


def test_layers_come_with_links_to_their_files(
    as_: Browser, viewer: User, answering: Callable[[Model], list[Query]]
) -> None:
    answering(
        LayerList(
            image_id=IMAGE,
            layers=[
                Layer(number=0, instruction="ADD <script>", digest="sha256:1", size=5),
                Layer(number=None, instruction="LABEL a=b"),
            ],
        )
    )
    page = as_(viewer).get(f"{BASE}{IMAGE}/panels/layers/", headers=HTMX).content.decode()
    assert f"{BASE}{IMAGE}/layers/0/" in page
    assert "ADD &lt;script&gt;" in page
    assert "no files" in page


def test_files_of_a_layer_are_paged_and_hostile_names_are_text(
    as_: Browser, viewer: User, answering: Callable[[Model], list[Query]]
) -> None:
    files = [
        FileOfLayer(path="/<img src=x onerror=alert(1)>", kind="file", size=3),
        FileOfLayer(path="/etc/group", kind="removed"),
    ]
    query = answering(FilesOfLayer(digest="sha256:1", total=900, files=files))
    answer = as_(viewer).get(f"{BASE}{IMAGE}/layers/1/?q=x&page=2", headers=HTMX)
    page = answer.content.decode()
    assert "<img src=x" not in page
    assert "removed" in page
    assert "page=3" in page
    assert query[0].model_dump()["offset"] == 200


def test_a_comparison_masks_secrets(
    as_: Browser, viewer: User, answering: Callable[[Model], list[Query]]
) -> None:
    answering(
        Comparison(
            image_id=IMAGE,
            other_id="a" * 64,
            settings=[Setting(name="Env DB_PASSWORD", before="one-secret", after="two-secret")],
            added=1,
            removed=0,
            changed=0,
            files=[FileChange(change="added", path="/big", after=3)],
            same_layers=1,
        )
    )
    path = f"{BASE}{IMAGE}/compare/?with={'a' * 64}"
    page = as_(viewer).get(path, headers=HTMX).content.decode()
    assert "secret" not in page
    assert "/big" in page


def test_a_prune_lists_all_that_would_go_and_only_operators_get_the_button(
    as_: Browser, viewer: User, operator: User, answering: Callable[[Model], list[Query]]
) -> None:
    answering(
        WouldGo(
            dangling=[GoingImage(id="c" * 64, size=5)],
            dangling_size=5,
            unused=[GoingImage(id="d" * 64, names=["localhost/old:1"], size=7)],
            unused_size=7,
            containers=[ContainerOnDisk(id="e" * 64, name="stopped", size=1)],
            containers_size=1,
            volumes=[VolumeOnDisk(name="mail", size=2)],
            volumes_size=2,
        )
    )
    page = as_(operator).get(f"{BASE}going/", headers=HTMX).content.decode()
    for name in ("c" * 12, "localhost/old:1", "stopped", "mail"):
        assert name in page
    assert page.count("data-confirm=") == 4
    assert "data-confirm=" not in as_(viewer).get(f"{BASE}going/", headers=HTMX).content.decode()


def test_an_engine_that_refuses_is_said_in_the_panel(
    as_: Browser, viewer: User, answering: Callable[[EngineError], list[Query]]
) -> None:
    answering(EngineError(ErrorCode.NOT_FOUND, "no such image", "Pull it."))
    page = as_(viewer).get(f"{BASE}{IMAGE}/panels/layers/", headers=HTMX).content.decode()
    assert "no such image" in page
    assert "Try again" in page


def test_several_images_are_saved_in_one_operation(as_: Browser, operator: User) -> None:
    values = {"kind": "image.save", "image": [IMAGE, "b" * 64]}
    assert as_(operator).post(f"{BASE}act/", values, headers=HTMX).status_code == 204
    assert Operation.objects.get().parameters["images"] == ["localhost/demo:1", "b" * 64]


def test_several_images_are_tagged_by_a_pattern(as_: Browser, operator: User) -> None:
    values = {"kind": "image.tag", "image": [IMAGE, "a" * 64], "tag": "registry.example/{}"}
    assert as_(operator).post(f"{BASE}act/", values, headers=HTMX).status_code == 204
    tags = {operation.parameters["tag"] for operation in Operation.objects.all()}
    assert tags == {"registry.example/demo:1", "registry.example/many:1"}


def test_one_image_in_an_oci_archive_and_two_are_refused(as_: Browser, operator: User) -> None:
    values = {"kind": "image.save", "image": [IMAGE, "b" * 64], "format": "oci-archive"}
    assert as_(operator).post(f"{BASE}act/", values, headers=HTMX).status_code == 400


def test_loading_wants_a_file(as_: Browser, operator: User) -> None:
    assert as_(operator).get(f"{BASE}load/").status_code == 200
    for archive in ("", "no-upload", "8d7e4c56-0a4e-4a93-9b33-8a8f2a6f9e10"):
        answer = as_(operator).post(f"{BASE}load/", {"archive": archive}, headers=HTMX)
        assert answer.status_code in (409, 422)
    assert not Operation.objects.exists()


def test_a_manifest_list_is_made_filled_and_emptied(as_: Browser, operator: User) -> None:
    client, one = as_(operator), f"{BASE}{'a' * 64}/manifests/"
    made = {"name": "localhost/new:1", "images": ["localhost/demo:1"]}
    assert client.post(f"{BASE}manifest-list/", made, headers=HTMX).status_code == 204
    added = {"image": "localhost/demo:1", "architecture": "arm64", "tls_verify": "on"}
    assert client.post(f"{one}add/", added, headers=HTMX).status_code == 204
    gone = {"digest": "sha256:" + "0" * 64}
    assert client.post(f"{one}remove/", gone, headers=HTMX).status_code == 204
    assert client.post(f"{one}remove/", {"digest": "x"}, headers=HTMX).status_code == 400
    kinds = set(Operation.objects.values_list("kind", flat=True))
    assert kinds == {"manifest.create", "manifest.add", "manifest.remove"}


@pytest.mark.parametrize("sort", ["", "name", "size", "smallest", "oldest", "used"])
@pytest.mark.parametrize("show", ["", "tagged", "dangling", "used", "unused", "lists"])
def test_the_list_is_filtered_and_sorted(as_: Browser, viewer: User, sort: str, show: str) -> None:
    page = as_(viewer).get(BASE, {"sort": sort, "show": show}).content.decode()
    assert ("localhost/many:1" in page) == (show in ("", "tagged", "unused", "lists"))


@pytest.mark.parametrize(
    ("named", "uses"),
    [
        ("localhost/demo:1", True),
        ("demo:1", True),
        ("localhost/demo", False),
        ("localhost/other-demo:1", False),
        ("emo:1", False),
        ("", False),
    ],
)
def test_a_unit_without_a_container_is_among_those_that_use_the_image(
    as_: Browser, viewer: User, snapshots: dict[str, StoredSnapshot], named: str, uses: bool
) -> None:
    down = unit("nightly", active="inactive", containers=[], image=named)
    snapshots["web"] = StoredSnapshot(with_units(down))
    page = as_(viewer).get(f"{BASE}{IMAGE}/users/").content.decode()
    assert ("nightly.service" in page) is uses
    assert f"Used by {int(uses)}" in page


def test_a_unit_whose_container_is_listed_is_not_listed_twice(
    as_: Browser, viewer: User, snapshots: dict[str, StoredSnapshot]
) -> None:
    snapshots["web"] = StoredSnapshot(with_units(unit("shop", image="localhost/demo:1")))
    page = as_(viewer).get(f"{BASE}{IMAGE}/users/").content.decode()
    assert "Used by 1" in page


@pytest.mark.parametrize("name", ["team/App:1", "team/app:", "http://quay.io/x", "a..b"])
@pytest.mark.parametrize(
    ("place", "field", "more"),
    [
        ("pull/", "image", {"policy": "always"}),
        (f"{IMAGE}/tag/", "tag", {}),
        (f"{IMAGE}/share/", "tag", {"account": "shop"}),
        ("manifest-list/", "name", {}),
    ],
)
def test_a_name_that_podman_refuses_gets_its_reason(
    as_: Browser, operator: User, shop: LinuxAccount, place: str, field: str,
    more: dict[str, str], name: str,
) -> None:  # fmt: skip
    Grant.objects.create(account=shop, user=operator, role=Role.OPERATOR)
    answer = as_(operator).post(f"{BASE}{place}", {field: name, **more}, headers=HTMX)
    assert answer.status_code == 422
    assert "Podman refuses this name" in answer.content.decode()
    assert not Operation.objects.exists()
