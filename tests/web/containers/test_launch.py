"""The launch form."""

import pytest

from consoleapp.operations.models import Operation
from tests.fixtures.web import StoredSnapshot, container, snapshot

LAUNCH = "/accounts/web/containers/launch/"


def test_a_full_form_becomes_one_operation(as_, operator):
    answer = as_(operator).post(
        LAUNCH,
        {
            "image": "localhost/demo:1", "name": "shop", "command_line": "serve --port '80 81'",
            "ports-host_ip": [""], "ports-host": ["8000-8002"], "ports-container": ["80-82"],
            "ports-protocol": ["tcp"],
            "volumes-source": ["data"], "volumes-target": ["/srv"], "volumes-mode": ["ro"],
            "volumes-selinux": ["Z"],
            "environment-name": ["A"], "environment-value": ["1"],
            "env_text": "# comment\nexport B='two words'\nDB_PASSWORD=hidden\nA=0",
            "labels-name": ["team"], "labels-value": ["x"],
            "memory": "64m", "restart": "on-failure", "restart_tries": "3",
            "health_command": "true", "health_interval": "1m",
        },
    )  # fmt: skip
    operation = Operation.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/operations/{operation.pk}/"
    run = operation.parameters
    assert run["command_line"] == ["serve", "--port", "80 81"]
    assert run["ports"] == [{"container_port": 80, "host_port": 8000, "length": 3}]
    assert run["volumes"] == [
        {"source": "data", "target": "/srv", "read_only": True, "selinux": "Z"}
    ]
    assert run["environment"] == {"A": "1", "B": "two words", "DB_PASSWORD": "••••••"}
    assert run["memory"] == 64 * 1024 * 1024
    assert run["health"] == {"command": "true", "interval": 60}


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"image": ""}, "image"),
        ({"image": "--privileged"}, "image"),
        ({"name": "a b"}, "name"),
        ({"command_line": "echo 'x"}, "command_line"),
        ({"memory": "lots"}, "memory"),
        ({"memory": "1k"}, "memory"),
        ({"cpus": "many"}, "cpus"),
        ({"pids": "0"}, "pids"),
        ({"env_text": "NO VALUE"}, "env_text"),
        ({"environment-name": [""], "environment-value": ["x"]}, "environment-0"),
        ({"ports-container": ["http"], "ports-host": [""]}, "ports-0"),
        ({"ports-container": ["80"], "ports-host": ["70000"]}, "ports-0"),
        ({"ports-container": ["80-82"], "ports-host": ["80-81"]}, "ports-0"),
        ({"volumes-source": ["../etc"], "volumes-target": ["/x"]}, "volumes-0"),
        ({"volumes-source": ["/a"], "volumes-target": ["relative"]}, "volumes-0"),
        ({"health_command": "true", "health_interval": "soon"}, "health_interval"),
        ({"restart": "always", "remove": "true"}, ""),
        ({"stop_signal": "NO SUCH; THING"}, "stop_signal"),
        ({"user": "a b"}, "user"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_typed_is_lost(as_, operator, wrong, place):
    typed = {"image": "localhost/demo:1", "hostname": "kept"} | wrong
    answer = as_(operator).post(LAUNCH, typed)
    assert answer.status_code == 422
    assert list(answer.context["launch"].errors) == [place]
    assert 'value="kept"' in answer.content.decode()
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("Nginx", "repository name must be lowercase"),
        ("team/app:", "what follows the colon is no tag"),
        ("http://quay.io/x", "write it without http://"),
        ("quay.io/x@sha256:12", "a digest is like sha256:"),
        ("a..b", "invalid reference format"),
    ],
)
def test_an_image_that_podman_refuses_gets_its_reason_at_the_field(as_, operator, image, reason):
    answer = as_(operator).post(LAUNCH, {"image": image})
    assert answer.status_code == 422
    assert reason in answer.context["launch"].errors["image"]
    assert reason in answer.content.decode()
    assert f'value="{image}"' in answer.content.decode()
    assert not Operation.objects.exists()


def test_a_taken_name_is_told_before_anything_is_asked_for(as_, operator, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(container("shop")))
    answer = as_(operator).post(LAUNCH, {"image": "localhost/demo:1", "name": "shop"})
    assert "Another container has this name" in answer.content.decode()
    assert not Operation.objects.exists()


def test_a_pasted_line_fills_the_form(as_, operator):
    answer = as_(operator).post(f"{LAUNCH}line/", {"line": "docker run --privileged -p 1:2 x:1"})
    page = answer.content.decode()
    assert answer.context["launch"].texts["image"] == "x:1"
    assert "--privileged" in page
    assert 'name="ports-host" value="1"' in page


@pytest.mark.parametrize("line", ["", "docker ps", "docker run 'x"])
def test_a_line_that_cannot_be_read_is_told_there(as_, operator, line):
    assert as_(operator).post(f"{LAUNCH}line/", {"line": line}).status_code == 422


def test_a_past_launch_fills_the_form_and_asks_for_its_secrets_again(as_, operator):
    client = as_(operator)
    client.post(LAUNCH, {"image": "x:1", "env_text": "A=1\nDB_PASSWORD=opensesame"})
    past = Operation.objects.get()
    page = client.get(f"{LAUNCH}?from={past.pk}")
    assert page.context["launch"].retype == ["DB_PASSWORD"]
    assert "opensesame" not in page.content.decode()


@pytest.mark.parametrize("query", ["from=1", "from=" + "0" * 32])
def test_what_it_should_start_from_and_does_not_exist_is_not_found(as_, operator, query):
    assert as_(operator).get(f"{LAUNCH}?{query}").status_code == 404


def test_the_preview_redacts_secrets(as_, operator):
    values = {"image": "x:1", "env_text": "DB_PASSWORD=opensesame"}
    page = as_(operator).post(f"{LAUNCH}preview/", values).content.decode()
    assert "podman run -d" in page
    assert "opensesame" not in page


def test_a_viewer_may_not_launch(as_, viewer):
    assert as_(viewer).get(LAUNCH).status_code == 403
    assert as_(viewer).post(LAUNCH, {"image": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("podman run x:1 # note", "# note"),
        ("podman run x:1 && docker logs x", "&amp;&amp; docker logs x"),
        ("podman run x:1 > /dev/null", "&gt; /dev/null"),
        ("podman run x:1\npodman logs x", "podman logs x"),
        ("podman run -e PUID=$(id -u) x:1", "-e PUID=$(id -u)"),
        ("podman run --tls-verify x:1", "--tls-verify"),
        ("podman run --health-cmd a --health-interval 500ms x:1", "--health-interval 500ms"),
        ("podman run --mount type=bind,source=conf,target=/c x:1", "source=conf"),
    ],
)
def test_what_a_pasted_line_cannot_bring_is_said_with_its_place(as_, operator, line, text):
    answer = as_(operator).post(f"{LAUNCH}line/", {"line": line})
    page = answer.content.decode()
    assert answer.context["launch"].texts["image"] == "x:1"
    assert answer.context["launch"].texts["command_line"] == ""
    assert f"<code>{text}" in page or text in page
    assert "The form below contains all options" not in page
    assert "Line " in page


def test_values_of_several_lines_come_from_a_pasted_line_to_the_operation(as_, operator):
    client = as_(operator)
    line = "podman run -e 'C=one\r\n\ttwo' localhost/bb sh -c 'echo a\r\nexec sleep 9'"
    answer = client.post(f"{LAUNCH}line/", {"line": line})
    page = answer.content.decode()
    assert "The form below contains all options" in page
    assert "one\n\ttwo</textarea>" in page
    given = answer.context["launch"]
    client.post(LAUNCH, _as_a_browser_posts(given))
    run = Operation.objects.get().parameters
    assert run["environment"] == {"C": "one\n\ttwo"}
    assert run["command_line"] == ["sh", "-c", "echo a\nexec sleep 9"]


def test_a_value_of_several_lines_survives_a_relaunch_from_the_past(as_, operator):
    client = as_(operator)
    wanted = {
        "environment-name": ["A", "B"],
        "environment-value": ["\r\none\r\n", "a\tb\r\n\r\nc"],
        "labels-name": ["l"],
        "labels-value": ["x\r\ny"],
        "health_command": "true\r\ntrue",
        "command_line": "sh -c 'a\r\n\tb'",
        "entrypoint": "env 'a\r\nb'",
        "image": "x:1",
    }
    client.post(LAUNCH, wanted)
    first = Operation.objects.get()
    assert first.parameters["environment"] == {"A": "\none\n", "B": "a\tb\n\nc"}
    assert first.parameters["labels"] == {"l": "x\ny"}
    assert first.parameters["health"]["command"] == "true\ntrue"
    assert first.parameters["command_line"] == ["sh", "-c", "a\n\tb"]
    assert first.parameters["entrypoint"] == ["env", "a\nb"]
    page = client.get(f"{LAUNCH}?from={first.pk}")
    assert ">\n\none\n</textarea>" in page.content.decode()
    client.post(LAUNCH, _as_a_browser_posts(page.context["launch"]))
    again = Operation.objects.exclude(pk=first.pk).get()
    assert again.parameters == first.parameters


def test_a_volume_that_is_read_only_and_given_to_its_user_stays_both(as_, operator):
    client = as_(operator)
    answer = client.post(f"{LAUNCH}line/", {"line": "podman run -v data:/d:ro,U x:1"})
    assert "The form below contains all options" in answer.content.decode()
    client.post(LAUNCH, _as_a_browser_posts(answer.context["launch"]))
    assert Operation.objects.get().parameters["volumes"] == [
        {"source": "data", "target": "/d", "read_only": True, "chown": True}
    ]


def _as_a_browser_posts(launch):
    """Return the form's data as a browser posts it: CR LF for every line break."""
    typed = {name: text for name, text in launch.texts.items() if text}
    typed |= {name: "true" for name, on in launch.flags.items() if on}
    for group, rows in launch.rows.items():
        for row in rows:
            for column, value in row.items():
                typed.setdefault(f"{group}-{column}", []).append(value.replace("\n", "\r\n"))
    return {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in typed.items()
    }


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"memory": "9" * 400 + "g"}, "memory"),
        ({"memory": "9" * 25 + "g"}, "memory"),
        ({"cpus": "9" * 400}, "cpus"),
        ({"pids": "9" * 5_000}, "pids"),
        ({"stop_timeout": "9" * 5_000}, "stop_timeout"),
        ({"ports-container": ["9" * 5_000], "ports-host": [""]}, "ports-0"),
        ({"ports-container": ["80"], "ports-host": ["9" * 5_000]}, "ports-0"),
        ({"health_command": "a", "health_interval": "9" * 5_000}, "health_interval"),
        ({"health_command": "a", "health_interval": "500ms"}, "health_interval"),
    ],
)
def test_a_number_beyond_all_sense_is_told_at_its_field(as_, operator, field, place):
    answer = as_(operator).post(LAUNCH, {"image": "x:1"} | field)
    assert answer.status_code == 422
    assert list(answer.context["launch"].errors) == [place]


def test_a_pasted_number_beyond_all_sense_is_left_out(as_, operator):
    answer = as_(operator).post(f"{LAUNCH}line/", {"line": f"podman run -m {'9' * 400}g x:1"})
    assert answer.status_code == 200
    assert answer.context["left_out"][0].option.startswith("-m 999")


def test_the_preview_asks_for_secrets_and_says_which_label_is_not_in_it(as_, operator):
    values = {"image": "x:1", "env_text": "DB_PASSWORD=opensesame\nA=1"}
    page = as_(operator).post(f"{LAUNCH}preview/", values).content.decode()
    assert "read -rs DB_PASSWORD" in page
    assert "--env DB_PASSWORD" in page
    assert "••••" not in page
    assert "berth.operation" in page


def test_the_operations_page_asks_for_secrets_too(as_, operator):
    client = as_(operator)
    client.post(LAUNCH, {"image": "x:1", "env_text": "DB_PASSWORD=opensesame"})
    operation = Operation.objects.get()
    page = client.get(f"/operations/{operation.pk}/").content.decode()
    assert "read -rs DB_PASSWORD" in page
    assert "--env DB_PASSWORD=" not in page
    assert "berth.operation" in page
