"""`bin/serve` after the packages are installed: check, prepare, start, wait, supervise."""

import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

from launch import demo, options
from launch.errors import SetupError, say
from launch.fingerprint import fingerprint, is_prepared
from launch.identities import Account, Service, accounts, service
from launch.preflight import need_free_port, take
from launch.privileges import open_devices
from launch.sockets import open_sockets
from launch.supervisor import Process, Stopped, end, keep_running, stop_on_signals, wait_until

CODE = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "local"
ENGINE_PATIENCE = 120.0  # seconds: on a busy machine, an engine needs some to start
# Loopback is never reached through this machine's proxy.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> int:
    """Return 0 after Ctrl-C, 1 after printing why it cannot start, or 2 for wrong usage."""
    given = options.read(sys.argv[1:])
    os.chdir(CODE)  # the console's user may not access root's directory
    try:
        who = service()
        _open_data(given.data, who)
        lock = _lock(given.data)
        need_free_port(given.bind, given.port)
        served = accounts(given.accounts, who)
        open_devices()
        logs = given.data / "logs"
        lifeline = open_sockets(served, who, CODE, logs)
        image = demo.make_image(served[0]) if given.demo else ""
        _become(who)
        return _run(given, who, served, image)
    except SetupError as refusal:
        print(f"berth: {refusal}".strip(), file=sys.stderr)
        return 1
    finally:
        # Held open on purpose until here: the lock, and the pipe that the activators watch.
        for held in ("lock", "lifeline"):
            if held in locals():
                os.close(locals()[held])


def _run(given: options.Options, who: Service, served: list[Account], image: str) -> int:
    environment = _environment(given)
    processes = _processes(given, who, environment)
    redis, *others = processes
    started: list[Process] = []
    stop_on_signals()
    try:
        started.append(redis)
        redis.start()
        _prepare(given, environment, served, image)
        for process in others:
            started.append(process)
            process.start()
        _wait_for_all(given, processes, served)
        shown = f"[{given.bind}]" if ":" in given.bind else given.bind
        say(f"ready at http://{shown}:{given.port}/ (Ctrl-C ends Berth; containers keep running)")
        keep_running(processes)
    except Stopped:
        say("ending; containers keep running")
    finally:
        end(started)
    return 0


def _open_data(data: Path, who: Service) -> None:
    try:
        if data.is_dir() and data.stat().st_mode & 0o077 and any(data.iterdir()):
            # A place like /tmp or a home: making it private would lock others out of their files.
            raise SetupError(
                f"{data} holds other files, and other users may see them.",
                "Give an empty or a new place with --data DIR.",
            )
        for place in (data, data / "logs", data / "static"):
            place.mkdir(mode=0o700, parents=place == data, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(place, who.uid, who.gid)
            place.chmod(0o700)
        key = data / "secret-key"
        if not key.exists():
            with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        if os.geteuid() == 0:
            os.chown(key, who.uid, who.gid)
    except OSError as error:
        raise SetupError(
            f"{error.filename} cannot be used for data: {error.strerror}.",
            "Give another place with --data DIR.",
        ) from error
    if len(os.fsencode(data / "redis.sock")) > 100:
        raise SetupError(f"{data} is too long for a Unix socket.", "Give a shorter --data DIR.")


def _lock(data: Path) -> int:
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    take(lock, data)
    return lock


def _become(who: Service) -> None:
    """Give up root permanently. The web's group stays as the saved one, for the web only."""
    os.umask(0o077)
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setresgid(who.gid, who.gid, who.web_gid)
    os.setresuid(who.uid, who.uid, who.uid)


def _environment(given: options.Options) -> dict[str, str]:
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    if given.bind not in ("127.0.0.1", "::1", "localhost"):
        wide = given.bind in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
        hosts += ["*"] if wide else [f"[{given.bind}]" if ":" in given.bind else given.bind]
    environment = {
        "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "HOME": str(given.data),
        "PYTHONPATH": str(CODE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "consoleapp.settings",
        "BERTH_DATA": str(given.data),
        "BERTH_HOST": HOST,
        "BERTH_ALLOWED_HOSTS": ",".join(hosts),
    }
    passed_on = (
        *("BERTH_DATABASE_URL", "BERTH_HTTPS", "BERTH_TRUSTED_ORIGINS", "BERTH_ALLOWED_HOSTS"),
        "BERTH_TRUSTED_PROXIES",
        *("BERTH_ADMIN_PASSWORD", "BERTH_DEBUG", "BERTH_ASSETS", "BERTH_OIDC_FILE"),
        *("BERTH_PUBLIC_URL", "BERTH_WEBHOOK_NETWORKS", "BERTH_EMAIL_URL", "BERTH_EMAIL_FROM"),
        *("BERTH_AUDIT_KEY", "BERTH_AUDIT_CHECKPOINTS", "BERTH_AUDIT_SYSLOG"),
        *("BERTH_AUDIT_WEBHOOK", "BERTH_AUDIT_WEBHOOK_SECRET_FILE"),
        *("BERTH_UPLOAD_LIMIT", "BERTH_UPLOAD_QUOTA", "BERTH_DISK_RESERVE", "BERTH_PORTS"),
        *("BERTH_RECORDING_LIMIT", "BERTH_RECORDING_QUOTA"),
    )
    return environment | {n: os.environ[n] for n in passed_on if n in os.environ}


def _processes(given: options.Options, who: Service, environment: dict[str, str]) -> list[Process]:
    redis = shutil.which("redis-server", path="/usr/bin:/usr/local/bin:/usr/sbin")
    if redis is None:
        raise SetupError("redis-server is not installed.", "Install the package redis-server.")
    environment = {n: v for n, v in environment.items() if n != "BERTH_ADMIN_PASSWORD"}
    bind = f"[{given.bind}]" if ":" in given.bind else given.bind

    def process(name: str, *argv: str, gid: int | None = None) -> Process:
        log = given.data / "logs" / f"{name}.log"
        return Process(name, list(argv), environment, log, CODE, gid)

    return [
        process(
            *("redis", redis, "--port", "0", "--unixsocket", str(given.data / "redis.sock")),
            *("--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--hz", "1"),
            *("--dir", str(given.data), "--daemonize", "no"),
        ),
        process(
            *("worker", str(BIN / "celery"), "-A", "consoleapp", "worker", "-P", "threads"),
            *("-c", "32", "-Q", f"host.{HOST}", "--without-gossip", "--without-mingle"),
            *("--without-heartbeat", "-l", "WARNING", "-n", f"worker@{HOST}"),
        ),
        process("observer", str(BIN / "python"), str(CODE / "manage.py"), "observe"),
        process(
            *("web", str(BIN / "gunicorn"), "-k", "launch.web_worker.Worker", "-w", "2"),
            *("--graceful-timeout", "3", "-b", f"{bind}:{given.port}", "--no-control-socket"),
            *("-c", "python:launch.web_workers", "--forwarded-allow-ips", ""),
            *("--worker-tmp-dir", "/dev/shm", "consoleapp.asgi:application"),  # noqa: S108
            gid=who.web_gid if who.web_gid != who.gid else None,
        ),
    ]


def _prepare(
    given: options.Options, environment: dict[str, str], served: list[Account], image: str
) -> None:
    """Run migrations, static files, the first administrator, and accounts in one Django process.

    Runs nothing if nothing has changed since the last time.
    """
    words: list[str] = []
    for account in served:
        words += ["--account", account.name, str(account.uid), str(account.socket)]
    if image:
        words += ["--demo", image]
    stamp = fingerprint(*words)
    if "BERTH_DATABASE_URL" not in environment and is_prepared(given.data, stamp):
        return
    argv = [str(BIN / "python"), "-m", "launch.prepare", "--stamp", stamp, *words]
    done = subprocess.run(argv, env=environment, cwd=CODE)  # noqa: S603 - fixed command
    if done.returncode:
        raise SetupError("The database could not be prepared; the reason is above.", "")


def _wait_for_all(given: options.Options, processes: list[Process], served: list[Account]) -> None:
    redis, worker, observer, web = processes
    address = "127.0.0.1" if given.bind == "0.0.0.0" else given.bind  # noqa: S104
    address = "::1" if address == "::" else address

    def web_answers() -> bool:
        host = f"[{address}]" if ":" in address else address
        try:
            with DIRECTLY.open(f"http://{host}:{given.port}/healthz", timeout=5) as got:
                return bool(got.status == 200)
        except OSError:
            return False

    def key_is_there(key: str) -> bool:
        # In Redis's inline form: the client package would cost this process 9 MiB.
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(given.data / "redis.sock"))
                connection.sendall(f"EXISTS {key}\r\n".encode())
                return connection.recv(16).startswith(b":1")
        except OSError:
            return False  # it is starting, or it has died, which `wait_until` notices

    for name, process in (("worker", worker), ("observer", observer)):
        key = f"berth:{name}:{HOST}"
        wait_until(partial(key_is_there, key), [process, redis], f"the {name}")
    wait_until(web_answers, [web, redis], "the web server")
    for account in served:
        _ping(account)


def _ping(account: Account) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.settimeout(ENGINE_PATIENCE)
        try:
            listener.connect(str(account.socket))
            listener.sendall(b"GET /v1/ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")
            ready, *_ = select.select([listener], [], [], 5)
            if not ready:
                say(f"waiting for the engine of {account.name}, which is starting")
            answered = listener.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            answered = False
    if not answered:
        raise SetupError(
            f"The engine of {account.name} does not answer.",
            f"Its log, logs/engine-{account.name}.log in the data directory, says why.",
        )


if __name__ == "__main__":
    sys.exit(main())
