"""Hosts, and the Linux accounts on them that are enrolled in the console."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import Host, LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.snapshots import reader
from engine.schema.version import version


@require_safe
@require_admin
def everything(request: Request) -> HttpResponse:
    """List all hosts with their Linux accounts, and explain how to enroll or withdraw one."""
    linked = LinuxAccount.objects.annotate(grant_count=Count("grants")).order_by("name")
    hosts = Host.objects.prefetch_related(
        Prefetch("linuxaccount_set", queryset=linked, to_attr="linked")
    ).order_by("name")
    linked_accounts: Iterator[Any] = (each for host in hosts for each in host.linked)
    for account in (each for each in linked_accounts if each.active):
        known = reader.load(account)
        account.engine = known.snapshot.info.engine_version if known and known.snapshot else None
        account.engine_differs = account.engine is not None and account.engine != version()
    context = {"hosts": hosts, "console_version": version()}
    return render(request, "hosts/list.html", context)


@require_POST
@require_admin
@transaction.atomic
def set_active(request: Request, account_id: int) -> HttpResponse:
    """Withdraw an account from the console (without changing its containers), or restore it."""
    account = get_object_or_404(
        LinuxAccount.objects.select_for_update().select_related("host"), pk=account_id
    )
    active = request.POST.get("active") == "yes"
    if account.active != active:
        account.active = active
        account.save(update_fields=["active"])
        action = "account.linked" if active else "account.unlinked"
        record(action, actor=Actor.of(request), account=account, target=account.key)
        words = (
            _("%(account)s was enabled again.")
            if active
            else _("%(account)s was disabled. Its containers keep running.")
        )
        messages.success(request, words % {"account": account.key})
    return redirect("hosts:list")
