"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.files import spool as spool
from tests.fixtures.files import web as web
