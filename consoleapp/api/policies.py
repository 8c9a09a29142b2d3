"""/accounts/{account}/policy: the effective policies, and whether they allow an operation."""

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router
from pydantic import BaseModel

from consoleapp.accounts.access import role_on
from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.operations import Requested
from consoleapp.api.problems import responses
from consoleapp.operations.approval.requirements import requirements_of
from consoleapp.policies.description import describe
from consoleapp.policies.effective_policy import effective_policy, violations_of
from engine.policy.rules import Approval, Policy

router = Router(tags=["policy"])


class PolicyBody(BaseModel):
    """One policy. `broken`: why it is invalid, in which case nothing is allowed."""

    source: str
    policy: Policy
    approval: Approval | None
    says: list[str]
    broken: str


class PolicyList(BaseModel):
    """Every policy that applies to the caller on the account. Each must allow an operation."""

    account: str
    role: str
    policies: list[PolicyBody]


class ViolationBody(BaseModel):
    """`rule` and `source` name the rule and its policy, and `field` the parameter concerned."""

    rule: str
    message: str
    field: str
    source: str


class CheckBody(BaseModel):
    """Whether it would be queued. The engine knows more (links, sizes) and evaluates again."""

    outcome: Literal["allowed", "needs approval", "refused"]
    allowed: bool
    """Whether it is allowed, possibly after approval."""
    violations: list[ViolationBody]
    requirements: list[ViolationBody]
    """The reasons why it requires approval; empty if it is refused."""


@router.get(
    "/accounts/{account}/policy", response=responses({200: PolicyList}), summary="My permissions"
)
def read_policy(request: HttpRequest, account: str) -> HttpResponse:
    """Return the policies of the account, its host, and the caller's groups."""
    actor = actor_of(request)
    found = find_account(actor, account)
    policies = [
        PolicyBody(
            source=source.title,
            policy=source.policy,
            approval=source.approval,
            says=[sentence.text for sentence in describe(source.policy)],
            broken=source.broken,
        )
        for source in effective_policy(actor.user, found).sources
    ]
    role = role_on(actor.user, found)
    return send(PolicyList(account=found.key, role=str(role or ""), policies=policies))


@router.post(
    "/accounts/{account}/policy/check",
    response=responses({200: CheckBody}, 413, 415),
    summary="Check an operation",
)
def check_operation(request: HttpRequest, account: str, wanted: Body[Requested]) -> HttpResponse:
    """Evaluate an operation without requesting it. Nothing is queued or audited."""
    actor = actor_of(request)
    found = find_account(actor, account)
    refused = [
        ViolationBody(
            rule=violation.rule,
            message=violation.message,
            field=f"parameters.{violation.field}".rstrip("."),
            source=violation.source,
        )
        for violation in violations_of(actor.user, found, wanted.parameters)
    ]
    role, needed = role_on(actor.user, found), wanted.parameters.role
    if role is None or not role.covers(needed):
        message = f"This needs the role {needed} on {found.key}."
        refused.insert(0, ViolationBody(rule="role", message=message, field="", source="grants"))
    requirements = [
        ViolationBody(
            rule=reason.rule,
            message=reason.message,
            field=f"parameters.{reason.field}".rstrip("."),
            source=each.source,
        )
        for each in (() if refused else requirements_of(actor.user, found, wanted.parameters))
        for reason in each.reasons
    ]
    outcome = "refused" if refused else "needs approval" if requirements else "allowed"
    return send(
        CheckBody(
            outcome=outcome, allowed=not refused, violations=refused, requirements=requirements
        )
    )
