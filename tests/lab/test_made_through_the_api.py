"""A container created through Docker's API of Podman 5.4: its command line creates an equal one."""

import json
from typing import Any

import pytest

from tests.engine.test_made_through_the_api import OPTIONS, comparable
from tests.lab.host import Host
from tests.lab.session import IMAGE, as_account

# In the lab: create each container through the API, then with the derived command line.
_MAKE = """
import http.client, json, os, socket, subprocess, sys, tempfile, time
from engine.systemd.inspect_data import command_line
image_name, options = sys.argv[1], json.loads(sys.argv[2])
def podman(*words):
    ended = subprocess.run(["podman", *words], capture_output=True, text=True)
    assert ended.returncode == 0, (words, ended.stderr)
    return ended.stdout
class Service(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
path = tempfile.mkdtemp() + "/docker.sock"
service = subprocess.Popen(["podman", "system", "service", "-t", "0", "unix://" + path])
try:
    while not os.path.exists(path):
        assert service.poll() is None
        time.sleep(0.05)
    def make(body):
        connection = Service("d")
        body = {"Image": image_name, "Cmd": ["sleep", "600"], **body}
        text, kind = json.dumps(body), {"Content-Type": "application/json"}
        connection.request("POST", "/v1.41/containers/create?name=theirs", text, kind)
        answer = json.loads(connection.getresponse().read())
        assert "Id" in answer, answer
    def inspect(name):
        return json.loads(podman("container", "inspect", name))[0]
    image = json.loads(podman("image", "inspect", image_name))[0]
    podman("create", "--name", "plain", image_name)
    told = {"limits": inspect("plain")["HostConfig"]["Ulimits"], "made": {}}
    for what, body in options.items():
        make(body)
        made = inspect("theirs")
        argv, _ = command_line(made, image, None)
        podman("rm", "theirs")
        podman("create", *argv[2:])
        told["made"][what] = [made, argv, inspect("theirs")]
        podman("rm", "--volumes", "theirs")
    print(json.dumps(told))
finally:
    podman("rm", "--all", "--force")
    podman("volume", "prune", "--force")
    service.terminate()
    service.wait()
"""


@pytest.fixture(scope="module")
def both(host: Host) -> dict[str, Any]:
    """Return all options, tried by one program in the lab."""
    python = ("env", "PYTHONPATH=/opt/berth/code", "/opt/berth/venv/bin/python", "-c", _MAKE)
    return dict(json.loads(as_account(host, "dave", *python, IMAGE, json.dumps(OPTIONS))))


@pytest.mark.parametrize("what", OPTIONS)
def test_the_line_makes_the_same_container(both: dict[str, Any], what: str) -> None:
    made, argv, got = both["made"][what]
    assert not made["Config"].get("CreateCommand")
    assert not any(word.startswith("--env=PATH=") for word in argv)
    wanted = comparable(made, both["limits"])
    again = comparable(got, both["limits"])
    assert [f"{key}: {again.get(key)}, not {value}" for key, value in wanted.items()
            if again.get(key) != value] == []  # fmt: skip
