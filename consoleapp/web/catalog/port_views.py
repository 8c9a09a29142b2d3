"""The ranges of each account's host ports, and the allotted ones, for administrators."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.catalog.models import PortAllotment, PortRange
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.web.catalog.forms import PortRangeForm


@require_safe
@require_admin
def ports(request: Request) -> HttpResponse:
    """Show the ranges and the allotments."""
    return _page(request)


@require_POST
@require_admin
def change(request: Request, account: str) -> HttpResponse:
    """Give an account its own range; with empty fields, the host's again."""
    found = get_object_or_404(LinuxAccount, key=account)
    own = PortRange.objects.filter(account=found).first()
    if not request.POST.get("first", "").strip() and not request.POST.get("last", "").strip():
        with transaction.atomic():
            PortRange.objects.filter(account=found).delete()
            record("ports.range_removed", actor=Actor.of(request), account=found)
        messages.success(
            request, _("%(account)s uses the default range again.") % {"account": found}
        )
        return redirect("catalog:ports")
    form = PortRangeForm(request.POST, instance=own or PortRange(account=found))
    if not form.is_valid():
        return _page(request, wrong=found, form=form, status=422)
    with transaction.atomic():
        form.save()
        values = {name: form.cleaned_data[name] for name in ("first", "last")}
        record("ports.range_set", actor=Actor.of(request), account=found, parameters=values)
    messages.success(
        request,
        _("%(account)s now uses ports %(first)s to %(last)s.")
        % {"account": found, "first": values["first"], "last": values["last"]},
    )
    return redirect("catalog:ports")


def _page(
    request: Request,
    wrong: LinuxAccount | None = None,
    form: PortRangeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    own = {each.account_id: each for each in PortRange.objects.all()}
    rows = [
        {
            "account": each,
            "first": own[each.pk].first if each.pk in own else "",
            "last": own[each.pk].last if each.pk in own else "",
            "faults": _faults(form) if form and each == wrong else [],
        }
        for each in LinuxAccount.objects.filter(active=True).order_by("key")
    ]
    allotted = PortAllotment.objects.select_related("account", "operation").order_by("port")
    context = {
        "rows": rows,
        "usual": settings.BERTH_PORTS,
        "allotted": allotted[:1000],
    }
    return render(request, "catalog/ports.html", context, status=status)


def _faults(form: PortRangeForm) -> list[str]:
    return [str(fault) for faults in form.errors.values() for fault in faults]
