"""The URLs of the pages about operations."""

from django.urls import path

from consoleapp.web.operations import actions, activity, views

app_name = "operations"

urlpatterns = [
    path("operations/", views.everything, name="list"),
    path("operations/activity/", activity.drawer, name="drawer"),
    path("operations/activity/count/", activity.counter, name="counter"),
    path("operations/cancel/", actions.cancel_many, name="cancel_many"),
    path("operations/<uuid:operation_id>/", views.detail, name="detail"),
    path("operations/<uuid:operation_id>/progress/", activity.progress, name="progress"),
    path("operations/<uuid:operation_id>/cancel/", actions.cancel_one, name="cancel"),
    path("operations/<uuid:operation_id>/retry/", actions.retry_one, name="retry"),
    path("accounts/<str:account>/operations/", views.of_account, name="account"),
]
