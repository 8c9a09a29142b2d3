"""The ASGI application that the web server runs.

It has no channel layer, since no consumer sends to another. Messages for many pages go through the
hub (live/hub.py). A page's queries to an engine go through lists in Redis with backpressure
(live/relay.py); those of channels-redis have none and drop messages when full.
"""

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - these need the apps to be loaded
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from consoleapp.files.body import capped, streaming  # noqa: E402
from consoleapp.live.origin import Foreign, same_origin  # noqa: E402
from consoleapp.live.urls import sockets  # noqa: E402
from consoleapp.web.proxies import from_proxies  # noqa: E402

nowhere = path("<path:anything>", Foreign.as_asgi())
application = from_proxies(
    ProtocolTypeRouter(
        {
            "http": capped(streaming(cast(Any, pages))),
            "websocket": same_origin(AuthMiddlewareStack(URLRouter([*sockets, nowhere]))),
        }
    )
)
