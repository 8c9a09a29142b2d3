"""The URLs of the pages about builds."""

from django.urls import path

from consoleapp.web.builds import views

app_name = "builds"
_BUILDS = "accounts/<str:account>/builds"

urlpatterns = [
    path("accounts/<str:account>/images/build/", views.build, name="build"),
    path(f"{_BUILDS}/", views.builds, name="list"),
    path(f"{_BUILDS}/<uuid:operation_id>/keep/", views.keep, name="keep"),
    path(f"{_BUILDS}/recipes/<int:recipe_id>/", views.rebuild, name="rebuild"),
    path(f"{_BUILDS}/recipes/<int:recipe_id>/remove/", views.remove, name="remove"),
]
