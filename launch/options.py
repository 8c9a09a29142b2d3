"""The command line of `bin/serve`."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The options of bin/serve, with defaults filled in."""

    port: int
    bind: str
    data: Path
    accounts: tuple[str, ...]
    demo: bool


def read(argv: list[str]) -> Options:
    """Parse the options. Raises SystemExit with status 2 and a line of usage if they are wrong."""
    parser = argparse.ArgumentParser(prog="bin/serve", description="Set up Berth and run it.")
    parser.add_argument("--port", type=_port, default=8000, help="TCP port (default: 8000)")
    parser.add_argument("--bind", default="127.0.0.1", help="address (default: loopback only)")
    parser.add_argument("--data", type=Path, default=_default_data(), help="all state, mode 0700")
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="NAME",
        help="Linux account to run containers as (repeatable; only as root)",
    )
    parser.add_argument("--demo", action="store_true", help="create a small image and a template")
    given = parser.parse_args(argv)
    return Options(
        port=given.port,
        bind=given.bind,
        data=given.data.expanduser().absolute(),
        accounts=tuple(dict.fromkeys(given.account)),
        demo=given.demo,
    )


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number


def _default_data() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/berth")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "berth"
