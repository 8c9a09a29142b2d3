"""Who does something: a user, a token, or the console itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.http import HttpRequest

if TYPE_CHECKING:
    from consoleapp.accounts.models import ApiToken, User


@dataclass(frozen=True)
class Actor:
    """Who does something, from where, by which door. `label` names one who is gone since."""

    user: "User | None"
    token: "ApiToken | None" = None
    ip: str = ""
    source: Literal["page", "api", "system"] = "system"
    label: str = ""

    @staticmethod
    def of(request: HttpRequest) -> "Actor":
        """Whoever is signed in (or nobody), on a page."""
        user = getattr(request, "user", None)
        known = user if user is not None and user.is_authenticated else None
        return Actor(user=known, ip=client_ip(request), source="page")

    @property
    def name(self) -> str:
        """What rows and events call it."""
        if self.user is not None:
            return self.user.get_username()
        return self.label or ("system" if self.source == "system" else "")


def client_ip(request: HttpRequest) -> str:
    """The peer's address as the server saw it; headers that anybody can send don't count."""
    return str(request.META.get("REMOTE_ADDR") or "")
