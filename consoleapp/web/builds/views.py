"""Build images: the form, the builds of an account, and recipes to build again."""

import re
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.catalog import recipes
from consoleapp.catalog.models import BuildRecipe
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.files.models import Upload
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import submit
from consoleapp.policies.check import NotAllowed
from consoleapp.web.accepted import refused
from consoleapp.web.builds.failed_line import failed_line
from consoleapp.web.builds.forms import BuildForm, initial
from consoleapp.web.query import query_without_page
from engine.schema.parameters import Role

_ROWS = 50
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_KIND = "image.build"
# How a step ended, in the words of engine/builds/steps.py, marked for translation.
_STEPS = (
    gettext_noop("cached"),
    gettext_noop("done, %(seconds)s s"),
    gettext_noop("failed, %(seconds)s s"),
)


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def build(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the form, filled in by ?from=<operation> or ?recipe=<id>. A build leads to its page."""
    if request.method == "GET":
        values, progress = _prefilled(request, account)
        line = failed_line(values.get("containerfile", ""), progress)
        return _form(request, BuildForm(initial=values), 200, line)
    form = BuildForm(request.POST)
    if not form.is_valid():
        return _form(request, form, 422)
    try:
        operation = submit(account, form.parsed, actor=Actor.of(request))
    except NotAllowed as error:
        error.show_in(form)
        return _form(request, form, 403)
    except Refused as error:
        form.add_error(None, str(error))
        return _form(request, form, 409)
    return redirect("operations:detail", operation.pk)


@require_GET
@require_role(Role.VIEWER)
def builds(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """List the builds, newest first, and the recipes of the account."""
    rows = Operation.objects.filter(account=account, kind=_KIND).select_related("account")
    wanted = request.GET.get("q", "").strip()[:200]
    if wanted:
        rows = rows.filter(target__icontains=wanted)
    role = request.role
    context = {
        "page": Paginator(rows.order_by("-requested_at"), _ROWS).get_page(request.GET.get("page")),
        "query": query_without_page(request),
        "wanted": wanted,
        "recipes": BuildRecipe.objects.filter(account=account).select_related("made_by"),
        "operates": role.covers(Role.OPERATOR),
    }
    partial = request.htmx and not request.htmx.boosted
    return render(request, f"builds/{'_table' if partial else 'list'}.html", context)


@require_POST
@require_role(Role.OPERATOR)
def keep(request: AccountRequest, account: LinuxAccount, operation_id: UUID) -> HttpResponse:
    """Save a build as a recipe."""
    operation = get_object_or_404(Operation, pk=operation_id, account=account, kind=_KIND)
    back = reverse("builds:list", args=[account.key])
    name = request.POST.get("name", "").strip()[:100]
    if not name:
        return refused(request, _("A recipe needs a name."), next=back, status=400)
    recipe = recipes.keep(account, name, operation.parameters, actor=Actor.of(request))
    messages.success(request, _("The recipe %(name)s was saved.") % {"name": recipe.name})
    return redirect(back)


@require_POST
@require_role(Role.OPERATOR)
def rebuild(request: AccountRequest, account: LinuxAccount, recipe_id: int) -> HttpResponse:
    """Build a recipe again. One that needs files or secrets opens the form, filled in."""
    recipe = get_object_or_404(BuildRecipe, pk=recipe_id, account=account)
    form = f"{reverse('builds:build', args=[account.key])}?recipe={recipe.pk}"
    if recipe.lacks:
        return redirect(form)
    try:
        operation = submit(account, recipe.build(), actor=Actor.of(request))
    except (Refused, ValidationError) as error:
        reason = (
            str(error) if isinstance(error, Refused) else _("Its parameters are no longer valid.")
        )
        return refused(request, reason, next=form)
    return redirect("operations:detail", operation.pk)


@require_POST
@require_role(Role.OPERATOR)
def remove(request: AccountRequest, account: LinuxAccount, recipe_id: int) -> HttpResponse:
    """Remove a recipe. Images stay."""
    recipe = get_object_or_404(BuildRecipe, pk=recipe_id, account=account)
    recipes.remove(recipe, actor=Actor.of(request))
    messages.success(request, _("The recipe %(name)s was removed.") % {"name": recipe.name})
    return redirect("builds:list", account.key)


def _form(
    request: Request, form: BuildForm, status: int, failed: int | None = None
) -> HttpResponse:
    if form.is_bound:  # secrets are not sent back to the page
        data = request.POST.copy()
        data["secrets"] = ""
        form.data = data
    paths = request.POST.getlist("file_paths") if form.is_bound else []
    context = {
        "form": form,
        "failed_line": failed,
        "upload_limit": settings.BERTH_UPLOAD_LIMIT,
        "kept_files": _kept(request, "files", paths),
        "kept_context": _kept(request, "context", [])[-1:],
    }
    return render(request, "builds/build.html", context, status=status)


def _kept(request: Request, name: str, paths: list[str]) -> list[dict[str, Any]]:
    """Return the uploads of a form that is shown again, so that nobody has to repeat them."""
    ids = [text for text in request.POST.getlist(name)[:200] if _UUID.match(text)]
    found = Upload.objects.filter(sent_by=request.user, removed_at=None).in_bulk(ids)
    rows = zip_longest(request.POST.getlist(name), paths, fillvalue="")
    known = {str(key): upload for key, upload in found.items()}
    return [{"upload": known[key], "path": path} for key, path in rows if key in known]


def _prefilled(
    request: Request, account: LinuxAccount
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the form's initial values, and the progress of the build that they come from."""
    if recipe := request.GET.get("recipe"):
        if not recipe.isdigit():
            raise Http404("that is not the number of a recipe")
        found = get_object_or_404(BuildRecipe, pk=int(recipe), account=account)
        return initial(found.parameters), None
    if operation := request.GET.get("from"):
        try:
            identity = UUID(operation)
        except ValueError as error:
            raise Http404("that is not the id of an operation") from error
        row = get_object_or_404(Operation, pk=identity, account=account, kind=_KIND)
        return initial(row.parameters), row.progress
    return {}, None
