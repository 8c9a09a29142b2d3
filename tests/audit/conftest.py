"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.audit import around_the_triggers as around_the_triggers
from tests.fixtures.audit import nobody as nobody
from tests.fixtures.audit import place as place
