"""Pages about a user's webhooks. Only the response to one POST contains a secret."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.notifications.models import Webhook
from consoleapp.notifications.webhooks import new_secret
from consoleapp.web.notifications import visible
from consoleapp.web.notifications.forms import WebhookForm
from consoleapp.web.notifications.testing import send_test

MOST = 20
HISTORY = 20


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def create(request: Request) -> HttpResponse:
    """Create a webhook. Its secret is shown once."""
    if Webhook.objects.filter(user=request.user).count() >= MOST:
        text = _("There are already %(most)s webhooks. Remove one of them first.")
        messages.error(request, text % {"most": MOST})
        return redirect("notifications:settings")
    form = WebhookForm(request.POST or None, initial={"active": True})
    if request.method == "POST" and form.is_valid():
        secret, encrypted_secret = new_secret()
        with transaction.atomic():
            form.instance.user = request.user
            form.instance.encrypted_secret = encrypted_secret
            webhook = form.save()
            _record(request, "notification.webhook_added", webhook)
        return _page(request, webhook, WebhookForm(instance=webhook), secret)
    status = 422 if form.errors else 200
    return render(request, "notifications/webhook_create.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def detail(request: Request, webhook_id: int) -> HttpResponse:
    """Show one of my webhooks, with its last deliveries."""
    webhook = get_object_or_404(Webhook, pk=webhook_id, user=request.user)
    form = WebhookForm(request.POST or None, instance=webhook)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            _record(request, "notification.webhook_changed", webhook)
        messages.success(request, _("The webhook was changed."))
        return redirect("notifications:webhook", webhook.pk)
    return _page(request, webhook, form, "")


@require_POST
@login_required
@never_cache
def act(request: Request, webhook_id: int) -> HttpResponse:
    """Send a test, replace the secret, or remove it."""
    webhook = get_object_or_404(Webhook, pk=webhook_id, user=request.user)
    match request.POST.get("action"):
        case "test":
            send_test(request, webhook)
        case "secret":
            secret, webhook.encrypted_secret = new_secret()
            with transaction.atomic():
                webhook.save(update_fields=["encrypted_secret"])
                _record(request, "notification.webhook_secret_renewed", webhook)
            return _page(request, webhook, WebhookForm(instance=webhook), secret)
        case "remove":
            with transaction.atomic():
                _record(request, "notification.webhook_removed", webhook)
                webhook.delete()
            messages.success(request, _("“%(name)s” was removed.") % {"name": webhook.name})
            return redirect("notifications:settings")
        case _:
            return HttpResponseBadRequest("no such action")
    return redirect("notifications:webhook", webhook.pk)


def _page(request: Request, webhook: Webhook, form: WebhookForm, secret: str) -> HttpResponse:
    context = {
        "webhook": webhook,
        "was": Webhook.objects.values_list("name", flat=True).get(pk=webhook.pk),
        "form": form,
        "secret": secret,
        "deliveries": visible.deliveries(request.user).filter(webhook=webhook)[:HISTORY],
    }
    partial = request.htmx and request.method == "GET"
    template = "_deliveries" if partial else "webhook"
    status = 422 if form.errors else 200
    return render(request, f"notifications/{template}.html", context, status=status)


def _record(request: Request, action: str, webhook: Webhook) -> None:
    parameters = {"url": webhook.url.partition("?")[0], "active": webhook.active}
    record(action, actor=Actor.of(request), target=webhook.name, parameters=parameters)
