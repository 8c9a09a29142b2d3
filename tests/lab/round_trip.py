"""Run in the lab as an account: containers → Quadlets → recreated containers, compared.

Reads a JSON object from a file: name → words after `podman create --name NAME`. Prints a JSON
object: name → differences ({} if there are none).
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.systemd import from_container

UNITS = Path.home() / ".config/containers/systemd"
CONFIG = (
    "Env Cmd Entrypoint Labels User WorkingDir StopSignal Tty OpenStdin Healthcheck StopTimeout "
    "Annotations Timezone Umask Secrets SystemdMode"
).split()
HOST = (
    "Binds PortBindings CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts ReadonlyRootfs Init "
    "Privileged NetworkMode ShmSize Tmpfs Ulimits SecurityOpt Devices GroupAdd UsernsMode IpcMode "
    "PidMode UTSMode Memory NanoCpus CpuShares OomScoreAdj LogConfig PublishAllPorts"
).split()


def podman(*words: str) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"podman {' '.join(words)}: {done.stderr}")
    return done.stdout


def inspect(name: str) -> dict[str, Any]:
    return json.loads(podman("container", "inspect", name))[0]


def matters(found: dict[str, Any]) -> dict[str, Any]:
    """Return what must be equal, without what is new in every container."""
    identity = found["Id"][:12]
    config, host = found["Config"], found["HostConfig"]
    kept = {f"Config.{key}": config.get(key) for key in CONFIG}
    kept |= {f"HostConfig.{key}": host.get(key) for key in HOST}
    kept["Config.Env"] = sorted(each for each in config["Env"] if not each.startswith("HOSTNAME="))
    labels = config.get("Labels") or {}
    kept["Config.Labels"] = {k: v for k, v in labels.items() if k != "PODMAN_SYSTEMD_UNIT"}
    annotations = config.get("Annotations") or {}
    kept["Config.Annotations"] = {
        k: v
        for k, v in annotations.items()
        if not k.startswith(("io.container.manager", "io.podman.annotations.autoremove"))
        and "cid-file" not in k
    }
    kept["Config.Hostname"] = config["Hostname"].replace(identity, "")
    kept["HostConfig.LogConfig"] = host["LogConfig"].get("Type")
    kept["HostConfig.Binds"] = [
        re.sub(r"^[0-9a-f]{64}", "ANONYMOUS", each) for each in host.get("Binds") or []
    ]
    mounts = [
        {k: v for k, v in mount.items() if k in ("Type", "Destination", "RW", "Options", "Mode")}
        | {"Source": re.sub(r"[0-9a-f]{64}", "ANONYMOUS", mount.get("Source", ""))}
        for mount in found["Mounts"]
    ]
    kept["Mounts"] = sorted(mounts, key=lambda mount: mount["Destination"])
    kept["Networks"] = {
        name: [a for a in each.get("Aliases") or [] if a != identity]
        for name, each in (found["NetworkSettings"].get("Networks") or {}).items()
    }
    if "PortBindings" in host and any(
        not place["HostPort"] for places in host["PortBindings"].values() for place in places or []
    ):
        raise SystemExit("a port of the host's choice differs each time")
    return kept


def main() -> None:
    table: dict[str, list[str]] = json.loads(Path(sys.argv[1]).read_text())
    UNITS.mkdir(parents=True, exist_ok=True)
    before, lost = {}, {}
    for name, words in table.items():
        podman("create", "--name", name, *words)
        podman("start", name)  # some of it is only known while it runs
        found = inspect(name)
        before[name] = matters(found)
        made = from_container.quadlet(found, {}, int(podman("--version").split()[2].split(".")[0]))
        lost[name] = [each.option for each in made.not_carried_over]
        (UNITS / f"{name}.container").write_text(made.text)
        podman("rm", "--force", "--time", "0", name)
    subprocess.run(["systemctl", "--user", "daemon-reload"], check=True)
    answer: dict[str, Any] = {}
    for name in table:
        unit = f"{name}.service"
        started = subprocess.run(
            ["systemctl", "--user", "start", unit], capture_output=True, text=True
        )
        if started.returncode:
            log = ["journalctl", "--user", "-u", unit, "-n", "5", "-o", "cat"]
            output = subprocess.run(log, capture_output=True, text=True).stdout
            answer[name] = {"did not start": started.stderr + output}
        else:
            after = matters(inspect(name))
            answer[name] = {
                key: [before[name][key], after[key]]
                for key in after
                if after[key] != before[name][key]
            }
        if lost[name]:
            answer[name]["lost"] = lost[name]
        subprocess.run(["podman", "rm", "--force", "--time", "0", name], capture_output=True)
        (UNITS / f"{name}.container").unlink()
    subprocess.run(["systemctl", "--user", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "--user", "reset-failed"], check=True)
    print(json.dumps(answer))


main()
