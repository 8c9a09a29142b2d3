"""The options of `podman run` and `docker run`, and pflag's rules for reading them.

Sources: podman-run(1) of 4.3 to 5.6, docker-run(1), nerdctl's reference, and
github.com/spf13/pflag. Each row is one option; `take` names its reader in `values.py`.
"""

from dataclasses import dataclass
from enum import Enum

from engine.schema.messages import msg

NO_PLACE = msg("The form has no place for this option.")
ON_YOUR_MACHINE = msg("A file on your machine: paste its lines into Environment.")
NAME_THE_PORTS = msg("Publishing all ports: name the ports that you need.")
NO_PRIVILEGE = msg("Berth does not launch privileged containers.")
TERMINAL_ONLY = msg(
    "It only matters to a terminal that is attached; Berth launches in the background."
)
OWN_HEALTH_CHECK = msg("The form cannot turn off a health check that the image has.")
ANOTHER_MACHINE = msg("It chooses a file on your machine.")


class Shape(Enum):
    """The type of an option's value, in pflag's terms."""

    BOOL = "bool"
    STRING = "string"
    ARRAY = "stringArray"
    """Each use adds one value."""
    SLICE = "strings"
    """Each use adds the comma-separated values, read as CSV."""


@dataclass(frozen=True)
class Option:
    """One option. `take` is "" if ContainerRun has no field for it."""

    name: str
    shape: Shape = Shape.STRING
    short: str = ""
    take: str = ""
    reason: str = NO_PLACE
    usual: bool | None = None
    """The value of a switch that has no effect."""
    names: tuple[str, ...] = ()
    """Alternative long names."""


def _plain(shape: Shape, names: str, reason: str = NO_PLACE) -> list[Option]:
    return [Option(name, shape, reason=reason) for name in names.split()]


_B, _S, _A, _L = Shape.BOOL, Shape.STRING, Shape.ARRAY, Shape.SLICE
OPTIONS = (
    # Options with a field in ContainerRun.
    Option("--name", take="name"),
    Option("--user", short="-u", take="user"),
    Option("--workdir", short="-w", take="workdir"),
    Option("--hostname", short="-h", take="hostname"),
    Option("--network", _A, take="network", names=("--net",)),
    Option("--pull", take="pull"),
    Option("--env", _A, short="-e", take="environment"),
    Option("--label", _A, short="-l", take="label"),
    Option("--publish", _L, short="-p", take="port"),
    Option("--volume", _A, short="-v", take="volume"),
    Option("--mount", _A, take="mount"),
    Option("--memory", short="-m", take="memory"),
    Option("--cpus", take="cpus"),
    Option("--pids-limit", take="pids"),
    Option("--restart", take="restart"),
    Option("--entrypoint", take="entrypoint"),
    Option("--stop-signal", take="stop_signal"),
    Option("--stop-timeout", take="stop_timeout"),
    Option("--health-cmd", take="health_command", names=("--healthcheck-command",)),
    Option("--health-interval", take="health_interval", names=("--healthcheck-interval",)),
    Option("--health-timeout", take="health_timeout", names=("--healthcheck-timeout",)),
    Option("--health-retries", take="health_retries", names=("--healthcheck-retries",)),
    Option(
        "--health-start-period",
        take="health_start_period",
        names=("--healthcheck-start-period",),
    ),
    Option("--rm", _B, take="remove"),
    Option("--read-only", _B, take="read_only"),
    Option("--init", _B, take="init"),
    Option("--tty", _B, short="-t", take="tty"),
    Option("--interactive", _B, short="-i", take="interactive"),
    Option("--detach", _B, short="-d", take="detach"),
    # Switches without a field.
    Option("--privileged", _B, reason=NO_PRIVILEGE, usual=False),
    Option("--publish-all", _B, short="-P", reason=NAME_THE_PORTS, usual=False),
    Option("--no-healthcheck", _B, reason=OWN_HEALTH_CHECK, usual=False),
    Option("--quiet", _B, short="-q", reason=TERMINAL_ONLY, usual=False),
    Option("--sig-proxy", _B, reason=TERMINAL_ONLY, usual=True),
    Option("--replace", _B, usual=False),
    Option("--http-proxy", _B, usual=True),
    Option("--passwd", _B, usual=True),
    Option("--read-only-tmpfs", _B, usual=True),
    *_plain(
        _B,
        """
        --disable-content-trust --env-host --help --no-hostname --no-hosts --oom-kill-disable
        --rmi --rootfs --tls-verify --unsetenv-all --use-api-socket
        """,
    ),
    # Options with a value and without a field.
    Option("--attach", _L, short="-a", reason=TERMINAL_ONLY),
    Option("--cpu-shares", short="-c"),
    Option("--detach-keys", reason=TERMINAL_ONLY),
    Option("--env-file", _L, reason=ON_YOUR_MACHINE),
    *_plain(_S, "--authfile --cert-dir --cidfile --conmon-pidfile --pidfile", ANOTHER_MACHINE),
    *_plain(
        _S,
        """
        --add-host --annotation --arch --blkio-weight --blkio-weight-device --cap-add --cap-drop
        --cgroup-conf --cgroup-parent --cgroupns --cgroups --chrootdirs --cpu-count --cpu-percent
        --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems
        --creds --decryption-key --device --device-cgroup-rule --device-read-bps
        --device-read-iops --device-write-bps --device-write-iops --dns --dns-opt --dns-option
        --dns-search --domainname --env-merge --expose --gidmap --gpus --group-add --group-entry
        --health-log-destination --health-max-log-count --health-max-log-size
        --health-on-failure --health-start-interval --health-startup-cmd
        --health-startup-interval --health-startup-retries --health-startup-success
        --health-startup-timeout --hostuser --hosts-file --image-volume --init-ctr --init-path
        --intel-rdt-clos --io-maxbandwidth --io-maxiops --ip --ip6 --ipc --ipfs-address
        --isolation --kernel-memory --label-file --link --link-local-ip --log-driver --log-opt
        --mac-address --memory-reservation --memory-swap --memory-swappiness --net-alias
        --network-alias --oom-score-adj --os --passwd-entry --personality --pid --platform --pod
        --pod-id-file --preserve-fd --preserve-fds --rdt-class --requires --retry --retry-delay
        --runtime --sdnotify --seccomp-policy --secret --security-opt --shm-size
        --shm-size-systemd --storage-opt --subgidname --subuidname --sysctl --systemd --timeout
        --tmpfs --tz --uidmap --ulimit --umask --unsetenv --userns --uts --variant
        --volume-driver --volumes-from
        """,
    ),
)
BY_NAME = {
    name: option
    for option in OPTIONS
    for name in (option.name, option.short, *option.names)
    if name
}
# Options with a value that come before `run`.
OF_PROGRAM = frozenset(
    """
    --cgroup-manager --conmon --connection -c --db-backend --default-mounts-file --events-backend
    --hooks-dir --identity --imagestore --log-level -l --module --namespace --network-cmd-path
    --network-config-dir --out --pull-option --registries-conf --root --runroot --runtime
    --runtime-flag --ssh --storage-driver --storage-opt --tmpdir --url --volumepath
    --config --context -H --host --tlscacert --tlscert --tlskey -n -a --address --cni-netconfpath
    --cni-path --data-root --hosts-dir --snapshotter
    """.split()
)
TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def option_takes_value(option: str) -> bool:
    """Return whether the next word is the option's value, if none follows an equals sign."""
    found = BY_NAME.get(option)
    return found is not None and found.shape is not Shape.BOOL


def split_option(word: str) -> list[tuple[str, str | None]]:
    """Parse one word as options: `--a=b`, `--a`, or combined as in `-itp80:80`, `-it=false`.

    None means that the word contains no value.
    """
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return [(option, value if equals else None)]
    found: list[tuple[str, str | None]] = []
    letters = word[1:]
    for at, letter in enumerate(letters):
        option, rest = f"-{letter}", letters[at + 1 :]
        if len(rest) > 1 and rest[0] == "=":
            return [*found, (option, rest[1:])]
        if option_takes_value(option):
            return [*found, (option, rest or None)]
        found.append((option, None))
    return found
