"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.api import accounts as accounts
from tests.fixtures.api import caller as caller
from tests.fixtures.api import people as people
from tests.fixtures.api import stored_snapshot as stored_snapshot
