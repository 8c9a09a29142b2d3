"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.notifications import receiver as receiver
from tests.fixtures.notifications import woken as woken
from tests.fixtures.operations import other as other
