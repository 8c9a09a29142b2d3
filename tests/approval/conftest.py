"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.approval import nobody_listens as nobody_listens
from tests.fixtures.approval import policy_asks as policy_asks
from tests.fixtures.approval import team as team
