"""Convert Podman's errors to an error code and a remedy.

Podman's own message is always kept. It is a chain of causes, `doing this: doing that: no such
container`, and each cause is a fixed text of a program. Only whole causes are compared. Names,
paths, and addresses are blanked first or are no whole cause, so nothing that a user has chosen can
decide.
"""

import re

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

_LONGEST = 16 * 1024
"""The number of characters, from the end of a message, that are examined."""
_BLANKED = re.compile(
    r'"(?:[^"\\]|\\.)*(?:"|$)'  # quoted by Go
    r"|(`(?:\w+\.max|/sys/fs/cgroup/[^`]*)`)"  # kept: the files of cgroups
    r"|`[^`]*(?:`|$)"  # quoted by crun
    r"|(?<![\w'])'[^'\n]*'"
    r"|\b(?:https?|docker|oci|dir|unix|tcp|containers-storage)://[^\s\"]+?(?=:?(?:\s|$))"
    r"|(?<![^\s(\[])[/~][^\s]*?(?=[:;,]?(?:\s|$))",
    re.S,
)
_PATH = re.compile(r"\A(statfs|l?stat) /.*(?=: [^:]*$)", re.S)
"""A bare path, which may contain any characters."""
_REGISTRY = msg("A registries.conf of the account or the host blocks it: see the Registries page.")
_NOT_VERIFIED = msg(
    "The registry's certificate could not be verified. If it is meant to be reached without TLS "
    "verification, say so in the form."
)
_NO_ANSWER = msg(
    "The registry did not answer. Check its name and the host's network, then try again."
)
_WANTS_SIGN_IN = msg(
    "The registry wants a sign-in, or refused it. Check the user name and password, and that the "
    "image's name is right."
)
_NO_PROGRAM = msg("The image does not have this program. Check the command and the entrypoint.")
_NO_PATH = msg("This path does not exist on the host. Make it first, or use a named volume.")
_HOST_ADDRESS = msg(
    "The host does not have this address, or cannot publish ports on it. Choose an address of "
    "the host, or leave it empty for all of them."
)
_STATE = msg(
    "The container's state does not allow this. Look at its present state, then try again."
)
_NAME = msg("A name is like registry.example/team/app:1, in small letters.")

# Each pattern is one cause or several consecutive ones, complete. `…` stands for blanked text.
_CAUSES: list[tuple[str, ErrorCode, str]] = [
    # Missing objects: first, because they end a chain that begins with a bare name
    (
        r"no such image|image not known|identifier is not an image"
        r"|.* does not resolve to an image(?: id)?|failed to find image \S+|no image found",
        ErrorCode.NOT_FOUND,
        msg("Pull the image first, or check its name."),
    ),
    (
        r"no such container|no container with name or id \S+ found|container \w+ does not exist.*",
        ErrorCode.NOT_FOUND,
        msg("It may have been removed meanwhile."),
    ),
    # Requirements that the account or the host lacks
    (
        r"(?:[^:]* )?(?:create|join)\w*(?: session)? keyring[^:]*: (?:[^:]*: )*disk quota exceeded",
        ErrorCode.UNAVAILABLE,
        msg(
            "The kernel keeps a key for each running container, and the account has no more of "
            "them: stop some containers, or ask the host's administrator to raise "
            "kernel.keys.maxkeys."
        ),
    ),
    (
        r"cgroups? in hybrid mode not supported[^:]*",
        ErrorCode.UNAVAILABLE,
        msg(
            "This OCI runtime cannot work with the host's cgroups. Boot the host with cgroup v2 "
            "(systemd.unified_cgroup_hierarchy=1), or install runc."
        ),
    ),
    (
        r"can ?not (?:un)?pause .*cgroup v1|this container does not have a cgroup",
        ErrorCode.UNAVAILABLE,
        msg(
            "Pausing takes a host with cgroup v2. Stop the container instead, or commit it "
            "without a pause."
        ),
    ),
    (
        r"(?:the requested cgroup )?controller … is not available.*"
        r"|(?:error )?(?:open(?:at|ing)?|writ(?:e|ing))(?: to)? (?:file )?"
        r"`(?:\w+\.max|/sys/fs/cgroup/[^`]*)`(?: for writing)?"
        r"|error setting cgroup config for prochooks process|unable to apply cgroup configuration"
        r"|cannot set \w+ limit: container could not join or create cgroup",
        ErrorCode.UNAVAILABLE,
        msg("This host does not delegate what the limit needs to the account."),
    ),
    (
        r"allocation failed; exceeded num_locks \(\d+\)|no space left on device \(locks\)",
        ErrorCode.UNAVAILABLE,
        msg(
            "Podman has no locks left for more containers, pods and volumes. Remove what is not "
            "needed, or raise num_locks in containers.conf and run `podman system renumber`."
        ),
    ),
    (
        r"no space left on device",
        ErrorCode.UNAVAILABLE,
        msg("The disk is full: remove unused images."),
    ),
    (r"disk quota exceeded", ErrorCode.UNAVAILABLE, msg("The account's disk quota is used up.")),
    (
        r"(?:fork/exec …|fork|clone|pthread_create)(?: failed)?: resource temporarily unavailable",
        ErrorCode.UNAVAILABLE,
        msg("The account has as many processes as it may have. Stop some containers."),
    ),
    (
        r"checkpoint/restore requires at least criu \d+",
        ErrorCode.UNAVAILABLE,
        msg("Ask the host's administrator to install CRIU."),
    ),
    # Names that are already in use
    (
        r"(?:creating container storage: )?the container name … is already in use.*"
        r"|that name is already in use|name \S+ already in use, cannot rename container \w+"
        r"|unique constraint failed: containerconfig\.name",
        ErrorCode.CONFLICT,
        msg("Choose another name, or remove the container that has it."),
    ),
    (
        r"image name … is already associated with image .*|name is already in use",
        ErrorCode.CONFLICT,
        msg("Choose another name, or remove the image that has it."),
    ),
    (
        r"container \w+ has dependent containers which must be removed before it.*",
        ErrorCode.CONFLICT,
        msg("Other containers use its network or its volumes. Remove those first."),
    ),
    (
        r"(?:volume|network|pod) already exists|volume with name \S+ already exists",
        ErrorCode.CONFLICT,
        msg("Choose another name."),
    ),
    (
        r"(?:volume|network) is being used",
        ErrorCode.CONFLICT,
        msg("Remove the containers that use it first."),
    ),
    # Ports
    (
        r"(?:bind: )?address already in use|port is already allocated"
        r"|ports? \S+ (?:is |are )?in use"
        r"|(?:rootlessport )?conflict with id \d+"
        r"|failed to bind port \d+ \(address already in use\).*",
        ErrorCode.CONFLICT,
        msg(
            "Another program or container has this host port. Choose another one, or leave the "
            "host port empty to get a free one."
        ),
    ),
    (
        r"rootlessport cannot expose privileged port \d+, .*|bind: permission denied"
        r"|failed to bind port \d+ \(permission denied\).*",
        ErrorCode.INVALID,
        msg(
            "Ordinary accounts may not use ports below 1024. Choose a higher host port, or ask "
            "the host's administrator to lower net.ipv4.ip_unprivileged_port_start."
        ),
    ),
    (
        r"(?:bind: |connect: )?cannot assign requested address"
        r"|failed to bind (?:any )?port.*|invalid ip address … in port mapping"
        r"|bind: address family not supported by protocol"
        r"|listen (?:tcp|udp|sctp)\d? \S+: .*|listen …: .*"
        r"|error from slirp4netns while setting up port redirection.*"
        r"|(?:\S+ )?add_hostfwd: .*|(?:rootlessport )?listen (?:tcp|udp|sctp)\d?"
        r"|(?:slirp4netns|pasta) failed(?: with exit code \d+)?: .*(?:bind|port|address|-[tu] ).*"
        r"|unsupported (?:port )?proto(?:col)? .*|invalid port specifier .*",
        ErrorCode.INVALID,
        _HOST_ADDRESS,
    ),
    (
        r"can't forward protocol: \w+",
        ErrorCode.INVALID,
        msg("The account's network forwards TCP and UDP only. Choose one of them."),
    ),
    (
        r"(?:slirp4netns|pasta|rootlessport|netavark) (?:failed|exited|error)[^:]*"
        r"|setting up pasta[^:]*|netavark",
        ErrorCode.UNAVAILABLE,
        msg(
            "The container's network could not be made. Choose another network, or ask the "
            "host's administrator to look at this message."
        ),
    ),
    (
        r"requested static ip \S+ not in any subnet on network \S+"
        r"|requested ip address \S+ is already allocated.*",
        ErrorCode.INVALID,
        msg("Choose an address of the network's own subnet that no other container has."),
    ),
    # Registries
    (
        r"short-name (?:…|resolution enforced).*|no unqualified-search registries .*",
        ErrorCode.INVALID,
        msg("Write the whole name with its registry, like registry.example/team/app:1."),
    ),
    (
        r"(?:registry|image) \S+ is blocked(?: in \S+.*)?|blocked in .*registries\.conf.*",
        ErrorCode.CONFLICT,
        _REGISTRY,
    ),
    (
        r"toomanyrequests.*|too many requests.*|429 too many requests.*"
        r"|.*\bstatus code from registry 429\b.*|.*\breceived unexpected http status: 429\b.*",
        ErrorCode.UNREACHABLE,
        msg(
            "The registry answers no more for now. Try again later; a sign-in often raises the "
            "limit."
        ),
    ),
    (
        r".*\bstatus code from registry 5\d\d\b.*|.*\bunexpected http status:? 5\d\d\b.*"
        r"|(?:.*\b)?received unexpected http status|50\d (?:internal|bad|service|gateway) .*"
        r"|.*\bhttp status 5\d\d\b.*",
        ErrorCode.UNREACHABLE,
        msg("The registry has a fault of its own. Try again later, or tell who runs it."),
    ),
    (
        r".*\bdigest did not match.*|.*\bdigest \S* ?(?:mismatch|does not match)\b.*"
        r"|.*\bdoes not match .*\bdigest\b.*|.*\bdid not match expected digest\b.*"
        r"|.*\bblob size mismatch\b.*|.*\bdigest\b.*\bmismatch\b.*",
        ErrorCode.UNREACHABLE,
        msg(
            "What the registry sent is not what it promised, and was thrown away. Try again; if "
            "it stays so, the image is damaged at the registry."
        ),
    ),
    (
        r"source image rejected|a signature was required, but no signature exists"
        r"|running image \S+ is rejected by policy\.?",
        ErrorCode.FORBIDDEN,
        msg(
            "The account's signature policy (policy.json) does not allow this image: the "
            "Registries page shows which file it is and what it asks for."
        ),
    ),
    (
        r"x509: .*|tls: .*|remote error: tls: .*|.*gave http response to https client"
        r"|certificate (?:signed|has|is) .*|tls: failed to verify certificate",
        ErrorCode.UNREACHABLE,
        _NOT_VERIFIED,
    ),
    (
        r"unauthorized(?:: .*)?|authentication required|invalid username/password"
        r"|(?:requested )?access to the resource is denied|denied: .*|no basic auth credentials"
        r"|unable to retrieve auth token.*|.*invalid status code from registry 40[13]\b.*"
        r"|.*\bstatus code from registry 40[13]\b.*",
        ErrorCode.UNAUTHORIZED,
        _WANTS_SIGN_IN,
    ),
    (
        r"manifest unknown|name unknown|repository name not known to registry|name_unknown"
        r"|reading manifest \S+ in \S+: (?:.*\b)?not found|.*\bstatus code from registry 404\b.*"
        r"|manifest for \S+ not found|fetching target platform image .*not found",
        ErrorCode.NOT_FOUND,
        msg("The registry does not have this image or tag. Check the spelling."),
    ),
    (
        r"(?:connect: |connection: |read: |write: )?(?:connection refused|network is unreachable"
        r"|no route to host|connection reset by peer|connection timed out|broken pipe)"
        r"|no such host|i/o timeout"
        r"|(?:net/http: )?tls handshake timeout|server misbehaving|(?:unexpected )?eof"
        r"|context deadline exceeded(?: \(client\.timeout.*)?|(?:.*\()?client\.timeout exceeded.*"
        r"|temporary failure in name resolution|net/http: .*timeout.*|http2: .*|stream error.*",
        ErrorCode.UNREACHABLE,
        _NO_ANSWER,
    ),
    # Missing objects
    (
        r"no instance matching digest.*|.*\bno image found in (?:image index|manifest list)\b.*",
        ErrorCode.NOT_FOUND,
        msg("The list may have been changed meanwhile. Look at its present entries."),
    ),
    (
        r"network not found|unable to find network with name or id \S+|no such network",
        ErrorCode.NOT_FOUND,
        msg("Create the network first, or choose another one."),
    ),
    (
        r"no such (?:volume|pod|secret|exec session|artifact)|tag not known|no such exec session.*"
        r"|layer not known|no such object.*",
        ErrorCode.NOT_FOUND,
        msg("It may have been removed meanwhile."),
    ),
    # Options that a container cannot have
    (
        r"(?:no command or entrypoint provided, and no cmd or entrypoint from image)",
        ErrorCode.INVALID,
        msg("The image says no command of its own. Give one."),
    ),
    (
        r"(?:exec|exec …|exec: …|executable …|open(?:at)? …): permission denied"
        r"(?=: oci permission denied|$)",
        ErrorCode.INVALID,
        msg(
            "The image has this file, but it is no program that its user may run. Check the "
            "command and the entrypoint."
        ),
    ),
    (
        r"exec: …(?:: .*)?|executable file …? ?not found(?: in \$path)?(?:: .*)?|command not found"
        r"|exec(?:ve)? …: no such file or directory|exec container process …: .*"
        r"|exec: no such file or directory",
        ErrorCode.INVALID,
        _NO_PROGRAM,
    ),
    (
        r"exec format error",
        ErrorCode.INVALID,
        msg(
            "The image is for another architecture than this host's, or its command is a script "
            "without `#!`."
        ),
    ),
    (
        r"(?:error mounting … to rootfs at …|mount … to …)",
        ErrorCode.INVALID,
        msg("Something cannot be mounted there: see that both are folders, or both are files."),
    ),
    (
        r"error during container init|wrong rlimit value: .*|sethostname: .*|setrlimit.*"
        r"|write sysctl .*",
        ErrorCode.INVALID,
        msg("The OCI runtime refuses one of the container's options, which its message names."),
    ),
    (
        r"(?:oci permission denied)",
        ErrorCode.INVALID,
        msg(
            "The image has this file, but it is no program that its user may run. Check the "
            "command and the entrypoint."
        ),
    ),
    (
        r"(?:oci runtime attempted to invoke a command that was not found)",
        ErrorCode.INVALID,
        _NO_PROGRAM,
    ),
    (
        r"(?:statfs|l?stat) …: permission denied",
        ErrorCode.INVALID,
        msg("The account may not read it."),
    ),
    (r"(?:statfs|l?stat) …: no such file or directory", ErrorCode.INVALID, _NO_PATH),
    (
        r"… ?: ?unknown capability|unknown capability|invalid capability.*",
        ErrorCode.INVALID,
        msg("See capabilities(7) for their names, like CAP_NET_RAW."),
    ),
    (
        r"(?:duplicate mount destination)",
        ErrorCode.INVALID,
        msg("Two of its volumes have the same place in the container. Give each one its own."),
    ),
    (
        r"invalid container path ….*|invalid (?:volume|mount) (?:path|destination) .*",
        ErrorCode.INVALID,
        msg("A place in the container is an absolute path, like /data."),
    ),
    (
        r"(?:running (?:container|volume|pod) create option: )?names must match .*",
        ErrorCode.INVALID,
        msg("A name begins with a letter or a digit, and has letters, digits, and _ . - in it."),
    ),
    (
        r"invalid reference format.*|repository name must be lowercase|normalizing name \S+"
        r"|repository name must have at least one component|invalid image name ….*"
        r"|repository name must not be longer than .*|invalid repository name .*"
        r"|invalid tag format|invalid checksum digest (?:format|length)"
        r"|unsupported digest algorithm",
        ErrorCode.INVALID,
        _NAME,
    ),
    (
        r"invalid signal|invalid signal: \S+",
        ErrorCode.INVALID,
        msg("A signal is a name like SIGHUP or HUP, or its number."),
    ),
    (
        r"unable to find user \S+|no matching entries in passwd file|invalid user .*"
        r"|unable to find group \S+|no matching entries in group file",
        ErrorCode.INVALID,
        msg("The image has no such user. Use a numeric id, or another name."),
    ),
    (
        r"workdir … does not exist on container \w+",
        ErrorCode.INVALID,
        msg("The image has no such directory. Choose one that it has, or mount a volume there."),
    ),
    # Actions that a state or use does not allow
    (
        r"image is in use by (?:a container|\d+ containers?)|image used by \w+",
        ErrorCode.CONFLICT,
        msg("Remove the containers that use it first, or remove it by force."),
    ),
    (
        r"unable to delete image … by id with more than one tag.*"
        r"|unable to delete image \S+ by id with more than one tag.*"
        r"|image has dependent child(?:ren)?(?: images?)?",
        ErrorCode.CONFLICT,
        msg("Remove its other names first, or remove it by force."),
    ),
    (
        r"cannot remove container \S+ as it is (?:running|paused).*"
        r"|container … is mounted and cannot be removed without using force",
        ErrorCode.CONFLICT,
        msg("Stop the container first, or remove it by force."),
    ),
    (
        r"removing container \w+ root filesystem: .*device or resource busy"
        r"|(?:unlinkat|rmdir|removing mount point) …: device or resource busy",
        ErrorCode.CONFLICT,
        msg(
            "Some of its files were still in use, and what is left of it is in the list of "
            "containers. Remove it there in a moment."
        ),
    ),
    (
        r"container state improper|container is not running|container not running"
        r"|container \S+ is not running|container is (?:already )?(?:running|paused|stopped)"
        r"|container is not paused|can only \w+ running containers\..*"
        r"|… is not (?:running|paused).*"
        r"|container already (?:running|paused|stopped)",
        ErrorCode.CONFLICT,
        _STATE,
    ),
    (
        r"container already exists|object already exists|.* is being removed|being removed",
        ErrorCode.CONFLICT,
        msg("Look at its present state, then try again."),
    ),
    (
        r"invalid argument|invalid configuration|invalid option|unknown flag"
        r"|operation not supported|\S+ is an invalid filter|function not implemented",
        ErrorCode.INVALID,
        "",
    ),
]
# A wildcard stays within its cause, which keeps every pattern linear.
_ANYTHING = r"(?:[^:]|:(?! ))*"
_TABLE = [
    (re.compile(rf"(?:^|: )(?:{pattern.replace('.*', _ANYTHING)})(?=: |$)", re.I), code, remedy)
    for pattern, code, remedy in _CAUSES
]
_BY_STATUS = {
    400: ErrorCode.INVALID,
    401: ErrorCode.UNAUTHORIZED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    406: ErrorCode.INVALID,
    409: ErrorCode.CONFLICT,
}


def understand(message: str, status: int = 500) -> EngineError:
    """Return the error for Podman's message. It is `internal` only if there is no message."""
    message = message.strip()
    if not message:
        return EngineError(
            ErrorCode.INTERNAL,
            msg("Podman answered with status %(status)s and no words.", status=status),
        )
    causes = _causes(message)
    for pattern, code, remedy in _TABLE:
        if pattern.search(causes):
            return EngineError(code, message, remedy)
    return EngineError(_BY_STATUS.get(status, ErrorCode.REFUSED), message)


def _causes(message: str) -> str:
    """Return the chain of causes without anything that a user may have chosen."""
    text = _PATH.sub(r"\1 …", message) if _PATH.match(message) else message
    # Several errors at once are on separate lines.
    lines = (line.strip() for line in _BLANKED.sub(_blank, text[-_LONGEST:]).split("\n"))
    return ": ".join(line.removeprefix("* ") for line in lines if line)


def _blank(found: "re.Match[str]") -> str:
    return found[1] or "…"
