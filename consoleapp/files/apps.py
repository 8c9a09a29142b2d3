"""The app of uploads and downloads."""

from django.apps import AppConfig


class Files(AppConfig):
    """Its label is not `files`, which says little in a database."""

    name = "consoleapp.files"
    label = "transfers"
