"""How the page of one container writes its ports."""

from django import template
from django.utils.translation import gettext_noop

from engine.schema.containers import Port

register = template.Library()

# Podman's words as pages show them: what a catalogue has to know.
_WORDS = (
    *(gettext_noop("added"), gettext_noop("changed"), gettext_noop("removed")),
    *(gettext_noop("bind"), gettext_noop("volume"), gettext_noop("restarting")),
)
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - read, not bound
_LOOPBACK = ("127.0.0.1", "::1")


@register.filter
def port_url(port: Port, browser_host: str) -> str:
    """Where a browser that reaches the console at `browser_host` finds a published TCP port.

    "" where it cannot: not published, not TCP, or on the host's loopback seen from elsewhere.
    """
    if port.host_port is None or port.protocol != "tcp":
        return ""
    local = browser_host in ("localhost", "127.0.0.1", "[::1]")
    if port.host_ip in _LOOPBACK and not local:
        return ""
    host = browser_host if port.host_ip in (*_EVERYWHERE, *_LOOPBACK) else port.host_ip
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    scheme = "https" if port.container_port in (443, 8443) else "http"
    return f"{scheme}://{host}:{port.host_port}/"
