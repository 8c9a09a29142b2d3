"""Setup for every test."""

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

# Hashing a password is slow on purpose, and nearly every test creates users.
Argon2PasswordHasher.time_cost = 1
Argon2PasswordHasher.memory_cost = 8
Argon2PasswordHasher.parallelism = 1

# The time of an example depends on the machine's load, not on Berth.
settings.register_profile("berth", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("berth")
