"""Names of console users: which are valid, and when two are the same."""

import re
import unicodedata

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST = 150
# A compatible character may expand to several. Names from before this module may contain some.
LONGEST_KEY = 4 * LONGEST
# Names that Berth itself signs with, and words that seem to mean more than one user.
RESERVED = frozenset(
    (
        *("system", "berth", "console", "engine", "observer", "worker", "sweeper", "scheduler"),
        *("administrator", "administrators", "everybody", "everyone", "nobody", "anonymous"),
    )
)
# Letters that look alike in many fonts, replaced in a name and in what it is compared with.
_ALIKE = str.maketrans(
    "0134578$|!lавекмнорстухіјѕһԁԛԝαβεικνορτυχ",
    "oieastbsiiiabekmhopctyxijshdqwabeikvoptux",
)
_ALIKE_PAIRS = (("rn", "m"), ("vv", "w"))
_BESIDES_LETTERS = re.compile(r"[\W_]+")

allowed_characters = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9@.+_-]*\Z",
    gettext_lazy(
        "Enter a valid username. It begins with a letter from A to Z or a digit, "
        "and may contain only those and @ . + - _"
    ),
)


def normalize(name: str) -> str:
    """Return the form in which a name is stored and shown."""
    return unicodedata.normalize("NFKC", name).strip()


def key(name: str) -> str:
    """Return the key that equal names share: compatible characters, case ignored."""
    folded = normalize(normalize(name).casefold())
    return normalize(folded.casefold())[:LONGEST_KEY]


def check(name: str) -> None:
    """Validate the normalized `name` of a new user. Raises ValidationError with the reason."""
    allowed_characters(name)
    if len(name) > LONGEST:
        raise ValidationError(_("A user name has at most %(most)s characters.") % {"most": LONGEST})
    if get_user_model().objects.filter(name_key=key(name)).exists():
        raise ValidationError(_("That name is taken: a user with it already exists."))
    if _outline(name) in _RESERVED_OUTLINES:
        raise ValidationError(_("That name is reserved."))
    wanted = _outline(name)
    if any(_outline(group) == wanted for group in Group.objects.values_list("name", flat=True)):
        raise ValidationError(_("That name reads like the name of a group."))


def check_group(name: str, group: Group | None = None) -> None:
    """Validate the normalized `name` of a group (or for `group`). Raises ValidationError."""
    if any(unicodedata.category(character)[0] == "C" for character in name):
        raise ValidationError(_("A name has no control characters and no invisible ones."))
    wanted = _outline(name)
    if not wanted:
        raise ValidationError(_("A name needs a letter or a digit."))
    if wanted in _RESERVED_OUTLINES:
        raise ValidationError(_("That name is reserved."))
    others = Group.objects.exclude(pk=group.pk) if group else Group.objects.all()
    if any(key(other) == key(name) for other in others.values_list("name", flat=True)):
        raise ValidationError(_("There is a group with that name."))
    if any(
        _outline(user) == wanted
        for user in get_user_model().objects.values_list("username", flat=True)
    ):
        raise ValidationError(_("That name reads like the name of a user."))


def _outline(name: str) -> str:
    """Return what a reader sees at a glance: no punctuation, no case, look-alike letters merged."""
    letters = unicodedata.normalize("NFKD", key(name)).translate(_ALIKE)
    shown = _BESIDES_LETTERS.sub("", "".join(each for each in letters if not _is_mark(each)))
    for pair, letter in _ALIKE_PAIRS:
        shown = shown.replace(pair, letter)
    return shown


def _is_mark(character: str) -> bool:
    """Return whether it only modifies the preceding letter, such as an accent."""
    return unicodedata.category(character) == "Mn"


_RESERVED_OUTLINES = frozenset(map(_outline, RESERVED))
