"""The URLs of the pages about policies."""

from django.urls import path

from consoleapp.web.policies import views

app_name = "policies"

urlpatterns = [
    path("policies/", views.everything, name="list"),
    path("policies/<str:kind>/<int:target_id>/", views.edit, name="edit"),
    path("accounts/<str:account>/policy/", views.mine, name="mine"),
    path("accounts/<str:account>/policy/check/", views.check, name="check"),
]
