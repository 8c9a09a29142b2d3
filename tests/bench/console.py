"""A client of a running console: one kept connection, a token, a session for pages."""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass
class Console:
    """`get` and `post`: the API, with the token; `page` and `events`: as a signed-in user."""

    url: str
    token: str
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = self._connect()
        self._used = time.monotonic()

    def _fresh(self) -> http.client.HTTPConnection:
        """Return the kept connection, or a new one if the server may have closed it."""
        if time.monotonic() - self._used > 2:
            self._connection.close()
            self._connection = self._connect()
        self._used = time.monotonic()
        return self._connection

    def _connect(self, timeout: float = 60) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        connection = self._fresh()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(line).items()}
        return response.status, content

    def _api(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection = self._fresh()
        connection.request(method, f"/api/v1{path}", content, headers)
        response = connection.getresponse()
        data = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {data[:300]!r}")
        return json.loads(data) if data else None

    def get(self, path: str) -> Any:
        """Return the JSON of a route of the API."""
        return self._api("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """Return the JSON response to a POST."""
        return self._api("POST", path, body)

    def submit(self, account: str, kind: str, **parameters: Any) -> str:
        """Request an operation. Return its id."""
        body = {"kind": kind, "parameters": parameters}
        return str(self.post(f"/accounts/{account}/operations", body)["id"])

    def ended(self, operation: str) -> dict[str, Any]:
        """Return the operation after its end. Raises RuntimeError if it did not succeed."""
        for _ in range(20):
            found = self.get(f"/operations/{operation}?wait=30")
            if found["ended_at"]:
                if found["state"] != "succeeded":
                    raise RuntimeError(f"{found['command']}: {found['state']} {found['error']}")
                return dict(found)
        raise RuntimeError(f"operation {operation} does not end")

    def sign_in(self, username: str, password: str) -> None:
        """Sign in like a browser."""
        self._ask("GET", "/user/login/", None, {})
        form = {
            "login": username,
            "password": password,
            "csrfmiddlewaretoken": self.cookies.get("berth_csrf", ""),
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"{self.url}/user/login/",
            "Origin": self.url,
        }
        status, _ = self._ask("POST", "/user/login/", urlencode(form).encode(), headers)
        if status != 302:
            raise RuntimeError(f"signing in as {username} was answered with {status}")

    def page(self, path: str, *, panel: bool = False) -> bytes:
        """Return the HTML of a page, or of the `panel` that it loads from the same address."""
        headers = {"Accept": "text/html"} | ({"HX-Request": "true"} if panel else {})
        status, content = self._ask("GET", path, None, headers)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status}")
        return content

    def events(self, path: str) -> Iterator[tuple[str, str, float]]:
        """Yield server-sent events as (name, data, time of arrival)."""
        connection = self._connect()
        cookie = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/event-stream"})
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"GET {path}: {response.status}")
        name, data = "message", []
        try:
            while line := response.readline():
                text = line.decode().rstrip("\r\n")
                if not text:
                    if data:
                        yield name, "\n".join(data), time.time()
                    name, data = "message", []
                elif text.startswith("event:"):
                    name = text[6:].strip()
                elif text.startswith("data:"):
                    data.append(text[5:].lstrip())
        finally:
            connection.close()


def milliseconds(began: float) -> float:
    """Return the milliseconds since `began` of time.perf_counter()."""
    return (time.perf_counter() - began) * 1000
