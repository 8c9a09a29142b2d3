"""Who may see recordings, with an audit event for each access."""

import json
import re
from html import unescape

import pytest
from django.test import AsyncClient, Client
from django.urls import reverse

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.policies.versions import write
from consoleapp.recordings import storage
from consoleapp.recordings.models import Recording
from consoleapp.snapshots import reader
from engine.schema.parameters import Role
from tests.fixtures.web import StoredSnapshot, container, snapshot
from tests.recordings.kept import kept

pytestmark = pytest.mark.django_db(transaction=True)
PIECES = ((0.1, b"$ "), (1.0, b"echo hi\r\nhi\r\n"))


@pytest.fixture(autouse=True)
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    known = StoredSnapshot(snapshot(container("shop")))
    monkeypatch.setattr(reader, "load", lambda *_: known)
    monkeypatch.setattr(reader, "watch", lambda *_: None)


@pytest.fixture
def quay(db: None) -> LinuxAccount:
    host = Host.objects.create(name="local")
    return LinuxAccount.objects.create(host=host, name="web", key="web", uid=4242, socket="/no")


@pytest.fixture
def people(quay: LinuxAccount) -> dict[str, User]:
    found = {
        name: User.objects.create_user(name) for name in ("owner", "operator", "other", "stranger")
    }
    for name, role in (
        ("owner", Role.OWNER),
        ("operator", Role.OPERATOR),
        ("other", Role.OPERATOR),
    ):
        Grant.objects.create(account=quay, user=found[name], role=role)
    found["admin"] = User.objects.create_superuser("admin")
    return found


@pytest.fixture
def recording(quay: LinuxAccount, people: dict[str, User]) -> Recording:
    return kept(quay, people["operator"], *PIECES, container=container("shop").id)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("name", "status"),
    [("admin", 200), ("owner", 200), ("operator", 200), ("other", 404), ("stranger", 404)],
)
@pytest.mark.parametrize("page", ["replay", "cast", "download"])
def test_owners_administrators_and_the_person_see_it_and_nobody_else(
    recording: Recording, people: dict[str, User], name: str, status: int, page: str
) -> None:
    client = client_of(people[name])
    assert client.get(reverse(f"recordings:{page}", args=[recording.key])).status_code == status
    listed = list(client.get("/audit/recordings/").context["recordings"])
    assert listed == ([recording] if status == 200 else [])


def test_whose_grant_is_taken_sees_no_recording_of_their_own_either(
    recording: Recording, people: dict[str, User]
) -> None:
    Grant.objects.filter(user=people["operator"]).delete()
    address = reverse("recordings:replay", args=[recording.key])
    assert client_of(people["operator"]).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_look_and_a_download_are_audit_events(
    recording: Recording, people: dict[str, User]
) -> None:
    client = client_of(people["owner"])
    page = client.get(reverse("recordings:replay", args=[recording.key]))
    assert recording.sha256 in page.content.decode()
    assert not Event.objects.filter(action__startswith="recording.view").exists()
    client.get(reverse("recordings:cast", args=[recording.key]))
    answer = client.get(reverse("recordings:download", args=[recording.key]))
    events = Event.objects.filter(actor=people["owner"], action__startswith="recording.")
    assert [event.action for event in events.order_by("pk")] == [
        "recording.viewed",
        "recording.downloaded",
    ]
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Disposition"].endswith('-shop.cast"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert int(answer.headers["Content-Length"]) == recording.size


def test_the_list_is_narrowed_and_cut(
    recording: Recording, quay: LinuxAccount, people: dict[str, User]
) -> None:
    for number in range(51):
        kept(quay, people["admin"], container=f"{number:064x}")
    client = client_of(people["admin"])
    first = client.get("/audit/recordings/")
    assert len(first.context["recordings"]) == 50
    rest = client.get(f"/audit/recordings/?before={first.context['older']}")
    assert len(rest.context["recordings"]) == 2
    for query in ("user=operator", "container=shop", f"container={recording.container[:12]}"):
        found = client.get(f"/audit/recordings/?{query}")
        assert found.context["recordings"] == [recording], query
    assert "Nothing matches" in client.get("/audit/recordings/?how=failed").content.decode()
    for nonsense in ("before=x", "since=yesterday", "how=well", "before=9" + "9" * 30):
        assert client.get(f"/audit/recordings/?{nonsense}").status_code == 200


def test_an_empty_list_says_how_terminals_come_to_be_recorded(people: dict[str, User]) -> None:
    text = client_of(people["admin"]).get("/audit/recordings/").content.decode()
    assert 'terminal = "recorded"' in unescape(text)


def test_the_events_of_a_session_lead_to_its_recording(
    recording: Recording, people: dict[str, User]
) -> None:
    event = Event.objects.get(action="recording.ended")
    address = reverse("recordings:replay", args=[recording.key])
    assert address in client_of(people["owner"]).get(f"/audit/{event.pk}/").content.decode()


def test_the_terminals_page_says_before_one_types_that_it_is_recorded(
    quay: LinuxAccount, people: dict[str, User]
) -> None:
    address = f"/accounts/web/containers/{container('shop').id[:12]}/terminal/"
    client = client_of(people["operator"])
    message = r'data-line="This session is recorded\."\s*'
    assert re.search(message + "hidden>", client.get(address).content.decode())
    write(quay, 'terminal = "recorded"', actor=Actor(user=None))
    text = client.get(address).content.decode()
    assert re.search(message + ">", text)
    assert "Required by the policy of: the account web." in text
    assert "Terminals are recorded." in client.get("/accounts/web/policy/").content.decode()


def test_the_api_lists_shows_and_serves_them(recording: Recording, people: dict[str, User]) -> None:
    client = client_of(people["operator"])
    listed = client.get("/api/v1/recordings?account=web").json()
    assert [each["id"] for each in listed["recordings"]] == [str(recording.key)]
    one = client.get(f"/api/v1/recordings/{recording.key}").json()
    assert (one["actor"], one["sha256"], one["how"]) == ("operator", recording.sha256, "left")
    other = client_of(people["other"])
    for place_ in ("", "/cast"):
        assert other.get(f"/api/v1/recordings/{recording.key}{place_}").status_code == 404


async def test_the_file_comes_as_it_is_kept(recording: Recording, people: dict[str, User]) -> None:
    client = AsyncClient()
    await client.aforce_login(people["operator"])
    for address in (
        f"/api/v1/recordings/{recording.key}/cast",
        reverse("recordings:cast", args=[recording.key]),
    ):
        answer = await client.get(address)
        data = b"".join([piece async for piece in answer.streaming_content])
        assert data == storage.file_of(recording.key).read_bytes()
        assert json.loads(data.splitlines()[2]) == [1.0, "o", "echo hi\r\nhi\r\n"]


def test_a_file_that_is_gone_is_told(recording: Recording, people: dict[str, User]) -> None:
    storage.file_of(recording.key).unlink()
    client = client_of(people["admin"])
    assert client.get(reverse("recordings:cast", args=[recording.key])).status_code == 404
    answer = client.get(f"/api/v1/recordings/{recording.key}/cast")
    assert answer.status_code == 404
    assert "verify_audit" in answer.json()["error"]["message"]
