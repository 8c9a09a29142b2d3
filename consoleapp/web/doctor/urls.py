"""The URL of the doctor."""

from django.urls import path

from consoleapp.web.doctor import views

app_name = "doctor"

urlpatterns = [
    path("accounts/<str:account>/doctor/", views.doctor, name="doctor"),
    path("accounts/<str:account>/doctor/findings/", views.findings, name="findings"),
]
