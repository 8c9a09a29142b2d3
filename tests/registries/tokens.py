"""A token server for docker-registry's `auth: token`, which signs with its own key.

Follows Docker's token authentication specification (registry, spec/auth/token and jwt).
"""

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SERVICE, ISSUER = "berth-tests", "berth-tests-issuer"
PEOPLE = {"harbour": "master-key", "reader": "look-only"}
PUBLIC = "public/"
"""Repositories that everybody may read."""


class TokenServer(ThreadingHTTPServer):
    """Issues tokens: harbour may do all, reader may read, others only read PUBLIC."""

    daemon_threads = True

    def __init__(self, place: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Tokens)
        self.certificate = place / "token.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
            + ["-subj", "/CN=token server", "-keyout", str(place / "token.key")]
            + ["-out", str(self.certificate)],
            check=True,
            capture_output=True,
        )
        key = serialization.load_pem_private_key((place / "token.key").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self.given: list[tuple[str, list[str]]] = []
        """Who requested which scopes."""

    def configuration(self) -> str:
        """Return the matching part of docker-registry's configuration."""
        realm = f"http://127.0.0.1:{self.server_address[1]}/token"
        return (
            f"auth: {{token: {{realm: '{realm}', service: {SERVICE}, issuer: {ISSUER}, "
            f"rootcertbundle: {self.certificate}}}}}\n"
        )

    def token(self, who: str, scopes: list[str]) -> str:
        """Return a signed token for the part of the scopes that `who` may have."""
        self.given.append((who, scopes))
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = [each for each in actions.split(",") if _may(who, name, each)]
            access.append({"type": kind, "name": name, "actions": allowed})
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": who, "aud": SERVICE, "jti": f"{now}-{len(self.given)}",
            "nbf": now - 5, "iat": now - 5, "exp": now + 300, "access": access,
        }  # fmt: skip
        lines = self.certificate.read_text().splitlines()[1:-1]
        header = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(lines)]}
        signed = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"


class _Tokens(BaseHTTPRequestHandler):
    server: TokenServer

    def do_GET(self) -> None:
        who = ""
        if given := self.headers.get("Authorization", "").removeprefix("Basic "):
            who, _, password = base64.b64decode(given).decode().partition(":")
            if PEOPLE.get(who) != password:
                self._answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "who is it?"}]})
                return
        wanted = parse_qs(urlsplit(self.path).query)
        scopes = [scope for value in wanted.get("scope", []) for scope in value.split(" ")]
        self._answer(200, {"token": self.server.token(who, scopes)})

    # Skopeo 1.9 and Podman may request a token by a POST of OAuth 2; without one, they use GET.
    def do_POST(self) -> None:
        self._answer(404, {})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving(place: Path) -> Iterator[TokenServer]:
    """Run it on a free port of loopback."""
    with TokenServer(place) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _may(who: str, name: str, action: str) -> bool:
    if who == "harbour":
        return True
    return action == "pull" and (who == "reader" or name.startswith(PUBLIC))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
