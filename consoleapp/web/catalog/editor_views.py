"""The catalog for authors of templates: the editor, its preview, sharing, removing."""

from typing import Any, NoReturn
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic import ValidationError

from consoleapp.accounts.access import refuse
from consoleapp.accounts.models import LinuxAccount
from consoleapp.accounts.roles import operated_accounts
from consoleapp.catalog import changes, containers
from consoleapp.catalog.definition import Contents, Wrong, container, fill, sample_of
from consoleapp.catalog.models import LaunchTemplate, may_change
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.live import relay
from consoleapp.live.relay import Unanswered
from consoleapp.operations.visible import visible_operation
from consoleapp.web.catalog.editor import Editor
from consoleapp.web.catalog.forms import LaunchForm, SharingForm
from consoleapp.web.catalog.markdown import render as render_markdown
from consoleapp.web.catalog.views import find
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.queries import ContainerInspect

ICONS = (
    "world", "database", "api", "robot", "chart-line", "message", "tool", "box", "server",
    "cloud", "mail", "lock", "file-text", "photo", "git-branch", "bug", "bolt", "calendar",
)  # fmt: skip
KINDS = (
    ("text", gettext_lazy("text")),
    ("number", gettext_lazy("number")),
    ("choice", gettext_lazy("choice")),
    ("secret", gettext_lazy("secret")),
    ("port", gettext_lazy("host port")),
)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: Request) -> HttpResponse:
    """Create a template: empty, from a launch (?from=), or a container (?account=&container=)."""
    if not operated_accounts(request.user):
        refuse_change(request)
    if request.method == "POST":
        editor = Editor.of_post(request.POST)
        contents = editor.contents()
        if contents is None:
            return _page(request, editor, status=422)
        try:
            template = changes.create(
                editor.name, contents, actor=Actor.of(request), note=editor.note
            )
        except IntegrityError:
            editor.errors["name"] = _("Another template has this name.")
            return _page(request, editor, status=422)
        messages.success(
            request, _("The template %(name)s was added to the catalog.") % {"name": template.name}
        )
        return redirect("catalog:detail", template.pk)
    if "container" in request.GET:
        values = {name: request.GET.get(name, "")[:300] for name in ("account", "container")}
        url = f"{reverse('catalog:from_container')}?{urlencode(values)}"
        return render(request, "catalog/edit.html", {"panel_url": url})
    start = _launched(request) if request.GET.get("from") else containers.Draft({})
    return _page(request, _drafted(start))


def _drafted(draft: containers.Draft) -> Editor:
    editor = Editor.of_json("", draft.contents)
    editor.left_out = draft.left_out
    return editor


def _launched(request: Request) -> containers.Draft:
    try:
        operation = visible_operation(request.user, UUID(request.GET["from"]))
    except ValueError as error:
        raise Http404("that is not the id of an operation") from error
    if operation.kind != "container.run":
        raise Http404("only a launch becomes a template")
    return containers.past_launch(operation.parameters)


@require_safe
@login_required
def from_container(request: Request) -> HttpResponse:
    """Show the editor filled in from a container; in a panel, since Podman is queried."""
    operated = {each.key: each for each in operated_accounts(request.user)}
    account: LinuxAccount | None = operated.get(request.GET.get("account", ""))
    if account is None:
        raise Http404("no such account, or no operator of it")
    try:
        query = ContainerInspect(container=request.GET.get("container", ""))
        # Unmasked: the draft detects secrets by their names and lists what it leaves out.
        answer = relay.document_sync(account, query, Actor.of(request), reveal=True)
    except ValidationError as error:
        raise Http404("no such container") from error
    except EngineError as error:
        return render(request, "_panel_failed.html", {"error": error.report})
    except Unanswered as error:
        return render(request, "_panel_failed.html", {"error": {"message": str(error)}})
    editor = _drafted(containers.draft(answer["data"]))
    return render(request, "catalog/_edit.html", _context(request, editor, None))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: Request, template_id: int) -> HttpResponse:
    """Save a template's next version."""
    template = mine(request, template_id)
    if request.method != "POST":
        return _page(request, Editor.of_contents(template.name, template.contents), template)
    editor = Editor.of_post(request.POST)
    editor.name = template.name
    contents = editor.contents()
    if contents is None:
        return _page(request, editor, template, status=422)
    version = changes.save_version(template, contents, actor=Actor.of(request), note=editor.note)
    text = (
        _("Version %(number)s was saved.") % {"number": version.number}
        if version
        else _("Nothing was changed.")
    )
    messages.success(request, text)
    return redirect("catalog:detail", template.pk)


@require_POST
@login_required
def preview(request: Request) -> HttpResponse:
    """Show what users will see of the edited template, and the resulting command line."""
    editor = Editor.of_post(request.POST)
    editor.name = editor.name or _("New template")
    return render(request, "catalog/_preview.html", _previewed(editor))


def _previewed(editor: Editor) -> dict[str, Any]:
    # On a copy, so that merely incomplete input is not shown as an error.
    launch = type(editor.launch)(
        editor.launch.texts, editor.launch.flags, editor.launch.rows, places=True
    )
    contents = Editor(
        editor.name or "x", editor.icon, editor.description, "", launch, editor.parameters
    ).contents()
    context: dict[str, Any] = {"shown": editor, "contents": contents}
    context["description"] = render_markdown(editor.description)
    if contents:
        context |= {"form": LaunchForm(contents), "command": _command(contents)}
    return context


def _command(contents: Contents) -> list[str] | None:
    values = {each.name: sample_of(contents, each) for each in contents.parameters}
    try:
        return container(fill(contents, values, {})).command()
    except Wrong:
        return None


@require_POST
@login_required
def sharing(request: Request, template_id: int) -> HttpResponse:
    """Set its name, visibility, and owners."""
    template = mine(request, template_id)
    form = SharingForm(request.POST, instance=LaunchTemplate.objects.get(pk=template.pk))
    if not form.is_valid():
        editor = Editor.of_contents(template.name, template.contents)
        return _page(request, editor, template, form, status=422)
    wanted = form.cleaned_data
    changes.share(
        template,
        actor=Actor.of(request),
        name=wanted["name"],
        public=wanted["public"],
        groups=wanted["groups"],
        owners=wanted["owners"],
    )
    messages.success(
        request, _("The visibility and owners of %(name)s were saved.") % {"name": template.name}
    )
    return redirect("catalog:list")


@require_POST
@login_required
def remove(request: Request, template_id: int) -> HttpResponse:
    """Remove a template from the catalog."""
    template = mine(request, template_id)
    changes.remove(template, actor=Actor.of(request))
    messages.success(request, _("The template %(name)s was removed.") % {"name": template.name})
    return redirect("catalog:list")


def mine(request: Request, template_id: int) -> LaunchTemplate:
    """Return a template that the user may change. Refusals are audited."""
    template = find(request, template_id)
    if not may_change(request.user, template):
        refuse_change(request)
    return template


def refuse_change(request: Request) -> NoReturn:
    """Audit the attempt, and show the 403 page."""
    refuse(Actor.of(request), None, f"{request.method} {request.path}", Role.OPERATOR)
    raise PermissionDenied(_("Only its owners and administrators can change a template."))


def _page(
    request: Request,
    editor: Editor,
    template: LaunchTemplate | None = None,
    form: SharingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = _context(request, editor, template)
    if template:
        context["sharing"] = form or SharingForm(instance=template)
    return render(request, "catalog/edit.html", context, status=status)


def _context(request: Request, editor: Editor, template: LaunchTemplate | None) -> dict[str, Any]:
    lines = [
        {"row": row, "error": editor.errors.get(f"parameters-{at}", "")}
        for at, row in enumerate(editor.parameters)
    ]
    return {
        "editor": editor,
        "launch": editor.launch,
        "lines": lines,
        "template": template,
        "icons": ICONS,
        "kinds": KINDS,
        "post_url": (
            reverse("catalog:edit", args=[template.pk]) if template else reverse("catalog:create")
        ),
        **_previewed(editor),
    }
