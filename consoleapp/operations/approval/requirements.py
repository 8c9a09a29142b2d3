"""The policies that require approval of an operation, and why. Only after none forbids it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase

from django.contrib.auth.models import Group

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.operations import secret_parameters
from consoleapp.operations.approval.models import Approval, Decision, Requirement
from consoleapp.operations.models import Operation
from consoleapp.policies.effective_policy import effective_policy, with_snapshot
from engine.policy import requests as r
from engine.policy import rules
from engine.policy.evaluate import Violation, evaluate
from engine.policy.extract import requests_of
from engine.schema.messages import joined, msg
from engine.schema.parameters import Parameters


@dataclass(frozen=True)
class PolicyRequirement:
    """One policy that requires approval: its reasons, groups (none: the owners), and expiry."""

    source: str
    reasons: tuple[Violation, ...]
    approvers: tuple[str, ...]
    expires_after: timedelta

    def __str__(self) -> str:
        return joined(
            msg(
                "%(message)s (rule %(rule)s of %(source)s)",
                message=each.message,
                rule=each.rule,
                source=self.source,
            )
            for each in self.reasons
        )


def requirements_of(
    user: User | None, account: LinuxAccount, parameters: Parameters, *, unknown: bool = True
) -> list[PolicyRequirement]:
    """Return the policies that require approval.

    `unknown`: include what is currently unknown, such as the number of containers while there is no
    snapshot of the account.
    """
    held = [(each, each.approval) for each in effective_policy(user, account).sources]
    if not any(approval for _, approval in held):
        return []
    wanted = [with_snapshot(account, request) for request in requests_of(parameters)]
    found = []
    for source, approval in held:
        if approval and (reasons := tuple(_reasons(approval, parameters, wanted, unknown))):
            requirements = PolicyRequirement(
                source.title, reasons, tuple(approval.approvers), approval.expires_after
            )
            found.append(requirements)
    return found


def unmet_requirements(operation: Operation, parameters: Parameters) -> str:
    """Return why it now needs more approval than it had; "" if it does not."""
    covered = {
        (
            requirement.source,
            requirement.owners,
            frozenset(group.name for group in requirement.groups.all()),
            rule,
        )
        for requirement in Requirement.objects.filter(approval=operation.pk).prefetch_related(
            "groups"
        )
        for rule, _ in requirement.reasons
    }
    more = []
    for each in requirements_of(
        operation.requested_by, operation.account, parameters, unknown=False
    ):
        groups = Group.objects.filter(name__in=each.approvers).values_list("name", flat=True)
        requirements = (each.source[:300], not each.approvers, frozenset(groups))
        if any((*requirements, reason.rule) not in covered for reason in each.reasons):
            more.append(str(each))
    return (
        msg("By now it needs approval; request it again. %(why)s", why=joined(more)) if more else ""
    )


def granted(operation: Operation, parameters: Parameters) -> bool:
    """Return whether exactly this was approved."""
    approval = Approval.objects.filter(operation=operation, decision=Decision.GRANTED).first()
    return approval is not None and approval.fingerprint == fingerprint(operation, parameters)


def fingerprint(operation: Operation, parameters: Parameters) -> str:
    """Return the digest of what would run."""
    return secret_parameters.fingerprint(operation.account.key, parameters)


def _reasons(
    approval: rules.Approval, parameters: Parameters, wanted: list[r.Request], unknown: bool
) -> list[Violation]:
    found = []
    if any(fnmatchcase(parameters.kind, pattern) for pattern in approval.kinds):
        reason = msg("Operations of the kind %(kind)s always need approval.", kind=parameters.kind)
        found.append(Violation("approval.kinds", reason))
    for each in evaluate(approval, wanted):
        found.append(replace(each, rule=f"approval.{each.rule}"))
    uncounted = any(isinstance(each, r.OneMore) and each.present is None for each in wanted)
    if unknown and uncounted and approval.containers is not None:
        reason = msg("Nobody knows now how many containers the account has.")
        found.append(Violation("approval.containers", reason))
    return found
