"""`python -m engine`: serve the Linux account that this process runs as."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import stat
import sys
from pathlib import Path

from aiohttp import web

from engine.process.environment import prepare, runtime_directory
from engine.schema.errors import EngineError
from engine.schema.version import version
from engine.server.account import Account, open_account
from engine.server.app import application
from engine.server.code_change import replaced
from engine.server.idle import Activity

_FIRST_PASSED_SOCKET = 3


def main() -> int:
    """Serve. Return 0 after a stop or when idle, 1 after printing why it cannot serve."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="engine: %(levelname)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    prepare()
    try:
        listening = _passed() or _listen(options.socket or runtime_directory() / "engine.sock")
        again = os.dup(listening.fileno())
        retired = asyncio.run(_serve(listening, frozenset(options.peer_uid), options.idle_seconds))
        if retired:
            _begin_again(again)
    except EngineError as error:
        print(f"engine: {error.report.message} {error.report.remedy}".strip(), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"engine: cannot listen: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    parser.add_argument("--socket", type=Path, help="where to listen, unless systemd passes one")
    parser.add_argument(
        "--peer-uid", type=int, action="append", help="a uid that may connect (default: its own)"
    )
    parser.add_argument(
        "--idle-seconds", type=float, default=180.0, help="exit after this idle time; 0: never"
    )
    options = parser.parse_args()
    if not options.peer_uid:
        given = os.environ.get("BERTH_ENGINE_PEER_UIDS", "").replace(",", " ").split()
        options.peer_uid = [int(uid) for uid in given] or [os.getuid()]
    return options


def _passed() -> socket.socket | None:
    """Return the socket from systemd's socket activation."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    os.set_inheritable(_FIRST_PASSED_SOCKET, False)
    return socket.socket(fileno=_FIRST_PASSED_SOCKET)


def _listen(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            try:
                other.connect(str(path))
            except OSError:
                path.unlink()  # left by a killed engine
            else:
                raise OSError(f"an engine listens on {path} already")
    listening.bind(str(path))
    # A directory with the set-group-ID bit means that its group should connect.
    shared = path.parent.stat().st_mode & stat.S_ISGID
    path.chmod(0o660 if shared else 0o600)
    return listening


def _begin_again(listening: int) -> None:
    """Restart as an engine with the code now on disk, on the same socket."""
    logging.getLogger("engine").info("the engine's code was replaced; beginning again with it")
    os.dup2(listening, _FIRST_PASSED_SOCKET)
    os.set_inheritable(_FIRST_PASSED_SOCKET, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    os.execv(sys.executable, [sys.executable, "-m", "engine", *sys.argv[1:]])  # noqa: S606


async def _serve(listening: socket.socket, peers: frozenset[int], idle_seconds: float) -> bool:
    """Serve until told to stop or idle. Return whether to restart with new code."""
    account = await open_account()
    activity = Activity()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    replace = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, replace.set)
    runner = web.AppRunner(
        application(account, peers, activity), access_log=None, shutdown_timeout=1
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening, backlog=128).start()
        logging.getLogger("engine").info("serving uid %s", os.getuid())
        retiring = asyncio.create_task(_retire(activity, account, replace))
        ends = {
            asyncio.create_task(activity.idle(idle_seconds, account.busy)),
            asyncio.create_task(stop.wait()),
            retiring,
        }
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return retiring.done() and not retiring.exception()
    finally:
        await runner.cleanup()
        await account.close()


async def _retire(activity: Activity, account: Account, replace: asyncio.Event) -> None:
    """Return when the code was replaced (or on SIGUSR1) and the last operation has ended."""
    looking = asyncio.create_task(replaced(version()))
    replacement = asyncio.create_task(replace.wait())
    await asyncio.wait({looking, replacement}, return_when=asyncio.FIRST_COMPLETED)
    looking.cancel()
    replacement.cancel()
    await activity.done(lambda: account.runner.busy)


if __name__ == "__main__":
    sys.exit(main())
