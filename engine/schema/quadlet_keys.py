"""Sections and keys of Quadlet files, including systemd's, for the editor.

The names are those of podman-systemd.unit(5), systemd.unit(5), systemd.service(5), and
systemd.timer(5); the explanations are Berth's. This table only helps with writing. Whether a key is
valid is up to Podman's generator (`unit.validate`).
"""

from engine.schema.parameters import Model


class Key(Model):
    """One key. `example` is a complete value. `repeats`: each further line adds a value."""

    name: str
    help: str
    example: str = ""
    repeats: bool = False
    since: str = ""
    """The Podman version that introduced it, if later than 5.0."""


def _keys(text: str) -> tuple[Key, ...]:
    """Parse `Name[+][@since] | example | help`, one per line. `+` marks a key that repeats."""
    keys = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, example, words = (part.strip() for part in line.split(" | ", 2))
        name, _, since = name.partition("@")
        keys.append(
            Key(
                name=name.removesuffix("+"),
                help=words,
                example=example if example != "-" else "",
                repeats=name.endswith("+"),
                since=since,
            )
        )
    return tuple(keys)


_EVERYWHERE = """
    ContainersConfModule+ | /etc/nvd.conf | Load this module of containers.conf (podman --module).
    GlobalArgs+ | --log-level=debug | Words between `podman` and its command. For what no key can say.
    PodmanArgs+ | --add-host foobar | Words at the end of Podman's options. For what no key can say.
    ServiceName@5.3 | web-app | The service's name without `.service`, instead of one made from the file's.
"""

_CONTAINER = """
    Image | quay.io/team/app:1 | What to run: a full reference, or the name of an `.image` or `.build` file. Needed.
    ContainerName | web | The container's name. Without it: systemd- and the name of the file.
    Exec | httpd -f -p 8080 | Arguments after the image.
    Entrypoint | /bin/app | Replaces the image's entrypoint; several words as a JSON list.
    PublishPort+ | 127.0.0.1:8080:80 | A port of the container on the host: [address:]host:container[/udp]. Below 1024 an account may not.
    Volume+ | data.volume:/srv:Z | Source:place[:options]. The source is a path, a volume, or a `.volume` file.
    Mount+ | type=tmpfs,dst=/run | A mount in the long spelling of `podman run --mount`.
    Tmpfs+ | /work:size=64m | A file system in memory at this place.
    Network+ | app.network | none, host, pasta, a network's name, or a `.network` file.
    NetworkAlias+@5.2 | db | One more name for it on its network.
    Pod@5.0 | app.pod | The `.pod` file that it belongs to.
    StartWithPod@5.3 | true | Started and stopped together with its pod.
    Environment+ | MODE=live "TITLE=two words" | Variables, as in systemd: NAME=value, quoted where a blank is in it.
    EnvironmentFile+ | %h/app.env | A file of NAME=value lines; a relative path begins at this file's folder.
    EnvironmentHost | true | Pass on the whole environment of the service.
    Secret+ | db-password,type=env,target=DB_PASSWORD | A secret of `podman secret`, as a file or a variable.
    AutoUpdate | registry | `registry` or `local`: `podman auto-update` looks for a newer image and restarts the service.
    Pull | newer | always, missing, never or newer.
    User | 1000 | The user in the container: a number or a name.
    Group | 1000 | The group in the container, a number.
    GroupAdd+ | keep-groups | One more group; keep-groups hands on the account's own.
    UserNS | keep-id | How its users map to the account's: keep-id, auto, nomap, …
    UIDMap+ | 0:10000:10 | One line of an own mapping of user ids.
    GIDMap+ | 0:10000:10 | One line of an own mapping of group ids.
    SubUIDMap | name | Take the mapping from this name in /etc/subuid.
    SubGIDMap | name | Take the mapping from this name in /etc/subgid.
    WorkingDir | /srv | The directory in which its command starts.
    HostName | web.example | The host name in the container.
    AddHost+@5.3 | db.example:10.0.0.5 | A line for /etc/hosts.
    DNS+ | 192.0.2.53 | A name server.
    DNSOption+ | ndots:1 | An option for resolv.conf.
    DNSSearch+ | example.com | A search domain; a dot for none.
    IP | 10.88.0.10 | A fixed IPv4 address on its network.
    IP6 | fd00::10 | A fixed IPv6 address on its network.
    ExposeHostPort+ | 8080 | Mark a port as used, without publishing it.
    HealthCmd | wget -qO /dev/null http://localhost:8080/ | Run in the container to see whether it works; none switches the image's off.
    HealthInterval | 30s | How often.
    HealthTimeout | 10s | After how long one try counts as failed.
    HealthRetries | 3 | Failures in a row that make it unhealthy.
    HealthStartPeriod | 20s | How long failures do not count after the start.
    HealthOnFailure | kill | none, kill, restart or stop. kill suits systemd, which starts it again.
    HealthStartupCmd | test -e /ready | A check of its own until the service is up.
    HealthStartupInterval | 5s | How often that one runs.
    HealthStartupRetries | 10 | Failures of it after which the container is restarted.
    HealthStartupSuccess | 1 | Successes of it that are needed.
    HealthStartupTimeout | 5s | After how long one try of it counts as failed.
    HealthLogDestination@5.3 | local | local, a directory, or events_logger.
    HealthMaxLogCount@5.3 | 5 | Results that are kept; 0 for all.
    HealthMaxLogSize@5.3 | 500 | Characters of a result that are kept; 0 for all.
    Notify | healthy | Who says that it is ready: false, the runtime; true, the program itself; healthy, the health check. Until then the start waits, and times out.
    StopSignal@5.2 | SIGINT | The signal that asks it to end.
    StopTimeout | 20 | Seconds until it is killed.
    Memory@5.5 | 512m | The memory it may use. Before 5.5: PodmanArgs=--memory 512m.
    PidsLimit | 200 | The processes it may have.
    ShmSize | 64m | The size of /dev/shm.
    Ulimit+ | nofile=1000:10000 | One of its limits: name=soft[:hard].
    Sysctl+ | net.ipv4.ip_forward=1 | A kernel setting of its own namespaces.
    ReadOnly | true | Its file system cannot be written; volumes can.
    ReadOnlyTmpfs | true | With ReadOnly: /tmp, /run and /var/tmp in memory. This is the default.
    RunInit | true | A small init as its first process, which reaps zombies.
    NoNewPrivileges | true | Nothing in it can gain rights by setuid.
    AddCapability+ | CAP_NET_BIND_SERVICE | Capabilities beyond Podman's default ones.
    DropCapability+ | all | Capabilities to take away; all for every one.
    AddDevice+ | /dev/dri | A device of the host; a dash before it: only where there is one.
    SeccompProfile | /home/app/seccomp.json | A filter of system calls; unconfined for none.
    SecurityLabelDisable | true | No SELinux separation for it.
    SecurityLabelFileType | usr_t | The SELinux type of its files.
    SecurityLabelLevel | s0:c1,c2 | The SELinux level of its processes.
    SecurityLabelNested | true | SELinux labels work inside of it.
    SecurityLabelType | spc_t | The SELinux type of its processes.
    Mask | /proc/sys/foo:/proc/bar | Paths that it cannot see, with colons between.
    Unmask | ALL | Paths that it sees although they are masked by default.
    Label+ | team=site | A label: name=value.
    Annotation+ | run.oci.keep=1 | An annotation for the runtime: name=value.
    LogDriver | journald | journald, k8s-file, none or passthrough.
    LogOpt+@5.2 | max-size=10m | An option of the log driver.
    Timezone | local | Its time zone; local for the host's.
    CgroupsMode@5.3 | split | enabled, disabled, no-conmon or split, Quadlet's own default.
    Rootfs | /var/lib/rootfs | A directory instead of an image.
    ReloadCmd@5.5 | nginx -s reload | Run in it at `systemctl reload`.
    ReloadSignal@5.5 | SIGHUP | Sent to it at `systemctl reload`.
    Retry@5.5 | 3 | Tries for a pull that fails.
    RetryDelay@5.5 | 5s | The pause between them.
"""

_POD = """
    PodName | app | The pod's name. Without it: systemd- and the name of the file.
    PublishPort+ | 8080:80 | A port of the pod's containers on the host.
    Network+ | app.network | The pod's network; its containers share it.
    NetworkAlias+@5.2 | app | One more name for it on its network.
    Volume+ | data.volume:/srv | A volume for every container of the pod.
    UserNS@5.3 | keep-id | How users of its containers map to the account's.
    UIDMap+@5.3 | 0:10000:10 | One line of an own mapping of user ids.
    GIDMap+@5.3 | 0:10000:10 | One line of an own mapping of group ids.
    SubUIDMap@5.3 | name | Take the mapping from this name in /etc/subuid.
    SubGIDMap@5.3 | name | Take the mapping from this name in /etc/subgid.
    AddHost+@5.3 | db.example:10.0.0.5 | A line for /etc/hosts.
    DNS+@5.3 | 192.0.2.53 | A name server.
    DNSOption+@5.3 | ndots:1 | An option for resolv.conf.
    DNSSearch+@5.3 | example.com | A search domain.
    IP@5.3 | 10.88.0.10 | A fixed IPv4 address.
    IP6@5.3 | fd00::10 | A fixed IPv6 address.
    HostName@5.5 | app.example | The pod's host name.
    Label+@5.5 | team=site | A label: name=value.
    ExitPolicy@5.6 | stop | What happens when its last container ends: stop or continue.
    ShmSize@5.4 | 64m | The size of /dev/shm.
    StopTimeout@5.6 | 20 | Seconds until its containers are killed.
"""

_VOLUME = """
    VolumeName | data | The volume's name. Without it: systemd- and the name of the file.
    Label+ | team=site | A label: name=value.
    Driver | local | The volume driver; image for a volume from an image.
    Image | quay.io/team/data:1 | With Driver=image: which one.
    Copy | true | Copy what the image has at that place into a new volume. This is the default.
    Device | tmpfs | What is mounted, as in fstab.
    Type | tmpfs | The file system's type, as in fstab.
    Options | size=64m | Mount options, as in fstab.
    User | 1000 | Who owns it: a number or a name.
    Group | 1000 | The group that owns it.
"""

_NETWORK = """
    NetworkName | app | The network's name. Without it: systemd- and the name of the file.
    Subnet+ | 10.89.5.0/24 | Its range of addresses.
    Gateway+ | 10.89.5.1 | The gateway in its subnet.
    IPRange+ | 10.89.5.128/25 | The part of the subnet that containers get theirs from.
    IPv6 | true | IPv6 too.
    Internal | true | No way out of it.
    DNS+ | 192.0.2.53 | A name server for its containers.
    DisableDNS | true | Its containers do not find each other by name.
    Driver | bridge | bridge, macvlan or ipvlan.
    IPAMDriver | host-local | Who gives out addresses: host-local, dhcp or none.
    InterfaceName@5.6 | br-app | The name of its bridge.
    Options+ | isolate=true | An option of the driver.
    Label+ | team=site | A label: name=value.
    NetworkDeleteOnStop@5.5 | true | Removed when its service stops.
"""

_KUBE = """
    Yaml | app.yaml | The Kubernetes file; a relative path begins at this file's folder. Needed.
    ConfigMap+ | settings.yaml | A file with a ConfigMap.
    Network+ | app.network | The network of its pods.
    PublishPort+ | 8080:80 | A port of its containers on the host.
    AutoUpdate+ | registry | `registry`, `local`, or `name/registry` for one container.
    ExitCodePropagation | any | When the service counts as failed: none, any or all of its containers.
    KubeDownForce | true | Remove its volumes too when it stops.
    LogDriver | journald | Where output goes.
    LogOpt+@5.2 | max-size=10m | An option of the log driver.
    SetWorkingDirectory | yaml | Run in the folder of the yaml, or of the unit.
    UserNS | keep-id | How its users map to the account's.
"""

_IMAGE = """
    Image | quay.io/team/app:1 | What to pull. Needed.
    ImageTag | localhost/app:1 | Its full name where Image is not one (an archive).
    AllTags | true | All tags of the repository.
    Arch | arm64 | Another architecture than the host's.
    OS | linux | Another system than the host's.
    Variant | v7 | A variant of the architecture.
    AuthFile | %h/auth.json | The file with sign-ins for registries.
    Creds | name:password | A sign-in for this pull. It stands in the file for whoever reads it: AuthFile is better.
    CertDir | /etc/registry/certs | A directory with certificates.
    DecryptionKey | /etc/key.pem | The key of an encrypted image.
    TLSVerify | true | Check the registry's certificate.
    Retry@5.5 | 3 | Tries for a pull that fails.
    RetryDelay@5.5 | 5s | The pause between them.
"""

_BUILD = """
    ImageTag+@5.2 | localhost/app:1 | The name that the image gets. Needed.
    File@5.2 | Containerfile | The Containerfile: a path or a URL.
    SetWorkingDirectory@5.2 | unit | The context: file, unit, a path, or a URL.
    Target@5.2 | production | Stop at this stage.
    Environment+@5.2 | MODE=live | A variable while it builds.
    Secret+@5.2 | id=token,src=/run/token | A secret while it builds.
    Volume+@5.2 | cache:/var/cache | A volume while it builds.
    Network+@5.2 | host | The network while it builds.
    Pull@5.2 | newer | When base images are pulled: always, missing, never or newer.
    ForceRM@5.2 | false | Remove intermediate containers even when it fails.
    Label+@5.2 | team=site | A label: name=value.
    Annotation+@5.2 | note=text | An annotation: name=value.
    Arch@5.2 | arm64 | Another architecture than the host's.
    Variant@5.2 | v7 | A variant of the architecture.
    AuthFile@5.2 | %h/auth.json | The file with sign-ins for registries.
    TLSVerify@5.2 | true | Check the registry's certificate.
    DNS+@5.2 | 192.0.2.53 | A name server while it builds.
    DNSOption+@5.2 | ndots:1 | An option for resolv.conf.
    DNSSearch+@5.2 | example.com | A search domain.
    GroupAdd+@5.2 | keep-groups | One more group.
    Retry@5.5 | 3 | Tries for a pull that fails.
    RetryDelay@5.5 | 5s | The pause between them.
"""

_UNIT = """
    Description | The shop's web server | What it is, in a few words.
    Documentation | https://example.com/ | Where one can read about it.
    After | db.service | Start it after this one, if both start.
    Before | web.service | Start it before this one, if both start.
    Wants | db.service | Start this one too; go on if that fails.
    Requires | db.service | Start this one too; fail if that fails.
    BindsTo | db.service | As Requires, and stop when that one stops.
    PartOf | app.target | Stopped and restarted together with this one.
    Conflicts | old.service | Cannot run together with this one.
    OnFailure | tell.service | Start this one when it fails.
    StartLimitIntervalSec | 60 | The span in which starts are counted.
    StartLimitBurst | 5 | So many starts in that span, then it stays failed until reset-failed.
    ConditionPathExists | %h/enabled | Start it only where this path is.
    RequiresMountsFor | %h/data | Start it after this path is mounted.
"""

_SERVICE = """
    Restart | always | When systemd starts it again: no, on-failure, always, on-abnormal, …
    RestartSec | 5 | The pause before that.
    TimeoutStartSec | 900 | How long a start may take; a first pull counts. 90 s is systemd's default.
    TimeoutStopSec | 70 | How long a stop may take before systemd kills it.
    Type | notify | How systemd knows that it is ready. Quadlet sets this itself.
    ExecStartPre | /usr/bin/mkdir -p %h/data | Run before it starts.
    ExecStartPost | /usr/bin/true | Run after it has started.
    ExecStart | /usr/bin/podman run … | What it runs. In a Quadlet, Podman writes this.
    ExecStop | /usr/bin/podman stop … | How it is stopped. In a Quadlet, Podman writes this.
    ExecStopPost | /usr/bin/true | Run after it has stopped.
    ExecReload | /usr/bin/podman kill -s HUP web | Run at `systemctl reload`.
    Environment | NAME=value | A variable for the service itself, not for its container.
    EnvironmentFile | %h/unit.env | Variables for the service itself from a file.
    MemoryMax | 512M | Memory of the whole service. Needs the memory controller.
    CPUQuota | 50% | Processor time of the whole service. Needs the cpu controller.
    TasksMax | 200 | Processes of the whole service. Needs the pids controller.
    Nice | 5 | Its priority: 19 the lowest.
    RemainAfterExit | yes | Counts as active after its command has ended.
    SuccessExitStatus | 143 | Exit codes that are no failure.
    KillMode | mixed | Who is killed at a stop.
    WorkingDirectory | %h | The directory of its command, on the host.
"""

_INSTALL = """
    WantedBy | default.target | Started with this one. default.target: when the account's manager starts, so at boot with lingering.
    RequiredBy | app.target | As WantedBy, and that one fails with it.
    UpheldBy | app.target | As WantedBy, and started again whenever it is down.
    Alias | web.service | One more name for it.
    Also | other.service | Enabled and disabled together with it.
"""

_TIMER = """
    OnCalendar | *-*-* 03:00:00 | When, as a calendar.
    OnBootSec | 5min | So long after the host has started.
    OnUnitActiveSec | 1h | So long after it ran last.
    Persistent | true | Make up for a time at which the host was off.
    RandomizedDelaySec | 15min | A random delay, so that not all run at once.
    Unit | work.service | What it starts, if it is not the service of the same name.
"""

_QUADLET = """
    DefaultDependencies@5.4 | false | Do not wait for the network (network-online.target), for which an account's manager waits up to 90 s.
"""

SECTIONS: dict[str, tuple[Key, ...]] = {
    "Container": _keys(_CONTAINER + _EVERYWHERE),
    "Pod": _keys(_POD + _EVERYWHERE),
    "Volume": _keys(_VOLUME + _EVERYWHERE),
    "Network": _keys(_NETWORK + _EVERYWHERE),
    "Kube": _keys(_KUBE + _EVERYWHERE),
    "Image": _keys(_IMAGE + _EVERYWHERE),
    "Build": _keys(_BUILD + _EVERYWHERE),
    "Quadlet": _keys(_QUADLET),
    "Unit": _keys(_UNIT),
    "Service": _keys(_SERVICE),
    "Timer": _keys(_TIMER),
    "Install": _keys(_INSTALL),
}
"""The keys of each section, in the order in which the editor offers them."""

_QUADLETS = ("{}", "Unit", "Quadlet", "Service", "Install")
SECTIONS_OF: dict[str, tuple[str, ...]] = {
    **{
        kind.lower(): tuple(name.format(kind) for name in _QUADLETS)
        for kind in ("Container", "Pod", "Volume", "Network", "Kube", "Image", "Build")
    },
    "service": ("Service", "Unit", "Install"),
    "timer": ("Timer", "Unit", "Install"),
    "conf": ("Unit", "Service", "Timer", "Install", "Container"),
}
"""The sections that a file may have, its own first, by its extension without the dot."""
