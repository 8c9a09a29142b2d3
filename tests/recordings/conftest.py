"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.fixtures.live import engine as engine
from tests.fixtures.live import observer as observer
from tests.fixtures.live import redis_process as redis_process
from tests.fixtures.live import web as web
from tests.fixtures.recordings import data as data
from tests.fixtures.recordings import recorded_account as recorded_account
