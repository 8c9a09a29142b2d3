"""Formats usual in Chinese software. Django's own have no thousands separator."""

# Templates request the English format (`|date:"Y-m-d"`); see templatetags/languages.py.
DATES = {
    "Y-m-d": "Y年n月j日",
    "Y-m-d H:i": "Y年n月j日 H:i",
    "Y-m-d H:i T": "Y年n月j日 H:i T",
    "Y-m-d H:i:s": "Y年n月j日 H:i:s",
    "Y-m-d H:i:s T": "Y年n月j日 H:i:s T",
    "Y-m-d H:i:s.u T": "Y年n月j日 H:i:s.u T",
}

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
