"""The HTTP service on the account's socket: who may connect, the routes, and the answers."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

from aiohttp import WSMsgType, web
from pydantic import TypeAdapter, ValidationError

from engine.files.image_transfer import InboundImage
from engine.operations.sharing import outgoing
from engine.process.environment import account_name
from engine.process.peers import peer_uid
from engine.queries import events, handlers, snapshot
from engine.queries.terminal import Terminal, open_terminal
from engine.schema.characters import as_json
from engine.schema.errors import EngineError, ErrorCode, ErrorReport
from engine.schema.kinds import UnknownKind, parse
from engine.schema.messages import msg
from engine.schema.parameters import ImageReference, Model
from engine.schema.queries import (
    QUERIES,
    ContainerTerminal,
    QueryFailed,
    TerminalInput,
    TerminalSize,
)
from engine.schema.query import Query
from engine.schema.version import version
from engine.server.account import Account
from engine.server.idle import Activity
from engine.server.json_lines import LineWriter

log = logging.getLogger(__name__)
LARGEST_REQUEST = 4 * 1024 * 1024
PIECE = 256 * 1024
ACCOUNT: web.AppKey[Account] = web.AppKey("account", Account)
ACTIVITY: web.AppKey[Activity] = web.AppKey("activity", Activity)
PEERS: web.AppKey[frozenset[int]] = web.AppKey("peers", frozenset)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_STATUS = {
    ErrorCode.INVALID: 400,
    ErrorCode.POLICY: 403,
    ErrorCode.UNAUTHORIZED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.UNREACHABLE: 502,
    ErrorCode.TIMEOUT: 504,
}
_REFERENCE: TypeAdapter[str] = TypeAdapter(ImageReference)
_TYPED: TypeAdapter[TerminalInput | TerminalSize] = TypeAdapter(TerminalInput | TerminalSize)


def application(account: Account, peers: frozenset[int], activity: Activity) -> web.Application:
    """Return the service for connections from the uids in `peers`."""
    app = web.Application(middlewares=[_guard], client_max_size=LARGEST_REQUEST)
    app[ACCOUNT], app[PEERS], app[ACTIVITY] = account, peers, activity
    app.router.add_get("/v1/ping", ping)
    app.router.add_get("/v1/snapshot", whole)
    app.router.add_get("/v1/containers", containers)
    app.router.add_get("/v1/images", images)
    app.router.add_get("/v1/units", units)
    app.router.add_get("/v1/events", follow_events)
    app.router.add_post("/v1/operations/{id}", run)
    app.router.add_get("/v1/operations/{id}", recall)
    app.router.add_post("/v1/operations/{id}/cancel", cancel)
    app.router.add_put("/v1/operations/{id}/files/{upload}", take_file)
    app.router.add_get("/v1/operations/{id}/produced", give_file)
    app.router.add_delete("/v1/operations/{id}/files", forget_files)
    app.router.add_put("/v1/operations/{id}/image", take_image)
    app.router.add_get("/v1/images/archive", give_image)
    app.router.add_post("/v1/queries", query)
    app.router.add_get("/v1/terminal", terminal)
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the peer first, and convert every error to an ErrorReport."""
    if peer_uid(request.transport) not in request.app[PEERS]:
        return _refuse(ErrorCode.UNAUTHORIZED, msg("This engine does not serve your account."), 403)
    if request.app[ACTIVITY].ending:
        # The engine is ending and starts nothing. The client reaches the next engine in a moment.
        if request.transport:
            request.transport.abort()
        raise ConnectionResetError
    with request.app[ACTIVITY].one():
        try:
            return await handler(request)
        except EngineError as error:
            return _report(error.report, _STATUS.get(error.report.code, 500))
        except ValidationError as error:
            return _refuse(ErrorCode.INVALID, _places(error), 422)
        except web.HTTPException as error:
            return _refuse(ErrorCode.INVALID, error.reason, error.status)
        except (ConnectionResetError, asyncio.CancelledError):
            raise
        except Exception as error:  # the one place where a bug becomes an answer
            log.exception("a fault while answering %s %s", request.method, request.path)
            return _refuse(
                ErrorCode.INTERNAL,
                msg("A fault in Berth's engine: %(__name__)s.", __name__=type(error).__name__),
                500,
            )


async def ping(request: web.Request) -> web.Response:
    """Describe this engine."""
    return web.json_response(
        {
            "uid": os.getuid(),
            "account": account_name(),
            "pid": os.getpid(),
            "podman_version": request.app[ACCOUNT].podman.version,
            "version": version(),
        }
    )


async def whole(request: web.Request) -> web.Response:
    """Return the whole account."""
    account = request.app[ACCOUNT]
    return _json(await snapshot.snapshot(account.podman, account.units, account.warnings))


async def containers(request: web.Request) -> web.Response:
    """Return the rows of some containers, without those that are gone."""
    ids = request.query.getall("id", [])
    if not ids:
        raise EngineError(ErrorCode.INVALID, msg("Say which containers: ?id=…&id=…"))
    return _many(await snapshot.containers(request.app[ACCOUNT].podman, ids))


async def images(request: web.Request) -> web.Response:
    """Return the rows of all images."""
    return _many(await snapshot.images(request.app[ACCOUNT].podman))


async def units(request: web.Request) -> web.Response:
    """Return the rows of all units; an empty list without a user manager."""
    return _many(await request.app[ACCOUNT].units.rows())


async def follow_events(request: web.Request) -> web.StreamResponse:
    """Stream Podman's events and systemd's signals until the reader leaves."""
    account = request.app[ACCOUNT]
    return await _stream(request, events.follow(account.podman, account.units))


async def run(request: web.Request) -> web.StreamResponse:
    """Run an operation, or join it. A reader that leaves does not stop it."""
    body = await _body(request, {"kind", "parameters"})
    try:
        parameters = parse(str(body.get("kind")), body.get("parameters") or {})
    except UnknownKind as error:
        raise EngineError(ErrorCode.INVALID, str(error)) from error
    messages = request.app[ACCOUNT].runner.run(_operation(request), parameters)
    return await _stream(request, messages)


async def recall(request: web.Request) -> web.Response:
    """Return the outcome of an operation."""
    return _json(await request.app[ACCOUNT].runner.recall(_operation(request)))


async def cancel(request: web.Request) -> web.Response:
    """Request the end of an operation. Its own stream reports the outcome."""
    request.app[ACCOUNT].runner.cancel(_operation(request))
    return web.Response(status=204)


async def take_file(request: web.Request) -> web.Response:
    """Store an upload for an operation that will follow."""
    account = request.app[ACCOUNT]
    upload, digest = _uuid(request.match_info["upload"]), request.query.get("sha256", "")
    account.files.sweep(account.runner.running)
    chunks = request.content.iter_chunked(PIECE)
    await account.files.receive(_operation(request), upload, digest, chunks)
    return web.Response(status=204)


async def give_file(request: web.Request) -> web.FileResponse:
    """Return the file that an operation produced."""
    return web.FileResponse(request.app[ACCOUNT].files.product(_operation(request)))


async def forget_files(request: web.Request) -> web.Response:
    """Remove the files of an ended operation, which were fetched."""
    operation = _operation(request)
    if operation in request.app[ACCOUNT].runner.running:
        raise EngineError(ErrorCode.CONFLICT, msg("The operation has not ended."))
    await asyncio.to_thread(request.app[ACCOUNT].files.forget, operation)
    return web.Response(status=204)


async def take_image(request: web.Request) -> web.Response:
    """Receive an image from another account for an operation that waits for it."""
    chunks = request.content.iter_chunked(PIECE)
    try:
        size = int(request.query.get("size", "0"))
    except ValueError as error:
        raise EngineError(ErrorCode.INVALID, msg("`size` is a number of bytes.")) from error
    inbound = InboundImage(request.query.get("image_id", ""), size, chunks)
    await request.app[ACCOUNT].incoming.bring(_operation(request), inbound)
    return web.Response(status=204)


async def give_image(request: web.Request) -> web.StreamResponse:
    """Send an image as a docker-archive, with its id and size in the headers."""
    account = request.app[ACCOUNT]
    image = _REFERENCE.validate_python(request.query.get("image", ""))
    async with outgoing(account.podman, account.podman_options, image) as going:
        first = await anext(going.chunks)
        headers = {"Berth-Image": going.image_id, "Berth-Size": str(going.size)}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(first)
        try:
            async for piece in going.chunks:
                await response.write(piece)
        except EngineError:
            # The reader must notice that the stream is incomplete.
            if request.transport:
                request.transport.abort()
            raise
        await response.write_eof()
    return response


async def query(request: web.Request) -> web.StreamResponse:
    """Answer a query until its end, or until the reader leaves."""
    body = await _body(request, {"query", "parameters"})
    wanted = _query(str(body.get("query")), body.get("parameters") or {})
    if wanted.duplex:
        raise EngineError(
            ErrorCode.INVALID, msg("This query takes input: open it at /v1/terminal.")
        )
    request.app[ACCOUNT].admission.admit_query(wanted)
    return await _stream(request, _answers(request.app[ACCOUNT], wanted))


async def terminal(request: web.Request) -> web.StreamResponse:
    """Open a terminal in a container, as a WebSocket. `q` is the query's JSON."""
    parameters = ContainerTerminal.model_validate_json(request.query.get("q", "{}"))
    with request.app[ACTIVITY].session():
        return await _terminal(request, parameters)


async def _terminal(request: web.Request, parameters: ContainerTerminal) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(heartbeat=30, max_msg_size=256 * 1024)
    await socket.prepare(request)
    try:
        request.app[ACCOUNT].admission.admit_query(parameters)
        async with open_terminal(request.app[ACCOUNT].podman, parameters) as opened:
            await _converse(socket, opened)
    except EngineError as error:
        await socket.send_str(as_json(_failed(error)))
    await socket.close()
    return socket


async def _converse(socket: web.WebSocketResponse, opened: Terminal) -> None:
    async def speak() -> None:
        async for answer in opened.output():
            await socket.send_str(as_json(answer))

    async def listen() -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await opened.send(_TYPED.validate_json(message.data))

    tasks = {asyncio.create_task(speak()), asyncio.create_task(listen())}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        error = task.exception()
        if isinstance(error, ValidationError):
            raise EngineError(ErrorCode.INVALID, _places(error))
        if error and not isinstance(error, ConnectionError):
            raise error


async def _answers(account: Account, wanted: Query) -> AsyncIterator[Model]:
    try:
        async with aclosing(handlers.answer(account.podman, account.units, wanted)) as answers:  # type: ignore[type-var]
            async for answer in answers:
                yield answer
    except EngineError as error:
        yield _failed(error)


async def _stream(request: web.Request, messages: AsyncIterator[Model]) -> web.StreamResponse:
    """Send JSON lines. Wait for the first before the status, so that an error can set its own."""
    iterator = aiter(messages)
    first: Model | None = await anext(iterator, None)
    response = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
    await response.prepare(request)
    writer = LineWriter(response)
    async with aclosing(iterator):  # type: ignore[type-var]
        with suppress(ConnectionResetError):  # the reader left, which is how streams are stopped
            if first is not None:
                await writer.say(first)
            async for message in iterator:
                await writer.say(message)
            await writer.close()
            await response.write_eof()
    return response


async def _body(request: web.Request, names: set[str]) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise EngineError(ErrorCode.INVALID, msg("The request is not JSON.")) from error
    if not isinstance(body, dict) or not set(body) <= names:
        raise EngineError(
            ErrorCode.INVALID,
            msg("Expected an object with %(names)s.", names=", ".join(sorted(names))),
        )
    if not isinstance(body.get("parameters", {}), dict):
        raise EngineError(ErrorCode.INVALID, msg("`parameters` must be an object."))
    return body


def _operation(request: web.Request) -> UUID:
    return _uuid(request.match_info["id"])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise EngineError(ErrorCode.INVALID, msg("An id is a UUID.")) from error


def _query(name: str, parameters: dict[str, Any]) -> Query:
    if name not in QUERIES:
        raise EngineError(
            ErrorCode.INVALID, msg("There is no query called %(name)s.", name=f"{name!r}")
        )
    return QUERIES[name].model_validate(parameters)


def _failed(error: EngineError) -> QueryFailed:
    report = error.report
    return QueryFailed(code=report.code, message=report.message, remedy=report.remedy)


def _places(error: ValidationError) -> str:
    """Return the paths of the faults without the values, which may be secrets."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


def _refuse(code: ErrorCode, message: str, status: int) -> web.Response:
    return _report(ErrorReport(code=code, message=message), status)


def _report(report: ErrorReport, status: int) -> web.Response:
    return web.Response(text=as_json(report), status=status, content_type="application/json")


def _json(model: Model) -> web.Response:
    return web.Response(text=as_json(model), content_type="application/json")


def _many(models: list[Any]) -> web.Response:
    text = "[" + ",".join(as_json(model) for model in models) + "]"
    return web.Response(text=text, content_type="application/json")
