"""The editor: new files, checks, comparing, saving, and the result of a save."""

import pytest

from consoleapp.operations.models import Operation
from engine.schema import unit_queries as queries
from engine.schema.units import Problem, UnitDelete, UnitRestore, UnitWrite
from tests.fixtures.web import ended, operation
from tests.fixtures.web_units import NOW

BASE = "/accounts/web/units/edit/"
FILE = "containers/systemd/front.container"
OLD, NEW = "a" * 64, "b" * 64
HTMX = {"HX-Request": "true"}
FOUND = queries.FileText(file=FILE, text="[Container]\nImage=old\n", digest=NEW)
FINE = queries.Validation(checked_by=["podman"], unit="front.service")
BAD = queries.Validation(
    problems=[Problem(severity="error", message="unsupported key 'Imag'", line=2, source="podman")]
)


def form(**more):
    return {
        "kind": "container",
        "file": FILE,
        "text": "[Container]\r\nImage=x",
        "digest": OLD,
    } | more


@pytest.mark.parametrize(
    "kind",
    ["container", "pod", "volume", "network", "kube", "image", "build", "service", "timer"],
)
def test_every_kind_begins_with_something_that_works(as_, operator, several, kind):
    page = as_(operator).get(f"/accounts/web/units/new/?kind={kind}").content.decode()
    assert f">.{kind}</span>" in page
    assert 'id="unit-keys"' in page


def test_there_is_no_other_kind(as_, operator, several):
    assert as_(operator).get("/accounts/web/units/new/?kind=swap").status_code == 404


@pytest.mark.parametrize("file", ["", "../.bashrc", "/etc/passwd", "systemd/user/../x.service"])
def test_only_files_of_units_are_opened(as_, operator, several, file):
    assert as_(operator).get(BASE, {"file": file}).status_code == 404
    assert as_(operator).get(f"{BASE}text/", {"file": file}).status_code == 404


def test_the_editor_is_for_operators(as_, viewer, several):
    for path in ("", "text/"):
        assert as_(viewer).get(f"{BASE}{path}", {"file": FILE}).status_code == 403
    for path in ("check/", "compare/", "save/", "restore/"):
        assert as_(viewer).post(f"{BASE}{path}", form()).status_code == 403


def test_the_text_is_opened_with_its_digest(as_, operator, several, engine):
    hostile = FOUND.model_copy(update={"text": "</textarea><script>alert(1)</script>"})
    engine({queries.UnitFileText: hostile})
    page = as_(operator).get(f"{BASE}text/", {"file": FILE}).content.decode()
    assert f'value="{NEW}"' in page
    assert "<script>alert" not in page


def test_a_text_that_begins_with_an_empty_line_keeps_it(as_, operator, several, engine):
    engine({queries.UnitFileText: FOUND.model_copy(update={"text": "\n[Container]\n\tA=b\n"})})
    page = as_(operator).get(f"{BASE}text/", {"file": FILE}).content.decode()
    assert ">\n\n[Container]\n\tA=b\n</textarea>" in page


def test_problems_stand_at_their_lines(as_, operator, several, engine):
    engine({queries.UnitValidate: BAD})
    page = as_(operator).post(f"{BASE}check/", form()).content.decode()
    assert 'data-line="2"' in page
    assert "unsupported key" in page


def test_a_text_without_a_name_is_checked_all_the_same(as_, operator, several, engine):
    query = engine({queries.UnitValidate: FINE})
    as_(operator).post(f"{BASE}check/", {"kind": "container", "name": "", "text": "x"})
    assert query[0].file == "containers/systemd/unnamed.container"


def test_comparing_shows_the_difference_to_what_is_on_the_disk_now(as_, operator, several, engine):
    engine({queries.UnitFileText: FOUND, queries.UnitValidate: FINE})
    page = as_(operator).post(f"{BASE}compare/", form(digest=NEW)).content.decode()
    assert "Image=old" in page
    assert "Image=x" in page
    assert "since you opened it" not in page


def test_a_file_that_changed_meanwhile_is_said_and_may_be_replaced_knowingly(
    as_, operator, several, engine
):
    engine({queries.UnitFileText: FOUND, queries.UnitValidate: BAD})
    page = as_(operator).post(f"{BASE}compare/", form()).content.decode()
    assert "changed on the disk since you opened it" in page
    assert f'name="instead_of" value="{NEW}"' in page
    assert "even_with_errors" in page


@pytest.mark.parametrize(
    ("more", "digest"), [({}, OLD), ({"instead_of": NEW}, NEW)], ids=["as opened", "knowingly"]
)
def test_saving_is_an_operation_with_linux_newlines(as_, operator, several, more, digest):
    page = as_(operator).post(f"{BASE}save/", form(**more), headers=HTMX)
    saving = Operation.objects.get()
    assert saving.parameters == {"file": FILE, "text": "[Container]\nImage=x\n", "digest": digest}
    assert f"sse:operation-{saving.pk}" in page.content.decode()


def test_a_secret_of_the_text_is_in_no_row(as_, operator, several):
    text = "[Container]\nEnvironment=DB_PASSWORD=hunter2 MODE=live\n"
    as_(operator).post(f"{BASE}save/", form(text=text), headers=HTMX)
    row = Operation.objects.get()
    assert "hunter2" not in str(row.parameters)
    assert "hunter2" not in str(row.command)
    assert "MODE=live" in row.parameters["text"]


@pytest.mark.parametrize("name", ["", "../x", "a b", "x\n", "-x", "%h"])
def test_a_name_that_no_file_can_have_is_refused(as_, operator, several, name):
    values = {"kind": "container", "name": name, "text": "x", "digest": ""}
    if name.strip() == "x":  # blanks around a name are not part of it
        return
    assert as_(operator).post(f"{BASE}save/", values, headers=HTMX).status_code == 400
    assert not Operation.objects.exists()


def test_what_a_save_came_to_is_told_when_it_has_ended(as_, operator, web, several):
    query = UnitWrite(file=FILE, text="x")
    row = operation(web, operator, query)
    client = as_(operator)
    assert client.get(f"{BASE}saved/{row.pk}/").status_code == 204
    row = operation(
        web, operator, query,
        **ended(result={"file": FILE, "digest": NEW, "unit": "front.service"}),
    )  # fmt: skip
    page = client.get(f"{BASE}saved/{row.pk}/").content.decode()
    assert f'data-digest="{NEW}"' in page
    assert "unit.restart" in page


def test_a_conflict_keeps_the_text_and_offers_to_compare(as_, operator, web, several):
    error = {"code": "conflict", "message": "It changed meanwhile.", "remedy": ""}
    row = operation(web, operator, UnitWrite(file=FILE, text="x"), **ended("failed", error=error))
    page = as_(operator).get(f"{BASE}saved/{row.pk}/").content.decode()
    assert "It changed meanwhile." in page
    assert "Your text is still in the editor" in page
    assert "edit/compare/" in page


def test_other_operations_are_not_told_as_saves(as_, operator, web, several):
    row = operation(web, operator)
    assert as_(operator).get(f"{BASE}saved/{row.pk}/").status_code == 404


def test_a_deleted_file_leads_from_its_operation_to_its_versions(
    as_, operator, web, several, engine
):
    row = operation(web, operator, UnitDelete(file=FILE), **ended(result={"file": FILE}))
    page = as_(operator).get(f"/operations/{row.pk}/").content.decode()
    assert "/units/edit/?file=containers" in page
    version = queries.Version(id="20260102T030405000000Z-abcdefabcdef", at=NOW, digest=OLD, size=9)
    gone = queries.FileText(file=FILE, text="", digest="", versions=[version])
    engine({queries.UnitFileText: gone})
    page = as_(operator).get(f"{BASE}text/", {"file": FILE}).content.decode()
    assert f'action="{BASE}restore/"' in page
    assert version.id in page


VERSION = "20260102T030405000000Z-abcdefabcdef"
WANTED = {"file": FILE, "version": VERSION}


def test_what_was_restored_is_shown_without_being_asked_for(as_, operator, web, several):
    client = as_(operator)
    page = client.post(f"{BASE}restore/", WANTED, headers=HTMX).content.decode()
    row = Operation.objects.get()
    assert row.parameters == WANTED
    assert f"sse:operation-{row.pk}" in page
    waiting = client.get(f"{BASE}restored/{row.pk}/", headers=HTMX)
    assert (waiting.status_code, "HX-Trigger" in waiting) == (204, False)
    row = operation(web, operator, UnitRestore(**WANTED), **ended(result={"file": FILE}))
    there = client.get(f"{BASE}restored/{row.pk}/", headers=HTMX)
    assert there.status_code == 204
    assert "berth:retry" in there["HX-Trigger"]


def test_a_restoring_that_failed_is_told(as_, operator, web, several):
    error = {"code": "conflict", "message": "It changed meanwhile.", "remedy": "Look again."}
    query = UnitRestore(**WANTED)
    row = operation(web, operator, query, **ended("failed", error=error))
    page = as_(operator).get(f"{BASE}restored/{row.pk}/", headers=HTMX).content.decode()
    assert "It changed meanwhile." in page
    assert "Look again." in page


@pytest.mark.parametrize("more", [{"version": "../x"}, {"file": "../x"}, {"digest": "x"}])
def test_only_a_version_of_a_file_is_restored(as_, operator, several, more):
    refused = as_(operator).post(f"{BASE}restore/", WANTED | more, headers=HTMX)
    assert refused.status_code == 400
    assert not Operation.objects.exists()
