"""As Chinese software writes them; Django's own formats have no separator of thousands."""

# Templates ask for the English one (`|date:"Y-m-d"`); see templatetags/languages.py.
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
