"""Invitations: created and cancelled by administrators, accepted by whoever has the link."""

from django.contrib import messages
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.accounts import invitations
from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import Invitation
from consoleapp.accounts.sending import send_invitation
from consoleapp.core.actor import Actor, client_ip
from consoleapp.core.errors import Conflict
from consoleapp.core.requests import Request
from consoleapp.i18n.rendering import in_language
from consoleapp.web.invitations.forms import AcceptForm, InvitationForm
from consoleapp.web.query import query_without_page

ROWS = 50


@require_http_methods(["GET", "HEAD", "POST"])
@require_admin
@never_cache
def everything(request: Request) -> HttpResponse:
    """List all invitations, with a form. Only the response to the POST contains the new link."""
    form = InvitationForm(request.POST or None)
    link = ""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made, secret = invitations.invite(
            values["email"],
            values.get("groups", []),
            invitations.in_days(values["days"]),
            actor=Actor.of(request),
        )
        link = request.build_absolute_uri(reverse("invitations:accept", args=[secret]))
        if values.get("send"):
            _mail(request, made, link)
        form = InvitationForm()
    found = Invitation.objects.select_related("created_by", "accepted_by")
    rows = found.prefetch_related("groups").order_by("-created_at", "-pk")
    context = {
        "form": form,
        "link": link,
        "page": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "query": query_without_page(request),
    }
    return render(request, "invitations/list.html", context, status=422 if form.errors else 200)


def _mail(request: Request, invitation: Invitation, link: str) -> None:
    until = f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC"
    try:
        send_invitation(invitation.email, link, until)
    except OSError as error:
        text = _("The e-mail to %(email)s was not sent (%(error)s). Send the link yourself.")
        messages.error(request, text % {"email": invitation.email, "error": error})
    else:
        text = _("The link was sent to %(email)s.")
        messages.success(request, text % {"email": invitation.email})


@require_POST
@require_admin
def cancel(request: Request, invitation_id: int) -> HttpResponse:
    """Invalidate a link."""
    invitation = get_object_or_404(Invitation, pk=invitation_id)
    try:
        invitations.cancel(invitation, actor=Actor.of(request))
    except Conflict as refusal:
        messages.error(request, in_language(str(refusal)))
    else:
        messages.success(request, _("The invitation was canceled."))
    return redirect("invitations:list")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def accept(request: Request, secret: str) -> HttpResponse:
    """Let the invitee choose a name and a password. Only the POST uses up the link."""
    invitation = invitations.open_one(secret)
    if invitation is None:
        return render(request, "invitations/gone.html", status=404)
    if request.user.is_authenticated:
        return render(request, "invitations/signed_in.html", status=409)
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save(commit=False)
        user.email = invitation.email
        user.set_password(form.cleaned_data["password1"])
        try:
            invitations.accept(invitation, user, ip=client_ip(request))
        except Conflict:
            return render(request, "invitations/gone.html", status=404)
        login(request, user)
        messages.success(request, _("Welcome."))
        return redirect("home:dashboard")
    context = {"form": form, "invitation": invitation}
    return render(request, "invitations/accept.html", context, status=422 if form.errors else 200)
