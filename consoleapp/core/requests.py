"""Requests as pages get them, after the middlewares and decorators have added to them."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from consoleapp.accounts.models import LinuxAccount, User
    from engine.schema.parameters import Role


class Request(HttpRequest):
    """A request of somebody who is signed in: every page needs that unless it says otherwise."""

    user: "User"
    htmx: "HtmxDetails"


class AccountRequest(Request):
    """A request to a page of an account, which `require_role` has let in."""

    account: "LinuxAccount"
    role: "Role"
