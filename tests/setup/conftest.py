"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.setup import berth as berth
