"""The pages of one unit, the ways to create one, auto-update, and the doctor."""

import pytest

from consoleapp.operations.models import Operation
from engine.schema import unit_queries as queries
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.units import AutoUpdated, NotCarriedOver
from tests.fixtures.web import StoredSnapshot, container, snapshot
from tests.fixtures.web_units import NOW, unit

UNIT = "/accounts/web/units/front.service/"
FILE = "containers/systemd/front.container"
DIGEST = "a" * 64
VERSION = "20260102T030405000000Z-abcdefabcdef"
TEXT = queries.FileText(
    file=FILE,
    text="[Container]\nImage=new\n",
    digest=DIGEST,
    modified=NOW,
    unit="front.service",
    versions=[queries.Version(id=VERSION, at=NOW, digest="b" * 64, size=22)],
)
PREVIEW = queries.UnitPreview(
    container="front",
    styles=[
        queries.StylePreview(
            style="quadlet",
            default=True,
            unit="front.service",
            files=[queries.PreviewFile(file=FILE, text="[Container]\nImage=app\n")],
            not_carried_over=[NotCarriedOver(option="--detach-keys", reason="No key for it.")],
        ),
        queries.StylePreview(style="generate-new", unit="container-front.service"),
        queries.StylePreview(style="generate-classic", available=False, reason="It is in a pod."),
    ],
)


@pytest.mark.parametrize("tab", ["", "journal/", "file/", "convert/"])
def test_every_tab_is_a_page_that_waits_for_no_engine(as_, operator, several, tab):
    page = as_(operator).get(f"{UNIT}{tab}")
    assert page.status_code == 200
    assert "front.service" in page.content.decode()


def test_a_failed_unit_says_how_on_every_tab(as_, viewer, several):
    page = as_(viewer).get("/accounts/web/units/batch.service/journal/").content.decode()
    assert "exit status 3" in page


def test_an_unknown_unit_is_a_404_and_an_unknown_account_a_503(as_, operator, several, snapshots):
    assert as_(operator).get("/accounts/web/units/none.service/").status_code == 404
    snapshots["web"] = StoredSnapshot(None)
    assert as_(operator).get(UNIT).status_code == 503


def test_the_status_explains_a_failure_with_its_log_lines(as_, viewer, several, engine):
    line = queries.JournalLine(at=NOW, program="app", priority=3, text="cannot bind")
    engine(
        {
            queries.UnitStatus: queries.Status(
                row=unit("front"),
                failure=[line],
                explanation="The port is below 1024.",
                remedy="Publish 8080.",
                exec_start=[["/usr/bin/podman", "run", "--name", "a b"]],
            )
        }
    )
    page = as_(viewer).get(f"{UNIT}panels/status/").content.decode()
    for text in ("The port is below 1024.", "Publish 8080.", "cannot bind", "&#x27;a b&#x27;"):
        assert text in page


def test_an_engine_that_refuses_is_said_in_the_panel(as_, viewer, several, engine):
    engine({queries.UnitStatus: EngineError(ErrorCode.UNAVAILABLE, "No bus.", "Turn it on.")})
    page = as_(viewer).get(f"{UNIT}panels/status/").content.decode()
    assert "No bus." in page
    assert "Turn it on." in page


def test_the_file_is_for_operators(as_, operator, viewer, several, engine):
    engine({queries.UnitFileText: TEXT})
    assert "Image=new" in as_(operator).get(f"{UNIT}panels/file/").content.decode()
    assert as_(viewer).get(f"{UNIT}panels/file/").status_code == 404
    assert "Image=new" not in as_(viewer).get(f"{UNIT}file/").content.decode()


def test_a_version_is_shown_as_what_restoring_it_would_change(as_, operator, several, engine):
    engine({queries.UnitFileText: TEXT})
    page = as_(operator).get(f"{UNIT}panels/file/?version={VERSION}").content.decode()
    assert f'name="version" value="{VERSION}"' in page
    assert f'name="digest" value="{DIGEST}"' in page
    assert as_(operator).get(f"{UNIT}panels/file/?version=../x").status_code == 404


def test_restoring_is_an_operation(as_, operator, several):
    values = {"kind": "unit.restore", "file": FILE, "version": VERSION, "digest": DIGEST}
    answer = as_(operator).post("/accounts/web/units/act/", values, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert Operation.objects.get().parameters["version"] == VERSION


def test_the_three_ways_are_explained_with_what_is_lost_before_one_confirms(
    as_, operator, snapshots, engine
):
    snapshots["web"] = StoredSnapshot(snapshot(container("front"), systemd=True))
    engine({queries.ContainerUnitPreview: PREVIEW})
    page = as_(operator).get("/accounts/web/units/keep/front/").content.decode()
    assert 'hx-disinherit="*"' in page  # otherwise, the panel would look for #keep
    page = as_(operator).get("/accounts/web/units/keep/front/panel/").content.decode()
    for text in (
        "--detach-keys",
        "No key for it.",
        "never replaced",
        "It is in a pod.",
        "Image=app",
    ):
        assert text in page
    assert page.count("checked") == 1


def test_a_container_that_has_a_unit_leads_to_it(as_, operator, several):
    page = as_(operator).get("/accounts/web/units/keep/front/").content.decode()
    assert "A unit already keeps it running" in page
    page = as_(operator).get("/accounts/web/containers/front/").content.decode()
    assert f'href="{UNIT}"' in page


def test_a_container_without_one_offers_the_switch_where_units_are(
    as_, operator, viewer, snapshots
):
    snapshots["web"] = StoredSnapshot(snapshot(container("solo"), systemd=True))
    switch = "/accounts/web/units/keep/solo/"
    assert switch in as_(operator).get("/accounts/web/containers/solo/").content.decode()
    assert switch not in as_(viewer).get("/accounts/web/containers/solo/").content.decode()
    snapshots["web"] = StoredSnapshot(
        snapshot(container("solo"), systemd=False, no_systemd="No manager.")
    )
    assert switch not in as_(operator).get("/accounts/web/containers/solo/").content.decode()


def test_a_conversion_names_the_unit_and_leaves_its_present_style_out(
    as_, operator, several, engine
):
    engine({queries.ContainerUnitPreview: PREVIEW})
    page = as_(operator).get(f"{UNIT}panels/convert/").content.decode()
    assert 'name="unit" value="front.service"' in page
    assert "current style" in page


def test_auto_update_shows_the_dry_run_and_the_timer(as_, operator, viewer, several, engine):
    row = AutoUpdated(
        unit="front.service", container="front", image="r.example/a:1", policy="registry",
        updated="pending",
    )  # fmt: skip
    engine({queries.AutoUpdatePreview: queries.AutoUpdates(containers=[row], next_run=NOW)})
    page = as_(operator).get("/accounts/web/units/updates/panel/").content.decode()
    for text in ("newer image", "autoupdate.run", "autoupdate.enable", "2026-01-02"):
        assert text in page
    assert (
        "autoupdate.run"
        not in as_(viewer).get("/accounts/web/units/updates/panel/").content.decode()
    )
    assert as_(viewer).get("/accounts/web/units/updates/").status_code == 200


def test_the_doctor_says_the_worst_first_with_remedies(as_, operator, viewer, several, engine):
    engine(
        {
            queries.SessionHealth: queries.Health(
                findings=[
                    queries.Finding(name="podman", state="ok", text="5.4.2"),
                    queries.Finding(name="subuid", state="problem", text="None.", remedy="usermod"),
                ]
            )
        }
    )
    page = as_(operator).get("/accounts/web/doctor/findings/").content.decode()
    assert page.index("subuid") < page.index("5.4.2")
    assert "usermod" in page
    assert "linger.disable" in page
    assert (
        "linger.disable" not in as_(viewer).get("/accounts/web/doctor/findings/").content.decode()
    )
    assert as_(viewer).get("/accounts/web/doctor/").status_code == 200


def test_the_palette_finds_units_and_starts_them(as_, operator, several):
    page = as_(operator).get("/palette/?q=batch&account=web").content.decode()
    assert "batch.service" in page
    page = as_(operator).get("/palette/?q=start+batch&account=web").content.decode()
    assert "unit.start" in page


def test_the_file_is_shown_with_its_drop_ins(as_, operator, several, engine):
    """The input of the bug report: `k1.container.d/10.conf` was missing."""
    own = "containers/systemd/front.container.d/10.conf"
    locked = queries.DropIn(file="containers/systemd/container.d/x.conf", problem="Not readable.")
    drop_ins = [queries.DropIn(file=own, text="[Container]\nLabel=x=1\n"), locked]
    engine({queries.UnitFileText: TEXT.model_copy(update={"drop_ins": drop_ins})})
    page = as_(operator).get(f"{UNIT}panels/file/").content.decode()
    assert own in page
    assert "Label=x=1" in page
    assert "Not readable." in page
