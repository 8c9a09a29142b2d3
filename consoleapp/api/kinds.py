"""/kinds: every kind of operation, with the JSON schema of its parameters."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from consoleapp.api.answers import send
from consoleapp.api.problems import responses
from engine.schema.kinds import KINDS
from engine.schema.parameters import Role

router = Router(tags=["kinds"])


class KindBody(BaseModel):
    """One kind. `role`: the required role; `parameters` and `result`: JSON schemas."""

    kind: str
    label: str
    description: str
    role: Role
    destructive: bool
    repeatable: bool
    parameters: dict[str, Any]
    result: dict[str, Any]


class KindList(BaseModel):
    """All kinds."""

    kinds: list[KindBody]


@cache
def _kinds() -> KindList:
    return KindList(
        kinds=[
            KindBody(
                kind=name,
                label=parameters.label,
                description=parameters.__doc__ or "",
                role=parameters.role,
                destructive=parameters.destructive,
                repeatable=parameters.repeatable,
                parameters=parameters.model_json_schema(),
                result=parameters.result.model_json_schema(mode="serialization"),
            )
            for name, parameters in KINDS.items()
        ]
    )


@router.get("/kinds", response=responses({200: KindList}), summary="Kinds of operation")
def list_kinds(request: HttpRequest) -> HttpResponse:
    """List what can be requested at `POST /accounts/{account}/operations`."""
    return send(_kinds())
