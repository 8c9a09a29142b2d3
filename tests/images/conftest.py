"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.images import accounts as accounts
from tests.fixtures.images import anna as anna
from tests.fixtures.images import anna_engine as anna_engine
from tests.fixtures.images import ben as ben
from tests.fixtures.images import ben_engine as ben_engine
from tests.fixtures.images import locked_registry as locked_registry
from tests.fixtures.images import registry as registry
