"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.i18n import _compiled as _compiled
from tests.fixtures.web import operator as operator
from tests.fixtures.web import viewer as viewer
