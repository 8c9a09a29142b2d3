"""Format the ports on the page of one container."""

from django import template
from django.utils.translation import gettext_noop

from engine.schema.containers import Port

register = template.Library()

# Podman's words on the pages, marked for translation.
_WORDS = (
    *(gettext_noop("added"), gettext_noop("changed"), gettext_noop("removed")),
    *(gettext_noop("bind"), gettext_noop("volume"), gettext_noop("restarting")),
)
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - read, not bound
_LOOPBACK = ("127.0.0.1", "::1")


@register.filter
def port_url(port: Port, browser_host: str) -> str:
    """Return the address of a published TCP port for a browser that uses `browser_host`.

    "" if the browser cannot reach it: not published, not TCP, or on the host's loopback only.
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
