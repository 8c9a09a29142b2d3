"""The launch form."""

import pytest

from consoleapp.operations.models import Operation
from tests.web.conftest import Seen, container, snapshot

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


def test_a_taken_name_is_told_before_anything_is_asked_for(as_, operator, seen):
    seen["web"] = Seen(snapshot(container("shop")))
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
    asked = {"image": "x:1", "env_text": "DB_PASSWORD=opensesame"}
    page = as_(operator).post(f"{LAUNCH}preview/", asked).content.decode()
    assert "podman run -d" in page
    assert "opensesame" not in page


def test_a_viewer_may_not_launch(as_, viewer):
    assert as_(viewer).get(LAUNCH).status_code == 403
    assert as_(viewer).post(LAUNCH, {"image": "x"}).status_code == 403
