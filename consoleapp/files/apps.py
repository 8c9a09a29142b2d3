"""The app of uploads and downloads."""

from django.apps import AppConfig


class Files(AppConfig):
    """Uses a label other than `files`, which says little in a database."""

    name = "consoleapp.files"
    label = "transfers"
