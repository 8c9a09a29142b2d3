"""Refuse what policies do not allow: tell the user, and audit it."""

from django.forms import Form

from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.policies.effective_policy import PolicyViolation, query_violations_of, violations_of
from engine.schema.messages import joined, msg
from engine.schema.parameters import Parameters
from engine.schema.query import Query

ACTION = "policy.refused"


class NotAllowed(Refused):
    """Refused by a policy. `violations` name the rules and the fields concerned."""

    def __init__(self, violations: list[PolicyViolation]) -> None:
        self.violations = violations
        reasons = dict.fromkeys(str(violation) for violation in violations)
        super().__init__(msg("Not allowed by policy: %(said)s", said=joined(reasons)))

    def show_in(self, form: Form) -> None:
        """Show each violation at its field, or above the form if it has no field."""
        for violation in self.violations:
            form.add_error(
                violation.field if violation.field in form.fields else None, str(violation)
            )


def check(account: LinuxAccount, parameters: Parameters, actor: Actor) -> None:
    """Raise NotAllowed (audited) if a policy does not allow the operation."""
    if violations := violations_of(actor.user, account, parameters):
        error = NotAllowed(violations)
        record(
            ACTION,
            actor=actor,
            account=account,
            kind=parameters.kind,
            target=parameters.target(),
            parameters=parameters.public(),
            detail=str(error),
        )
        raise error


def check_query(account: LinuxAccount, query: Query, actor: Actor) -> None:
    """Raise NotAllowed (audited) if a policy does not allow the query."""
    if violations := query_violations_of(actor.user, account, query):
        error = NotAllowed(violations)
        record(ACTION, actor=actor, account=account, kind=query.query, detail=str(error))
        raise error
