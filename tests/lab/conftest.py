"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.lab import dave_is_tidied as dave_is_tidied
from tests.fixtures.lab import host as host
from tests.fixtures.lab import older_host as older_host
from tests.fixtures.lab import other_host as other_host
