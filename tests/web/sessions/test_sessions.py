"""Users' sessions, and how they end."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from consoleapp.accounts.devices import device
from consoleapp.audit.models import Event

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


def on(device, user):
    client = Client(headers={"user-agent": device})
    client.force_login(user)
    client.get("/me/")
    return client


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (PHONE, "Safari on iPhone"),
        ("curl/8.5.0", "curl"),
        ("", "unknown program"),
        ("<script>alert(1)</script>", "unknown program"),
    ],
)
def test_a_device_is_named_in_words_and_never_in_those_of_its_sender(agent, words):
    assert device(agent) == words


def test_my_sessions_show_device_address_and_which_one_is_this(operator):
    here = on(FIREFOX, operator)
    on(PHONE, operator)
    text = here.get("/me/sessions/").content.decode()
    assert "Firefox on Linux" in text
    assert "Safari on iPhone" in text
    assert "127.0.0.1" in text
    assert text.count("this session") == 1
    assert not [s.session_key for s in UserSession.objects.all() if s.session_key in text]


def test_one_of_my_sessions_is_ended_and_that_is_audited(operator):
    here, phone = on(FIREFOX, operator), on(PHONE, operator)
    row = UserSession.objects.get(user_agent=PHONE)
    assert here.post(f"/me/sessions/{row.pk}/end/").status_code == 302
    assert phone.get("/me/").status_code == 302
    assert here.get("/me/").status_code == 200
    event = Event.objects.get(action="session.ended")
    assert event.target == "olga"
    assert event.parameters == {"device": "Safari on iPhone", "address": "127.0.0.1"}


def test_all_others_end_also_those_that_made_no_request_yet(operator, as_):
    here, phone, fresh = on(FIREFOX, operator), on(PHONE, operator), as_(operator)
    here.post("/me/sessions/end/")
    assert here.get("/me/").status_code == 200
    assert phone.get("/me/").status_code == 302
    assert fresh.get("/me/").status_code == 302
    assert Event.objects.get(action="session.ended").parameters == {"count": 2}


def test_a_copy_of_the_cookie_made_before_is_of_no_use_after(operator):
    here = on(FIREFOX, operator)
    copy = Client()
    copy.cookies["berth_session"] = here.cookies["berth_session"].value
    here.post("/me/sessions/end/")
    assert copy.get("/me/").status_code == 302


def test_nobody_ends_the_session_of_another(operator, viewer):
    here, victim = on(FIREFOX, operator), on(PHONE, viewer)
    row = UserSession.objects.get(user=viewer)
    assert here.post(f"/me/sessions/{row.pk}/end/").status_code == 404
    assert here.get(f"/users/{viewer.pk}/sessions/").status_code == 404
    assert here.post(f"/users/{viewer.pk}/sessions/{row.pk}/end/").status_code == 404
    assert here.post(f"/users/{viewer.pk}/sessions/end/").status_code == 404
    assert victim.get("/me/").status_code == 200


def test_an_administrator_sees_and_ends_anybodys_sessions(admin, operator):
    there, phone = on(FIREFOX, operator), on(PHONE, operator)
    client = on(FIREFOX, admin)
    page = f"/users/{operator.pk}/sessions/"
    assert "Safari on iPhone" in client.get(page).content.decode()
    row = UserSession.objects.get(user_agent=PHONE)
    client.post(f"{page}{row.pk}/end/")
    assert phone.get("/me/").status_code == 302
    assert there.get("/me/").status_code == 200
    client.post(f"{page}end/")
    assert there.get("/me/").status_code == 302
    assert "Not signed in anywhere" in client.get(page).content.decode()
    assert client.get("/me/").status_code == 200
    assert set(Event.objects.filter(action="session.ended").values_list("actor_name")) == {
        ("admin",)
    }


def test_a_session_that_a_new_password_ended_is_not_listed(admin, operator):
    on(FIREFOX, operator)
    operator.set_password("another-harbour-1")
    operator.save()
    assert "Firefox" not in on(PHONE, admin).get(f"/users/{operator.pk}/sessions/").content.decode()
