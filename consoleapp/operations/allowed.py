"""Whether an operation that was requested may still be done: asked when it is approved of, and when
a worker begins it."""

from functools import partial

from django.utils import timezone

from consoleapp.accounts.access import role_on
from consoleapp.approval.asking import granted, unasked
from consoleapp.approval.models import Approval
from consoleapp.operations import elsewhere, reservations
from consoleapp.operations.models import Operation
from consoleapp.policy.standing import refusals
from engine.schema.parameters import Parameters


def no_longer(operation: Operation, parameters: Parameters) -> str:
    """Why the requester may not do this (any more); "" when they may."""
    role = role_on(operation.requested_by, operation.account)
    if role is None or not role.covers(parameters.role):
        return f"{operation.actor_name} has no grant any more to do this on {operation.account}."
    token = operation.token
    if token and (token.revoked_at or (token.expires_at and token.expires_at < timezone.now())):
        return "The token that requested this was revoked, or has expired."
    return elsewhere.no_longer_allowed(operation.requested_by, parameters)


def against(operation: Operation, parameters: Parameters) -> str:
    """What a policy has against beginning it (by now); "" for nothing."""
    if refused := by_policy(operation, parameters):
        return refused
    if Approval.objects.filter(operation=operation).exists() and not granted(operation, parameters):
        return "It is not what was approved of."
    return unasked(operation, parameters)


def by_policy(operation: Operation, parameters: Parameters) -> str:
    """What a policy refuses, approved of or not; "" for nothing."""
    reserved = partial(reservations.ahead_of, operation)
    found = refusals(operation.requested_by, operation.account, parameters, reserved)
    return " ".join(dict.fromkeys(str(verdict) for verdict in found))
