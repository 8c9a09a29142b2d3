"""The differences between two texts of a unit, with masked secrets."""

import pytest

from consoleapp.web.units.difference import lines


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[Container]\nEnvironment=DB_PASSWORD=hunter2\n", "[Container]\n"),
        ("[Container]\n", '[Container]\nEnvironment="DB_PASSWORD=hunter2 and more" A=1\n'),
        ("Environment=DB_PASSWORD=hunter2\n", "Environment=DB_PASSWORD=hunter22\n"),
        ("", "PodmanArgs=--env=API_TOKEN=hunter2\n"),
        ("", "ExecStart=/usr/bin/podman run -e DB_PASSWORD=hunter2 x\n"),
        ("", "Environment=URL=postgres://me:hunter2@db/x\n"),
        ("", "env:\n- name: DB_PASSWORD\n  value: hunter2\n- name: A\n  value: b\n"),
        ("", "    - name: 'API_TOKEN'\n      value: \"hunter2 b\"\n"),
    ],
)
def test_a_secret_that_changes_is_a_change_and_is_masked(old, new):
    found = lines(old, new)
    assert {"added", "removed"} & {each.change for each in found}
    assert "hunter2" not in "".join(each.text for each in found)


def test_other_lines_are_shown_as_they_are_with_their_numbers():
    found = lines("a=1\nb=2\n", "a=1\nb=3\nc\x0bd\n")
    assert [(each.change, each.text, each.before, each.after) for each in found] == [
        ("kept", "a=1", 1, 1),
        ("removed", "b=2", 2, None),
        ("added", "b=3", None, 2),
        ("added", "c\x0bd", None, 3),
    ]


def test_equal_texts_have_no_difference():
    assert lines("a\n", "a\n") == lines("", "") == []
