"""The page that says why nothing else opens before a second factor is set up."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from consoleapp.accounts import second_factor
from consoleapp.core.requests import Request


@require_safe
@login_required
def set_up(request: Request) -> HttpResponse:
    """Show the ways to set one up. With one, continue to the console."""
    if not second_factor.missing(request.user):
        return redirect("mfa_index")
    context = {"groups": second_factor.demanding(request.user)}
    return render(request, "second_factor/set_up.html", context)
