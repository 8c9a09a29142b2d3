"""Make a process end with its parent, however the parent dies."""

import ctypes

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent(signal: int) -> None:
    """Have the kernel send this process `signal` when its parent is gone.

    A change of uid or gid reverts this, so call it afterwards.
    """
    LIBC.prctl(PR_SET_PDEATHSIG, signal)
