"""What every test stands on."""

import os

from django.contrib.auth.hashers import Argon2PasswordHasher
from hypothesis import HealthCheck, settings

os.environ["BERTH_TESTING"] = "1"

pytest_plugins = [
    "tests.database",
    "tests.schedule",
    "tests.fixtures.people",
    "tests.fixtures.pictures",
    "tests.fixtures.queue",
]

# A password costs a moment to hash on purpose, and nearly every test makes some people.
Argon2PasswordHasher.time_cost = 1
Argon2PasswordHasher.memory_cost = 8
Argon2PasswordHasher.parallelism = 1

# How long an example takes to make or to try says how busy the machine is, not what Berth does.
settings.register_profile("berth", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("berth")
