"""An example to start from: every rule once."""

from django.utils.translation import gettext_noop

EXAMPLE = gettext_noop("""\
# What is not mentioned is allowed, but unit files keep to known keys unless:
raw_quadlets = false

privileged = false
terminal = "recorded"    # or true, or false
builds = true
containers = 20
capabilities = ["NET_BIND_SERVICE"]
devices = []
namespaces = []          # of the host: network, pid, ipc, user, uts, cgroup
security_opt = ["no-new-privileges"]

[images]
registries = ["localhost", "registry.example"]
patterns = ["localhost/*", "registry.example/team/*"]
by_digest = false
archives = false         # images loaded from files, or shared by other accounts

[binds]
roots = ["/srv/data"]
read_only = ["/usr/share"]

[ports]
ranges = ["8000-8999"]
random = false           # a port that Podman chooses

[memory]
required = true
most = "2g"

[cpus]
most = 2

[pids]
most = 500

[disk]
warn = "15g"
most = "20g"
""")

APPROVAL = gettext_noop("""
[approval]               # what goes beyond these rules, or is of these kinds, waits
kinds = ["container.remove", "image.push"]
approvers = []           # groups; none: the owners of the account
expires_after = "24h"
[approval.memory]
most = "1g"
""")
