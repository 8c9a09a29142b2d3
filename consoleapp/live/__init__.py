"""Live pages: server-sent events, WebSockets, and the browser's half of a relay."""
