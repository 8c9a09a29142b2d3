"""A small engine for tests of the queue: speaks the protocol, and acts on a container's name.

    python -m tests.operations.engine_double SOCKET STATE_FOLDER

    quick          succeeds at once              fails        fails, repeating its parameters
    stutters       succeeds, after one           raves        always sends malformed
                   malformed answer                           answers
    gate           waits for STATE_FOLDER/gate   hang         continues until it is cancelled

What started and what ended is recorded in STATE_FOLDER, one line each in `log`. So a test can see
how often something really ran, and the engine remembers across a kill -9 as the real one does.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

PageEvent = list[dict[str, Any]]


class Double:
    """Operations by id: the messages about each, and who waits for more."""

    def __init__(self, state: Path) -> None:
        self._log, self._gate = state / "log", state / "gate"
        self._said: dict[str, PageEvent] = {}
        self._more = asyncio.Condition()
        self._cancelled: set[str] = set()
        self._stuttered: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        for line in self._log.read_text().splitlines() if self._log.exists() else []:
            name, _, rest = line.partition(" ")
            word, _, outcome = rest.partition(" ")
            self._said[name] = (
                [json.loads(outcome)] if word == "ended" else [{"type": "interrupted"}]
            )

    def _note(self, line: str) -> None:
        with self._log.open("a") as log:
            log.write(line + "\n")

    async def _say(self, name: str, message: dict[str, Any]) -> None:
        async with self._more:
            self._said[name].append(message)
            self._more.notify_all()

    async def _work(self, name: str, kind: str, parameters: dict[str, Any]) -> None:
        target = parameters.get("container") or parameters.get("image") or ""
        word = target.split("/")[-1]
        outcome: dict[str, Any] = {"type": "succeeded", "result": {"summary": f"did {kind}"}}
        if word == "gate":
            await self._say(name, {"type": "progress", "current": 3})
            while not self._gate.exists():  # noqa: ASYNC110 - another process opens it
                await asyncio.sleep(0.02)
        elif word == "hang":
            async with self._more:
                await self._more.wait_for(lambda: name in self._cancelled)
            outcome = {"type": "cancelled"}
        elif word == "fails":
            error = {"code": "conflict", "message": f"no: {json.dumps(parameters)}"}
            outcome = {"type": "failed", "error": error}
        self._note(f"{name} ended {json.dumps(outcome)}")
        await self._say(name, outcome)

    async def post(self, request: web.Request) -> web.StreamResponse:
        name, body = request.match_info["id"], await request.json()
        if name not in self._said:
            self._said[name] = []
            self._note(f"{name} began {body['kind']}")
            task = asyncio.create_task(self._work(name, body["kind"], body["parameters"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        response = web.StreamResponse()
        await response.prepare(request)
        word = body["parameters"].get("container")
        if word == "raves" or (word == "stutters" and name not in self._stuttered):
            self._stuttered.add(name)
            await response.write(b'{"type": "progress", "current": 3}\n{"type": "bl\n')
            return response
        answer = 0
        while True:
            async with self._more:
                while len(self._said[name]) == answer:
                    await self._more.wait()
            for message in self._said[name][answer:]:
                answer += 1
                await response.write(json.dumps(message).encode() + b"\n")
                if message["type"] != "progress":
                    return response

    async def get(self, request: web.Request) -> web.Response:
        message = self._said.get(request.match_info["id"])
        if message is None:
            return web.json_response({"type": "unknown"})
        ended = message and message[-1]["type"] != "progress"
        return web.json_response(message[-1] if ended else {"type": "running"})

    async def cancel(self, request: web.Request) -> web.Response:
        async with self._more:
            self._cancelled.add(request.match_info["id"])
            self._more.notify_all()
        return web.Response(status=204)


def main() -> None:
    socket, state = Path(sys.argv[1]), Path(sys.argv[2])
    socket.unlink(missing_ok=True)

    async def application() -> web.Application:
        double = Double(state)
        app = web.Application()
        app.router.add_post("/v1/operations/{id}", double.post)
        app.router.add_get("/v1/operations/{id}", double.get)
        app.router.add_post("/v1/operations/{id}/cancel", double.cancel)
        return app

    web.run_app(application(), path=str(socket), print=None)


if __name__ == "__main__":
    main()
