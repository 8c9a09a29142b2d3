"""Before allauth's own: where single sign-on starts."""

from django.urls import path

from consoleapp.accounts.identity_provider import PROVIDER
from consoleapp.web.single_sign_on import views

app_name = "single_sign_on"

urlpatterns = [path(f"user/oidc/{PROVIDER}/login/", views.start, name="start")]
