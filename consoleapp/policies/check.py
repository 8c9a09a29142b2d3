"""Refuse what policies do not allow: tell the user, and audit it."""

from django.forms import Form

from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.policies.effective_policy import Verdict, query_refusals, refusals
from engine.schema.messages import joined, msg
from engine.schema.parameters import Parameters
from engine.schema.query import Query

ACTION = "policy.refused"


class NotAllowed(Refused):
    """Refused by a policy. `verdicts` name the rules and the fields concerned."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        self.verdicts = verdicts
        said = dict.fromkeys(str(verdict) for verdict in verdicts)
        super().__init__(msg("Not allowed by policy: %(said)s", said=joined(said)))

    def tell(self, form: Form) -> None:
        """Show each violation at its field, or above the form if it has no field."""
        for verdict in self.verdicts:
            form.add_error(verdict.field if verdict.field in form.fields else None, str(verdict))


def check(account: LinuxAccount, parameters: Parameters, actor: Actor) -> None:
    """Raise NotAllowed (audited) if a policy does not allow the operation."""
    if verdicts := refusals(actor.user, account, parameters):
        error = NotAllowed(verdicts)
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
    if verdicts := query_refusals(actor.user, account, query):
        error = NotAllowed(verdicts)
        record(ACTION, actor=actor, account=account, kind=query.query, detail=str(error))
        raise error
