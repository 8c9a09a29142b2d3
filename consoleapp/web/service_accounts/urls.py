"""The URLs of the pages about service accounts."""

from django.urls import path

from consoleapp.web.service_accounts import views

app_name = "service_accounts"

urlpatterns = [
    path("service-accounts/", views.everything, name="list"),
    path("service-accounts/<int:service_id>/", views.detail, name="detail"),
    path("service-accounts/<int:service_id>/change/", views.change, name="change"),
    path("service-accounts/<int:service_id>/act/", views.act, name="act"),
    path(
        "service-accounts/<int:service_id>/tokens/<int:token_id>/revoke/",
        views.revoke,
        name="revoke",
    ),
]
