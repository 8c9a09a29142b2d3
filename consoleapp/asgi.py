"""The ASGI application that the web server runs: pages and event streams, and WebSockets.

There is no channel layer: what streams goes through the relay's own lists in Redis, because these
have backpressure, which a layer's groups do not.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
pages = get_asgi_application()

# Only now: these need Django to be set up.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path  # noqa: E402

from consoleapp.live.consumers import Queries  # noqa: E402

sockets = URLRouter([path("live/accounts/<str:account>/queries/", Queries.as_asgi())])
application = ProtocolTypeRouter(
    {"http": pages, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))}
)
