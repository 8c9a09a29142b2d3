"""The doctor's findings for the host's own output."""

import os
from pathlib import Path

import pytest

from engine.systemd.doctor import key_quota

LISTED = """    0:   128 127/127 119/1000000 3016/25000000
 1000:     4 4/4 4/200 77/20000
 1001:   198 198/198 197/200 3152/20000
 1002:   101 101/101 100/200 19900/20000
"""


@pytest.mark.parametrize(
    ("uid", "quota"), [(1000, (4, 200)), (1001, (197, 200)), (1002, (100, 100)), (7, (0, 0))]
)
def test_the_keys_of_an_account_are_those_of_its_own_line(uid: int, quota: tuple[int, int]) -> None:
    assert key_quota(LISTED, uid) == quota


def test_this_kernels_own_list_is_understood() -> None:
    taken, most = key_quota(Path("/proc/key-users").read_text(), os.getuid())
    assert taken <= most
