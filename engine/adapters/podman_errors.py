"""Podman's error texts, turned into an error code and what to do about it.

Podman's own message is always kept. The API has no codes finer than the HTTP status, so the
words decide; the table is tried from the top.
"""

import re

from engine.schema.errors import EngineError, ErrorCode

_RULES: list[tuple[str, ErrorCode, str]] = [
    (
        r"container name .* is already in use|UNIQUE constraint failed: ContainerConfig.Name",
        ErrorCode.CONFLICT,
        "Choose another name, or remove the container that has it.",
    ),
    (
        r"image name .* is already associated with image|name is already in use",
        ErrorCode.CONFLICT,
        "Choose another name, or remove the image that has it.",
    ),
    (
        r"no instance matching digest",
        ErrorCode.NOT_FOUND,
        "The list may have been changed meanwhile. Look at its present entries.",
    ),
    (
        r"(address already in use|port is already allocated|ports? .*in use)",
        ErrorCode.CONFLICT,
        "Another program or container has this host port. Choose another one, or leave the host "
        "port empty to get a free one.",
    ),
    (
        r"(cannot expose privileged port|permission denied.*bind|bind.*permission denied"
        r"|ip_unprivileged_port_start)",
        ErrorCode.INVALID,
        "Ordinary accounts may not use ports below 1024. Choose a higher host port, or ask the "
        "host's administrator to lower net.ipv4.ip_unprivileged_port_start.",
    ),
    (
        r"short-name .* did not resolve|short-name resolution enforced|no unqualified-search",
        ErrorCode.INVALID,
        "Write the whole name with its registry, like registry.example/team/app:1.",
    ),
    (
        r"(registry|image) .*is blocked|blocked in .*registries\.conf",
        ErrorCode.CONFLICT,
        "A registries.conf of the account or the host blocks it: see the Registries page.",
    ),
    (
        r"toomanyrequests|too many requests|status code from registry 429|429 Too Many",
        ErrorCode.UNREACHABLE,
        "The registry answers no more for now. Try again later; a sign-in often raises the limit.",
    ),
    (
        r"(status code from registry 5\d\d|unexpected HTTP status:? 5\d\d"
        r"|received unexpected HTTP status|50[0234] (Internal|Bad Gateway|Service|Gateway))",
        ErrorCode.UNREACHABLE,
        "The registry has a fault of its own. Try again later, or tell who runs it.",
    ),
    (
        r"(digest did not match|digest .*(mismatch|does not match)|does not match .*digest"
        r"|did not match expected digest|blob size mismatch)",
        ErrorCode.UNREACHABLE,
        "What the registry sent is not what it promised, and was thrown away. Try again; if it "
        "stays so, the image is damaged at the registry.",
    ),
    (
        r"(source image rejected|signature.*required|Running image .*rejected by policy)",
        ErrorCode.FORBIDDEN,
        "The account's signature policy (policy.json) does not allow this image: the Registries "
        "page shows which file it is and what it asks for.",
    ),
    (
        r"(x509|certificate|tls: |gave HTTP response to HTTPS client)",
        ErrorCode.UNREACHABLE,
        "The registry's certificate could not be verified. If it is meant to be reached without "
        "TLS verification, say so in the form.",
    ),
    (
        r"exec.*permission denied|OCI permission denied",
        ErrorCode.INVALID,
        "The image has this file, but it is no program that its user may run. Check the command "
        "and the entrypoint.",
    ),
    (
        r"(unauthorized|authentication required|invalid username/password|access to the resource "
        r"is denied|denied: |no basic auth credentials)",
        ErrorCode.UNAUTHORIZED,
        "The registry wants a sign-in, or refused it. Check the user name and password, and "
        "that the image's name is right.",
    ),
    (
        r"(manifest unknown|name unknown|repository name not known|not found.*manifest"
        r"|reading manifest .*not found)",
        ErrorCode.NOT_FOUND,
        "The registry does not have this image or tag. Check the spelling.",
    ),
    (
        r"(connection refused|no such host|i/o timeout|network is unreachable|no route to host"
        r"|connection reset|TLS handshake timeout|server misbehaving|unexpected EOF"
        r"|toomanyrequests|too many requests|EOF$)",
        ErrorCode.UNREACHABLE,
        "The registry did not answer. Check its name and the host's network, then try again.",
    ),
    (
        r"(no such image|image not known|identifier is not an image|does not resolve to an image"
        r"|image .*not found|failed to find image)",
        ErrorCode.NOT_FOUND,
        "Pull the image first, or check its name.",
    ),
    (
        r"(no such container|container .*does not exist|no container with name or ID)",
        ErrorCode.NOT_FOUND,
        "It may have been removed meanwhile.",
    ),
    (
        r"(statfs|stat|lstat) .*: no such file or directory",
        ErrorCode.INVALID,
        "This path does not exist on the host. Make it first, or use a named volume.",
    ),
    (
        r"(statfs|stat|lstat) .*: permission denied",
        ErrorCode.INVALID,
        "The account may not read it.",
    ),
    (
        r"image is in use by|image used by|is using its? image",
        ErrorCode.CONFLICT,
        "Remove the containers that use it first, or remove it by force.",
    ),
    (
        r"unable to delete image .*more than one tag|image .*has dependent child",
        ErrorCode.CONFLICT,
        "Remove its other names first, or remove it by force.",
    ),
    (
        r"(cannot remove container .*as it is (running|paused)|running or paused containers cannot "
        r"be removed)",
        ErrorCode.CONFLICT,
        "Stop the container first, or remove it by force.",
    ),
    (
        r"(executable file .*not found|exec: .*no such file|: no such file or directory: OCI"
        r"|command not found|OCI.*no such file or directory|crun: executable file)",
        ErrorCode.INVALID,
        "The image does not have this program. Check the command and the entrypoint.",
    ),
    (
        r"(controller .*not available|cgroup.*controller|cgroups? .*not supp|cpu\.max|memory\.max"
        r"|pids\.max|opening file .*for writing.*cgroup)",
        ErrorCode.UNAVAILABLE,
        "This host does not delegate what the limit needs to the account.",
    ),
    (
        r"can ?not (un)?pause .*cgroup",
        ErrorCode.UNAVAILABLE,
        "Pausing takes a host with cgroup v2. Stop the container instead, or commit it without a "
        "pause.",
    ),
    (
        r"invalid reference format|repository name must be lowercase|normalizing name"
        r"|Invalid image name",
        ErrorCode.INVALID,
        "A name is like registry.example/team/app:1, in small letters.",
    ),
    (
        r"invalid signal",
        ErrorCode.INVALID,
        "A signal is a name like SIGHUP or HUP, or its number.",
    ),
    (
        r"(unable to find user|no matching entries in passwd|invalid user)",
        ErrorCode.INVALID,
        "The image has no such user. Use a numeric id, or another name.",
    ),
    (
        r"workdir .* does not exist on container",
        ErrorCode.INVALID,
        "The image has no such directory. Choose one that it has, or mount a volume there.",
    ),
    (
        r"(network not found|unable to find network|no such network)",
        ErrorCode.NOT_FOUND,
        "Create the network first, or choose another one.",
    ),
    (
        r"(is not running|not paused|already paused|state improper|container state|already running"
        r"|cannot (pause|unpause|kill|exec|start|stop))",
        ErrorCode.CONFLICT,
        "The container's state does not allow this. Look at its present state, then try again.",
    ),
    (
        r"removing container .* device or resource busy",
        ErrorCode.CONFLICT,
        "Some of its files were still in use, and what is left of it is in the list of containers. "
        "Remove it there in a moment.",
    ),
    (r"no space left on device", ErrorCode.UNAVAILABLE, "The disk is full: remove unused images."),
    (r"disk quota exceeded", ErrorCode.UNAVAILABLE, "The account's disk quota is used up."),
]
_TABLE = [(re.compile(pattern, re.I | re.S), code, remedy) for pattern, code, remedy in _RULES]
_BY_STATUS = {
    400: ErrorCode.INVALID,
    401: ErrorCode.UNAUTHORIZED,
    404: ErrorCode.NOT_FOUND,
    406: ErrorCode.INVALID,
    409: ErrorCode.CONFLICT,
}


def understand(message: str, status: int = 500) -> EngineError:
    """The error to raise for what Podman said."""
    message = message.strip() or f"Podman answered with status {status} and no words."
    for pattern, code, remedy in _TABLE:
        if pattern.search(message):
            return EngineError(code, message, remedy)
    return EngineError(_BY_STATUS.get(status, ErrorCode.INTERNAL), message)
