"""Podman's words, and what Berth adds to them."""

from engine.adapters.podman_errors import understand
from engine.schema.errors import ErrorCode


def test_files_that_were_still_in_use_are_no_fault_without_a_way_out() -> None:
    said = (
        "removing container e1 root filesystem: 1 error occurred:\n"
        "\t* unlinkat /s/shm: device or resource busy"
    )
    report = understand(said).report
    assert report.code is ErrorCode.CONFLICT
    assert report.message == said
    assert report.remedy
