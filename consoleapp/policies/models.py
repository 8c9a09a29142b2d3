"""The texts of policies. A change adds a version and overwrites nothing."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from consoleapp.accounts.models import Host, LinuxAccount

_ONE_TARGET = (
    Q(host__isnull=False, account__isnull=True, group__isnull=True)
    | Q(host__isnull=True, account__isnull=False, group__isnull=True)
    | Q(host__isnull=True, account__isnull=True, group__isnull=False)
)


class PolicyVersion(models.Model):
    """The policy of a host, a Linux account, or a group's members, from a moment on.

    `text` is TOML in the format of engine/policy/rules.py; "" means that there is no policy any
    more.
    """

    host = models.ForeignKey(Host, null=True, blank=True, on_delete=models.CASCADE)
    account = models.ForeignKey(LinuxAccount, null=True, blank=True, on_delete=models.CASCADE)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE)
    text = models.TextField(blank=True, default="")
    current = models.BooleanField(default=True)
    written_at = models.DateTimeField(auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    writer_name = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ONE_TARGET, name="policy_of_one_thing"),
            *(
                models.UniqueConstraint(
                    fields=[target],
                    condition=Q(current=True, **{f"{target}__isnull": False}),
                    name=f"one_current_policy_a_{target}",
                )
                for target in ("host", "account", "group")
            ),
        ]

    def __str__(self) -> str:
        return f"policy of {self.title}"

    @property
    def title(self) -> str:
        """Return whose policy it is, in words."""
        if self.host is not None:
            return f"the host {self.host.name}"
        if self.account is not None:
            return f"the account {self.account.key}"
        return f"the group {self.group}"
