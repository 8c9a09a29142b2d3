"""The spelling of values in a Quadlet, and the unit that a file defines."""

import pytest

from engine.systemd import from_container, quadlets, validation


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("plain", "plain"),
        ("two words", '"two words"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("100%", '"100%%"'),
        ("$HOME", '"$$HOME"'),
        ("a\nExecStart=evil", '"a\\nExecStart=evil"'),
        ("back\\slash", '"back\\\\slash"'),
        ("\x1b[0m", '"\\x1b[0m"'),
        ("", '""'),
    ],
)
def test_a_word_cannot_end_its_line_nor_be_expanded(text: str, spelled: str) -> None:
    assert quadlets.word(text) == spelled


@pytest.mark.parametrize("value", ["a\nExecStart=evil", "%h", "$HOME", " a", "a ", 'a"b', "a\\"])
def test_only_harmless_values_stand_as_they_are(value: str) -> None:
    assert not quadlets.is_plain(value)


@pytest.mark.parametrize(
    ("file", "text", "unit"),
    [
        ("containers/systemd/web.container", "", "web.service"),
        ("containers/systemd/a/data.volume", "", "data-volume.service"),
        ("containers/systemd/web.container", "[Container]\nServiceName=other\n", "other.service"),
        ("systemd/user/x.service", "", "x.service"),
        ("systemd/user/x.service.d/10.conf", "", ""),
    ],
)
def test_a_file_makes_the_unit_that_podman_would_make(file: str, text: str, unit: str) -> None:
    assert quadlets.unit_of(file, text) == unit


def test_an_install_section_comes_and_goes() -> None:
    text = "[Container]\nImage=a\n"
    wanted = quadlets.with_install(text)
    assert "WantedBy=default.target" in wanted
    assert quadlets.without_install(wanted) == text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("PublishPort=80:8080", "Port 80"),
        ("After=network-online.target", "network-online"),
        ("Notify=true", "READY=1"),
    ],
)
def test_a_known_trap_is_warned_of_at_its_line(line: str, says: str) -> None:
    (found,) = validation.traps(f"[Container]\n{line}\n")
    assert (found.severity, found.line) == ("warning", 2)
    assert says in found.message


def test_what_a_quadlet_cannot_have_is_listed_and_never_dropped() -> None:
    command = ["podman", "run", "-d", "--name", "web", "--cgroup-parent", "x.slice",
               "--restart=on-failure:3", "--gpus", "all", "app:1", "serve"]  # fmt: skip
    found = {
        "Name": "web",
        "ImageName": "app:1",
        "Config": {"CreateCommand": command},
        "HostConfig": {},
    }
    made = from_container.quadlet(found, {}, 5)
    assert [each.option for each in made.not_carried_over] == [
        "--cgroup-parent x.slice",
        "--restart on-failure:3",
    ]
    assert "PodmanArgs=--gpus=all" in made.text
    assert "Exec=serve" in made.text


def test_a_container_without_a_command_line_is_read_off_its_inspect_data() -> None:
    found = {
        "Id": "0" * 64,
        "Name": "web",
        "ImageName": "app:1",
        "Config": {"Env": ["A=1", "PATH=/bin"], "Hostname": "box", "Cmd": ["serve"]},
        "HostConfig": {
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
            "Binds": ["data:/data:rw"],
        },
    }
    image = {"Config": {"Env": ["PATH=/bin"]}}
    made = from_container.quadlet(found, image, 5)
    for line in (
        "Environment=A=1",
        "PublishPort=127.0.0.1:8080:80",
        "Volume=data:/data",
        "HostName=box",
        "Exec=serve",
    ):
        assert line in made.text.splitlines()
