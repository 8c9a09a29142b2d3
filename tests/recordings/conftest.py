"""What the stories about recordings share: people, an engine to play with, a policy that asks."""

from pathlib import Path

import pytest

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.policies import effective_policy
from consoleapp.policies.versions import write
from engine.policy.host_file import PolicyFile
from tests.live.conftest import (  # noqa: F401 - fixtures
    engine,
    observer,
    olga,
    redis_process,
    stina,
    victor,
    web,
)

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of the test's own, and no policy of this machine's."""
    settings.BERTH_DATA = tmp_path
    settings.BERTH_AUDIT_KEY = tmp_path / "audit-key"
    settings.BERTH_AUDIT_HEADS = str(tmp_path / "heads.jsonl")
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(tmp_path / "policy.toml"))
    return tmp_path


@pytest.fixture
def asked(web: LinuxAccount) -> LinuxAccount:
    """The account, with a policy that wants its terminals recorded."""
    write(web, 'terminal = "recorded"', actor=Actor(user=None))
    return web
