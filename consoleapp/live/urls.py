"""Where pages listen."""

from django.urls import path

from consoleapp.live import views

app_name = "live"

urlpatterns = [
    path("", views.all_stream, name="all"),
    path("accounts/<str:account>/", views.account_stream, name="account"),
]
