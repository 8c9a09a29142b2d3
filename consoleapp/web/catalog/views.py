"""The catalog for users: templates as cards, the launch form, versions, relaunching."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.accounts.roles import operated_accounts
from consoleapp.catalog import launching
from consoleapp.catalog.definition import Wrong
from consoleapp.catalog.files import difference
from consoleapp.catalog.models import LaunchTemplate, may_change, visible_templates
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.live.relay import Unanswered
from consoleapp.operations.models import Operation
from consoleapp.web.catalog.forms import LaunchForm
from consoleapp.web.catalog.markdown import render as render_markdown
from consoleapp.web.container_lookup import look_up
from engine.schema.errors import EngineError
from engine.schema.parameters import Role


def find(request: Request, template_id: int) -> LaunchTemplate:
    """Return a template that the user may see, or raise Http404."""
    return get_object_or_404(visible_templates(request.user), pk=template_id)


@require_safe
@login_required
def everything(request: Request) -> HttpResponse:
    """List the templates that the user may see. htmx gets only the cards."""
    words = request.GET.get("q", "").lower().split()
    icon = request.GET.get("icon", "")
    every = list(visible_templates(request.user))
    found = [each for each in every if (not icon or _icon(each) == icon) and _says(each, words)]
    context = {
        "templates": found,
        "any": bool(every),
        "icons": sorted({_icon(each) for each in every}),
        "q": request.GET.get("q", ""),
        "icon": icon,
        "launch_accounts": operated_accounts(request.user),
    }
    only_cards = request.htmx and not request.htmx.boosted
    return render(request, f"catalog/{'_cards' if only_cards else 'list'}.html", context)


def _icon(template: LaunchTemplate) -> str:
    return str(template.head.contents.get("icon", "box")) if template.head else "box"


def _says(template: LaunchTemplate, words: list[str]) -> bool:
    present = template.head.contents if template.head else {}
    image = str((present.get("run") or {}).get("image", ""))
    text = f"{template.name} {present.get('description', '')} {image}".lower()
    return all(word in text for word in words)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def detail(request: Request, template_id: int) -> HttpResponse:
    """Show a template and its launch form. Valid input becomes an operation."""
    template = find(request, template_id)
    accounts = operated_accounts(request.user)
    contents = template.contents
    form = LaunchForm(
        contents,
        request.POST if request.method == "POST" else None,
        accounts=accounts,
        account=request.GET.get("account", ""),
    )
    if request.method == "POST" and form.is_valid():
        account = next(each for each in accounts if each.key == form.cleaned_data["account"])
        name = form.cleaned_data.get("name", "")
        try:
            operation = launching.launch(
                template, account, form.typed(), actor=Actor.of(request), name=name
            )
        except Wrong as wrong:
            form.say(wrong)
        except (Refused, Unanswered, EngineError) as error:
            form.add_error(None, str(error))
        else:
            return _begun(operation)
    context = {
        "template": template,
        "form": form,
        "contents": contents,
        "description": render_markdown(contents.description),
        "launch_accounts": accounts,
        "may_change": may_change(request.user, template),
    }
    return render(request, "catalog/detail.html", context, status=422 if form.errors else 200)


def _begun(operation: Operation) -> HttpResponse:
    response = redirect("operations:detail", operation.pk)
    response.status_code = 303
    return response


@require_safe
@login_required
def versions(request: Request, template_id: int) -> HttpResponse:
    """List all versions, and compare two (?from=1&to=3; by default, the newest two)."""
    template = find(request, template_id)
    every = list(template.versions.all()[:500])
    numbers = {str(each.number): each for each in every}
    newest = every[0]
    after = numbers.get(request.GET.get("to", ""), newest)
    before = numbers.get(request.GET.get("from", "")) or next(
        (each for each in every if each.number < after.number), None
    )
    context = {
        "template": template,
        "versions": every,
        "before": before,
        "after": after,
        "lines": difference(before.parsed, after.parsed) if before else [],
        "may_change": may_change(request.user, template),
    }
    return render(request, "catalog/versions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.OPERATOR)
def relaunch(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Show what is new in the container's template, and the form to launch the new version."""
    row = look_up(account, container).row
    origin = launching.origin(row.labels) if row else None
    template = visible_templates(request.user).filter(pk=origin.template if origin else 0).first()
    if row is None or origin is None or template is None or template.head is None:
        raise Http404("no such container, or not from a template that this person sees")
    contents = template.contents
    old = template.versions.filter(number=origin.version).first()
    carried = launching.carried(contents, origin)
    ready = launching.one_click(contents, origin)
    data = request.POST if request.method == "POST" else None
    form = LaunchForm(contents, data, values=carried)
    if data is not None and form.is_valid():
        try:
            operation = launching.relaunch(
                template, account, row, form.typed(), actor=Actor.of(request)
            )
        except Wrong as wrong:
            form.say(wrong)
        except (Refused, Unanswered, EngineError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("%(name)s becomes version %(number)s.")
                % {"name": row.name, "number": template.head.number},
            )
            return _begun(operation)
    context = {
        "template": template,
        "row": row,
        "origin": origin,
        "form": form,
        "ready": ready,
        "lines": difference(old.parsed, contents) if old else None,
    }
    return render(request, "catalog/relaunch.html", context, status=422 if form.errors else 200)
