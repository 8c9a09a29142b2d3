"""The console's settings, with the database of the tests that started this process."""

import os

from consoleapp.settings import *  # noqa: F403
from consoleapp.settings import DATABASES
from tests.waiting import PATIENCE

DATABASES["default"]["OPTIONS"]["timeout"] = PATIENCE
DATABASES["default"]["NAME"] = os.environ["BERTH_TEST_DATABASE"]
