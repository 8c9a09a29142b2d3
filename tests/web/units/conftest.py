"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.web_units import engine as engine
from tests.fixtures.web_units import several as several
