"""The initial text of a new file of each type: short, working, and explained by comments."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from engine.schema.unit_names import QUADLET_FOLDER, QUADLET_KINDS, UNIT_FOLDER

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Starter:
    """One type of file to start from."""

    kind: str
    label: "StrOrPromise"
    icon: str
    text: "StrOrPromise"
    """One line about its purpose."""
    body: str


_INSTALL = "\n[Install]\n# Start it at boot (with lingering on).\nWantedBy=default.target\n"

STARTERS = (
    Starter(
        "container",
        gettext_lazy("Container"),
        "box",
        gettext_lazy("A container that systemd starts, watches and restarts."),
        "[Unit]\nDescription=My service\n\n[Container]\nImage=registry.example/team/app:1\n"
        "ContainerName=app\n#PublishPort=8080:80\n#Volume=app-data:/data:Z\n"
        "#Environment=MODE=live\n#AutoUpdate=registry\n\n[Service]\nRestart=always\n"
        "# A first pull may take longer than systemd's 90 seconds.\nTimeoutStartSec=900\n"
        + _INSTALL,
    ),
    Starter(
        "pod",
        gettext_lazy("Pod"),
        "hexagons",
        gettext_lazy("Containers that share a network and start together. Requires Podman 5."),
        "[Unit]\nDescription=My pod\n\n[Pod]\nPodName=app\n#PublishPort=8080:80\n"
        "# Containers join with Pod=NAME.pod in their own .container files.\n" + _INSTALL,
    ),
    Starter(
        "volume",
        gettext_lazy("Volume"),
        "database",
        gettext_lazy("A named volume, created before the containers that use it start."),
        "[Volume]\n# Containers use it as Volume=NAME.volume:/place.\n#VolumeName=app-data\n"
        "#Label=team=site\n",
    ),
    Starter(
        "network",
        gettext_lazy("Network"),
        "affiliate",
        gettext_lazy("A network in which containers find each other by name."),
        "[Network]\n# Containers join with Network=NAME.network.\n#NetworkName=app\n"
        "#Subnet=10.89.5.0/24\n#Internal=true\n",
    ),
    Starter(
        "kube",
        gettext_lazy("Kube"),
        "file-code",
        gettext_lazy("A Kubernetes YAML file that Podman runs."),
        "[Unit]\nDescription=My deployment\n\n[Kube]\n# Beside this file, or an absolute path.\n"
        "Yaml=app.yaml\n# Pull images, never build them from a folder of their name.\n"
        "PodmanArgs=--build=false\n#PublishPort=8080:80\n" + _INSTALL,
    ),
    Starter(
        "image",
        gettext_lazy("Image"),
        "stack-2",
        gettext_lazy("An image that is pulled before a container needs it. Requires Podman 4.8."),
        "[Image]\nImage=registry.example/team/app:1\n#AuthFile=%h/.config/containers/auth.json\n\n"
        "[Service]\nTimeoutStartSec=900\n",
    ),
    Starter(
        "build",
        gettext_lazy("Build"),
        "hammer",
        gettext_lazy("An image that is built from a Containerfile. Requires Podman 5.2."),
        "[Build]\nImageTag=localhost/app:latest\n# The folder with the Containerfile.\n"
        "SetWorkingDirectory=%h/app\n\n[Service]\nTimeoutStartSec=900\n",
    ),
    Starter(
        "service",
        gettext_lazy("Service"),
        "settings",
        gettext_lazy("A plain systemd service that runs Podman itself."),
        "[Unit]\nDescription=My task\n\n[Service]\nType=oneshot\n"
        "ExecStart=/usr/bin/podman run --rm registry.example/team/task:1\n",
    ),
    Starter(
        "timer",
        gettext_lazy("Timer"),
        "clock",
        gettext_lazy("Starts the service of the same name on a schedule."),
        "[Unit]\nDescription=My task every night\n\n[Timer]\nOnCalendar=*-*-* 03:00:00\n"
        "Persistent=true\nRandomizedDelaySec=15min\n\n[Install]\nWantedBy=timers.target\n",
    ),
)
BY_KIND = {starter.kind: starter for starter in STARTERS}


def place(kind: str, name: str) -> str:
    """Return the path below ~/.config of a new file called `name`."""
    folder = QUADLET_FOLDER if kind in QUADLET_KINDS else UNIT_FOLDER
    return f"{folder}/{name}.{kind}"
