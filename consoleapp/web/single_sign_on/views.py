"""The way to the identity provider."""

import logging

import requests
from allauth.socialaccount.providers.openid_connect.views import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consoleapp.accounts.identity_provider import PROVIDER

logger = logging.getLogger(__name__)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the provider's own page; it sends the person back to allauth's callback.

    By a link, not by a form: a page's policy forbids forms that end up at other sites, and where a
    provider passes people on to is not known beforehand.
    """
    try:
        answer: HttpResponse = login(request, PROVIDER)
    except (requests.RequestException, ValueError, KeyError):
        # ValueError, KeyError: what answers there is not such a provider.
        logger.exception("the identity provider cannot be asked")
        why = _("The identity provider does not answer. Try again, or sign in with a password.")
        template = "socialaccount/authentication_error.html"
        return render(request, template, {"why": why}, status=502)
    return answer
