"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.registries import account as account
from tests.fixtures.registries import authority as authority
from tests.fixtures.registries import clean as clean
from tests.fixtures.registries import guarded as guarded
from tests.fixtures.registries import mirror as mirror
from tests.fixtures.registries import plain as plain
from tests.fixtures.registries import registries as registries
from tests.fixtures.registries import talk as talk
