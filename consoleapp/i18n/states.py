"""Words for states (Podman's, systemd's, and Berth's own), translated with `|in_language`."""

from django.utils.translation import gettext_noop as _

STATES = [
    *(_("running"), _("exited"), _("created"), _("paused"), _("stopping"), _("stopped")),
    *(_("initialized"), _("configured"), _("removing"), _("dead"), _("unknown"), _("degraded")),
    *(_("healthy"), _("unhealthy"), _("starting")),
    *(_("requested"), _("waiting"), _("queued"), _("succeeded"), _("failed"), _("cancelled")),
    *(_("lost"), _("interrupted"), _("refused"), _("cancelling"), _("approved"), _("rejected")),
    *(_("active"), _("inactive"), _("activating"), _("deactivating"), _("reloading")),
    *(_("enabled"), _("disabled"), _("static"), _("generated"), _("masked"), _("linked")),
    *(_("viewer"), _("operator"), _("owner"), _("administrator")),
    *(_("open"), _("accepted"), _("expired"), _("delivered"), _("pending")),
    *(_("withdrawn"), _("revoked"), _("awaiting"), _("declined"), _("granted")),
    *(_("none"), _("always"), _("never"), _("missing"), _("not set")),
]
# The doctor's checks.
FINDINGS = [
    *(_("lingering"), _("user-manager"), _("runtime-directory"), _("bus"), _("uidmap")),
    *(
        _("storage"),
        _("runtime"),
        _("ports"),
        _("keys"),
        _("network"),
        _("problem"),
        _("warning"),
        _("ok"),
    ),
]
PROGRESS = [
    *(_("Copying"), _("Done"), _("Downloading"), _("Extracting"), _("Waiting"), _("Failed")),
    *(_("Pulling fs layer"), _("Verifying Checksum"), _("Using cache"), _("Running"), _("Cached")),
    *(_("Download complete"), _("Already exists"), _("Pull complete")),
]
