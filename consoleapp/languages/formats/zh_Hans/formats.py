"""As figures in Chinese software are written; Django's own has no separator of thousands."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
