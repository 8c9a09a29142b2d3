"""The URLs of the pages about notifications."""

from django.urls import path

from consoleapp.web.notifications import rules, views, webhooks

app_name = "notifications"

urlpatterns = [
    path("notifications/", views.everything, name="list"),
    path("notifications/count/", views.counter, name="counter"),
    path("notifications/read/", views.read, name="read"),
    path("notifications/<int:notice_id>/", views.follow, name="follow"),
    path("notifications/deliveries/", views.deliveries, name="deliveries"),
    path("notifications/settings/", rules.settings_page, name="settings"),
    path("notifications/rules/new/", rules.create, name="rule-create"),
    path("notifications/rules/<int:rule_id>/", rules.change, name="rule"),
    path("notifications/rules/<int:rule_id>/remove/", rules.remove, name="rule-remove"),
    path("notifications/email/test/", rules.test_email, name="email-test"),
    path("notifications/webhooks/new/", webhooks.create, name="webhook-create"),
    path("notifications/webhooks/<int:webhook_id>/", webhooks.detail, name="webhook"),
    path("notifications/webhooks/<int:webhook_id>/act/", webhooks.act, name="webhook-act"),
]
