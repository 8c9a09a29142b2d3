"""The answers of the command palette."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consoleapp.core.requests import Request
from consoleapp.web.palette.find import find


@require_safe
@login_required
def search(request: Request) -> HttpResponse:
    """Return matches of ?q= as the lines of a listbox."""
    text = request.GET.get("q", "")[:200]
    groups = find(request, text, request.GET.get("account", ""))
    return render(request, "palette/_results.html", {"groups": groups, "text": text})
