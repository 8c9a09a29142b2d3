"""A template from a container or a launch reports whatever it loses, and contains no secret."""

import json

import pytest

from consoleapp.catalog.containers import draft, past_launch
from consoleapp.catalog.definition import Wrong, parse
from consoleapp.catalog.models import LaunchTemplate
from consoleapp.operations.models import Operation
from engine.schema.containers import ContainerRun
from engine.schema.parameters import REDACTED
from tests.fixtures.web import ended, operation


def made_by(*words, **more):
    return draft({"Config": {"CreateCommand": ["podman", "run", *words]}, **more})


@pytest.mark.parametrize(
    "secret", ["s3cr$et", "s3cr`et`", "two words", "one\ntwo", "a'b\"c", "$(id)"]
)
def test_a_secret_is_asked_for_and_shown_nowhere(secret):
    made = made_by("-e", f"DB_PASSWORD={secret}", "-e", "A=$5", "redis", "sh", "-c", "echo $A")
    assert made.left_out == []
    assert secret not in str(made)
    assert made.contents["run"]["environment"] == {"DB_PASSWORD": "${db_password}", "A": "$5"}
    assert made.contents["run"]["command_line"] == ["sh", "-c", "echo $A"]
    parse(made.contents)


@pytest.mark.parametrize(
    "words",
    [
        ["-e", "DATABASE_URL=postgres://me:hunter2@db/x", "a"],
        ["-e", "DB_PASSWORD=hunter2", "-e", "OPTIONS=user=me hunter2", "a"],
        ["-e", "DB_PASSWORD=hunter2", "a", "connect", "me:hunter2"],
        ["a", "--password", "hunter2"],
        ["a", "--password=hunter2"],
        ["a", "serve", "postgres://me:hunter2@db/x"],
        ["-l", "api.token=hunter2", "a"],
        ["-l", "url=redis://x:hunter2@h", "a"],
        ["-e", "DB_PASSWORD=hunter2", "-l", "note=it is hunter2", "a"],
        ["-e", "DB_PASSWORD=hunter2", "--health-cmd", "ping -phunter2", "a"],
        ["--health-cmd", "ping --password hunter2", "a"],
        ["--entrypoint", '["a","--token=hunter2"]', "a"],
        ["--log-opt", "token=hunter2", "a"],
        ["--creds", "me:hunter2", "a"],
        ["--secret-thing=PASSWORD=hunter2", "a"],
    ],
)
def test_what_looks_like_a_secret_is_not_copied_and_that_is_said(words):
    made = made_by(*words)
    assert "hunter2" not in json.dumps(made.contents) + str(made.left_out)
    assert made.left_out


def test_two_networks_and_the_address_of_a_port_are_kept():
    made = made_by(
        "--network", "a", "--network", "b", "-p", "127.0.0.1:8080:80", "-p", "53:53/udp", "x"
    )
    assert made.contents["run"]["network"] == "a,b"
    assert made.contents["run"]["ports"] == [
        {"container_port": 80, "host_ip": "127.0.0.1"},
        {"container_port": 53, "protocol": "udp"},
    ]
    assert made.left_out == []


def test_a_network_that_came_later_is_said():
    made = made_by("--network", "a", "x", NetworkSettings={"Networks": {"a": {}, "late": {}}})
    assert made.contents["run"]["network"] == "a"
    assert len(made.left_out) == 1
    assert "late" in made.left_out[0]


def test_networks_and_addresses_of_a_container_made_through_the_api_are_kept():
    made = draft(
        {
            "ImageName": "x",
            "Config": {"CreateCommand": ["podman", "system", "service", "-t", "60"]},
            "HostConfig": {
                "NetworkMode": "bridge",
                "PortBindings": {
                    "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "1"}, {"HostIp": "::1"}],
                    "53/udp": [{"HostIp": "0.0.0.0", "HostPort": "53"}],
                },
            },
            "NetworkSettings": {"Networks": {"a": {}, "b": {}}},
        }
    )
    assert made.contents["run"]["network"] == "a,b"
    assert made.contents["run"]["ports"] == [
        {"container_port": 80, "protocol": "tcp", "host_ip": "127.0.0.1"},
        {"container_port": 80, "protocol": "tcp", "host_ip": "::1"},
        {"container_port": 53, "protocol": "udp"},
    ]
    parse(made.contents)


def test_two_names_that_become_one_parameter_stay_two():
    made = made_by("-e", "A.PASSWORD=1", "-e", "A_PASSWORD=2", "x")
    names = [each["name"] for each in made.contents["parameters"]]
    assert len(set(names)) == 2
    parse(made.contents)


def test_the_mask_of_a_past_launch_becomes_no_value():
    run = ContainerRun(
        image="x", environment={"DB_PASSWORD": "hunter2", "DATABASE_URL": "a://b:hunter2@c"}
    )
    made = past_launch(run.public())
    assert REDACTED not in json.dumps(made.contents, ensure_ascii=False)
    assert made.contents["run"]["environment"] == {"DB_PASSWORD": "${db_password}"}
    assert "DATABASE_URL" in made.left_out[0]


def test_what_a_past_launch_cannot_bring_is_said_in_the_editor(as_, web, operator):
    run = ContainerRun(image="x", environment={"DATABASE_URL": "a://b:hunter2@c"})
    launched = operation(web, operator, run, **ended())
    page = as_(operator).get(f"/catalog/new/?from={launched.pk}").content.decode()
    assert "DATABASE_URL: its value has a password in it" in page
    assert "hunter2" not in page


@pytest.mark.parametrize("value", ["hunter2", "a${hunter2}", "${hunter2}b", "$${hunter2}"])
def test_what_is_wrong_with_a_secret_is_told_without_it(value):
    run = {"image": "a", "environment": {"DB_PASSWORD": value}}
    with pytest.raises(Wrong) as refused:
        parse({"run": run})
    assert "hunter2" not in str(refused.value)


def test_a_whole_variable_in_the_field_of_its_name_is_refused_without_its_value(as_, operator):
    answer = as_(operator).post(
        "/accounts/web/containers/launch/",
        {"image": "x", "environment-name": ["DB_PASSWORD=hunter2"], "environment-value": [""]},
    )
    assert answer.status_code == 422
    assert "hunter2" not in str(answer.context["launch"].errors)


def test_values_of_several_lines_pass_through_a_template(as_, web, operator):
    client = as_(operator)
    given = {
        "template_name": "Lines", "image": "x", "parameter-name": ["text"],
        "parameter-type": ["text"], "parameter-label": [""], "parameter-rule": [""],
        "parameter-default": ["one\r\n\ttwo\r\n"], "parameter-required": ["yes"],
        "parameter-help": [""], "environment-name": ["A", "B"],
        "environment-value": ["${text}", "x\r\ny"], "command_line": "sh -c 'a\r\nb'",
    }  # fmt: skip
    assert client.post("/catalog/new/", given).status_code == 302

    made = LaunchTemplate.objects.get()
    assert made.contents.parameters[0].default == "one\n\ttwo\n"
    assert made.contents.run["environment"]["B"] == "x\ny"
    page = client.get(f"/catalog/{made.pk}/edit/").content.decode()
    assert "one\n\ttwo\n</textarea>" in page
    client.post(f"/catalog/{made.pk}/", {"account": "web", "p-text": "\r\n1\r\n\t2"})
    run = Operation.objects.get().parameters
    assert run["environment"] == {"A": "\n1\n\t2", "B": "x\ny"}
    assert run["command_line"] == ["sh", "-c", "a\nb"]
    assert json.loads(run["labels"]["berth.template.values"]) == {"text": "\n1\n\t2"}
    text = client.get(f"/catalog/{made.pk}/export/").content.decode()
    made.delete()
    assert client.post("/catalog/import/", {"text": text.replace("\n", "\r\n")}).status_code == 302
    assert LaunchTemplate.objects.get().contents.parameters[0].default == "one\n\ttwo\n"


def test_a_secret_of_several_lines_is_typed_and_not_sent_back(as_, web, operator):
    client = as_(operator)
    given = {
        "template_name": "Key", "image": "x", "parameter-name": ["tls_key"],
        "parameter-type": ["secret"], "parameter-label": [""], "parameter-rule": [""],
        "parameter-default": [""], "parameter-required": ["yes"], "parameter-help": [""],
        "environment-name": ["TLS_KEY"], "environment-value": ["${tls_key}"],
    }  # fmt: skip
    client.post("/catalog/new/", given)

    made = LaunchTemplate.objects.get()
    answer = client.post(
        f"/catalog/{made.pk}/", {"account": "nowhere", "p-tls_key": "hunter2\r\nhunter2"}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "hunter2" not in page
    assert '<textarea name="p-tls_key"' in page


def test_the_anonymous_volume_of_a_container_made_through_the_api_stays_its_own():
    mounts = [
        {"Type": "volume", "Name": "0a" * 32, "Source": "/v/_data", "Destination": "/a"},
        {"Type": "volume", "Name": "data", "Source": "/w/_data", "Destination": "/b"},
        {"Type": "bind", "Source": "/srv", "Destination": "/c", "RW": False},
    ]
    made = draft({"ImageName": "x", "Config": {}, "Mounts": mounts})
    sources = [each["source"] for each in made.contents["run"]["volumes"]]
    assert sources == ["", "data", "/srv"]
