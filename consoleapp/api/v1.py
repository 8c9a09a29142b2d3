"""Version 1 of the API: its routes, authentication, errors, and document."""

from ninja import NinjaAPI

from consoleapp.api import (
    accounts,
    approvals,
    audit,
    catalog,
    containers,
    files,
    images,
    kinds,
    logs,
    operations,
    policies,
    problems,
    recordings,
    registries,
    tokens,
    units,
)
from consoleapp.api.bodies import Bodies
from consoleapp.api.credentials import Session, Token
from consoleapp.api.page import Page

api = NinjaAPI(
    title="Berth",
    version="1",
    description=(
        "Launch and manage rootless Podman containers as the Linux accounts that you have a grant "
        "for. Every change is an operation: request it, then follow it. Send a personal token as "
        "`Authorization: Bearer …`."
    ),
    urls_namespace="api",
    auth=[Token(), Session()],
    docs=Page(),
    parser=Bodies(),
)
NOUNS = (
    *(accounts, containers, logs, images, registries, units, catalog),
    *(kinds, operations, approvals, policies, files, audit, recordings, tokens),
)
for noun in NOUNS:
    api.add_router("", noun.router)
problems.register(api)
