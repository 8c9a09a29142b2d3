"""The user's own pages: profile, ways to sign in, API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.accounts import second_factor, service
from consoleapp.accounts.models import ApiToken, Grant
from consoleapp.accounts.tokens import issue
from consoleapp.accounts.tokens import revoke as revoke_token
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.web.me.forms import ProfileForm, TokenForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: Request) -> HttpResponse:
    """Show names, ways to sign in, and the user's grants."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your profile was saved."))
        return redirect("me:profile")
    held = Q(user=request.user) | Q(group__in=request.user.groups.all())
    context = {
        "form": form,
        "factors": [_(factor) for factor in second_factor.factors_of(request.user)],
        "service_count": service.managed_by(request.user).count(),
        "grants": Grant.objects.filter(held).select_related("account__host", "group"),
    }
    return render(request, "me/profile.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def tokens(request: Request) -> HttpResponse:
    """Show my API tokens. Only the response to the POST contains a new one's secret."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        token, secret = issue(request.user, values["name"], values["scope"], form.expires_at())
        _record("token.created", request, token)
        form = TokenForm()
    mine = ApiToken.objects.filter(user=request.user).order_by("-created_at")
    context = {"form": form, "tokens": mine, "secret": secret, "now": timezone.now()}
    return render(request, "me/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def revoke(request: Request, token_id: int) -> HttpResponse:
    """Revoke one of my tokens permanently."""
    token = get_object_or_404(ApiToken, pk=token_id, user=request.user)
    if token.revoked_at is None:
        revoke_token(token, actor=Actor.of(request))
        messages.success(request, _("“%(name)s” was revoked.") % {"name": token.name})
    return redirect("me:tokens")


def _record(action: str, request: Request, token: ApiToken) -> None:
    parameters = {"scope": token.scope}
    if token.expires_at:
        parameters["expires_at"] = token.expires_at.isoformat()
    record(action, actor=Actor.of(request), target=token.name, parameters=parameters)
