"""The OpenID Connect provider for single sign-on: a TOML file that BERTH_OIDC_FILE names.

The settings read it before Django is ready. docs/teams.md describes the keys.
"""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

# Part of URLs: the provider redirects to …/user/oidc/sso/login/callback/.
PROVIDER = "sso"


class IdentityProvider(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="single sign-on", max_length=60)
    """The name in “Sign in with …” on the sign-in page."""
    issuer: str
    client_id: str = Field(min_length=1)
    client_secret_file: Path
    scopes: tuple[str, ...] = ()
    """In addition to openid, profile, and email."""
    groups_claim: str = "groups"
    groups: dict[str, str] = {}
    """The provider's group names, with the console's name for each."""
    create_people: bool = True
    link_verified_email: bool = False

    @field_validator("issuer")
    @classmethod
    def _safe(cls, value: str) -> str:
        loopback = ("http://localhost:", "http://127.0.0.1:")
        if not value.startswith(("https://", *loopback)):
            raise ValueError("the issuer must be an https:// address")
        return value.rstrip("/")

    @property
    def mapped(self) -> frozenset[str]:
        """Return the console's groups whose members the provider determines."""
        return frozenset(self.groups.values())

    def allauth(self) -> dict[str, Any]:
        """Return allauth's setting for the provider. Raises OSError if the secret is unreadable."""
        app = {
            "provider_id": PROVIDER,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.client_secret_file.read_text().strip(),
            "settings": {
                "server_url": self.issuer,
                "scope": ["openid", "profile", "email", *self.scopes],
                "email_authentication": self.link_verified_email,
            },
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def read(file: Path) -> IdentityProvider:
    """Read the file. Raises ValueError with a sentence for the administrator."""
    try:
        return IdentityProvider.model_validate(tomllib.loads(file.read_text()))
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        raise ValueError(f"{file}: {wrong}") from error
