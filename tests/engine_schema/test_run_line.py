"""Pasting a `docker run` or `podman run` line."""

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schema.containers import MIB, ContainerRun, HealthCheck, Port, Volume
from engine.schema.run_line import Unreadable, read


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("docker run nginx", {"image": "nginx"}),
        ("$ sudo podman run nginx", {"image": "nginx"}),
        ("docker container run nginx", {"image": "nginx"}),
        ("podman run \\\n  --rm \\\n  nginx", {"image": "nginx", "remove": True}),
        ("podman run --name=a x", {"image": "x", "name": "a"}),
        ("podman run -itd x", {"image": "x", "interactive": True, "tty": True}),
        ("podman run -eA=b x", {"image": "x", "environment": {"A": "b"}}),
        ("podman run -m 1.5g x", {"image": "x", "memory": 1536 * MIB}),
        ("podman run --cpus .5 x", {"image": "x", "cpus": 0.5}),
        ("podman run --restart on-failure:3 x",
         {"image": "x", "restart": "on-failure", "restart_tries": 3}),
        ("podman run -p 8080:80 x",
         {"image": "x", "ports": [{"container_port": 80, "host_port": 8080}]}),
        ("podman run -dp127.0.0.1:53:53/udp x",
         {"image": "x", "ports": [{"container_port": 53, "host_port": 53, "protocol": "udp",
                                   "host_ip": "127.0.0.1"}]}),
        ("podman run -p 8000-8002:80-82 x",
         {"image": "x", "ports": [{"container_port": 80, "host_port": 8000, "length": 3}]}),
        ("podman run -v /srv:/data:ro,Z x",
         {"image": "x", "volumes": [{"source": "/srv", "target": "/data", "read_only": True,
                                     "selinux": "Z"}]}),
        ("podman run --mount type=volume,src=d,dst=/d x",
         {"image": "x", "volumes": [{"source": "d", "target": "/d"}]}),
        ("podman run x sh -c 'a -e b'", {"image": "x", "command_line": ["sh", "-c", "a -e b"]}),
        ("podman run --entrypoint '' x", {"image": "x", "entrypoint": []}),
        ("podman run --health-cmd 'true x' --health-interval 1m30s x",
         {"image": "x", "health": {"command": "true x", "interval": 90}}),
    ],
)  # fmt: skip
def test_it_is_read_into_the_fields_of_the_form(line: str, values: dict[str, object]) -> None:
    found = read(line)
    assert found.values == values
    assert found.left_out == []


@pytest.mark.parametrize(
    "option",
    [
        "--privileged",
        "--cap-add NET_ADMIN",
        "--device=/dev/kvm",
        "--env-file .env",
        "-P",
        "--ulimit nofile=1:2",
        "--security-opt label=disable",
        "--add-host a:1.2.3.4",
        "-v .:/here",
        "--memory lots",
        "-e HOME",
    ],
)
def test_what_has_no_place_is_left_out_and_said_and_the_image_is_still_found(option: str) -> None:
    found = read(f"docker run {option} -d nginx:1 serve")
    assert found.values["image"] == "nginx:1"
    assert found.values["command_line"] == ["serve"]
    assert [each.option.split()[0].split("=")[0] for each in found.left_out] == [
        option.split()[0].split("=")[0]
    ]
    assert found.left_out[0].reason


def test_what_a_shell_would_have_replaced_is_said() -> None:
    found = read('docker run -v "$(pwd)":/src x sh -c "echo $HOME"')
    assert any("shell" in each.reason for each in found.left_out)


@pytest.mark.parametrize(
    "text", ["", "nginx", "docker ps", "docker run", "docker run --name", "docker run 'x", "\0"]
)
def test_what_is_no_run_line_is_refused_in_words(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@given(st.text(max_size=200))
def test_nothing_pasted_breaks_it(text: str) -> None:
    for line in (text, f"docker run {text}"):
        with contextlib.suppress(Unreadable):
            read(line)


_words = st.text(
    st.characters(categories=["L", "N", "P", "Z"], exclude_characters="$`"), max_size=20
)
_runs = st.builds(
    ContainerRun,
    image=st.just("registry.example:5000/team/app:1"),
    name=st.sampled_from([None, "web", "a.b-c_d"]),
    command_line=st.lists(_words, max_size=3),
    entrypoint=st.one_of(st.none(), st.just([]), st.lists(_words.filter(bool), min_size=1)),
    environment=st.dictionaries(st.sampled_from(["A", "B_C"]), _words),
    ports=st.sampled_from([[], [Port(container_port=80, host_port=8080, host_ip="::1", length=2)]]),
    volumes=st.sampled_from([[], [Volume(source="d", target="/d", chown=True)]]),
    memory=st.sampled_from([None, 64 * MIB]),
    cpus=st.sampled_from([None, 0.5]),
    restart=st.sampled_from(["no", "always", "unless-stopped"]),
    health=st.sampled_from([None, HealthCheck(command="true x", interval=5)]),
    tty=st.booleans(),
)


@given(_runs)
def test_the_equivalent_command_of_a_launch_is_read_back_as_the_same_launch(
    launch: ContainerRun,
) -> None:
    found = read(shlex.join(launch.command()))
    assert ContainerRun.model_validate(found.values) == launch
    assert found.left_out == []
