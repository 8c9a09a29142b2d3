"""Templates as YAML: exports can be imported again, and errors name their line."""

import pytest

from consoleapp.catalog import files
from consoleapp.catalog.definition import parse
from consoleapp.catalog.models import LaunchTemplate
from tests.fixtures.catalog import WEB, template

HEAD = "format: berth/template/1\nname: Shop\n"


def test_what_is_exported_can_be_imported():
    contents = parse(WEB)
    assert files.read(files.write("Shop", contents)) == ("Shop", contents)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Line 1: a template is a mapping"),
        ("- a", "Line 1: a template is a mapping"),
        ("name: x", "format: berth/template/1"),
        (HEAD, "Line 1: run"),
        (HEAD + "run:\n  image: a\n  colour: red\n", "Line 5: run.colour"),
        (HEAD + "run:\n  image: '--evil'\n", "Line 4: run.image"),
        (HEAD + "run:\n  image: a:${x}\n", "Line 4: run.image: There is no parameter 'x'"),
        (HEAD + "run: {image: a}\nparameters:\n- {name: x, type: odd}\n", "Line 5: parameters.0"),
        (HEAD + "run:\n  image: a\n  image: b\n", "Line 5: image is there twice"),
        (HEAD + "run: &a {image: a}\nb: *a\n", "Line 4: aliases are not allowed"),
        (HEAD + "run: !!python/object/apply:os.system ['id']\n", "Line 3: could not determine"),
        (HEAD + "run: {image: a\n", "Line"),
        (HEAD + "run: {image: a}\nwhat: 1\n", "Line 4: what"),
        ("format: berth/template/1\nname: [1]\nrun: {image: a}\n", "Line 2: name"),
        ("a: " + "[" * 40 + "]" * 40, "nested too deep"),
        ("\x00", "not YAML"),
        ("x" * 70_000, "larger than 64 KiB"),
        (HEAD + "run: {image: a, memory: 2026-01-01}\n", "Line 3"),
    ],
)
def test_a_fault_is_said_with_its_line(text, message):
    with pytest.raises(files.Unreadable) as caught:
        files.read(text)
    assert message in str(caught.value)


def test_an_import_makes_a_template_and_then_its_next_version(as_, web, operator, owner):
    client = as_(operator)
    text = files.write("Shop", parse(WEB))
    assert client.post("/catalog/import/", {"text": text}).status_code == 302
    client.post("/catalog/import/", {"text": text.replace("shop:1", "shop:2")})
    made = LaunchTemplate.objects.get()
    assert made.head.number == 2
    answer = as_(owner).post("/catalog/import/", {"text": text})
    assert answer.status_code == 422
    assert "give the file" in answer.content.decode()
    for wrong in ("", "x: ["):
        assert client.post("/catalog/import/", {"text": wrong}).status_code == 422


def test_an_export_is_a_file_to_save(as_, web, operator):
    made = template(operator, name='Über "x"\\../y')
    answer = as_(operator).get(f"/catalog/{made.pk}/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="ber-x-..-y.yaml"'
    assert answer.content.decode().startswith("format: berth/template/1\n")
    assert as_(operator).get(f"/catalog/{made.pk}/export/?version=9").status_code == 404
