"""A form that a pydantic model validates shows the model's errors, as sentences, at its fields."""

from typing import Any

import pytest
from django import forms
from django.utils.translation import override
from pydantic import BaseModel, Field, field_validator

from consoleapp.web.model_form import Location, ModelForm


class Order(BaseModel):
    name: str = Field(max_length=3, pattern="^[a-z]*$")
    size: int = Field(ge=1)
    address: dict[str, int] = {}

    @field_validator("name")
    @classmethod
    def is_free(cls, name: str) -> str:
        if name == "abc":
            raise ValueError("the name is taken")
        return name


class OrderForm(ModelForm):
    model = Order
    words = {"string_pattern_mismatch": "Small letters only."}
    name = forms.CharField(required=False)
    size = forms.CharField(required=False)
    port = forms.CharField(required=False)

    def values(self, cleaned: Any) -> dict[str, Any]:
        if cleaned["name"] == "no":
            raise ValueError("These do not fit together.")
        return {"name": cleaned["name"], "size": cleaned["size"], "address": {"a": cleaned["port"]}}

    def place(self, location: Location) -> str | None:
        return "port" if location[:1] == ("address",) else super().place(location)


GOOD = {"name": "ab", "size": "2", "port": "1"}


def test_what_the_model_accepts_is_its_instance() -> None:
    form = OrderForm(GOOD)
    assert form.is_valid()
    assert form.parsed == Order(name="ab", size=2, address={"a": 1})


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"name": "abcd"}, {"name": ["At most 3 characters."]}),
        ({"name": "A"}, {"name": ["Small letters only."]}),
        ({"name": "abc"}, {"name": ["The name is taken."]}),
        ({"size": "x"}, {"size": ["Must be a whole number."]}),
        ({"port": "x"}, {"port": ["Must be a whole number."]}),
        ({"name": "no"}, {"__all__": ["These do not fit together."]}),
        (
            {"name": "A", "size": "0"},
            {"name": ["Small letters only."], "size": ["Must be 1 or more."]},
        ),
    ],
)
def test_each_error_is_a_sentence_at_its_field(
    change: dict[str, str], errors: dict[str, list[str]]
) -> None:
    assert OrderForm(GOOD | change).errors == errors


def test_an_error_is_in_the_readers_language() -> None:
    with override("zh-hans"):
        assert OrderForm(GOOD | {"size": "x"}).errors["size"] != ["Must be a whole number."]
