"""Sentences of notifications and sign-in that are stored in English, for the catalogue.

Pages show them by `|in_language`; where they are made nothing is translated.
"""

from django.utils.translation import gettext_noop as _

# %(…)s stands for what differs.
SENTENCES = (
    _("This invitation was used or cancelled a moment ago."),
    _("It was accepted already. Disable the person instead."),
    _("The mail server refuses the address: %(why)s"),
    _("The mail server did not take it: %(why)s"),
    _("It did not answer within %(seconds)s s."),
    _("Its certificate is not accepted: %(why)s."),
    _("No connection: %(why)s."),
    _(
        "Its host is not on the internet, or has no address. An administrator can allow a network "
        "in BERTH_WEBHOOK_NETWORKS."
    ),
    _("Addresses of the internet are only reached by https."),
    _("It answered %(status)s: redirects are not followed."),
    _("It answered %(status)s."),
    _("needs viewer"),
    _("needs operator"),
    _("needs owner"),
    _("needs an administrator"),
    _("password reset"),
    _("only shown to operators"),
    _("one-time password replaced"),
    _("second factor"),
    _("unknown user name"),
    _("a service account does not sign in"),
    _("single sign-on"),
)
