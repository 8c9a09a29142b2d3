"""Who does something: a user, a token, or the console itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.http import HttpRequest

if TYPE_CHECKING:
    from consoleapp.accounts.models import ApiToken, User


@dataclass(frozen=True)
class Actor:
    """Who does something, from where, through what. `label` names an actor who no longer exists."""

    user: "User | None"
    token: "ApiToken | None" = None
    ip: str = ""
    source: Literal["page", "api", "system"] = "system"
    label: str = ""

    @staticmethod
    def of(request: HttpRequest) -> "Actor":
        """Return the signed-in user (or nobody) of a page."""
        user = getattr(request, "user", None)
        known = user if user is not None and user.is_authenticated else None
        return Actor(user=known, ip=client_ip(request), source="page")

    @property
    def known_user(self) -> "User":
        """Return the user; for callers that authentication has let in."""
        assert self.user is not None, "nobody is signed in"  # noqa: S101
        return self.user

    @property
    def name(self) -> str:
        """Return the name for rows and events."""
        if self.user is not None:
            return self.user.get_username()
        return self.label or ("system" if self.source == "system" else "")


def client_ip(request: HttpRequest) -> str:
    """Return the peer's address as the server sees it, ignoring headers that anybody can send."""
    return str(request.META.get("REMOTE_ADDR") or "")
