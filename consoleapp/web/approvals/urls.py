"""The URLs of the pages about approvals."""

from django.urls import path

from consoleapp.web.approvals import decisions, views

app_name = "approvals"

urlpatterns = [
    path("approvals/", views.everything, name="list"),
    path("approvals/count/", views.counter, name="counter"),
    path("approvals/approve/", decisions.approve_many, name="approve_many"),
    path("approvals/<uuid:operation_id>/", views.detail, name="detail"),
    path("approvals/<uuid:operation_id>/approve/", decisions.approve_one, name="approve"),
    path("approvals/<uuid:operation_id>/decline/", decisions.decline_one, name="decline"),
    path("approvals/<uuid:operation_id>/why/", decisions.explain_one, name="explain"),
]
