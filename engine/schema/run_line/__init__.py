"""Parse a pasted `docker run` or `podman run` line into the fields of ContainerRun.

The text is split as a shell does (`shell.py`), options are read as pflag does (`options.py`), and
values as Podman does (`values.py`). Nothing is expanded or executed. Parts without a field in
ContainerRun are left out and listed with the reason.
"""

from engine.schema.run_line.options import option_takes_value, split_option
from engine.schema.run_line.reader import LeftOut, RunLine, Unreadable, read, read_arguments
from engine.schema.run_line.units import seconds, size

__all__ = [
    "LeftOut",
    "RunLine",
    "Unreadable",
    "option_takes_value",
    "read",
    "read_arguments",
    "seconds",
    "size",
    "split_option",
]
