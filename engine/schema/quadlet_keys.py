"""Sections and keys of Quadlet files, including systemd's, for the editor.

The names are those of podman-systemd.unit(5), systemd.unit(5), systemd.service(5), and
systemd.timer(5); the explanations are Berth's. This table only helps with writing. Whether a key is
valid is up to Podman's generator (`unit.validate`).
"""

from engine.schema.messages import msg
from engine.schema.parameters import Model


class Key(Model):
    """One key. `example` is a complete value. `repeats`: each further line adds a value."""

    name: str
    help: str
    example: str = ""
    repeats: bool = False
    since: str = ""
    """The Podman version that introduced it, if later than 5.0."""


def _key(name: str, example: str, words: str) -> Key:
    """Read `Name[+][@since]`. `+` marks a key that repeats; "-" stands for no example."""
    name, _, since = name.partition("@")
    return Key(
        name=name.removesuffix("+"),
        help=words,
        example=example if example != "-" else "",
        repeats=name.endswith("+"),
        since=since,
    )


# fmt: off
_EVERYWHERE = (
    _key("ContainersConfModule+", "/etc/nvd.conf", msg("Load this module of containers.conf (podman --module).")),
    _key("GlobalArgs+", "--log-level=debug", msg("Words between `podman` and its command. For what no key can say.")),
    _key("PodmanArgs+", "--add-host foobar", msg("Words at the end of Podman's options. For what no key can say.")),
    _key("ServiceName@5.3", "web-app", msg("The service's name without `.service`, instead of one made from the file's.")),
)

_CONTAINER = (
    _key("Image", "quay.io/team/app:1", msg("What to run: a full reference, or the name of an `.image` or `.build` file. Needed.")),
    _key("ContainerName", "web", msg("The container's name. Without it: systemd- and the name of the file.")),
    _key("Exec", "httpd -f -p 8080", msg("Arguments after the image.")),
    _key("Entrypoint", "/bin/app", msg("Replaces the image's entrypoint; several words as a JSON list.")),
    _key("PublishPort+", "127.0.0.1:8080:80", msg("A port of the container on the host: [address:]host:container[/udp]. Below 1024 an account may not.")),
    _key("Volume+", "data.volume:/srv:Z", msg("Source:place[:options]. The source is a path, a volume, or a `.volume` file.")),
    _key("Mount+", "type=tmpfs,dst=/run", msg("A mount in the long spelling of `podman run --mount`.")),
    _key("Tmpfs+", "/work:size=64m", msg("A file system in memory at this place.")),
    _key("Network+", "app.network", msg("none, host, pasta, a network's name, or a `.network` file.")),
    _key("NetworkAlias+@5.2", "db", msg("One more name for it on its network.")),
    _key("Pod@5.0", "app.pod", msg("The `.pod` file that it belongs to.")),
    _key("StartWithPod@5.3", "true", msg("Started and stopped together with its pod.")),
    _key("Environment+", 'MODE=live "TITLE=two words"', msg("Variables, as in systemd: NAME=value, quoted where a blank is in it.")),
    _key("EnvironmentFile+", "%h/app.env", msg("A file of NAME=value lines; a relative path begins at this file's folder.")),
    _key("EnvironmentHost", "true", msg("Pass on the whole environment of the service.")),
    _key("Secret+", "db-password,type=env,target=DB_PASSWORD", msg("A secret of `podman secret`, as a file or a variable.")),
    _key("AutoUpdate", "registry", msg("`registry` or `local`: `podman auto-update` looks for a newer image and restarts the service.")),
    _key("Pull", "newer", msg("always, missing, never or newer.")),
    _key("User", "1000", msg("The user in the container: a number or a name.")),
    _key("Group", "1000", msg("The group in the container, a number.")),
    _key("GroupAdd+", "keep-groups", msg("One more group; keep-groups hands on the account's own.")),
    _key("UserNS", "keep-id", msg("How its users map to the account's: keep-id, auto, nomap, …")),
    _key("UIDMap+", "0:10000:10", msg("One line of an own mapping of user ids.")),
    _key("GIDMap+", "0:10000:10", msg("One line of an own mapping of group ids.")),
    _key("SubUIDMap", "name", msg("Take the mapping from this name in /etc/subuid.")),
    _key("SubGIDMap", "name", msg("Take the mapping from this name in /etc/subgid.")),
    _key("WorkingDir", "/srv", msg("The directory in which its command starts.")),
    _key("HostName", "web.example", msg("The host name in the container.")),
    _key("AddHost+@5.3", "db.example:10.0.0.5", msg("A line for /etc/hosts.")),
    _key("DNS+", "192.0.2.53", msg("A name server.")),
    _key("DNSOption+", "ndots:1", msg("An option for resolv.conf.")),
    _key("DNSSearch+", "example.com", msg("A search domain; a dot for none.")),
    _key("IP", "10.88.0.10", msg("A fixed IPv4 address on its network.")),
    _key("IP6", "fd00::10", msg("A fixed IPv6 address on its network.")),
    _key("ExposeHostPort+", "8080", msg("Mark a port as used, without publishing it.")),
    _key("HealthCmd", "wget -qO /dev/null http://localhost:8080/", msg("Run in the container to see whether it works; none switches the image's off.")),
    _key("HealthInterval", "30s", msg("How often.")),
    _key("HealthTimeout", "10s", msg("After how long one try counts as failed.")),
    _key("HealthRetries", "3", msg("Failures in a row that make it unhealthy.")),
    _key("HealthStartPeriod", "20s", msg("How long failures do not count after the start.")),
    _key("HealthOnFailure", "kill", msg("none, kill, restart or stop. kill suits systemd, which starts it again.")),
    _key("HealthStartupCmd", "test -e /ready", msg("A check of its own until the service is up.")),
    _key("HealthStartupInterval", "5s", msg("How often that one runs.")),
    _key("HealthStartupRetries", "10", msg("Failures of it after which the container is restarted.")),
    _key("HealthStartupSuccess", "1", msg("Successes of it that are needed.")),
    _key("HealthStartupTimeout", "5s", msg("After how long one try of it counts as failed.")),
    _key("HealthLogDestination@5.3", "local", msg("local, a directory, or events_logger.")),
    _key("HealthMaxLogCount@5.3", "5", msg("Results that are kept; 0 for all.")),
    _key("HealthMaxLogSize@5.3", "500", msg("Characters of a result that are kept; 0 for all.")),
    _key("Notify", "healthy", msg("Who says that it is ready: false, the runtime; true, the program itself; healthy, the health check. Until then the start waits, and times out.")),
    _key("StopSignal@5.2", "SIGINT", msg("The signal that asks it to end.")),
    _key("StopTimeout", "20", msg("Seconds until it is killed.")),
    _key("Memory@5.5", "512m", msg("The memory it may use. Before 5.5: PodmanArgs=--memory 512m.")),
    _key("PidsLimit", "200", msg("The processes it may have.")),
    _key("ShmSize", "64m", msg("The size of /dev/shm.")),
    _key("Ulimit+", "nofile=1000:10000", msg("One of its limits: name=soft[:hard].")),
    _key("Sysctl+", "net.ipv4.ip_forward=1", msg("A kernel setting of its own namespaces.")),
    _key("ReadOnly", "true", msg("Its file system cannot be written; volumes can.")),
    _key("ReadOnlyTmpfs", "true", msg("With ReadOnly: /tmp, /run and /var/tmp in memory. This is the default.")),
    _key("RunInit", "true", msg("A small init as its first process, which reaps zombies.")),
    _key("NoNewPrivileges", "true", msg("Nothing in it can gain rights by setuid.")),
    _key("AddCapability+", "CAP_NET_BIND_SERVICE", msg("Capabilities beyond Podman's default ones.")),
    _key("DropCapability+", "all", msg("Capabilities to take away; all for every one.")),
    _key("AddDevice+", "/dev/dri", msg("A device of the host; a dash before it: only where there is one.")),
    _key("SeccompProfile", "/home/app/seccomp.json", msg("A filter of system calls; unconfined for none.")),
    _key("SecurityLabelDisable", "true", msg("No SELinux separation for it.")),
    _key("SecurityLabelFileType", "usr_t", msg("The SELinux type of its files.")),
    _key("SecurityLabelLevel", "s0:c1,c2", msg("The SELinux level of its processes.")),
    _key("SecurityLabelNested", "true", msg("SELinux labels work inside of it.")),
    _key("SecurityLabelType", "spc_t", msg("The SELinux type of its processes.")),
    _key("Mask", "/proc/sys/foo:/proc/bar", msg("Paths that it cannot see, with colons between.")),
    _key("Unmask", "ALL", msg("Paths that it sees although they are masked by default.")),
    _key("Label+", "team=site", msg("A label: name=value.")),
    _key("Annotation+", "run.oci.keep=1", msg("An annotation for the runtime: name=value.")),
    _key("LogDriver", "journald", msg("journald, k8s-file, none or passthrough.")),
    _key("LogOpt+@5.2", "max-size=10m", msg("An option of the log driver.")),
    _key("Timezone", "local", msg("Its time zone; local for the host's.")),
    _key("CgroupsMode@5.3", "split", msg("enabled, disabled, no-conmon or split, Quadlet's own default.")),
    _key("Rootfs", "/var/lib/rootfs", msg("A directory instead of an image.")),
    _key("ReloadCmd@5.5", "nginx -s reload", msg("Run in it at `systemctl reload`.")),
    _key("ReloadSignal@5.5", "SIGHUP", msg("Sent to it at `systemctl reload`.")),
    _key("Retry@5.5", "3", msg("Tries for a pull that fails.")),
    _key("RetryDelay@5.5", "5s", msg("The pause between them.")),
)

_POD = (
    _key("PodName", "app", msg("The pod's name. Without it: systemd- and the name of the file.")),
    _key("PublishPort+", "8080:80", msg("A port of the pod's containers on the host.")),
    _key("Network+", "app.network", msg("The pod's network; its containers share it.")),
    _key("NetworkAlias+@5.2", "app", msg("One more name for it on its network.")),
    _key("Volume+", "data.volume:/srv", msg("A volume for every container of the pod.")),
    _key("UserNS@5.3", "keep-id", msg("How users of its containers map to the account's.")),
    _key("UIDMap+@5.3", "0:10000:10", msg("One line of an own mapping of user ids.")),
    _key("GIDMap+@5.3", "0:10000:10", msg("One line of an own mapping of group ids.")),
    _key("SubUIDMap@5.3", "name", msg("Take the mapping from this name in /etc/subuid.")),
    _key("SubGIDMap@5.3", "name", msg("Take the mapping from this name in /etc/subgid.")),
    _key("AddHost+@5.3", "db.example:10.0.0.5", msg("A line for /etc/hosts.")),
    _key("DNS+@5.3", "192.0.2.53", msg("A name server.")),
    _key("DNSOption+@5.3", "ndots:1", msg("An option for resolv.conf.")),
    _key("DNSSearch+@5.3", "example.com", msg("A search domain.")),
    _key("IP@5.3", "10.88.0.10", msg("A fixed IPv4 address.")),
    _key("IP6@5.3", "fd00::10", msg("A fixed IPv6 address.")),
    _key("HostName@5.5", "app.example", msg("The pod's host name.")),
    _key("Label+@5.5", "team=site", msg("A label: name=value.")),
    _key("ExitPolicy@5.6", "stop", msg("What happens when its last container ends: stop or continue.")),
    _key("ShmSize@5.4", "64m", msg("The size of /dev/shm.")),
    _key("StopTimeout@5.6", "20", msg("Seconds until its containers are killed.")),
)

_VOLUME = (
    _key("VolumeName", "data", msg("The volume's name. Without it: systemd- and the name of the file.")),
    _key("Label+", "team=site", msg("A label: name=value.")),
    _key("Driver", "local", msg("The volume driver; image for a volume from an image.")),
    _key("Image", "quay.io/team/data:1", msg("With Driver=image: which one.")),
    _key("Copy", "true", msg("Copy what the image has at that place into a new volume. This is the default.")),
    _key("Device", "tmpfs", msg("What is mounted, as in fstab.")),
    _key("Type", "tmpfs", msg("The file system's type, as in fstab.")),
    _key("Options", "size=64m", msg("Mount options, as in fstab.")),
    _key("User", "1000", msg("Who owns it: a number or a name.")),
    _key("Group", "1000", msg("The group that owns it.")),
)

_NETWORK = (
    _key("NetworkName", "app", msg("The network's name. Without it: systemd- and the name of the file.")),
    _key("Subnet+", "10.89.5.0/24", msg("Its range of addresses.")),
    _key("Gateway+", "10.89.5.1", msg("The gateway in its subnet.")),
    _key("IPRange+", "10.89.5.128/25", msg("The part of the subnet that containers get theirs from.")),
    _key("IPv6", "true", msg("IPv6 too.")),
    _key("Internal", "true", msg("No way out of it.")),
    _key("DNS+", "192.0.2.53", msg("A name server for its containers.")),
    _key("DisableDNS", "true", msg("Its containers do not find each other by name.")),
    _key("Driver", "bridge", msg("bridge, macvlan or ipvlan.")),
    _key("IPAMDriver", "host-local", msg("Who gives out addresses: host-local, dhcp or none.")),
    _key("InterfaceName@5.6", "br-app", msg("The name of its bridge.")),
    _key("Options+", "isolate=true", msg("An option of the driver.")),
    _key("Label+", "team=site", msg("A label: name=value.")),
    _key("NetworkDeleteOnStop@5.5", "true", msg("Removed when its service stops.")),
)

_KUBE = (
    _key("Yaml", "app.yaml", msg("The Kubernetes file; a relative path begins at this file's folder. Needed.")),
    _key("ConfigMap+", "settings.yaml", msg("A file with a ConfigMap.")),
    _key("Network+", "app.network", msg("The network of its pods.")),
    _key("PublishPort+", "8080:80", msg("A port of its containers on the host.")),
    _key("AutoUpdate+", "registry", msg("`registry`, `local`, or `name/registry` for one container.")),
    _key("ExitCodePropagation", "any", msg("When the service counts as failed: none, any or all of its containers.")),
    _key("KubeDownForce", "true", msg("Remove its volumes too when it stops.")),
    _key("LogDriver", "journald", msg("Where output goes.")),
    _key("LogOpt+@5.2", "max-size=10m", msg("An option of the log driver.")),
    _key("SetWorkingDirectory", "yaml", msg("Run in the folder of the yaml, or of the unit.")),
    _key("UserNS", "keep-id", msg("How its users map to the account's.")),
)

_IMAGE = (
    _key("Image", "quay.io/team/app:1", msg("What to pull. Needed.")),
    _key("ImageTag", "localhost/app:1", msg("Its full name where Image is not one (an archive).")),
    _key("AllTags", "true", msg("All tags of the repository.")),
    _key("Arch", "arm64", msg("Another architecture than the host's.")),
    _key("OS", "linux", msg("Another system than the host's.")),
    _key("Variant", "v7", msg("A variant of the architecture.")),
    _key("AuthFile", "%h/auth.json", msg("The file with sign-ins for registries.")),
    _key("Creds", "name:password", msg("A sign-in for this pull. It stands in the file for whoever reads it: AuthFile is better.")),
    _key("CertDir", "/etc/registry/certs", msg("A directory with certificates.")),
    _key("DecryptionKey", "/etc/key.pem", msg("The key of an encrypted image.")),
    _key("TLSVerify", "true", msg("Check the registry's certificate.")),
    _key("Retry@5.5", "3", msg("Tries for a pull that fails.")),
    _key("RetryDelay@5.5", "5s", msg("The pause between them.")),
)

_BUILD = (
    _key("ImageTag+@5.2", "localhost/app:1", msg("The name that the image gets. Needed.")),
    _key("File@5.2", "Containerfile", msg("The Containerfile: a path or a URL.")),
    _key("SetWorkingDirectory@5.2", "unit", msg("The context: file, unit, a path, or a URL.")),
    _key("Target@5.2", "production", msg("Stop at this stage.")),
    _key("Environment+@5.2", "MODE=live", msg("A variable while it builds.")),
    _key("Secret+@5.2", "id=token,src=/run/token", msg("A secret while it builds.")),
    _key("Volume+@5.2", "cache:/var/cache", msg("A volume while it builds.")),
    _key("Network+@5.2", "host", msg("The network while it builds.")),
    _key("Pull@5.2", "newer", msg("When base images are pulled: always, missing, never or newer.")),
    _key("ForceRM@5.2", "false", msg("Remove intermediate containers even when it fails.")),
    _key("Label+@5.2", "team=site", msg("A label: name=value.")),
    _key("Annotation+@5.2", "note=text", msg("An annotation: name=value.")),
    _key("Arch@5.2", "arm64", msg("Another architecture than the host's.")),
    _key("Variant@5.2", "v7", msg("A variant of the architecture.")),
    _key("AuthFile@5.2", "%h/auth.json", msg("The file with sign-ins for registries.")),
    _key("TLSVerify@5.2", "true", msg("Check the registry's certificate.")),
    _key("DNS+@5.2", "192.0.2.53", msg("A name server while it builds.")),
    _key("DNSOption+@5.2", "ndots:1", msg("An option for resolv.conf.")),
    _key("DNSSearch+@5.2", "example.com", msg("A search domain.")),
    _key("GroupAdd+@5.2", "keep-groups", msg("One more group.")),
    _key("Retry@5.5", "3", msg("Tries for a pull that fails.")),
    _key("RetryDelay@5.5", "5s", msg("The pause between them.")),
)

_UNIT = (
    _key("Description", "The shop's web server", msg("What it is, in a few words.")),
    _key("Documentation", "https://example.com/", msg("Where one can read about it.")),
    _key("After", "db.service", msg("Start it after this one, if both start.")),
    _key("Before", "web.service", msg("Start it before this one, if both start.")),
    _key("Wants", "db.service", msg("Start this one too; go on if that fails.")),
    _key("Requires", "db.service", msg("Start this one too; fail if that fails.")),
    _key("BindsTo", "db.service", msg("As Requires, and stop when that one stops.")),
    _key("PartOf", "app.target", msg("Stopped and restarted together with this one.")),
    _key("Conflicts", "old.service", msg("Cannot run together with this one.")),
    _key("OnFailure", "tell.service", msg("Start this one when it fails.")),
    _key("StartLimitIntervalSec", "60", msg("The span in which starts are counted.")),
    _key("StartLimitBurst", "5", msg("So many starts in that span, then it stays failed until reset-failed.")),
    _key("ConditionPathExists", "%h/enabled", msg("Start it only where this path is.")),
    _key("RequiresMountsFor", "%h/data", msg("Start it after this path is mounted.")),
)

_SERVICE = (
    _key("Restart", "always", msg("When systemd starts it again: no, on-failure, always, on-abnormal, …")),
    _key("RestartSec", "5", msg("The pause before that.")),
    _key("TimeoutStartSec", "900", msg("How long a start may take; a first pull counts. 90 s is systemd's default.")),
    _key("TimeoutStopSec", "70", msg("How long a stop may take before systemd kills it.")),
    _key("Type", "notify", msg("How systemd knows that it is ready. Quadlet sets this itself.")),
    _key("ExecStartPre", "/usr/bin/mkdir -p %h/data", msg("Run before it starts.")),
    _key("ExecStartPost", "/usr/bin/true", msg("Run after it has started.")),
    _key("ExecStart", "/usr/bin/podman run …", msg("What it runs. In a Quadlet, Podman writes this.")),
    _key("ExecStop", "/usr/bin/podman stop …", msg("How it is stopped. In a Quadlet, Podman writes this.")),
    _key("ExecStopPost", "/usr/bin/true", msg("Run after it has stopped.")),
    _key("ExecReload", "/usr/bin/podman kill -s HUP web", msg("Run at `systemctl reload`.")),
    _key("Environment", "NAME=value", msg("A variable for the service itself, not for its container.")),
    _key("EnvironmentFile", "%h/unit.env", msg("Variables for the service itself from a file.")),
    _key("MemoryMax", "512M", msg("Memory of the whole service. Needs the memory controller.")),
    _key("CPUQuota", "50%", msg("Processor time of the whole service. Needs the cpu controller.")),
    _key("TasksMax", "200", msg("Processes of the whole service. Needs the pids controller.")),
    _key("Nice", "5", msg("Its priority: 19 the lowest.")),
    _key("RemainAfterExit", "yes", msg("Counts as active after its command has ended.")),
    _key("SuccessExitStatus", "143", msg("Exit codes that are no failure.")),
    _key("KillMode", "mixed", msg("Who is killed at a stop.")),
    _key("WorkingDirectory", "%h", msg("The directory of its command, on the host.")),
)

_INSTALL = (
    _key("WantedBy", "default.target", msg("Started with this one. default.target: when the account's manager starts, so at boot with lingering.")),
    _key("RequiredBy", "app.target", msg("As WantedBy, and that one fails with it.")),
    _key("UpheldBy", "app.target", msg("As WantedBy, and started again whenever it is down.")),
    _key("Alias", "web.service", msg("One more name for it.")),
    _key("Also", "other.service", msg("Enabled and disabled together with it.")),
)

_TIMER = (
    _key("OnCalendar", "*-*-* 03:00:00", msg("When, as a calendar.")),
    _key("OnBootSec", "5min", msg("So long after the host has started.")),
    _key("OnUnitActiveSec", "1h", msg("So long after it ran last.")),
    _key("Persistent", "true", msg("Make up for a time at which the host was off.")),
    _key("RandomizedDelaySec", "15min", msg("A random delay, so that not all run at once.")),
    _key("Unit", "work.service", msg("What it starts, if it is not the service of the same name.")),
)

_QUADLET = (
    _key("DefaultDependencies@5.4", "false", msg("Do not wait for the network (network-online.target), for which an account's manager waits up to 90 s.")),
)

# fmt: on

SECTIONS: dict[str, tuple[Key, ...]] = {
    "Container": _CONTAINER + _EVERYWHERE,
    "Pod": _POD + _EVERYWHERE,
    "Volume": _VOLUME + _EVERYWHERE,
    "Network": _NETWORK + _EVERYWHERE,
    "Kube": _KUBE + _EVERYWHERE,
    "Image": _IMAGE + _EVERYWHERE,
    "Build": _BUILD + _EVERYWHERE,
    "Quadlet": _QUADLET,
    "Unit": _UNIT,
    "Service": _SERVICE,
    "Timer": _TIMER,
    "Install": _INSTALL,
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
