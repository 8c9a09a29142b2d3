"""Sentences that the console's workers and rules make in English, for the catalogue.

Pages show them by `|in_language`; where they are made nothing is translated.
"""

from django.utils.translation import gettext_noop as _

# With which the console refuses or ends something; %(…)s stands for what differs.
SENTENCES = (
    _("The operation has ended already."),
    _("The operation has not ended yet."),
    _(
        "It had a password or another secret, which Berth forgot when it ended. "
        "Fill in the form again."
    ),
    _("This kind of operation does not exist any more."),
    _("This token may only read."),
    _("This idempotency key was used before, for something else."),
    _("This needs the role %(role)s on %(account)s."),
    _("There is no account %(account)s that you may use."),
    _("%(account)s is the account itself: choose another one."),
    _("%(one)s is on another host than %(other)s."),
    _("This invitation was used or cancelled a moment ago."),
    _("It was accepted already. Disable the person instead."),
    _("You have no upload %(upload)s for %(account)s. Upload the file first."),
    _("The uploaded file %(name)s is gone. Upload it again."),
    _("The upload of %(name)s is not complete."),
    _("The uploaded file %(name)s is used by another operation now."),
    _("%(name)s has no grant any more to do this on %(account)s."),
    _("The token that requested this was revoked, or has expired."),
    _("Ask an owner of the account for a grant, then request it again."),
    _("The account's engine ended in the middle of it, so nobody can tell what came of it."),
    _("Look at the account before you try again."),
    _("It succeeded, but what the engine said about it made no sense."),
    _("The parameters cannot be read any more: %(why)s."),
    _("Request it again."),
    _("The engine of %(account)s does not answer: %(why)s. Nothing was started."),
    _("Ask the host's administrator whether the account is still enrolled."),
    _("The engine of %(account)s went out of reach in the middle of it: %(why)s."),
    _("Its worker died, and the engine of %(account)s has not answered since: %(why)s."),
    _("The uploaded file is gone."),
    _("Upload it again."),
    _("The console's disk has no room for the file."),
    _("The file was damaged on its way."),
    _("Handing the upload over"),
    _("Fetching the file"),
    _("Not allowed by policy: %(why)s"),
    _("%(message)s (rule %(rule)s of %(source)s)"),
    _("The policy of %(name)s cannot be understood: %(why)s"),
    _("The mail server refuses the address: %(why)s"),
    _("The mail server did not take it: %(why)s"),
    _("It did not answer within %(seconds)s s."),
    _("Its certificate is not accepted: %(why)s."),
    _("No connection: %(why)s."),
    _(
        "%(address)s is not an address of the internet. "
        "An administrator can allow it in BERTH_WEBHOOK_NETWORKS."
    ),
    _("%(address)s is only reached by https."),
    _("It answered %(status)s: redirects are not followed."),
    _("It answered %(status)s."),
    _("%(message)s Requested by %(name)s."),
    _("Its health check fails. Its image is %(image)s."),
    _("It ended with the exit status %(code)s. Its image is %(image)s."),
    _("It ended with the exit status %(code)s."),
    _("%(share)s of the file system of %(path)s is in use; %(left)s GB are left."),
    _("needs %(role)s"),
    _("needs an administrator"),
    _("password reset"),
    _("second factor"),
    _("unknown user name"),
    _("a service account does not sign in"),
    _("single sign-on"),
)
