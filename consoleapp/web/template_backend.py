"""Django's templates, with pages that can always be encoded."""

from typing import Any

from django.http import HttpRequest
from django.template.backends.django import DjangoTemplates, Template
from django.utils.safestring import SafeString, mark_safe

from engine.schema.characters import readable


class _Page(Template):
    def render(
        self, context: dict[str, Any] | None = None, request: HttpRequest | None = None
    ) -> SafeString:
        """Render the page, with a replacement character for whatever UTF-8 cannot encode."""
        return mark_safe(readable(super().render(context, request)))  # noqa: S308 - as it was


class Pages(DjangoTemplates):
    """The backend of settings.TEMPLATES: one text in a row never breaks a page."""

    def from_string(self, template_code: str) -> Template:
        """Return a template from its source."""
        return _Page(self.engine.from_string(template_code), self)

    def get_template(self, template_name: str) -> Template:
        """Return a template by its name."""
        return _Page(super().get_template(template_name).template, self)
