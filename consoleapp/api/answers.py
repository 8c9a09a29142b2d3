"""Answers that are already models: serialized once by pydantic, without another check by ninja."""

from django.http import HttpResponse
from pydantic import BaseModel

from engine.schema.characters import as_json
from engine.schema.messages import ENGLISH


def send(body: BaseModel, status: int = 200, **headers: str) -> HttpResponse:
    """Return the response with `body` as JSON."""
    return HttpResponse(as_json(body, context=ENGLISH), "application/json", status, headers=headers)
