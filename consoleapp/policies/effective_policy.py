"""The policies that apply to a user on an account, and their evaluation."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Q

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.policies.description import Area, describe
from consoleapp.policies.models import PolicyVersion
from consoleapp.snapshots import reader
from engine.policy import image_names
from engine.policy import requests as r
from engine.policy.evaluate import evaluate
from engine.policy.extract import requests_of, requests_of_query
from engine.policy.host_file import PLACE, PolicyFile, Unusable
from engine.policy.rules import Approval, ApprovalPolicy, Policy, Unreadable, read
from engine.schema.messages import joined, msg
from engine.schema.parameters import Parameters
from engine.schema.query import Query

_file = PolicyFile()


@dataclass(frozen=True)
class Source:
    """One policy and its owner. `broken`: why it is unreadable, so that it allows nothing."""

    title: str
    policy: Policy
    broken: str = ""

    @property
    def approval(self) -> Approval | None:
        """Return the rules beyond which approval is required."""
        return self.policy.approval if isinstance(self.policy, ApprovalPolicy) else None


@dataclass(frozen=True)
class PolicyViolation:
    """One violation. `field` is the operation's parameter concerned."""

    rule: str
    message: str
    field: str
    source: str

    def __str__(self) -> str:
        return msg(
            "%(message)s (rule %(rule)s of %(source)s)",
            message=self.message,
            rule=self.rule,
            source=self.source,
        )


@dataclass(frozen=True)
class EffectivePolicy:
    """All policies that apply. Each must allow a request, so the strictest wins."""

    sources: tuple[Source, ...]

    def violations(self, requests: list[r.Request]) -> list[PolicyViolation]:
        """Return the violations among `requests`, and their policies."""
        found = [
            PolicyViolation("policy", msg(
                "%(broken)s Until that is mended, nothing is allowed.", broken=source.broken), "",
                    source.title)
            for source in self.sources
            if source.broken
        ]  # fmt: skip
        for source in self.sources:
            for refusal in evaluate(source.policy, requests):
                found.append(
                    PolicyViolation(refusal.rule, refusal.message, refusal.field, source.title)
                )
        return found

    def why_not(self, request: r.Request) -> str:
        """Return why a request is not allowed; "" if it is."""
        return joined(str(violation) for violation in self.violations([request]))

    @property
    def terminal(self) -> str:
        """Return why there are no terminals; "" if there are."""
        return self.why_not(r.Terminal(recorded=True))

    @property
    def recording(self) -> str:
        """Return whose policies require recorded terminals; "" if none does."""
        asking = [each.title for each in self.sources if each.policy.terminal == "recorded"]
        return ", ".join(dict.fromkeys(asking))

    @property
    def builds(self) -> str:
        """Return why images cannot be built; "" if they can."""
        return self.why_not(r.Build())

    @property
    def archives(self) -> str:
        """Return why images cannot be loaded or shared; "" if they can."""
        return self.why_not(r.Archive())

    @property
    def raw(self) -> str:
        """Return why unit files may only contain known keys; "" if they may contain anything."""
        return self.why_not(r.Raw(description=msg("A unit file with anything in it")))

    @property
    def images(self) -> str:
        """Return the rules about images; "" for none."""
        return self._about("Images")

    @property
    def paths(self) -> str:
        """Return the rules about host paths; "" for none."""
        return self._about("Host paths")

    @property
    def ports(self) -> str:
        """Return the rules about host ports; "" for none."""
        return self._about("Ports")

    @property
    def limits(self) -> str:
        """Return the rules about limits; "" for none."""
        return self._about("Limits")

    def _about(self, area: Area) -> str:
        sentences = [each for source in self.sources for each in describe(source.policy)]
        return " ".join(dict.fromkeys(each.text for each in sentences if each.area == area))

    @property
    def host_network(self) -> str:
        """Return why a container cannot use the host's network; "" if it can."""
        return self.why_not(r.Namespace(kind="network", description="network host"))


def effective_policy(user: User | None, account: LinuxAccount) -> EffectivePolicy:
    """Return the policies for what `user` does on `account`.

    They are those of its host (here and there), its own, and those of each group of the user, or
    the group that owns a service account.
    """
    held = Q(host_id=account.host_id) | Q(account=account)
    if user is not None:
        held |= Q(group__user=user) | Q(group__serviceaccount__user=user)
    rows = PolicyVersion.objects.filter(held, current=True).exclude(text="").distinct()
    found = [_source(row) for row in rows.select_related("host", "account", "group")]
    return EffectivePolicy((*_of_file(account), *found))


def violations_of(
    user: User | None,
    account: LinuxAccount,
    parameters: Parameters,
    reserved: Callable[[], int] = lambda: 0,
) -> list[PolicyViolation]:
    """Return the violations of an operation. Only the engine knows everything, and evaluates again.

    `reserved`: the number of containers being created that the snapshot does not show yet; called
    only if their number is limited.
    """
    held = effective_policy(user, account)
    if not held.sources:
        return []
    requests = requests_of(parameters)
    limited = any(each.policy.containers is not None for each in held.sources)
    more = reserved() if limited and any(isinstance(each, r.OneMore) for each in requests) else 0
    return held.violations([with_snapshot(account, request, more) for request in requests])


def query_violations_of(
    user: User | None, account: LinuxAccount, query: Query
) -> list[PolicyViolation]:
    """Return the same for a query."""
    requests = requests_of_query(query)
    return effective_policy(user, account).violations(requests) if requests else []


def _of_file(account: LinuxAccount) -> list[Source]:
    if account.host.name != settings.BERTH_HOST:
        return []
    try:
        return [Source(str(PLACE), policy) for policy in _file.policies(account.name)]
    except Unusable as error:
        return [Source(str(PLACE), Policy(), str(error))]


def _source(row: PolicyVersion) -> Source:
    try:
        return Source(row.title, read(row.text))
    except Unreadable as error:
        broken = msg(
            "The policy of %(title)s cannot be understood: %(error)s", title=row.title, error=error
        )
        return Source(row.title, Policy(), broken)


def with_snapshot(account: LinuxAccount, request: r.Request, reserved: int = 0) -> r.Request:
    """Return the request with data from the last snapshot, plus `reserved` containers."""
    is_id = isinstance(request, r.Image) and image_names.is_id(request.name)
    if not (is_id or isinstance(request, r.OneMore)):
        return request
    known = reader.load(account)
    snapshot = known.snapshot if known else None
    if snapshot is None:
        return request
    if isinstance(request, r.OneMore):
        return replace(request, present=len(snapshot.containers) + reserved)
    if isinstance(request, r.Image):
        wanted = request.name.removeprefix("sha256:")
        found = [row for row in snapshot.images if row.id.startswith(wanted)]
        return replace(request, known=tuple(tag for row in found for tag in row.tags))
    return request
