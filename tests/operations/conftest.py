"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.operations import other as other
