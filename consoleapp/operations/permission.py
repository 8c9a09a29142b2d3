"""Check whether a requested operation is still allowed."""

from functools import partial

from django.utils import timezone

from consoleapp.accounts.access import role_on
from consoleapp.operations import cross_account, reservations
from consoleapp.operations.models import Operation
from consoleapp.policies.effective_policy import violations_of
from engine.schema.messages import joined, msg
from engine.schema.parameters import Parameters


def no_longer(operation: Operation, parameters: Parameters) -> str:
    """Return why the requester may not do this (any more); "" if they may."""
    role = role_on(operation.requested_by, operation.account)
    if role is None or not role.covers(parameters.role):
        return msg(
            "%(actor_name)s has no grant any more to do this on %(account)s.",
            actor_name=operation.actor_name,
            account=operation.account,
        )
    token = operation.token
    if token and (token.revoked_at or (token.expires_at and token.expires_at < timezone.now())):
        return msg("The token that requested this was revoked, or has expired.")
    return cross_account.no_longer_allowed(operation.requested_by, parameters)


def by_policy(operation: Operation, parameters: Parameters) -> str:
    """Return what a policy forbids, approved or not; "" for nothing."""
    reserved = partial(reservations.ahead_of, operation)
    found = violations_of(operation.requested_by, operation.account, parameters, reserved)
    return joined(dict.fromkeys(str(violation) for violation in found))
