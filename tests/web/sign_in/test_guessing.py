"""Guessing passwords: the guesser is stopped, and nobody else."""

import pytest
from django.core.cache import cache
from django.test import Client

from consoleapp.accounts import lockout
from consoleapp.accounts.models import User
from consoleapp.audit.models import Event

PASSWORD = "harbour-master-1"


@pytest.fixture(autouse=True)
def _no_earlier_failures(db: None, settings) -> None:
    """Make hundreds of guesses fast, without a good hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long each check would have waited; nothing waits here."""
    waited: list[float] = []
    monkeypatch.setattr(lockout.time, "sleep", waited.append)
    return waited


def guess(name: str, password: str, address: str, **headers: str) -> Client:
    client = Client(REMOTE_ADDR=address, headers=headers)
    client.post("/user/login/", {"login": name, "password": password})
    return client


def checked() -> int:
    """Return how many guesses were compared with a password."""
    return Event.objects.filter(action="sign-in.failed").count()


FORGED = [
    lambda n: {"X-Forwarded-For": f"203.0.113.{n}"},
    lambda n: {"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.{n}"},
    lambda n: {"X-Real-IP": f"203.0.113.{n}"},
    lambda n: {"Forwarded": f"for=203.0.113.{n}"},
    lambda n: {"True-Client-IP": f"203.0.113.{n}", "CF-Connecting-IP": f"203.0.113.{n}"},
    lambda n: {"Host": ("localhost", "127.0.0.1", "[::1]", f"localhost:{8000 + n}")[n % 4]},
    lambda n: {"User-Agent": f"guesser {n}", "Accept-Language": f"x{n}"},
]


@pytest.mark.parametrize("forge", FORGED)
def test_no_header_makes_a_guesser_another_one(operator: User, forge) -> None:
    for number in range(12):
        guess("olga", "not-this-one", "203.0.113.250", **forge(number))
    assert checked() == 5


@pytest.mark.parametrize("spell", [str.upper, str.title, lambda n: f" {n} ", lambda n: "ｏｌｇａ"])
def test_no_spelling_of_the_name_makes_it_another_one(operator: User, spell) -> None:
    for number in range(12):
        guess(spell("olga") if number % 2 else "olga", "not-this-one", "203.0.113.250")
    assert checked() == 5


def test_addresses_of_one_ipv6_network_are_one(operator: User) -> None:
    for number in range(40):
        guess(f"somebody-{number}", "not-this-one", f"2001:db8::{number:x}")
    assert checked() == 30


def test_addresses_of_one_ipv6_network_share_the_guesses_for_a_name(operator: User) -> None:
    for number in range(12):
        guess("olga", "not-this-one", f"2001:db8::{number:x}")
    assert checked() == 5


def test_a_stranger_does_not_lock_an_administrator_out(admin: User) -> None:
    for _ in range(8):
        guess("admin", "not-this-one", "203.0.113.250")
    assert guess("admin", PASSWORD, "203.0.113.250").get("/").status_code == 302
    assert guess("admin", PASSWORD, "198.51.100.7").get("/users/").status_code == 200


def test_many_strangers_only_slow_the_check_down(admin: User, pauses: list[float]) -> None:
    for number in range(60):
        guess("admin", "not-this-one", f"198.51.{number}.1")
    assert pauses == sorted(pauses)
    assert len(pauses) == 60 - lockout.FREE - 1
    pauses.clear()
    assert guess("admin", PASSWORD, "192.0.2.7").get("/users/").status_code == 200
    assert pauses == [lockout.LONGEST_PAUSE]


def test_other_names_are_not_slowed_down(admin: User, operator: User, pauses: list[float]) -> None:
    for number in range(lockout.FREE + 1):
        guess("admin", "not-this-one", f"198.51.{number}.1")
    assert guess("olga", PASSWORD, "192.0.2.7").get("/").status_code == 200
    assert pauses == []
