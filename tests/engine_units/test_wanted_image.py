"""The image that a Quadlet runs, found in its text."""

import pytest

from engine.systemd.quadlet_image import wanted_image

OTHERS = {
    "base.image": "[Image]\nImage=quay.example/base:2\n",
    "app.build": "[Build]\nImageTag=localhost/app:3\nSetWorkingDirectory=unit\n",
}


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("[Container]\nImage=localhost/a:1\n", "localhost/a:1"),
        ("[Unit]\nImage=no\n[Container]\nImage = one \nImage=two\n[Install]\nImage=x\n", "two"),
        ("[Container]\n#Image=a\nExec=x\n", ""),
        ("[Container]\nImage=base.image\n", "quay.example/base:2"),
        ("[Container]\nImage=app.build\n", "localhost/app:3"),
        ("[Container]\nImage=gone.build\n", ""),
        ("[Container]\nImage=localhost/%p:1\n", ""),
        ("", ""),
    ],
)
def test_it_is_what_the_file_or_the_one_it_refers_to_names(text: str, image: str) -> None:
    assert wanted_image(text, OTHERS) == image
