"""The URL that starts single sign-on, before allauth's own."""

from django.urls import path

from consoleapp.accounts.identity_provider import PROVIDER
from consoleapp.web.single_sign_on import views

app_name = "single_sign_on"

urlpatterns = [path(f"user/oidc/{PROVIDER}/login/", views.start, name="start")]
