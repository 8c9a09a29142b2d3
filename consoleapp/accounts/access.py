"""Permissions: roles on accounts, and the checks that protect every page."""

import functools
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.i18n.rendering import in_language
from engine.schema.parameters import Role

View = Callable[..., Any]


def visible_accounts(user: Any) -> QuerySet[LinuxAccount]:
    """Return the active accounts that `user` has a grant for (administrators: all), by name."""
    accounts = LinuxAccount.objects.filter(active=True).order_by("name", "key")
    if user is None or not user.is_authenticated or not user.is_active:
        return accounts.none()
    if user.is_superuser:
        return accounts
    return accounts.filter(pk__in=_grants_of(user).values("account"))


def _grants_of(user: User) -> QuerySet[Grant]:
    return Grant.objects.filter(Q(user=user) | Q(group__user=user))


def role_on(user: Any, account: LinuxAccount) -> Role | None:
    """Return the strongest role of `user` on `account`, their own or through groups."""
    if user is None or not user.is_authenticated or not user.is_active or not account.active:
        return None
    if user.is_superuser:
        return Role.OWNER
    held = set(_grants_of(user).filter(account=account).values_list("role", flat=True))
    return next((role for role in reversed(Role) if role.value in held), None)


def require_role(needed: Role) -> Callable[[View], View]:
    """Protect views with the URL part `account`: pass them the LinuxAccount and set request.role.

    Without a signed-in user, redirect to the sign-in page. Without a grant, answer 404 as if the
    account did not exist. With an insufficient role, audit the attempt and answer 403. Works for
    sync and async views.
    """

    def check(request: HttpRequest, arguments: dict[str, Any]) -> HttpResponse | dict[str, Any]:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        accounts = visible_accounts(request.user).select_related("host")
        account = accounts.filter(key=arguments["account"]).first()
        role = role_on(request.user, account) if account else None
        if account is None or role is None:
            raise Http404("no such account")
        if not role.covers(needed):
            refuse(Actor.of(request), account, f"{request.method} {request.path}", needed)
            reason = _("This needs the role %(role)s on %(account)s.")
            raise PermissionDenied(reason % {"role": in_language(str(needed)), "account": account})
        request.account = account  # type: ignore[attr-defined]  # see core/requests.py
        request.role = role  # type: ignore[attr-defined]  # see core/requests.py
        return arguments | {"account": account}

    return lambda view: _guard(view, check)


def require_admin(view: View) -> View:
    """Allow only administrators. For others the page does not exist (404), and it is audited."""

    def check(request: HttpRequest, arguments: dict[str, Any]) -> HttpResponse | dict[str, Any]:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not (request.user.is_superuser and request.user.is_active):
            refuse(Actor.of(request), None, f"{request.method} {request.path}", None)
            raise Http404("only for administrators")
        return arguments

    return _guard(view, check)


def _guard(view: View, check: Callable[..., HttpResponse | dict[str, Any]]) -> View:
    """Call `view` with the arguments that `check` returns, or not at all."""
    if iscoroutinefunction(view):

        @functools.wraps(view)
        async def async_guarded(request: HttpRequest, **arguments: Any) -> Any:
            await request.auser()
            found = await sync_to_async(check)(request, arguments)
            return found if isinstance(found, HttpResponse) else await view(request, **found)

        return async_guarded

    @functools.wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> Any:
        found = check(request, arguments)
        return found if isinstance(found, HttpResponse) else view(request, **found)

    return guarded


def refuse(actor: Actor, account: LinuxAccount | None, what: str, needed: Role | None) -> None:
    """Audit that `actor` attempted `what` without the required role."""
    detail = f"needs {needed}" if needed else "needs an administrator"
    record("access.refused", actor=actor, account=account, target=what[:600], detail=detail)
