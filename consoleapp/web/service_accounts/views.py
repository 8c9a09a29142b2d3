"""Pages about service accounts, for administrators and the groups that own them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.accounts import service
from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import ApiToken, Grant, ServiceAccount
from consoleapp.accounts.tokens import issue
from consoleapp.accounts.tokens import revoke as revoke_token
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.web.service_accounts.forms import (
    ServiceChangeForm,
    ServiceForm,
    ServiceTokenForm,
)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def everything(request: Request) -> HttpResponse:
    """List the user's service accounts; for administrators, with a form for a new one."""
    if request.method == "POST":
        made: HttpResponse = _create(request)
        return made
    form = ServiceForm() if request.user.is_superuser else None
    return _list(request, form)


@require_admin
def _create(request: Request) -> HttpResponse:
    form = ServiceForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    values, actor = form.cleaned_data, Actor.of(request)
    with transaction.atomic():
        made = service.create(values["name"], values["purpose"], values["owner"], actor=actor)
        service.limit(made, values["accounts"], values["role"], actor=actor)
    return redirect("service_accounts:detail", made.pk)


def _list(request: Request, form: ServiceForm | None) -> HttpResponse:
    works = Q(user__apitoken__revoked_at=None, user__apitoken__isnull=False) & (
        Q(user__apitoken__expires_at=None) | Q(user__apitoken__expires_at__gt=timezone.now())
    )
    found = service.managed_by(request.user).annotate(
        token_count=Count("user__apitoken", filter=works, distinct=True),
        account_count=Count("user__grant", distinct=True),
        used=Max("user__apitoken__last_used_at"),
    )
    context = {"services": found, "form": form}
    status = 422 if form is not None and form.errors else 200
    return render(request, "service_accounts/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def detail(request: Request, service_id: int) -> HttpResponse:
    """Show one with its tokens. Only the response to the POST contains a new one's secret."""
    found = _mine(request, service_id)
    form = ServiceTokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        secret = _issue(request, found, form)
        form = ServiceTokenForm()
    return _detail(request, found, form, _change_form(found), secret)


@require_POST
@require_admin
def change(request: Request, service_id: int) -> HttpResponse:
    """Change its purpose, owner, role, or Linux accounts."""
    found = get_object_or_404(ServiceAccount, pk=service_id)
    form = ServiceChangeForm(request.POST)
    if not form.is_valid():
        return _detail(request, found, ServiceTokenForm(), form)
    values, actor = form.cleaned_data, Actor.of(request)
    with transaction.atomic():
        service.change(found, values["purpose"], values["owner"], actor=actor)
        service.limit(found, values["accounts"], values["role"], actor=actor)
    messages.success(request, _("%(name)s was changed.") % {"name": found})
    return redirect("service_accounts:detail", found.pk)


@require_POST
@require_admin
def act(request: Request, service_id: int) -> HttpResponse:
    """Disable, enable, or remove one."""
    found = get_object_or_404(ServiceAccount.objects.select_related("user"), pk=service_id)
    actor = Actor.of(request)
    match request.POST.get("action"):
        case "disable":
            service.switch(found, False, actor=actor)
            messages.success(
                request, _("%(name)s was disabled. None of its tokens works.") % {"name": found}
            )
        case "enable":
            service.switch(found, True, actor=actor)
            messages.success(request, _("The tokens of %(name)s work again.") % {"name": found})
        case "remove":
            service.remove(found, actor=actor)
            messages.success(request, _("%(name)s was removed.") % {"name": found})
            return redirect("service_accounts:list")
        case _:
            return HttpResponseBadRequest("no such action")
    return redirect("service_accounts:detail", found.pk)


@require_POST
@login_required
def revoke(request: Request, service_id: int, token_id: int) -> HttpResponse:
    """Revoke one of its tokens permanently."""
    found = _mine(request, service_id)
    token = get_object_or_404(ApiToken, pk=token_id, user=found.user)
    revoke_token(token, actor=Actor.of(request))
    messages.success(request, _("“%(name)s” was revoked.") % {"name": token.name})
    return redirect("service_accounts:detail", found.pk)


def _mine(request: Request, service_id: int) -> ServiceAccount:
    return get_object_or_404(service.managed_by(request.user), pk=service_id)


@transaction.atomic
def _issue(request: Request, found: ServiceAccount, form: ServiceTokenForm) -> str:
    values = form.cleaned_data
    ends = form.expires_at()
    token, secret = issue(found.user, values["name"], values["scope"], ends)
    record(
        "token.created",
        actor=Actor.of(request),
        target=f"{found}: {token.name}",
        parameters={"scope": token.scope, "expires_at": ends.isoformat() if ends else None},
    )
    return secret


def _detail(
    request: Request,
    found: ServiceAccount,
    form: ServiceTokenForm,
    change_form: ServiceChangeForm,
    secret: str = "",
) -> HttpResponse:
    context = {
        "service": found,
        "form": form,
        "change_form": change_form,
        "secret": secret,
        "tokens": found.user.apitoken_set.order_by("-created_at"),
        "grants": Grant.objects.filter(user=found.user).select_related("account__host"),
        "now": timezone.now(),
    }
    status = 422 if form.errors or change_form.errors else 200
    return render(request, "service_accounts/detail.html", context, status=status)


def _change_form(found: ServiceAccount) -> ServiceChangeForm:
    held = Grant.objects.filter(user=found.user).values_list("account", flat=True)
    return ServiceChangeForm(
        initial={
            "purpose": found.purpose,
            "owner": found.owner,
            "accounts": list(held),
            "role": service.role_of(found),
        }
    )
