"""Fixtures of tests in this folder; they are defined in tests/fixtures."""

from tests.engine.registries import private_registry as private_registry
from tests.engine.registries import registry as registry
from tests.engine.registries import slow_image as slow_image
from tests.engine.registries import slow_line as slow_line
from tests.fixtures.engine import alice as alice
from tests.fixtures.engine import alice_linux as alice_linux
from tests.fixtures.engine import alice_process as alice_process
from tests.fixtures.engine import bob as bob
from tests.fixtures.engine import bob_linux as bob_linux
from tests.fixtures.engine import bob_process as bob_process
