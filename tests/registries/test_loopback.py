"""A registry on loopback is reached directly, whatever proxy this machine uses."""

import pytest

from engine.registries import registry_api


@pytest.mark.parametrize(
    ("registry", "loopback"),
    [("localhost:5000", True), ("127.0.0.1", True), ("127.8.9.1:5000", True), ("[::1]:5000", True)]
    + [("docker.io", False), ("localhost.example", False), ("10.0.0.1:5000", False), ("[", False)]
    + [("127.0.0.1.example:5000", False), ("", False)],
)
def test_which_registries_are_on_loopback(registry: str, loopback: bool) -> None:
    assert registry_api._on_loopback(registry) is loopback
