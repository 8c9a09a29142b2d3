"""The catalogue: launch templates as cards, and making, changing and removing them."""

from typing import NoReturn
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consoleapp.accounts.access import Actor, refuse
from consoleapp.catalog import changes
from consoleapp.catalog.forms import TemplateForm, without_secrets
from consoleapp.catalog.models import LaunchTemplate
from consoleapp.web.accounts.roles import operated_accounts
from consoleapp.web.operations.visible import visible_operation
from engine.schema.parameters import Role


@require_safe
@login_required
def everything(request: HttpRequest) -> HttpResponse:
    """All templates."""
    context = {
        "templates": LaunchTemplate.objects.select_related("made_by"),
        "launch_accounts": operated_accounts(request.user),
    }
    return render(request, "catalog/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new template, from nothing or from a past launch (?from=<operation>)."""
    if not operated_accounts(request.user):
        _refuse(request)
    initial = {"parameters": _launched(request) if request.GET.get("from") else {"image": ""}}
    form = TemplateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        changes.save(form.save(commit=False), actor=Actor.of(request))
        messages.success(request, f"The template {form.instance.name} is in the catalogue.")
        return redirect("catalog:list")
    return render(request, "catalog/edit.html", {"form": form}, status=422 if form.errors else 200)


def _launched(request: HttpRequest) -> dict[str, object]:
    try:
        operation = visible_operation(request.user, UUID(request.GET["from"]))
    except ValueError as error:
        raise Http404("that is not the id of an operation") from error
    if operation.kind != "container.run":
        raise Http404("only a launch becomes a template")
    return without_secrets(operation.parameters)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, template_id: int) -> HttpResponse:
    """Change a template."""
    template = _mine(request, template_id)
    form = TemplateForm(request.POST or None, instance=template)
    if request.method == "POST" and form.is_valid():
        changes.save(form.save(commit=False), actor=Actor.of(request))
        messages.success(request, f"The template {template.name} is changed.")
        return redirect("catalog:list")
    context = {"form": form, "template": template}
    return render(request, "catalog/edit.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def remove(request: HttpRequest, template_id: int) -> HttpResponse:
    """Take a template out of the catalogue."""
    template = _mine(request, template_id)
    changes.remove(template, actor=Actor.of(request))
    messages.success(request, f"The template {template.name} is removed.")
    return redirect("catalog:list")


def _mine(request: HttpRequest, template_id: int) -> LaunchTemplate:
    template = get_object_or_404(LaunchTemplate, pk=template_id)
    if not changes.may_change(request.user, template):
        _refuse(request)
    return template


def _refuse(request: HttpRequest) -> NoReturn:
    refuse(Actor.of(request), None, f"{request.method} {request.path}", Role.OPERATOR)
    raise PermissionDenied("Templates are changed by who made them, and by administrators.")
