"""The URLs of the pages about sessions: the user's own and, for administrators, others'."""

from django.urls import path

from consoleapp.web.sessions import views

app_name = "sessions"

urlpatterns = [
    path("me/sessions/", views.mine, name="mine"),
    path("me/sessions/end/", views.end_others, name="end_others"),
    path("me/sessions/<int:session>/end/", views.end_mine, name="end_mine"),
    path("users/<int:user_id>/sessions/", views.theirs, name="theirs"),
    path("users/<int:user_id>/sessions/end/", views.end_all_theirs, name="end_all_theirs"),
    path("users/<int:user_id>/sessions/<int:session>/end/", views.end_theirs, name="end_theirs"),
]
