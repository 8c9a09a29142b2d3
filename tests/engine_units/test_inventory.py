"""A broken, unusual, or unreadable file never hides other units, and is a row that says so."""

import os
from pathlib import Path
from typing import Any, cast

import pytest

from engine.podman.client import Podman
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.snapshot import UnitRow
from engine.systemd import inventory, quadlets, sources
from engine.systemd.inventory import Inventory
from engine.systemd.user_manager import Systemd
from tests.engine_units.systemd_double import PodmanDouble, SystemdDouble

RUNS_PODMAN = "[Service]\nExecStart=/usr/bin/podman run --rm localhost/bb\n"
PLAIN = "[Container]\nImage=localhost/bb\n"


class Account:
    """A home with units, and answers of systemd and Podman."""

    def __init__(self, home: Path) -> None:
        self.systemd, self.podman = SystemdDouble(), PodmanDouble()
        self.services = home / ".config/systemd/user"
        self.quadlets = home / ".config/containers/systemd"
        self.services.mkdir(parents=True)
        self.quadlets.mkdir(parents=True)
        self.units = Inventory(cast(Podman, self.podman), cast(Systemd, self.systemd))

    async def rows(self) -> dict[str, UnitRow]:
        rows = [UnitRow.model_validate_json(row.model_dump_json())
                for row in await self.units.rows()]  # fmt: skip
        assert len({row.unit for row in rows}) == len(rows)
        return {row.unit: row for row in rows}


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(inventory, "absent", lambda: "")
    monkeypatch.setattr(inventory, "lingers", lambda: True)
    monkeypatch.setattr(quadlets, "generator", lambda: "")
    made = Account(tmp_path)
    (made.services / "plain.service").write_text(RUNS_PODMAN)
    made.systemd.add("plain.service", UnitFileState="disabled")
    return made


async def test_a_template_and_its_instances_are_rows(account: Account) -> None:
    """The input of the bug report: `worker@.service` emptied the list."""
    (account.services / "worker@.service").write_text(
        RUNS_PODMAN + "[Install]\nWantedBy=default.target\nDefaultInstance=main\n"
    )
    account.systemd.file_states["worker@.service"] = "enabled"
    account.systemd.add("worker@1.service")
    account.systemd.add("worker@main.service", ActiveState="inactive")
    account.systemd.add("worker@2.service", ActiveState="failed", Result="exit-code")
    account.systemd.add("worker@linked.service", ActiveState="inactive")
    wants = account.services / "default.target.wants"
    wants.mkdir()
    (wants / "worker@linked.service").symlink_to("../worker@.service")
    rows = await account.rows()
    assert set(rows) == {
        "plain.service", "worker@.service", "worker@1.service", "worker@2.service",
        "worker@main.service", "worker@linked.service",
    }  # fmt: skip
    template, running = rows["worker@.service"], rows["worker@1.service"]
    assert (template.template, template.load, template.file_state) == (True, "template", "enabled")
    assert (running.template, running.active, running.file) == (
        False, "active", "systemd/user/worker@.service",
    )  # fmt: skip
    assert rows["worker@2.service"].active == "failed"
    assert rows["worker@linked.service"].starts_at_boot
    assert not running.starts_at_boot


async def test_quadlet_templates_have_instances_by_links_and_containers(account: Account) -> None:
    (account.quadlets / "job@.container").write_text(PLAIN)
    (account.quadlets / "job@a.container").symlink_to("job@.container")
    account.systemd.file_states["job@.service"] = "generated"
    account.systemd.add("job@a.service")
    account.systemd.add("job@b.service")
    account.podman.add("systemd-job_b", "job@b.service")
    rows = await account.rows()
    assert rows["job@.service"].template
    assert rows["job@a.service"].file == "containers/systemd/job@.container"
    assert rows["job@b.service"].containers == ["systemd-job_b"]
    assert rows["job@b.service"].style == "quadlet"


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("foo\\x2dbar.service", "foo\\x2dbar.service"),
        ("a:b.service", "a:b.service"),
        ("é.service", "é.service"),
        ("a b.service", "a b.service"),
        (os.fsdecode(b"x\xff.service"), "x\\xff.service"),
        ("new\nline.service", "new\\nline.service"),
        ("w@x@y.service", "w@x@y.service"),
        ("@.service", "@.service"),
        ("@x.service", "@x.service"),
        ("l" * 247 + ".service", "l" * 247 + ".service"),
        ("-dash.service", "-dash.service"),
        ("*.service", "*.service"),
        ("<b>.service", "<b>.service"),
    ],
)
async def test_a_file_of_any_name_is_a_row_of_its_own(
    account: Account, name: str, unit: str
) -> None:
    (account.services / name).write_text(RUNS_PODMAN)
    rows = await account.rows()
    assert set(rows) == {"plain.service", unit}
    row = rows[unit]
    assert row.problem or row.load in ("loaded", "not-found", "template")


@pytest.mark.parametrize("kind", ["service", "container", "pod", "kube", "volume"])
@pytest.mark.parametrize(
    "what", ["dangling", "itself", "folder", "pipe", "locked", "large", "to a folder"]
)
async def test_what_cannot_be_read_is_a_row_that_says_so(
    account: Account, kind: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = account.services if kind == "service" else account.quadlets
    path = place / f"odd.{kind}"
    match what:
        case "dangling":
            path.symlink_to("/nowhere/odd")
        case "itself":
            path.symlink_to(path.name)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "locked":
            path.write_text(RUNS_PODMAN)
            _lock(path.name, monkeypatch)
        case "large":
            path.write_text("#" * 300_000)
        case "to a folder":
            path.symlink_to("/tmp")
    rows = await account.rows()
    assert len(rows) == 2, rows
    (odd,) = (row for unit, row in rows.items() if unit != "plain.service")
    assert odd.problem
    assert not odd.readable
    assert odd.file.endswith(f"odd.{kind}")


def _lock(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a file without permissions, which root, who runs the tests, could still read."""
    opened = os.open

    def refusing(path: Any, *words: Any, **more: Any) -> int:
        if path == name:
            raise PermissionError(13, "Permission denied", name)
        return opened(path, *words, **more)

    monkeypatch.setattr(os, "open", refusing)


async def test_a_folder_that_is_a_link_is_a_row_and_hides_no_other_folder(
    account: Account, tmp_path: Path
) -> None:
    account.quadlets.rmdir()
    account.quadlets.symlink_to("/tmp")
    rows = await account.rows()
    assert "Berth does not follow" in rows["containers-systemd.folder"].problem
    assert "plain.service" in rows


async def test_a_linked_unit_is_a_row_and_another_name_of_one_is_not(
    account: Account, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.service"
    elsewhere.write_text(RUNS_PODMAN)
    other = tmp_path / "other.service"
    other.write_text("[Service]\nExecStart=/bin/true\n")
    (account.services / "linked.service").symlink_to(elsewhere)
    (account.services / "alias.service").symlink_to("plain.service")
    (account.services / "other.service").symlink_to(other)
    (account.services / "masked.service").symlink_to("/dev/null")
    account.systemd.add("linked.service")
    account.systemd.units["alias.service"] = account.systemd.units["plain.service"]
    rows = await account.rows()
    assert set(rows) == {"plain.service", "linked.service"}
    assert not rows["linked.service"].readable
    assert str(elsewhere) in rows["linked.service"].warnings[0]


async def test_two_files_of_one_unit_are_two_rows(account: Account) -> None:
    (account.quadlets / "web.container").write_text(PLAIN)
    (account.quadlets / "sub").mkdir()
    (account.quadlets / "sub/web.container").write_text(PLAIN)
    (account.quadlets / "other.container").write_text(PLAIN + "ServiceName=web\n")
    rows = await account.rows()
    assert set(rows) == {"plain.service", "web.service", "web.container", "web.container (2)"}
    assert sum("already" in row.problem for row in rows.values()) == 2


@pytest.mark.parametrize("name", ["../x", "a/b", "%n", "$(id)", "x" * 300])
async def test_a_service_name_that_systemd_refuses_is_said(account: Account, name: str) -> None:
    (account.quadlets / "web.container").write_text(PLAIN + f"ServiceName={name}\n")
    rows = await account.rows()
    (odd,) = (row for unit, row in rows.items() if unit != "plain.service")
    assert "systemd does not take" in odd.problem
    assert "/" not in odd.unit


@pytest.mark.parametrize("code", [ErrorCode.INVALID, ErrorCode.INTERNAL, ErrorCode.CONFLICT])
async def test_a_unit_that_systemd_refuses_to_tell_of_is_a_row(
    account: Account, code: ErrorCode
) -> None:
    (account.services / "bad.service").write_text(RUNS_PODMAN)
    account.systemd.broken["bad.service"] = EngineError(code, "No such thing.")
    rows = await account.rows()
    assert "No such thing." in rows["bad.service"].problem
    assert not rows["plain.service"].problem


async def test_a_row_that_makes_no_sense_is_one_broken_row(account: Account) -> None:
    (account.services / "bad.service").write_text(RUNS_PODMAN)
    account.systemd.add("bad.service", ExecMainStatus="twelve", StateChangeTimestamp={})
    rows = await account.rows()
    assert rows["bad.service"].problem
    assert not rows["plain.service"].problem


async def test_a_session_that_is_gone_is_an_error_and_no_empty_list(account: Account) -> None:
    account.systemd.gone = True
    with pytest.raises(EngineError):
        await account.units.rows()


@pytest.mark.parametrize("gone", [False, True])
async def test_an_ordinary_container_is_owned_by_nobody_whatever_is_broken(
    account: Account, gone: bool
) -> None:
    (account.services / "worker@.service").write_text(RUNS_PODMAN)
    (account.services / "odd.service").symlink_to("/nowhere")
    classic = "# autogenerated by Podman\n[Service]\nExecStart=/usr/bin/podman start other\n"
    (account.services / "classic.service").write_text(classic)
    account.systemd.broken["classic.service"] = EngineError(ErrorCode.INTERNAL, "No.")
    account.systemd.gone = gone
    account.podman.add("web")
    assert await account.units.owned("web") == ""


async def test_a_classic_unit_owns_its_container(account: Account) -> None:
    classic = "# autogenerated by Podman\n[Service]\nExecStart=/usr/bin/podman start web\n"
    (account.services / "container-web.service").write_text(classic)
    command: Any = [["/usr/bin/podman", ["/usr/bin/podman", "start", "web"]]]
    account.systemd.add("container-web.service", ExecStart=command)
    account.podman.add("web")
    assert await account.units.owned("web") == "container-web.service"


@pytest.mark.parametrize(
    ("facts", "starts"),
    [
        ({"WantedBy": ["default.target"]}, True),
        ({"RequiredBy": ["app.target"]}, True),
        ({"UpheldBy": ["app.target"]}, True),
        ({"BoundBy": ["k1.service"]}, True),
        ({"WantedBy": ["multi-user.target"]}, False),
        ({"WantedBy": ["loop.service"]}, False),
        ({"RequisiteOf": ["k1.service"]}, False),
        ({"WantedBy": ["worker@.service"]}, False),
        ({}, False),
    ],
)
async def test_a_unit_starts_at_boot_if_something_does_that_starts_it(
    account: Account, facts: dict[str, Any], starts: bool
) -> None:
    """The input of the bug report: `qpod-pod.service` is bound by the service of its container."""
    (account.quadlets / "qpod.pod").write_text("[Pod]\n")
    account.systemd.add("qpod-pod.service", **facts)
    account.systemd.add("k1.service", WantedBy=["default.target"], WantsBy=["qpod-pod.service"])
    account.systemd.add("app.target", WantedBy=["default.target"])
    account.systemd.add("loop.service", WantedBy=["qpod-pod.service"])
    row = (await account.rows())["qpod-pod.service"]
    assert row.starts_at_boot is starts
    assert bool(row.boot_reason) is not starts


def test_no_text_of_a_linked_file_leaves_the_engine(account: Account, tmp_path: Path) -> None:
    secret = tmp_path / "secret.service"
    secret.write_text(RUNS_PODMAN + "Environment=TOKEN=hidden\n")
    (account.services / "linked.service").symlink_to(secret)
    assert sources.read()["linked.service"].text == ""
