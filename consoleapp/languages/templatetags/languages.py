"""The filter of sentences, known in every template."""

from django import template

from consoleapp.languages import sentences

register = template.Library()
register.filter("in_language", sentences.in_language)
