"""A registry's own HTTP API (OCI distribution specification), with the account's login.

Times, sizes, and contacted hosts are limited: a registry is somebody else's program.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import aiohttp

from engine.registries import auth_file, registries_conf, trust
from engine.registries.resolution import find_registry
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

SECONDS = 8.0
"""For everything that one query needs. The console waits 10 s."""
LARGEST = 8 * 1024 * 1024
MANIFESTS = ", ".join(
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)
_HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass(frozen=True)
class Reply:
    """A complete answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> dict[str, Any]:
        """Parse the body. Raises EngineError if it is not a JSON object."""
        try:
            data = json.loads(self.body)
        except ValueError as error:
            raise _strange(msg("It sent no JSON.")) from error
        if not isinstance(data, dict):
            raise _strange(msg("It sent no JSON object."))
        return data


class RegistryApi:
    """Requests to one registry."""

    def __init__(self, registry: str, insecure: bool, session: aiohttp.ClientSession) -> None:
        self.registry = registry
        self.insecure = insecure
        self._session = session
        self._scheme = "https"
        self._authorization: dict[str, str] = {}

    async def get(
        self, path: str, *, repository: str = "", method: str = "GET", accept: str = ""
    ) -> Reply:
        """Send a request, with a login if the registry requires one. Raises EngineError."""
        reply = await self.ask(path, repository=repository, method=method, accept=accept)
        if reply.status >= 400:
            raise _refusal(self.registry, path, reply)
        return reply

    async def ask(
        self, path: str, *, repository: str = "", method: str = "GET", accept: str = ""
    ) -> Reply:
        """Do the same, but return the answer whatever its status."""
        reply = await self._send(method, path, accept, self._authorization.get(repository))
        if reply.status == 401:
            authorization = await self._sign_in(
                reply.headers.get("www-authenticate", ""), repository
            )
            if authorization:
                self._authorization[repository] = authorization
                reply = await self._send(method, path, accept, authorization)
        if 300 <= reply.status < 400:
            raise EngineError(
                ErrorCode.UNREACHABLE,
                msg(
                    "%(registry)s sends one on to %(get)s.",
                    registry=self.registry,
                    get=_host(reply.headers.get("location", "")),
                ),
                msg("Berth does not follow a registry elsewhere. Name the registry that it means."),
            )
        return reply

    async def _send(self, method: str, path: str, accept: str, authorization: str | None) -> Reply:
        headers = {"Accept": accept} if accept else {}
        headers |= {"Authorization": authorization} if authorization else {}
        tried = self._scheme
        try:
            return await self._request(method, self._url(path), headers)
        except EngineError:
            if not self.insecure or tried == "http":
                raise
            self._scheme = "http"
            return await self._request(method, self._url(path), headers)

    def _url(self, path: str) -> str:
        return f"{self._scheme}://{_HUB.get(self.registry, self.registry)}{path}"

    async def _request(
        self, method: str, url: str, headers: dict[str, str], auth: aiohttp.BasicAuth | None = None
    ) -> Reply:
        try:
            async with self._session.request(
                method, url, headers=headers, auth=auth, allow_redirects=False
            ) as response:
                body = bytearray()
                async for piece in response.content.iter_chunked(64 * 1024):
                    body += piece
                    if len(body) > LARGEST:
                        raise EngineError(
                            ErrorCode.INVALID,
                            msg(
                                "%(registry)s answers more than can be shown.",
                                registry=self.registry,
                            ),
                        )
                given = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, given, bytes(body))
        except aiohttp.ClientSSLError as error:
            raise EngineError(
                ErrorCode.UNREACHABLE,
                msg(
                    "The certificate of %(registry)s could not be verified: %(error)s.",
                    registry=self.registry,
                    error=_words(error),
                ),
                msg("Trust its authority on the Registries page, or ask who runs it to renew it."),
            ) from error
        except TimeoutError as error:
            raise _slow(self.registry) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise EngineError(
                ErrorCode.UNREACHABLE,
                msg(
                    "%(registry)s cannot be reached: %(error)s.",
                    registry=self.registry,
                    error=_words(error),
                ),
                msg("Check its name and port, and the host's network."),
            ) from error

    async def _sign_in(self, challenge: str, repository: str) -> str | None:
        """Return the Authorization that the challenge requires, or None if there is none."""
        scheme, _, rest = challenge.partition(" ")
        pair = await auth_file.sign_in_for(self.registry, repository)
        auth = aiohttp.BasicAuth(*pair) if pair else None
        if scheme.lower() == "basic":
            return str(auth.encode()) if auth else None
        if scheme.lower() != "bearer":
            return None
        parameters = dict(re.findall(r'(?<!\w)(\w+)="([^"]*)"', rest))
        realm = urlsplit(parameters.get("realm", ""))
        if realm.scheme != "https" and not (realm.scheme == "http" and self.insecure):
            raise _strange(msg("It wants the password sent over an unprotected connection."))
        wanted = {name: parameters[name] for name in ("service", "scope") if name in parameters}
        wanted |= {name: values[-1] for name, values in parse_qs(realm.query).items()}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in wanted.items())
        url = f"{realm.scheme}://{realm.netloc}{realm.path}?{query}"
        reply = await self._request("GET", url, {}, auth)
        if reply.status >= 400:
            return None
        token = reply.json().get("token") or reply.json().get("access_token")
        return f"Bearer {token}" if isinstance(token, str) and token.isprintable() else None


@asynccontextmanager
async def open_registry(
    registry: str, repository: str = "", *, seconds: float | None = SECONDS
) -> AsyncIterator[RegistryApi]:
    """Open a registry as registries.conf configures it. The block may take `seconds` in total.

    Raises EngineError if the registry is blocked there, or on timeout.
    """
    effective = registries_conf.load()
    entry = find_registry(f"{registry}/{repository}".rstrip("/"), effective)
    if entry and entry.blocked:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(prefix)s is blocked by %(origin)s.", prefix=entry.prefix, origin=entry.origin),
            msg("Unblock it on the Registries page."),
        )
    insecure = bool(entry and entry.insecure)
    connector = aiohttp.TCPConnector(ssl=trust.context(registry, verify=not insecure), limit=4)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "berth"},
        # Use the machine's proxies and certificates, but never a proxy for loopback.
        trust_env=not _on_loopback(registry),
    ) as session:
        try:
            async with asyncio.timeout(seconds):
                yield RegistryApi(registry, insecure, session)
        except TimeoutError as error:
            raise _slow(registry) from error


def _on_loopback(registry: str) -> bool:
    try:
        host = urlsplit(f"//{registry}").hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def split(name: str) -> tuple[str, str]:
    """Split a complete name without a tag into registry and repository."""
    registry, _, repository = name.partition("/")
    if registry in _HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def next_after(reply: Reply) -> str:
    """Return the `last` parameter of the Link header to the next page, or "" at the end."""
    found = re.search(r'<([^<>]+)>[ \t]*;[ \t]*rel="?next"?', reply.headers.get("link", ""))
    if not found:
        return ""
    query = parse_qs(urlsplit(urljoin("https://registry/", found[1])).query)
    return str(query.get("last", [""])[-1])


def _refusal(registry: str, path: str, reply: Reply) -> EngineError:
    message = _error_text(reply)
    match reply.status:
        case 401 | 403:
            return EngineError(
                ErrorCode.UNAUTHORIZED,
                msg(
                    "%(registry)s wants a sign-in, or one that may do this.%(said)s",
                    registry=registry,
                    said=message,
                ),
                msg("Sign in to it on the Registries page."),
            )
        case 404:
            return EngineError(
                ErrorCode.NOT_FOUND,
                msg("%(registry)s has nothing there.%(said)s", registry=registry, said=message),
                msg("Check the name. Some registries, like Docker Hub, offer no catalogue.")
                if "_catalog" in path
                else msg("Check the name and the tag."),
            )
        case 405:
            return EngineError(
                ErrorCode.CONFLICT,
                msg("%(registry)s does not allow this.%(said)s", registry=registry, said=message),
                msg("Who runs it has to turn it on (`storage.delete.enabled` in docker-registry)."),
            )
        case 429:
            wait = reply.headers.get("retry-after", "")
            again = f" in {wait} seconds" if wait.isdigit() else " later"
            return EngineError(
                ErrorCode.UNREACHABLE,
                msg(
                    "%(registry)s answers no more for now: too many requests.%(said)s",
                    registry=registry,
                    said=message,
                ),
                msg("Try again%(again)s; a sign-in often raises the limit.", again=again),
            )
    return EngineError(
        ErrorCode.UNREACHABLE,
        msg(
            "%(registry)s has a fault of its own (status %(status)s).%(said)s",
            registry=registry,
            status=reply.status,
            said=message,
        ),
        msg("Try again later, or tell who runs it."),
    )


def _error_text(reply: Reply) -> str:
    try:
        errors = json.loads(reply.body)["errors"]
        words = str(errors[0].get("message") or errors[0].get("code") or "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""
    return msg(" It says: %(words)s.", words=words[:200]) if words else ""


def _slow(registry: str) -> EngineError:
    return EngineError(
        ErrorCode.TIMEOUT,
        msg(
            "%(registry)s did not answer within %(seconds)s seconds.",
            registry=registry,
            seconds=f"{SECONDS:g}",
        ),
        msg("It is slow, or something between swallows the connection. Try again later."),
    )


def _strange(detail: str) -> EngineError:
    return EngineError(
        ErrorCode.UNREACHABLE,
        msg("The registry does not answer as a registry does. %(detail)s", detail=detail),
        msg("Check the address: is it a registry?"),
    )


def _words(error: BaseException) -> str:
    inner = getattr(error, "os_error", None) or error
    return str(getattr(inner, "strerror", None) or inner or type(error).__name__).rstrip(".")


def _host(location: str) -> str:
    return urlsplit(location).netloc[:200] or "another place"
