"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.catalog import busy as busy
from tests.fixtures.web import nothing_is_published as nothing_is_published
from tests.fixtures.web import operator as operator
from tests.fixtures.web import owner as owner
from tests.fixtures.web import shop as shop
from tests.fixtures.web import snapshots as snapshots
from tests.fixtures.web import stranger as stranger
from tests.fixtures.web import team as team
from tests.fixtures.web import viewer as viewer
