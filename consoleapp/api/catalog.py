"""/catalog: launch templates, launching them, and their files."""

from datetime import datetime
from typing import Annotated, Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from consoleapp.accounts.access import refuse
from consoleapp.accounts.roles import operated_accounts
from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.operations import OperationBody, accepted
from consoleapp.api.problems import FieldProblem, Problem, responses
from consoleapp.catalog import changes, files, imports, launching
from consoleapp.catalog.definition import Contents, Wrong, as_json, parse
from consoleapp.catalog.models import LaunchTemplate, may_change, visible_templates
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict, Refused
from engine.schema.parameters import ContainerName, Line, Role

router = Router(tags=["catalogue"])
TemplateId = Annotated[int, Field(ge=1, le=2**53)]


class TemplateBody(BaseModel):
    """A template with its newest version. `contents` are description, icon, parameters, and run."""

    id: int
    name: str
    version: int
    note: str
    made_by: str
    made_at: datetime
    public: bool
    may_change: bool
    contents: dict[str, Any]


class TemplateList(BaseModel):
    """The templates that the caller can see, by name."""

    templates: list[TemplateBody]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewTemplate(_Given):
    """A name, and the first version's contents (the fields of an exported file)."""

    name: Annotated[Line, Field(min_length=1, max_length=100)]
    contents: dict[str, Any]
    public: bool = True
    note: Annotated[Line, Field(max_length=300)] = ""


class NewVersion(_Given):
    """The next version's contents."""

    contents: dict[str, Any]
    note: Annotated[Line, Field(max_length=300)] = ""


class TemplateLaunch(_Given):
    """Where to launch it, and the values of its parameters by name."""

    account: Annotated[str, Field(max_length=220)]
    name: ContainerName | None = None
    values: dict[str, str] = {}


class YamlText(_Given):
    """The text of a file, at most 64 KiB."""

    yaml: str


@router.get("/catalog", response=responses({200: TemplateList}), summary="Templates")
def list_templates(request: HttpRequest) -> HttpResponse:
    """List every template that the caller may see and launch."""
    user = actor_of(request).known_user
    mine = set(visible_templates(user).filter(owners=user).values_list("pk", flat=True))
    return send(
        TemplateList(
            templates=[
                _body(each, user.is_superuser or each.pk in mine)
                for each in visible_templates(user)
            ]
        )
    )


# Before the routes of one template, which would take `import` for its id.
@router.post(
    "/catalog/import",
    response=responses({200: TemplateBody}, 403, 413, 415),
    summary="Import a template",
)
def import_template(request: HttpRequest, given: YamlText) -> HttpResponse:
    """Create a template, or the next version of the caller's template with the file's name."""
    actor = actor_of(request)
    _may_make(request, actor)
    try:
        template, _ = imports.take(given.yaml, actor=actor)
    except files.Unreadable as error:
        faults = [FieldProblem(path="yaml", message=fault) for fault in error.faults]
        raise Problem(422, "; ".join(error.faults[:3]), faults) from None
    return send(_body(template, True))


@router.get("/catalog/{template}", response=responses({200: TemplateBody}), summary="One template")
def read_template(request: HttpRequest, template: TemplateId) -> HttpResponse:
    """Return one template with its newest version."""
    actor = actor_of(request)
    found = _find(actor, template)
    return send(_body(found, may_change(actor.known_user, found)))


@router.get(
    "/catalog/{template}/versions/{number}",
    response=responses({200: dict[str, Any]}),
    summary="One version of a template",
)
def read_version(request: HttpRequest, template: TemplateId, number: TemplateId) -> dict[str, Any]:
    """Return the contents of one version."""
    found = _find(actor_of(request), template).versions.filter(number=number).first()
    if found is None:
        raise Problem(404, "The template has no such version.")
    contents: dict[str, Any] = found.contents
    return contents


@router.get(
    "/catalog/{template}/export", response=responses({200: YamlText}), summary="Export a template"
)
def export_template(request: HttpRequest, template: TemplateId) -> HttpResponse:
    """Return the newest version as YAML."""
    found = _find(actor_of(request), template)
    return send(YamlText(yaml=files.write(found.name, found.contents)))


@router.post(
    "/catalog",
    response=responses({201: TemplateBody}, 403, 409, 413, 415),
    summary="Create a template",
)
def create_template(request: HttpRequest, wanted: NewTemplate) -> HttpResponse:
    """Create a template, owned by the caller."""
    actor = actor_of(request)
    _may_make(request, actor)
    contents = _contents(wanted.contents)
    try:
        template = changes.create(
            wanted.name, contents, actor=actor, note=wanted.note, public=wanted.public
        )
    except IntegrityError:
        raise Conflict("Another template has this name.") from None
    return send(_body(template, True), 201, Location=f"/api/v1/catalog/{template.pk}")


@router.put(
    "/catalog/{template}",
    response=responses({200: TemplateBody}, 403, 413, 415),
    summary="Save a template's next version",
)
def save_template(request: HttpRequest, template: TemplateId, wanted: NewVersion) -> HttpResponse:
    """Save the next version, unless nothing differs."""
    actor = actor_of(request)
    found = _mine(request, actor, template)
    changes.save_version(found, _contents(wanted.contents), actor=actor, note=wanted.note)
    return send(_body(_find(actor, template), True))


@router.delete(
    "/catalog/{template}", response=responses({204: None}, 403), summary="Remove a template"
)
def remove_template(request: HttpRequest, template: TemplateId) -> HttpResponse:
    """Delete it with all its versions. Containers created from it continue."""
    actor = actor_of(request)
    changes.remove(_mine(request, actor, template), actor=actor)
    return HttpResponse(status=204)


@router.post(
    "/catalog/{template}/launch",
    response=responses({202: OperationBody}, 403, 409, 413, 415, 503, 504),
    summary="Launch a template",
)
def launch_template(
    request: HttpRequest, template: TemplateId, wanted: TemplateLaunch
) -> HttpResponse:
    """Queue the launch of its newest version. `Location` is the address of the operation."""
    actor = actor_of(request)
    found = _find(actor, template)
    account = find_account(actor, wanted.account)
    try:
        operation = launching.launch(
            found, account, wanted.values, actor=actor, name=wanted.name or ""
        )
    except Wrong as wrong:
        raise _problem(wrong) from None
    return accepted(operation)


def _find(actor: Actor, identity: int) -> LaunchTemplate:
    found = visible_templates(actor.known_user).filter(pk=identity).first()
    if found is None:
        raise Problem(404, "There is no such template, or you may not see it.")
    return found


def _mine(request: HttpRequest, actor: Actor, identity: int) -> LaunchTemplate:
    found = _find(actor, identity)
    if not may_change(actor.known_user, found):
        refuse(actor, None, f"{request.method} {request.path}", Role.OPERATOR)
        raise Refused("Templates are changed by their owners, and by administrators.")
    _writes(request, actor)
    return found


def _may_make(request: HttpRequest, actor: Actor) -> None:
    if not operated_accounts(actor.known_user):
        refuse(actor, None, f"{request.method} {request.path}", Role.OPERATOR)
        raise Refused("Who operates an account makes templates.")
    _writes(request, actor)


def _writes(request: HttpRequest, actor: Actor) -> None:
    if actor.token is not None and actor.token.scope != "operate":
        refuse(actor, None, f"{request.method} {request.path} with a token that only reads", None)
        raise Refused("This token may only read.")


def _contents(given: dict[str, Any]) -> Contents:
    try:
        return parse(given)
    except Wrong as wrong:
        raise _problem(wrong, "contents.") from None


def _problem(wrong: Wrong, prefix: str = "") -> Problem:
    faults = [
        FieldProblem(path=prefix + ".".join(map(str, where)), message=reason)
        for where, reason in wrong.faults.items()
    ]
    return Problem(422, "; ".join(f"{f.path}: {f.message}" for f in faults[:3]), faults)


def _body(template: LaunchTemplate, changes_it: bool) -> TemplateBody:
    version = template.head
    if version is None:
        raise Problem(404)
    return TemplateBody(
        id=template.pk,
        name=template.name,
        version=version.number,
        note=version.note,
        made_by=version.made_by,
        made_at=version.made_at,
        public=template.public,
        may_change=changes_it,
        contents=as_json(version.parsed),
    )
