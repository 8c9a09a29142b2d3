"""Format amounts for sentences."""


def binary_size(count: int) -> str:
    """Format bytes in binary multiples, to a tenth: 1.5 GiB, 100 MiB, 12 bytes."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{round(count / factor, 1):g} {unit}"
    return f"{count} bytes"
