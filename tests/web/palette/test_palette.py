"""The command palette."""

from tests.fixtures.web import StoredSnapshot, container, operation, snapshot


def find(client, text, account="web"):
    return client.get("/palette/", {"q": text, "account": account}).content.decode()


def test_it_finds_pages_containers_images_and_operations(as_, web, operator, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(container("frontend")))
    row = operation(web, operator)
    client = as_(operator)
    assert "/audit/" in find(client, "audit")
    assert "/accounts/web/containers/" in find(client, "front")
    assert "/accounts/web/images/" in find(client, "demo:1")
    assert str(row.pk) in find(client, "db")


def test_stop_web_is_a_button_that_stops_web(as_, web, operator, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(container("web-1"), container("other")))
    answer = find(as_(operator), "stop web")
    assert "Stop web-1" in answer
    assert 'value="container.stop"' in answer
    assert 'hx-post="/accounts/web/containers/act/"' in answer
    assert "other" not in answer


def test_what_is_destructive_asks_first(as_, web, operator, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(container("web-1")))
    assert 'data-confirm="Kill web-1?"' in find(as_(operator), "kill web")


def test_a_viewer_is_offered_no_action(as_, web, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(container("web-1")))
    answer = find(as_(viewer), "stop web")
    assert "container.stop" not in answer
    assert "Launch" not in find(as_(viewer), "launch")


def test_a_stranger_finds_nothing_of_the_account(as_, web, stranger, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(container("frontend")))
    assert "frontend" not in find(as_(stranger), "front").replace("“front”", "")


def test_odd_questions_get_an_answer(as_, web, operator):
    for text in ("", "<script>", "\0", "x" * 5000, "%"):
        response = as_(operator).get("/palette/", {"q": text})
        assert response.status_code == 200
        assert "<script>" not in response.content.decode()


def test_what_an_engine_makes_up_takes_no_finding_away(as_, web, operator, snapshots):
    found = snapshot(container("frontend"))
    odd = found.images[0].model_construct(**(dict(found.images[0]) | {"id": "a/b"}))
    row = found.containers[0].model_construct(**(dict(found.containers[0]) | {"id": "a/b"}))
    snapshots["web"] = StoredSnapshot(
        found.model_copy(update={"images": [odd, *found.images], "containers": [row]})
    )
    for text in ("demo", "front", "a/b", "e"):
        assert as_(operator).get("/palette/", {"q": text}).status_code == 200
    assert f"/images/{'f' * 64}/" in find(as_(operator), "demo:1")
