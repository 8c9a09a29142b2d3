"""Pasting an .env file: python-dotenv's rules, nothing expanded, errors with their line."""

import pytest

from consoleapp.web.containers.env_file import read_env


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('A="b c" # x', {"A": "b c"}),
        ('A="say \\"hi\\""', {"A": 'say "hi"'}),
        ("A='it\\'s'", {"A": "it's"}),
        ("A=b c # x", {"A": "b c"}),
        ("A=b#c", {"A": "b#c"}),
        ("A='# no comment'", {"A": "# no comment"}),
        ("export A=1\nexport  B=2", {"A": "1", "B": "2"}),
        ("A = 1 ", {"A": "1"}),
        ("A=\nB=''\nC=\"\"", {"A": "", "B": "", "C": ""}),
        ("# comment\n\n  A=1\n", {"A": "1"}),
        ("A=1\nA=2", {"A": "2"}),
        ('A="one\ntwo"\nB=3', {"A": "one\ntwo", "B": "3"}),
        ("A='one\n\ttwo'", {"A": "one\n\ttwo"}),
        ('A="one\\ntwo\\t"', {"A": "one\ntwo\t"}),
        ("A='one\\ntwo'", {"A": "one\\ntwo"}),
        ("A=one\\ntwo", {"A": "one\\ntwo"}),
        ('A="$B ${C}"\nD=$(id) `id`', {"A": "$B ${C}", "D": "$(id) `id`"}),
        ("A=x'y", {"A": "x'y"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("a.b-c=1", {"a.b-c": "1"}),
        ("URL=http://h/?a=b&c=d", {"URL": "http://h/?a=b&c=d"}),
        ("", {}),
    ],
)
def test_its_variables_are_read(text, found):
    assert read_env(text) == (found, "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('A=1\nB="x', 2),
        ("A='x", 1),
        ('A="x\nB=1', 1),
        ("A=1\n\n\nno value", 4),
        ("A=1\nB", 2),
        ("=x", 1),
        ("\n\n1A=2", 3),
        ('A="x" y', 1),
        ('A="one\ntwo"\n\nB=\'', 4),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line):
    assert f"Line {line} " in read_env(text)[1]


@pytest.mark.parametrize("text", ["DB_PASSWORD='hunter2", 'DB_PASSWORD="hunter2" x', "hunter2"])
def test_what_is_wrong_is_told_without_a_value(text):
    assert "hunter2" not in read_env(text)[1]
