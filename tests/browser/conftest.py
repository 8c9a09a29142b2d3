"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.browser import browser as browser
from tests.fixtures.browser import console as console
from tests.fixtures.browser import page as page
from tests.fixtures.browser import registry as registry
