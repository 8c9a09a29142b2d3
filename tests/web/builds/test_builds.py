"""The build form, the list, and recipes: what happens to the input."""

from typing import Any

import pytest
from django.utils import timezone

from consoleapp.audit.models import Event
from consoleapp.catalog.models import BuildRecipe
from consoleapp.files import claim, spool
from consoleapp.files.models import Upload
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State, move
from consoleapp.web.builds.failed_line import failed_line

FORM = "/accounts/web/images/build/"
LIST = "/accounts/web/builds/"
PASTED = {"tags": "localhost/a:1", "source": "paste", "containerfile": "FROM b\r\nRUN true\r\n"}


@pytest.fixture
def uploaded(web: Any, operator: Any) -> Upload:
    upload = Upload.objects.create(
        account=web, sent_by=operator, name="c.tar", size=4, sha256="ab", complete_at=timezone.now()
    )
    spool.upload_path(upload.pk).write_bytes(b"data")
    return upload


def test_a_pasted_containerfile_becomes_a_build_and_leads_to_it(
    as_: Any, web: Any, operator: Any
) -> None:
    answer = as_(operator).post(
        FORM,
        PASTED
        | {"tags": "localhost/a:1 localhost/a:2", "build_args": "A=1\n# no\nB=x=y", "cache": "on"},
    )
    operation = Operation.objects.get()
    assert answer.headers["Location"] == f"/operations/{operation.pk}/"
    assert operation.kind == "image.build"
    assert operation.parameters == {
        "tags": ["localhost/a:1", "localhost/a:2"],
        "containerfile": "FROM b\nRUN true\n",
        "build_args": {"A": "1", "B": "x=y"},
    }


def test_secrets_are_in_no_row_no_event_and_not_in_the_page_that_comes_back(
    as_: Any, web: Any, operator: Any
) -> None:
    secret = "never-to-be-seen-4711"
    given = PASTED | {"secrets": f"tok={secret}"}
    as_(operator).post(FORM, given)
    operation = Operation.objects.get()
    assert operation.has_secrets
    events = str(vars(operation)) + str(list(Event.objects.values()))
    assert secret not in events
    back = as_(operator).post(FORM, given | {"tags": "-bad"})
    assert back.status_code == 422
    assert secret not in back.content.decode()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"tags": ""}, "required"),
        ({"tags": "--help"}, "not allowed"),
        ({"containerfile": " "}, "neither a Containerfile nor a context"),
        ({"build_args": "no equals"}, "One NAME=value per line."),
        ({"stage": "-x"}, "not allowed"),
        ({"source": "context", "context": ""}, "Upload a file."),
        ({"source": "context", "context": "../../etc"}, "Upload a file."),
    ],
)
def test_what_makes_no_sense_comes_back_with_the_reason(
    as_: Any, web: Any, operator: Any, given: dict[str, str], text: str
) -> None:
    answer = as_(operator).post(FORM, PASTED | given)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not Operation.objects.exists()


def test_git_is_not_offered_unless_the_host_allows_it(
    as_: Any, web: Any, operator: Any, settings: Any
) -> None:
    assert "Repository" in as_(operator).get(FORM).content.decode()  # there, but no way to it
    assert 'value="git"' not in as_(operator).get(FORM).content.decode()
    settings.BERTH_BUILD_FROM_GIT = True
    assert 'value="git"' in as_(operator).get(FORM).content.decode()
    for url in ("http://a/b", "file:///etc", "ext::sh -c x", "https://u:p@a/b", "-x", "ssh://a/b"):
        answer = as_(operator).post(FORM, PASTED | {"source": "git", "git_url": url})
        assert answer.status_code == 422, url
    assert not Operation.objects.exists()


def test_a_viewer_sees_the_builds_but_not_the_form(as_: Any, web: Any, viewer: Any) -> None:
    assert as_(viewer).get(LIST).status_code == 200
    assert as_(viewer).get(FORM).status_code == 403


def test_an_upload_is_claimed_audited_and_kept_for_another_try(
    as_: Any, web: Any, operator: Any, uploaded: Upload
) -> None:
    client = as_(operator)
    given = PASTED | {"source": "context", "context": str(uploaded.pk)}
    client.post(FORM, given)
    operation = Operation.objects.get()
    uploaded.refresh_from_db()
    assert uploaded.operation == operation
    event = Event.objects.get(action="operation.requested")
    assert event.detail == "c.tar (4 bytes, sha256:ab)"
    busy = client.post(FORM, given)
    assert busy.status_code == 409
    assert "used by another operation now" in busy.content.decode()
    assert str(uploaded.pk) in busy.content.decode()
    assert move(operation, State.RUNNING)
    assert move(operation, State.FAILED)
    assert client.post(f"/operations/{operation.pk}/retry/").status_code == 302
    again = Operation.objects.exclude(pk=operation.pk).get()
    assert again.retry_of == operation


def test_a_retry_whose_upload_is_gone_says_so(
    as_: Any, web: Any, operator: Any, uploaded: Upload
) -> None:
    client = as_(operator)
    client.post(FORM, PASTED | {"source": "context", "context": str(uploaded.pk)})
    operation = Operation.objects.get()
    assert move(operation, State.RUNNING)
    assert move(operation, State.SUCCEEDED)
    claim.release(operation)
    assert not spool.upload_path(uploaded.pk).exists()
    answer = client.post(f"/operations/{operation.pk}/retry/", HTTP_HX_REQUEST="true")
    assert answer.status_code == 409
    assert "c.tar is gone. Upload it again." in answer.headers["HX-Trigger"]


def test_a_recipe_keeps_no_secret_and_asks_for_it_again(as_: Any, web: Any, operator: Any) -> None:
    client = as_(operator)
    client.post(FORM, PASTED | {"secrets": "tok=hidden-value"})
    operation = Operation.objects.get()
    client.post(f"{LIST}{operation.pk}/keep/", {"name": "site"})
    recipe = BuildRecipe.objects.get()
    assert "hidden-value" not in str(recipe.parameters)
    assert recipe.lacks == "its secrets"
    answer = client.post(f"{LIST}recipes/{recipe.pk}/")
    assert answer.headers["Location"] == f"{FORM}?recipe={recipe.pk}"
    shown = client.get(answer.headers["Location"]).content.decode()
    assert "tok=" in shown
    assert "FROM b" in shown


def test_a_recipe_is_built_again_and_removed(as_: Any, web: Any, operator: Any) -> None:
    client = as_(operator)
    client.post(FORM, PASTED)
    client.post(f"{LIST}{Operation.objects.get().pk}/keep/", {"name": "site"})
    recipe = BuildRecipe.objects.get()
    assert "site" in client.get(LIST).content.decode()
    client.post(f"{LIST}recipes/{recipe.pk}/")
    assert Operation.objects.filter(kind="image.build").count() == 2
    client.post(f"{LIST}recipes/{recipe.pk}/remove/")
    assert not BuildRecipe.objects.exists()
    assert Event.objects.filter(action="recipe.removed").exists()


MANY = """ARG V=1
# one
FROM b AS first
RUN echo a && \\
  # between
  RUN is no instruction here

FROM first
run false
"""


@pytest.mark.parametrize(
    ("step", "label", "line"),
    [
        ("1/2 2/2", "RUN echo a &&   RUN is no", 4),
        ("2/2 1/2", "FROM first", 8),
        ("2/2 2/2", "RUN false", 9),
        ("2/2 3/3", 'LABEL "a"="b"', None),
        ("2/2 2/2", "COPY a b", None),
        ("3/3 1/1", "FROM c", None),
    ],
)
def test_the_line_of_the_step_that_failed_is_found_or_not_claimed(
    step: str, label: str, line: int | None
) -> None:
    progress = {"steps": [{"id": step, "label": label, "status": "failed, 0.1 s"}]}
    assert failed_line(MANY, progress) == line


def test_the_form_of_a_build_that_failed_marks_the_line(as_: Any, web: Any, operator: Any) -> None:
    client = as_(operator)
    client.post(FORM, PASTED)
    operation = Operation.objects.get()
    steps = [{"id": "2/2", "label": "RUN true", "status": "failed, 1.0 s"}]
    Operation.objects.update(progress={"message": "", "steps": steps})
    page = client.get(f"{FORM}?from={operation.pk}").content.decode()
    assert 'data-failed="2"' in page
    assert "data-failed" not in client.get(FORM).content.decode()


def test_a_long_containerfile_is_taken_and_one_that_is_too_long_is_refused_at_the_field(
    as_: Any, web: Any, operator: Any
) -> None:
    client = as_(operator)
    text = "FROM b\n" + "RUN true\n" * 20_000
    assert client.post(FORM, PASTED | {"containerfile": text}).status_code == 302
    refused = client.post(FORM, PASTED | {"containerfile": text * 2})
    assert refused.status_code == 422
    assert 'id="id_containerfile_error"' in refused.content.decode()


def test_arguments_and_secrets_may_have_several_lines_and_come_back(as_, operator):
    client = as_(operator)
    given = {
        "build_args": 'A="""one\r\n\ttwo\r\n"""\r\nB=a"b"\r\nC="""x"""\r\nD="quoted"',
        "secrets": 'key="""-----BEGIN\r\nhidden\r\n-----END"""',
    }
    assert client.post(FORM, PASTED | given).status_code == 302
    build = Operation.objects.get()
    wanted = {"A": "one\n\ttwo\n", "B": 'a"b"', "C": "x", "D": '"quoted"'}
    assert build.parameters["build_args"] == wanted
    assert build.has_secrets
    page = client.get(f"{FORM}?from={build.pk}")
    shown = page.context["form"]["build_args"].value()
    client.post(FORM, PASTED | {"build_args": shown.replace("\n", "\r\n")})
    again = Operation.objects.exclude(pk=build.pk).get()
    assert again.parameters["build_args"] == wanted


def test_quotes_without_an_end_are_told(as_, operator):
    answer = as_(operator).post(FORM, PASTED | {"secrets": 'key="""hidden-value\r\nmore'})
    assert answer.status_code == 422
    assert "A value that starts with three quotes" in answer.content.decode()
    assert "hidden-value" not in answer.content.decode()
