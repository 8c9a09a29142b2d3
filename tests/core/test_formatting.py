"""Amounts in sentences."""

import pytest

from consoleapp.core.formatting import binary_size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1_048_575, "1024 KiB"),
        (1_610_612_736, "1.5 GiB"),
        (16 << 30, "16 GiB"),
    ],
)
def test_a_size_is_read_in_the_largest_unit_that_it_fills(count: int, text: str) -> None:
    assert binary_size(count) == text
