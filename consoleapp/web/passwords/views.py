"""The page that replaces a one-time password."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordMixin
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from consoleapp.accounts import passwords
from consoleapp.accounts.models import User
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request


class NewPasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]  # no generics at run time
    """The new password, twice."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, data: Mapping[str, Any] | None, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean(self) -> dict[str, object]:
        """Require a good password, and not the one-time password itself."""
        self.validate_passwords()
        self.validate_password_for_user(self.user, "password1")
        values: dict[str, object] = super().clean() or {}
        if not self.errors and self.user.check_password(str(values["password1"])):
            self.add_error("password1", _("Choose another one than the one-time password."))
        return values


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@sensitive_post_parameters()
@never_cache
def choose(request: Request) -> HttpResponse:
    """Choose a password, then continue to the console."""
    if not passwords.owed(request.user):
        return redirect("home:dashboard")
    form = NewPasswordForm(request.POST or None, request.user)
    if request.method == "POST" and form.is_valid():
        passwords.choose(request.user, form.cleaned_data["password1"], actor=Actor.of(request))
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your new password is set."))
        return redirect("home:dashboard")
    context = {"form": form}
    return render(request, "passwords/choose.html", context, status=422 if form.errors else 200)
