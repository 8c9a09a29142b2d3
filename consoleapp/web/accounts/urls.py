"""The URLs of the pages about Linux accounts."""

from django.urls import path

from consoleapp.web.accounts import grants, views

app_name = "accounts"

urlpatterns = [
    path("accounts/", views.everything, name="list"),
    path("accounts/<str:account>/", views.overview, name="detail"),
    path("accounts/<str:account>/card/", views.card, name="card"),
    path("accounts/<str:account>/silence/", views.silence, name="silence"),
    path("accounts/<str:account>/grants/", grants.page, name="grants"),
    path("accounts/<str:account>/grants/<int:grant_id>/", grants.change, name="grant"),
]
