"""The redirect to the identity provider."""

import logging

import requests
from allauth.socialaccount.providers.openid_connect.views import login
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consoleapp.accounts.identity_provider import PROVIDER
from consoleapp.core.requests import Request

logger = logging.getLogger(__name__)


@require_safe
def start(request: Request) -> HttpResponse:
    """Redirect to the provider's page, which redirects back to allauth's callback.

    Through a link, not a form: the page's policy forbids forms that end up on other sites, and
    nobody knows in advance where a provider redirects.
    """
    try:
        answer: HttpResponse = login(request, PROVIDER)
    except (requests.RequestException, ValueError, KeyError):
        # ValueError, KeyError: the server there is not such a provider.
        logger.exception("the identity provider cannot be asked")
        why = _("The identity provider does not answer. Try again, or sign in with a password.")
        template = "socialaccount/authentication_error.html"
        return render(request, template, {"why": why}, status=502)
    return answer
