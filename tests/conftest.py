"""What every test stands on."""

import os

os.environ["BERTH_TESTING"] = "1"

pytest_plugins = ["tests.database"]
