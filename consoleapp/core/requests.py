"""Typed requests of pages, with the attributes that middleware and decorators add."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from consoleapp.accounts.models import LinuxAccount, User
    from engine.schema.parameters import Role


class Request(HttpRequest):
    """A request by a signed-in user, which every page requires unless it says otherwise."""

    user: "User"
    htmx: "HtmxDetails"


class AccountRequest(Request):
    """A request to a page of an account, admitted by `require_role`."""

    account: "LinuxAccount"
    role: "Role"
