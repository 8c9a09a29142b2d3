"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.browser import registry as registry
from tests.fixtures.builds import shipwright as shipwright
from tests.fixtures.builds import yard as yard
