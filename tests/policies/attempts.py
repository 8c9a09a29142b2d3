"""Attempts under a strict policy: every dangerous option, in each of its spellings.

Each attempt is made at the evaluation, at `submit`, through the API, and at an engine's socket.
"""

from typing import Any

from tests.policies.attempt import EVIL, FINE, Attempt
from tests.policies.kube_attempts import KUBE_ALLOWED, KUBE_ATTEMPTS

PLAYED = ("Yaml=pod.yaml", "PodmanArgs=--build=false")
DIGEST = "sha256:" + "ab" * 32
STRICT = """
privileged = false
capabilities = ["NET_BIND_SERVICE"]
devices = ["/dev/fuse"]
namespaces = []
security_opt = ["no-new-privileges"]
terminal = false

[images]
registries = ["localhost", "quay.example"]
patterns = ["localhost/*", "quay.example/team/*"]

[binds]
roots = ["/var/tmp/berth-policy/rw"]
read_only = ["/usr/share"]

[ports]
ranges = ["18900-18999"]

[memory]
most = "512m"

[cpus]
most = 2

[pids]
most = 100
"""


def run(rule: str, **parameters: Any) -> Attempt:
    return Attempt(rule, "container.run", {"image": FINE, **parameters})


def volume(rule: str, source: str, **more: Any) -> Attempt:
    return run(rule, volumes=[{"source": source, "target": "/h", **more}])


def quadlet(rule: str, *lines: str, file: str = "try.container") -> Attempt:
    section = file.rpartition(".")[2].capitalize()
    image = [f"Image={FINE}"] if section == "Container" else []
    text = "\n".join([f"[{section}]", *image, *lines]) + "\n"
    place = "systemd/user" if file.endswith((".service", ".timer")) else "containers/systemd"
    return Attempt(rule, "unit.write", {"file": f"{place}/{file}", "text": text})


def build(rule: str, *lines: str, first: str = f"FROM {FINE}", **more: Any) -> Attempt:
    text = "\n".join([first, *lines]) + "\n"
    parameters = {"tags": ["localhost/own-try:1"], "containerfile": text, **more}
    return Attempt(rule, "image.build", parameters)


ATTEMPTS = [
    # Images: from other registries, with names outside of the patterns, and with invalid names.
    run("images.registries", image=EVIL),
    run("images.registries", image="docker.io/library/busybox"),
    run("images.registries", image="index.docker.io/library/busybox"),
    run("images.registries", image="EVIL.example/team/miner"),
    run("images.registries", image="quay.example:5000/team/app"),
    run("images.registries", image="quay.example.evil.example/team/app"),
    run("images.registries", image="localhost:5000/berth-demo"),
    run("images.registries", image=f"evil.example/team/app@{DIGEST}"),
    run("images.patterns", image="quay.example/other/app:1"),
    run("images.patterns", image="quay.example/teams/app"),
    run("images", image="busybox"),
    run("images", image="library/busybox"),
    run("images", image="team/app:1"),
    run("images", image="abcdefabcdef"),
    run("images", image=f"sha256:{'ab' * 32}"),
    run("images", image="quay.example/team/../evil/app"),
    run("images", image="quay.example//team/app"),
    run("images", image="quay.example/Team/app"),
    run("images", image="docker://quay.example/team/app"),
    run("images", image="dir:/etc"),
    run("images", image="oci:/var/tmp/layout"),
    run("images", image="oci:5000/team/app"),
    run("images", image="docker-archive:/var/tmp/x.tar"),
    run("images", image="oci-archive:/var/tmp/x.tar"),
    run("images", image="containers-storage:localhost/berth-demo"),
    Attempt("images.registries", "image.pull", {"image": EVIL}),
    Attempt("images.registries", "image.pull", {"image": EVIL, "tls_verify": False}),
    Attempt("images", "image.pull", {"image": "busybox"}),
    Attempt("images", "image.pull", {"image": "dir:/etc"}),
    Attempt("images.patterns", "image.pull", {"image": "quay.example/other/app"}),
    Attempt("images.registries", "container.replace", {"image": EVIL, "name": "web"}),
    Attempt("images.archives", "image.load", {"archive": "7d0bd6f0-64a0-4c94-b0b1-d5a9ee5f6e1d"}),
    Attempt("images.archives", "image.share", {"source": "other", "image": FINE}),
    Attempt("images.registries", "image.share", {"source": "other", "image": EVIL}),
    Attempt("images.registries", "image.tag", {"image": FINE, "tag": "evil.example/team/app:1"}),
    Attempt("images.registries", "image.tag", {"image": EVIL, "tag": "localhost/fine:1"}),
    Attempt("images.patterns", "image.tag", {"image": FINE, "tag": "quay.example/other/app"}),
    Attempt("images.registries", "container.commit", {"container": "web", "image": EVIL}),
    Attempt("images.registries", "manifest.create", {"name": EVIL}),
    Attempt("images.registries", "manifest.create", {"name": "localhost/l", "images": [EVIL]}),
    Attempt("images.registries", "manifest.add",
            {"name": "localhost/list", "image": EVIL, "remote": True}),
    # Registries: as destinations, in logins, and reached through other names.
    Attempt("images.registries", "image.push", {"image": FINE, "destination": EVIL}),
    Attempt("images.registries", "manifest.push", {"image": FINE, "destination": EVIL}),
    Attempt("images.registries", "image.copy",
            {"source": EVIL, "destination": "quay.example/team/miner:1"}),
    Attempt("images.registries", "image.copy",
            {"source": "quay.example/team/app:1", "destination": EVIL}),
    Attempt("images.registries", "image.sync",
            {"source": "evil.example/team/x", "destination": "quay.example/team/x"}),
    Attempt("images.registries", "image.delete-remote", {"image": EVIL}),
    Attempt("images.registries", "registry.login",
            {"registry": "evil.example", "username": "u", "password": "p"}),
    Attempt("images.registries", "registries.edit", {"seen": "", "edit": {
        "change": "registry", "prefix": "quay.example", "location": "evil.example"}}),
    Attempt("images.registries", "registries.edit", {"seen": "", "edit": {
        "change": "registry", "prefix": "quay.example",
        "mirrors": [{"location": "evil.example"}]}}),
    Attempt("images.registries", "registries.edit", {"seen": "", "edit": {
        "change": "alias", "name": "fine", "value": "evil.example/team/miner"}}),
    Attempt("images.registries", "registries.edit", {"seen": "", "edit": {
        "change": "search", "registries": ["evil.example"]}}),
    Attempt("images.patterns", "registries.edit", {"seen": "", "edit": {
        "change": "registry", "prefix": "quay.example/team", "location": "quay.example/other"}}),
    Attempt("images.patterns", "registries.edit", {"seen": "", "edit": {
        "change": "alias", "name": "fine", "value": "quay.example/other/app"}}),
    Attempt("raw_quadlets", "registries.edit", {"seen": "", "edit": {
        "change": "text", "text": '[[registry]]\nprefix="quay.example"\nlocation="evil.example"'}}),
    # Host paths.
    volume("binds", "/"),
    volume("binds", "//"),
    volume("binds", "/./"),
    volume("binds.roots", "/var/.."),
    volume("binds", "/", read_only=True),
    volume("binds.roots", "/etc"),
    volume("binds.roots", "/etc", read_only=True),
    volume("binds.roots", "/home"),
    volume("binds.roots", "/root"),
    volume("binds", "/proc"),
    volume("binds", "/sys/fs/cgroup"),
    volume("binds", "/dev"),
    volume("binds", "/run"),
    volume("binds", "/run/user"),
    volume("binds", "/run/berth"),
    volume("binds.roots", "/usr"),
    volume("binds.roots", "/usr/share/../lib"),
    volume("binds.roots", "/usr/share-not"),
    volume("binds.roots", "/var/tmp/berth-policy"),
    volume("binds.roots", "/var/tmp/berth-policy/rw-too"),
    volume("binds.read_only", "/usr/share"),
    volume("binds.read_only", "/usr/share/doc", selinux="Z"),
    volume("binds.read_only", "/usr/share/", chown=True),
    # Ports, networks, limits.
    run("ports.ranges", ports=[{"container_port": 80, "host_port": 80}]),
    run("ports.ranges", ports=[{"container_port": 80, "host_port": 18899}]),
    run("ports.ranges", ports=[{"container_port": 80, "host_port": 18990, "length": 20}]),
    run("ports.ranges", ports=[{"container_port": 80, "host_port": 53, "protocol": "udp"}]),
    run("ports.ranges",
        ports=[{"container_port": 80, "host_port": 8080, "host_ip": "127.0.0.1"}]),
    run("ports.random", ports=[{"container_port": 80}]),
    run("namespaces", network="host"),
    run("namespaces", network="host:x"),
    run("namespaces", network="web,host"),
    run("namespaces", network="container:web"),
    run("namespaces", network="slirp4netns:allow_host_loopback=true"),
    run("namespaces", network="pasta:--map-gw"),
    run("namespaces", network="ns:proc"),
    run("memory.most", memory=2**30),
    run("memory.most", memory=512 * 2**20 + 1),
    run("cpus.most", cpus=2.5),
    run("pids.most", pids=101),
    # Quadlets: each is a key for an option of `podman run`.
    quadlet("images.registries", f"Image={EVIL}"),
    quadlet("images", "Image=busybox"),
    quadlet("images", "Image=docker-archive:/var/tmp/x.tar"),
    quadlet("raw_quadlets", f"Image=%h/{EVIL}"),
    quadlet("raw_quadlets", "Image=$IMAGE"),
    quadlet("raw_quadlets", "Rootfs=/"),
    quadlet("raw_quadlets", "PodmanArgs=--privileged"),
    quadlet("raw_quadlets", "PodmanArgs=--memory=1m --privileged"),
    quadlet("raw_quadlets", "PodmanArgs=-v /:/h"),
    quadlet("raw_quadlets", "PodmanArgs=--volume=/:/h"),
    quadlet("raw_quadlets", "PodmanArgs=--security-opt label=disable"),
    quadlet("raw_quadlets", "PodmanArgs=--security-opt=seccomp=unconfined"),
    quadlet("raw_quadlets", "PodmanArgs=--userns=host"),
    quadlet("raw_quadlets", "PodmanArgs=--pid=host"),
    quadlet("raw_quadlets", "PodmanArgs=--ipc host"),
    quadlet("raw_quadlets", "PodmanArgs=--device /dev/kvm"),
    quadlet("raw_quadlets", "PodmanArgs=--cap-add=all"),
    quadlet("raw_quadlets", "PodmanArgs=--mount type=bind,src=/,dst=/h"),
    quadlet("raw_quadlets", "GlobalArgs=--root=/var/tmp/elsewhere"),
    quadlet("raw_quadlets", "ContainersConfModule=/var/tmp/x.conf"),
    quadlet("raw_quadlets", "podmanargs=--privileged"),
    quadlet("raw_quadlets", "Exec=sleep \\", "PodmanArgs=--privileged"),
    quadlet("raw_quadlets", "# words \\", "PodmanArgs=--privileged"),
    quadlet("raw_quadlets", "Annotation=run.oci.keep_original_groups=1"),
    quadlet("raw_quadlets", "GroupAdd=keep-groups"),
    quadlet("raw_quadlets", "CgroupsMode=disabled"),
    quadlet("raw_quadlets", "LogOpt=path=/var/tmp/x"),
    quadlet("raw_quadlets", "EnvironmentHost=true"),
    quadlet("raw_quadlets", "Unknown=1"),
    quadlet("raw_quadlets", "[Service]", "ExecStartPre=/bin/sh -c id"),
    quadlet("raw_quadlets", "[Service]", "ExecStart=/usr/bin/podman run --privileged x"),
    quadlet("raw_quadlets", "[Service]", "Environment=CONTAINERS_CONF=/var/tmp/x"),
    quadlet("raw_quadlets", "[Service]", "EnvironmentFile=/etc/passwd"),
    quadlet("raw_quadlets", "[X-Own]", "Exec=1"),
    quadlet("binds", "Volume=/:/h"),
    quadlet("binds", 'Volume="/:/h"'),
    quadlet("binds.roots", "Volume=/etc:/h:ro"),
    quadlet("binds.read_only", "Volume=/usr/share:/h"),
    quadlet("binds.roots", "Volume=../../..:/h"),
    quadlet("binds.roots", "Volume=%h:/h"),
    quadlet("binds.roots", "Volume=~/x:/h"),
    quadlet("raw_quadlets", "Volume=data:/h:O,upperdir=/etc"),
    quadlet("binds", "Mount=type=bind,src=/,dst=/h"),
    quadlet("binds", "Mount=type=bind,source=/,target=/h,ro"),
    quadlet("raw_quadlets", "Mount=type=glob,src=/etc/*,dst=/h"),
    quadlet("raw_quadlets", "Mount=type=tmpfs,type=bind,src=/,dst=/h"),
    # Repeated, under two names, or so that two readers could understand it differently.
    quadlet("raw_quadlets", "Mount=type=bind,source=/usr/share,src=/etc,dst=/h,ro"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,source=/etc,dst=/h,ro"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,src=/etc,dst=/h,ro"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,target=/i,ro"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,destination=/h,dst=/i,ro"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,ro,rw"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,ro=true,readonly=false"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,ro=1"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,ro=yes"),
    quadlet("binds.read_only", "Mount=type=bind,src=/usr/share,dst=/h,ro=false"),
    quadlet("binds.read_only", "Mount=type=bind,src=/usr/share,dst=/h,rw"),
    quadlet("binds.read_only", "Mount=type=bind,src=/usr/share,dst=/h,ro,U"),
    quadlet("binds.read_only", "Mount=type=bind,src=/usr/share,dst=/h,ro,chown=true"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h, ro"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/a,ro type=bind,src=/,dst=/b"),
    quadlet("raw_quadlets", 'Mount=type=bind,"src=/etc",src=/usr/share,dst=/h,ro'),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,ro,bind-propagation=rshared"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,dst=/h,ro,idmap"),
    quadlet("raw_quadlets", "Mount=type=bind,SRC=/etc,dst=/h,ro"),
    quadlet("raw_quadlets", "Mount=type=bind,type=volume,src=/etc,dst=/h"),
    quadlet("raw_quadlets", "Mount=type=bind,dst=/h"),
    quadlet("raw_quadlets", "Mount=type=volume,src=/etc,dst=/h"),
    quadlet("raw_quadlets", "Mount=src=/etc,dst=/h"),
    quadlet("raw_quadlets", "Mount=type=volume,src=data,dst=/h,volume-opt=device=/etc"),
    quadlet("raw_quadlets", "Mount=type=tmpfs,src=/etc,dst=/h"),
    quadlet("raw_quadlets", "Mount=type=devpts,dst=/h"),
    quadlet("raw_quadlets", "Mount=type=ramfs,dst=/h"),
    quadlet("images.registries", f"Mount=type=image,src={EVIL},dst=/h"),
    quadlet("raw_quadlets", f"Mount=type=image,src={EVIL},dst=/h,rw=true"),
    quadlet("raw_quadlets", "Volume=/usr/share:/h:ro,rw"),
    quadlet("raw_quadlets", "Volume=/usr/share:/h:ro,ro"),
    quadlet("binds.read_only", "Volume=/usr/share:/h:ro,U"),
    quadlet("raw_quadlets", "Volume=/usr/share:/h:ro:/etc"),
    quadlet("raw_quadlets", "Volume=:/h"),
    quadlet("raw_quadlets", "Volume=/usr/share:/h:ro,idmap"),
    quadlet("raw_quadlets", "Volume=/usr/share:/h:ro,shared"),
    quadlet("binds.roots", "Volume=/usr/share /etc:/h:ro"),
    quadlet("binds.roots", "Volume=./x:/h:ro"),
    volume("binds.read_only", "/usr/share", read_only=True, chown=True),
    quadlet("raw_quadlets", "EnvironmentFile=/usr/share/x /etc/passwd"),
    quadlet("raw_quadlets", "EnvironmentFile=-/usr/share/x"),
    quadlet("raw_quadlets", "EnvironmentFile=x.env"),
    quadlet("raw_quadlets", "PodmanArgs=--env-file=/etc/passwd"),
    quadlet("raw_quadlets", "PodmanArgs=--volumes-from=web"),
    quadlet("raw_quadlets", "PodmanArgs=--memory=1m", "PodmanArgs=--mount=type=bind,src=/,dst=/h"),
    quadlet("raw_quadlets", "GlobalArgs=--module=/var/tmp/x.conf"),
    quadlet("raw_quadlets", "GlobalArgs=--volumepath=/etc", file="try.volume"),
    quadlet("raw_quadlets", "Mount=type=bind,src=/usr/share,src=/etc,dst=/h,ro", file="try.pod"),
    quadlet("raw_quadlets", "Volume=/usr/share:/h:ro,rw", file="try.pod"),
    quadlet("binds.roots", "EnvironmentFile=/etc/passwd"),
    quadlet("namespaces", "Network=host"),
    quadlet("namespaces", "Network=container:web"),
    quadlet("namespaces", "Network=web.container"),
    quadlet("namespaces", "Network=pasta:-T,auto"),
    quadlet("namespaces", "UserNS=host"),
    quadlet("namespaces", "UserNS=ns:/proc/1/ns/user"),
    quadlet("namespaces", "UIDMap=0:0:1"),
    quadlet("namespaces", "SubUIDMap=root"),
    quadlet("capabilities", "AddCapability=CAP_SYS_ADMIN"),
    quadlet("capabilities", "AddCapability=sys_admin"),
    quadlet("capabilities", "AddCapability=NET_BIND_SERVICE SYS_PTRACE"),
    quadlet("capabilities", "AddCapability=all"),
    quadlet("capabilities", "AddCapability=ALL"),
    quadlet("devices", "AddDevice=/dev/kvm"),
    quadlet("devices", "AddDevice=-/dev/kvm:/dev/fuse:rwm"),
    quadlet("devices", "AddDevice=/dev/fuse/../kvm"),
    quadlet("devices", "AddDevice=nvidia.com/gpu=all"),
    quadlet("security_opt", "SecurityLabelDisable=true"),
    quadlet("security_opt", "SeccompProfile=unconfined"),
    quadlet("security_opt", "SecurityLabelType=spc_t"),
    quadlet("security_opt", "SecurityLabelNested=true"),
    quadlet("security_opt", "Unmask=ALL"),
    quadlet("ports.ranges", "PublishPort=80:80"),
    quadlet("ports.ranges", "PublishPort=[::]:8080:80/tcp"),
    quadlet("ports.ranges", "PublishPort=18900-19010:18900-19010"),
    quadlet("ports.random", "PublishPort=80"),
    quadlet("ports.random", "PublishPort=127.0.0.1::80"),
    quadlet("raw_quadlets", "PublishPort=eighty:80"),
    quadlet("memory.most", "Memory=1g"),
    quadlet("memory.most", "PodmanArgs=--memory=600m"),
    quadlet("memory.most", "Memory=100m", "Memory=1g"),
    quadlet("raw_quadlets", "Memory=100m", "Memory="),
    quadlet("pids.most", "PidsLimit=500"),
    quadlet("raw_quadlets", "PidsLimit=-1"),
    quadlet("raw_quadlets", "[Service]", "TasksMax=infinity"),
    quadlet("raw_quadlets", "Yaml=pod.yaml", file="try.kube"),
    quadlet("raw_quadlets", "Yaml=pod.yaml", "PodmanArgs=--build", file="try.kube"),
    quadlet("raw_quadlets", *PLAYED, "PodmanArgs=--publish-all", file="try.kube"),
    quadlet("raw_quadlets", *PLAYED, "ConfigMap=other.yaml", file="try.kube"),
    quadlet("raw_quadlets", *PLAYED, "SetWorkingDirectory=yaml", file="try.kube"),
    quadlet("raw_quadlets", *PLAYED, "LogDriver=k8s-file", file="try.kube"),
    quadlet("raw_quadlets", *PLAYED, "Yaml=other.yaml", file="try.kube"),
    quadlet("raw_quadlets", *PLAYED, "[Service]", "WorkingDirectory=/var/tmp", file="try.kube"),
    quadlet("raw_quadlets", "Yaml=/etc/pod.yaml", "PodmanArgs=--build=false", file="try.kube"),
    quadlet("raw_quadlets", "Yaml=../pod.yaml", "PodmanArgs=--build=false", file="try.kube"),
    quadlet("raw_quadlets", "Yaml=%h/pod.yaml", "PodmanArgs=--build=false", file="try.kube"),
    quadlet("raw_quadlets", "Yaml=web.container", "PodmanArgs=--build=false", file="try.kube"),
    quadlet("raw_quadlets", "PodmanArgs=--build=false", file="try.kube"),
    quadlet("namespaces", *PLAYED, "Network=host", file="try.kube"),
    quadlet("namespaces", *PLAYED, "UserNS=host", file="try.kube"),
    quadlet("ports.ranges", *PLAYED, "PublishPort=80:80", file="try.kube"),
    quadlet("raw_quadlets", "ImageTag=localhost/x", "File=/etc/passwd", file="try.build"),
    quadlet("images.registries", f"Image={EVIL}", file="try.image"),
    quadlet("raw_quadlets", "Image=localhost/x:1", "PodmanArgs=-q", file="try.image"),
    quadlet("binds", "Device=/", "Type=none", "Options=bind", file="try.volume"),
    quadlet("raw_quadlets", "Device=tmpfs", "Type=overlay", file="try.volume"),
    quadlet("raw_quadlets", "Driver=macvlan", file="try.network"),
    quadlet("ports.ranges", "PublishPort=80:80", file="try.pod"),
    quadlet("binds", "Volume=/:/h", file="try.pod"),
    quadlet("raw_quadlets", "PodmanArgs=--share=pid", file="try.pod"),
    Attempt("raw_quadlets", "unit.write", {
        "file": "systemd/user/try.service",
        "text": "[Service]\nExecStart=/usr/bin/podman run --privileged x\n"}),
    Attempt("raw_quadlets", "unit.write", {
        "file": "systemd/user/web.service.d/x.conf", "text": "[Service]\nExecStartPre=/bin/id\n"}),
    Attempt("raw_quadlets", "unit.write", {
        "file": "containers/systemd/web.container.d/x.conf",
        "text": "[Container]\nPodmanArgs=--privileged\n"}),
    Attempt("raw_quadlets", "unit.write", {
        "file": "containers/systemd/pod.yaml", "text": "kind: Pod\nspec: {hostNetwork: true}\n"}),
    *KUBE_ATTEMPTS,
    # Containerfiles.
    build("images.registries", first=f"FROM {EVIL}"),
    build("images.registries", first=f"from {EVIL} as base"),
    build("images.registries", first=f"FROM --platform=linux/amd64 {EVIL}"),
    build("images.registries", first=f"ARG BASE={EVIL}\nFROM $BASE"),
    build("images.registries", first=f"ARG BASE={FINE}\nFROM ${{BASE}}",
          build_args={"BASE": EVIL}),
    build("images", first="ARG BASE\nFROM ${BASE:-evil.example/x}"),
    build("images", first="FROM busybox"),
    build("images", first="FROM oci-archive:/etc/x.tar"),
    build("images", first="FROM 0"),
    build("images.registries", f"COPY --from={EVIL} /x /x"),
    build("images.registries", f"COPY --chown=0:0 --from={EVIL} /x /x"),
    build("images.registries", f"RUN --mount=type=bind,from={EVIL},target=/x true"),
    build("images.registries", f"ONBUILD COPY --from={EVIL} /x /x"),
    build("binds.roots", "RUN --mount=type=bind,source=/,target=/h cat /h/etc/shadow"),
    build("binds.roots", "RUN --mount=target=/h true"),
    build("binds.roots", "RUN --mount=type=cache,id=../../etc,target=/h true"),
    build("binds.roots", 'RUN --mount="type=bind,source=/,target=/h" true'),
    build("binds.roots", "RUN --mo\\unt=type=bind,source=/,target=/h true"),
    build("binds.roots", "RUN \\", "# words", "  --mount=type=bind,source=/,target=/h true"),
    build("binds.roots", "run --network=none --mount=type=secret,type=bind,target=/h true"),
    build("binds.roots", "ONBUILD RUN --mount=type=bind,source=/,target=/h true"),
    build("binds.roots", "RUN --mount=type=ssh true"),
    build("binds.roots", "RUN cat <<EOF", "RUN --mount=type=bind,source=/,target=/h true", "EOF"),
    build("images.registries", first=f"\ufeffFROM {EVIL}"),
    build("images.registries", first=f"\ufeff\nFROM {EVIL}"),
    build("images.registries", first=f"FROM {FINE}\nFR\\\nOM {EVIL}"),
    build("images.registries", first=f"FROM {FINE}\nFROM \\ \t\n\n# words\n{EVIL}"),
    build("images.registries", "COPY --fr\\", f"om={EVIL} /x /x"),
    build("images", first=f"FROM {FINE}\r# words\rFROM {EVIL}"),
    build("images", first=f"FROM {FINE}\n\u00a0FROM {EVIL}"),
    build("images", first=f"ARG B={FINE}\nARG B={EVIL}\nFROM $B"),
    build("images", "COPY --from=0 /x /x"),
    build("images", "COPY --from=own /x /x", first=f"FROM {FINE} AS own"),
    build("binds.roots", "RUN true \\\u00a0", "RUN --mount=type=bind,source=/,target=/h true"),
    build("binds.roots", "RUN true \\\u2003", "--mount=type=bind,source=/,target=/h true"),
    build("binds.roots", "\u200bRUN --mount=type=bind,source=/,target=/h true"),
    build("binds.roots", "RUN cat <<EOF", "RUN \\",
          "--mount=type=bind,source=/,target=/h true", "EOF"),
    build("binds.roots", "RUN <<-EOF", "true \\", "\tEOF",
          "RUN --mount=type=bind,source=/,target=/h true"),
    build("binds.roots", "COPY <<A <<B /", "A", "RUN \\", "B",
          "RUN --mount=type=bind,source=/,target=/h true"),
    build("binds.roots", 'RUN cat <<"E\\F"', "x", "E\\F"),
    build("binds.roots", "RUN <<EOF", "EOF ", "true", "EOF",
          "ONBUILD RUN --mo\\", "unt=target=/h true"),
    build("namespaces", "RUN --network=host true"),
    build("privileged", "RUN --security=insecure true"),
    build("devices", "RUN --device=/dev/kvm true"),
    build("raw_quadlets", "RUN --something=new true"),
    build("raw_quadlets", "RUN true `", "RUN true", first=f"# escape=`\nFROM {FINE}"),
    build("images.registries", tags=["evil.example/team/app:1"]),
    build("images.registries", push_to="evil.example/team/app:1"),
]  # fmt: skip

ALLOWED = [
    run(""),
    run("", image="quay.example/team/app:2"),
    run("", image=f"quay.example/team/app@{DIGEST}"),
    volume("", "/usr/share/doc", read_only=True),
    volume("", "/var/tmp/berth-policy/rw/deep"),
    volume("", "data"),
    run("", ports=[{"container_port": 80, "host_port": 18900, "length": 100}]),
    run("", network="none"),
    run("", network="slirp4netns"),
    run("", memory=2**29, cpus=2, pids=100),
    quadlet("", "Volume=data.volume:/srv:Z", "Network=app.network", "PublishPort=18901:80"),
    quadlet("", "Mount=type=bind,source=/usr/share/doc,target=/h,readonly",
            "Mount=type=bind,src=/var/tmp/berth-policy/rw,destination=/i,relabel=shared,U",
            "Mount=type=volume,src=data,dst=/d,ro=true", "Mount=type=tmpfs,dst=/t,tmpfs-size=1m",
            f"Mount=type=image,src={FINE},dst=/image", "Mount=target=/anonymous"),
    quadlet("", "Volume=/usr/share/doc:/h:ro,z", "Volume=/anonymous", "Volume=data:/d:U,nosuid",
            "EnvironmentFile=/usr/share/doc/x.env", "Secret=token,type=mount,target=/run/token"),
    quadlet("", "Exec=sh -c 'echo $HOME %n'", 'Environment="A=b c"', "[Install]",
            "WantedBy=default.target"),
    quadlet("", "AddCapability=NET_BIND_SERVICE", "AddDevice=/dev/fuse", "UserNS=keep-id"),
    quadlet("", "PodmanArgs=--memory=100m", "[Service]", "Restart=always", "MemoryMax=200M"),
    quadlet("", "VolumeName=x", "Device=tmpfs", "Type=tmpfs", "Options=size=64m",
            file="try.volume"),
    build("", "RUN --mount=type=secret,id=token cat /run/secrets/token",
          "COPY --chown=1:1 a b", secrets={"token": "x"}),
    build("", "FROM base", "COPY --from=base /a /b", "COPY --from=0 /a /b",
          first=f"FROM {FINE} AS base"),
    build("", "FROM scratch", "COPY --from=0 /a /b"),
    Attempt("", "image.pull", {"image": "quay.example/team/app"}),
    Attempt("", "image.tag", {"image": FINE, "tag": "mine:1"}),
    Attempt("", "container.commit", {"container": "web", "image": "localhost/own-copy"}),
    Attempt("", "container.start", {"container": "web"}),
    *KUBE_ALLOWED,
]  # fmt: skip
