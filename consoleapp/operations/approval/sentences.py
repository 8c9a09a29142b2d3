"""Sentences about approvals that are stored in English, marked for translation."""

from django.utils.translation import gettext_noop as _

# %(…)s marks the variable parts.
SENTENCES = (
    _("declined"),
    _("expired"),
    _("awaiting"),
    _("Approval"),
    _("Operations of the kind %(kind)s always need approval."),
    _("Nobody knows now how many containers the account has."),
    _("You asked for it yourself: somebody else must decide."),
    _("You are not among those who may decide this."),
    _("Say why it is declined: the requester reads it."),
    _("It needs no approval."),
    _("It was decided already: granted by %(name)s."),
    _("It was decided already: declined by %(name)s."),
    _("It was decided already: withdrawn by %(name)s."),
    _("It was decided already: expired."),
    _("It does not await approval any more."),
    _("It does not await your approval any more."),
    _("Only who asked for it can say why."),
    _("Its parameters cannot be read any more. Request it again."),
    _("It is not what was asked for any more. Request it again."),
    _("Not allowed: It is not what was approved of."),
    _("Not allowed: By now it needs approval; request it again. %(why)s"),
    _("By now it needs approval; request it again. %(why)s"),
    _("%(name)s declined it: %(comment)s"),
    _("Nobody approved of it in time. Nothing was started."),
    _("Request it again, and tell an approver."),
    _("%(name)s needs approval"),
    _("%(name)s: the request for approval was answered"),
    _("Approved by %(name)s. %(comment)s"),
    _("Approved by %(name)s."),
    _("Declined by %(name)s. %(comment)s"),
)
