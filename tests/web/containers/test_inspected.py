"""Podman's inspect data, however hostile, becomes the facts of the overview."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consoleapp.live.redaction import redacted
from consoleapp.web.containers.inspected import read

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = """
    Config HostConfig State Mounts NetworkSettings RestartCount Cmd Entrypoint WorkingDir User Env
    Labels Hostname StopSignal StopTimeout Healthcheck Test Interval RestartPolicy Name Memory
    MaximumRetryCount NanoCpus PidsLimit LogConfig Type Networks IPAddress Health Log Status Pid
    Source Destination Options RW Privileged CapAdd Error OOMKilled
""".split()
DOCUMENTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(NAMES), ANYTHING)
    | st.lists(st.dictionaries(st.sampled_from(NAMES), ANYTHING), max_size=3)
    | ANYTHING,
)


@given(DOCUMENTS)
def test_whatever_is_of_another_type_than_expected_reads_as_absent(document):
    assert isinstance(read(document).command, list)


@pytest.mark.parametrize(
    ("kept", "shown"), [(15, "SIGTERM"), ("SIGINT", "SIGINT"), (37, "37"), (None, "")]
)
def test_a_stop_signal_is_shown_by_its_name(kept, shown):
    assert read({"Config": {"StopSignal": kept}}).stop_signal == shown


@pytest.mark.parametrize(
    "text",
    [
        "-a=" * 5_000,
        "-a=" * 10_000 + "PASSWORD=hunter2",
        "--env=DB_PASSWORD=hunter2",
        "-e=--env=DB_PASSWORD=hunter2",
        "-a=-b=-c=-d=-e=PASSWORD=hunter2",
    ],
)
def test_a_nested_label_is_masked_without_end_of_depth(text):
    shown = str(redacted({"Labels": {"x": text}, "Cmd": [text]}))
    assert "hunter2" not in shown
