"""The query string of a list page."""

from consoleapp.core.requests import Request


def query_without_page(request: Request, *others: str) -> str:
    """Return it without `page` (and `others`), ready for another parameter: "" or "a=b&"."""
    query = request.GET.copy()
    for name in ("page", *others):
        query.pop(name, None)
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    return f"{query.urlencode()}&" if query else ""
