"""The details of one operation."""

import re
import uuid

from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from engine.schema.containers import ContainerRun, Port
from engine.schema.images import ImagePull
from tests.fixtures.web import ended, operation


def test_the_page_tells_its_life_command_parameters_and_result(as_, web, viewer, operator):
    query = ContainerRun(image="localhost/demo:1", name="web", ports=[Port(container_port=8080)])
    done = operation(
        web, operator, query, **ended(result={"summary": "web runs.", "id": "ab" * 32})
    )
    page = as_(viewer).get(f"/operations/{done.pk}/").content.decode()
    assert "podman run -d --name web --publish 8080 -- localhost/demo:1" in page
    assert "web runs." in page
    assert "Succeeded" in page
    assert f"/containers/{'ab' * 32}/" in page


def test_a_failure_shows_the_engine_s_words_and_the_remedy(as_, web, operator):
    error = {"code": "not_found", "message": "no such image", "remedy": "Check the name."}
    failed = operation(web, operator, **ended("failed", error=error))
    page = as_(operator).get(f"/operations/{failed.pk}/").content.decode()
    assert "no such image" in page
    assert "Check the name." in page


def test_a_running_pull_shows_a_bar_for_each_layer_in_bytes(as_, web, operator):
    layer = {
        "id": "sha256:aa",
        "label": "aa",
        "status": "",
        "current": 25_000_000,
        "total": 50_000_000,
    }
    progress = {"message": "Pulling", "unit": "bytes", "current": 25_000_000, "total": 50_000_000}
    pull = operation(
        web, operator, ImagePull(image="demo:1"), progress=progress | {"steps": [layer]}
    )
    page = as_(operator).get(f"/operations/{pull.pk}/progress/").content.decode()
    assert page.count('max="50000000" value="25000000"') == 2
    assert "25 MB of 50 MB" in page
    assert f"sse:operation-{pull.pk}" in page


def test_hostile_text_is_shown_and_not_run(as_, web, operator):
    evil = "<script>alert(1)</script>"
    error = {"code": "invalid", "message": evil, "remedy": evil}
    failed = operation(web, operator, **ended("failed", error=error, target=evil, actor_name=evil))
    client = as_(operator)
    for url in (f"/operations/{failed.pk}/", "/operations/", "/operations/activity/", "/"):
        assert evil not in client.get(url).content.decode()


def test_others_operations_do_not_exist_for_a_stranger(as_, web, operator, stranger):
    theirs = operation(web, operator)
    client = as_(stranger)
    assert client.get(f"/operations/{theirs.pk}/").status_code == 404
    assert client.get(f"/operations/{theirs.pk}/progress/").status_code == 404
    assert client.post(f"/operations/{theirs.pk}/cancel/").status_code == 404
    assert client.get(f"/operations/{uuid.uuid4()}/").status_code == 404


def test_nobody_signed_in_is_sent_to_the_sign_in_page(client, web, operator):
    theirs = operation(web, operator)
    response = client.get(f"/operations/{theirs.pk}/")
    assert response.status_code == 302
    assert response.url.startswith("/user/login/?next=")


UNIT = "[Container]\nImage=localhost/demo:1\nExec=server --key hunter2\n"


def texts(account, person):
    """Create operations whose parameters are whole files."""
    kept = {"unit.write": "text", "image.build": "containerfile", "registry.trust": "certificate"}
    made = []
    for kind, name in kept.items():
        row = operation(account, person, kind=kind)
        row.parameters = {"file": "a", name: UNIT}
        row.save()
        made.append(row)
    return made


def test_whole_files_are_for_who_may_act(as_, web, viewer, operator, owner):
    for done in texts(web, operator):
        for path in (f"/operations/{done.pk}/", f"/api/v1/operations/{done.pk}"):
            assert "hunter2" not in as_(viewer).get(path).content.decode()
            assert "only shown to operators" in as_(viewer).get(path).content.decode()
            assert "hunter2" in as_(operator).get(path).content.decode()
    for path in ("/api/v1/operations", "/api/v1/accounts/web/operations", "/operations/"):
        assert "hunter2" not in as_(viewer).get(path).content.decode()


def test_others_addresses_and_events_are_for_owners(as_, web, viewer, operator, owner):
    done = operation(web, operator, **ended(), ip="203.0.113.7")
    actor = Actor(user=operator, ip="203.0.113.7", source="page")
    about = {"account": web, "operation": done.pk, "target": "db", "kind": "container.stop"}
    record("operation.requested", actor=actor, detail="said in the log", **about)
    pages = (f"/operations/{done.pk}/", "/accounts/web/containers/db/hihistory/")
    for page in pages:
        assert "203.0.113.7" not in as_(viewer).get(page).content.decode()
        assert "/audit/" not in re.sub(
            r'href="/audit/"', "", as_(viewer).get(page).content.decode()
        ) or page.endswith("history/")
        if page.startswith("/operations"):
            assert "203.0.113.7" in as_(operator).get(page).content.decode()
            assert "203.0.113.7" in as_(owner).get(page).content.decode()
