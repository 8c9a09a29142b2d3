"""What every test stands on."""

import os

from hypothesis import HealthCheck, settings

os.environ["BERTH_TESTING"] = "1"

pytest_plugins = ["tests.database"]

# How long an example takes to make or to try says how busy the machine is, not what Berth does.
settings.register_profile("berth", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("berth")
