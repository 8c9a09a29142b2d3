"""Pages for users' own subscriptions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consoleapp.accounts.access import visible_accounts
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.notifications import mail
from consoleapp.notifications.event_types import ABOUT
from consoleapp.notifications.models import Rule, Webhook
from consoleapp.notifications.record import MOST_AN_HOUR
from consoleapp.web.notifications.forms import RuleForm
from consoleapp.web.notifications.testing import send_test

MOST = 50


@require_safe
@login_required
def settings_page(request: Request) -> HttpResponse:
    """Show my subscriptions, my webhooks, and whether e-mail reaches me."""
    context = {
        "rules": Rule.objects.filter(user=request.user).prefetch_related("accounts", "webhooks"),
        "visible": set(visible_accounts(request.user).values_list("pk", flat=True)),
        "webhooks": Webhook.objects.filter(user=request.user),
        "mail_configured": mail.configured(),
        "most_an_hour": MOST_AN_HOUR,
    }
    return render(request, "notifications/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create(request: Request) -> HttpResponse:
    """Create a subscription."""
    if Rule.objects.filter(user=request.user).count() >= MOST:
        text = _("There are already %(most)s rules. Change or remove one of them.")
        messages.error(request, text % {"most": MOST})
        return redirect("notifications:settings")
    everything = {"event_types": [each.value for each in ABOUT], "all_accounts": True}
    form = RuleForm(request.POST or None, user=request.user, initial=everything)
    return _form(request, form, "notification.rule_added")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: Request, rule_id: int) -> HttpResponse:
    """Change one of my subscriptions."""
    rule = get_object_or_404(Rule, pk=rule_id, user=request.user)
    form = RuleForm(request.POST or None, user=request.user, instance=rule)
    return _form(request, form, "notification.rule_changed")


def _form(request: Request, form: RuleForm, action: str) -> HttpResponse:
    new = form.instance.pk is None
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            rule = form.save()
            _record(request, action, rule)
        text = _("The rule was created.") if new else _("The rule was changed.")
        messages.success(request, text)
        return redirect("notifications:settings")
    context = {"form": form, "rule": None if new else form.instance}
    status = 422 if form.errors else 200
    return render(request, "notifications/rule.html", context, status=status)


@require_POST
@login_required
def remove(request: Request, rule_id: int) -> HttpResponse:
    """Remove one of my subscriptions."""
    rule = get_object_or_404(Rule, pk=rule_id, user=request.user)
    with transaction.atomic():
        _record(request, "notification.rule_removed", rule)
        rule.delete()
    messages.success(request, _("The rule was removed."))
    return redirect("notifications:settings")


@require_POST
@login_required
def test_email(request: Request) -> HttpResponse:
    """Send a test e-mail to myself, in the same way as all others."""
    if mail.configured() and request.user.email:
        send_test(request, None)
    else:
        messages.error(request, _("Berth cannot send you e-mail yet."))
    return redirect("notifications:settings")


def _record(request: Request, action: str, rule: Rule) -> None:
    parameters = {
        "event_types": rule.event_types,
        "accounts": "all"
        if rule.all_accounts
        else list(rule.accounts.values_list("key", flat=True)),
        "in_page": rule.in_page,
        "email": rule.email,
        "webhooks": list(rule.webhooks.values_list("name", flat=True)),
    }
    record(action, actor=Actor.of(request), target=str(rule), parameters=parameters)
