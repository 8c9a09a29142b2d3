"""Change a policy: a new version, and its audit event."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from consoleapp.accounts.models import Host, LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.policies.models import PolicyVersion
from engine.policy.rules import ApprovalPolicy, Unreadable, read
from engine.schema.messages import msg

Target = Host | LinuxAccount | Group


def write(target: Target, text: str, *, actor: Actor) -> PolicyVersion | None:
    """Put `text` into force for `target`, "" for no policy. Return None if that is unchanged.

    Raises engine.policy.rules.Unreadable for an invalid text.
    """
    text = text.replace("\r\n", "\n").strip()
    if text:
        _check_approvers(read(text))
    with transaction.atomic():
        type(target)._default_manager.select_for_update().get(pk=target.pk)
        before = of(target)
        if (before.text if before else "") == text:
            return None
        versions(target).filter(current=True).update(current=False)
        version = PolicyVersion.objects.create(
            **{_name(target): target},
            text=text,
            written_by=actor.user,
            writer_name=actor.name[:150],
        )
        record(
            "policy.changed" if text else "policy.removed",
            actor=actor,
            account=target if isinstance(target, LinuxAccount) else None,
            target=version.title,
            parameters={"version": version.pk, "text": text, "was": before.pk if before else None},
        )
    return version


def of(target: Target) -> PolicyVersion | None:
    """Return the effective version."""
    return versions(target).filter(current=True).first()


def versions(target: Target) -> QuerySet[PolicyVersion]:
    """Return all versions, newest first."""
    return PolicyVersion.objects.filter(**{_name(target): target}).order_by("-pk")


def _check_approvers(policy: ApprovalPolicy) -> None:
    """Refuse an unknown group, which would leave all decisions to administrators."""
    for name in policy.approval.approvers if policy.approval else []:
        if not Group.objects.filter(name=name).exists():
            raise Unreadable(
                msg("approval.approvers: there is no group called %(name)s", name=name)
            )


def _name(target: Target) -> str:
    if isinstance(target, Host):
        return "host"
    return "account" if isinstance(target, LinuxAccount) else "group"
