"""What single cells of tables mean: names of columns, votes, scales, members and answers that are none."""

from __future__ import annotations

import re
import unicodedata

# Answers that say only that there is no answer, in the languages whose column names are known.
_FILLER = re.compile(
    r"^\W*(?:none|no|nothing|nil|n\W?/?a|n\W?v\W?t|nope|tbd|none (?:today|yet|so far)|no (?:updates?|comments?|answer)"
    r"|nothing (?:much|new|today|really|else|yet|to (?:report|add))|kein(?:e|er|en|s)?|nichts|nein|rien|aucun(?:e)?"
    r"|nada|ningun[oa]|ningún|nenhum(?:a)?|não|niente|nessun[oa]?|geen|niets|nee|ingen|inget|nej|brak|нет|ничего"
    r"|なし|特になし|无|無|没有|\?*)\W*$",
    re.IGNORECASE,
)
_FILLER_CHARS = 100
# Boards write "text (+2)", "text (2 votes)" or "text [2 votes]"; a bare number in brackets is a year or a ticket.
_VOTES = re.compile(r"\s*[(\[](?:\+(\d{1,6})(?: votes?)?|(\d{1,6}) votes?)[)\]]\s*$", re.IGNORECASE)
# "4", "4/5", "80 %", "3 - It's 50/50", but not "1. first" of a list nor "10:30".
_SCALE = re.compile(
    r"^\W{0,2}\d{1,3}(?:[.,]\d)?(?:\s?%|\s?/\s?\d{1,3}|\s(?:of|out of)\s\d{1,3})?(?:\s*[-–—:]\s+(\S.*))?$", re.DOTALL
)
# Labels of a scale are short; what is longer was written by somebody.
_LABEL_WORDS = 3
_MEMBER = re.compile(r"^(.*?)\s*\((@[^()\s]+)\)$")
_ANONYMOUS = frozenset("anonymous anonym anonyme anónimo anonimo unknown undefined null".split())


def fold(name: str) -> str:
    """Return a column's name without case, accents, blanks and signs.

    >>> fold("Équipe"), fold("created_at "), fold("Erstellt am:")
    ('equipe', 'createdat', 'erstelltam')
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]", "", bare).casefold()


def says_nothing(text: str) -> bool:
    """Return whether an answer says only that there is none.

    >>> says_nothing("n/a"), says_nothing("No blockers, we shipped")
    (True, False)
    """
    return len(text) < _FILLER_CHARS and bool(_FILLER.match(text))


def split_votes(text: str) -> tuple[str, int | None]:
    """Return a card without the votes at its end, and how many there are.

    >>> split_votes("Pairing (+2)"), split_votes("Pairing [1 vote]"), split_votes("Shipped (2025)")
    (('Pairing', 2), ('Pairing', 1), ('Shipped (2025)', None))
    """
    found = _VOTES.search(text[-40:])
    if found is None:
        return text, None
    return text[: len(text) - len(found.group())], int(found.group(1) or found.group(2))


def split_scale(text: str) -> tuple[str, bool]:
    """Return the words of an answer on a scale and whether it was one; labels of a scale are no words of the author.

    >>> split_scale("3 - It's 50/50"), split_scale("4/5"), split_scale("2 - legal has not answered yet")
    (('', True), ('', True), ('legal has not answered yet', True))
    >>> split_scale("1. Reviewed the plan")
    ('1. Reviewed the plan', False)
    """
    text = text.strip()
    found = _SCALE.match(text)
    if found is None:
        return text, False
    words = (found.group(1) or "").strip()
    return (words if len(re.findall(r"[^\W\d_]{2,}", words)) > _LABEL_WORDS else ""), True


def split_member(name: str) -> tuple[str | None, str | None]:
    """Return the display name and the handle of a member, None for what is not there or says that it is nobody.

    >>> split_member("Ana Ruiz (@ana)"), split_member("Anonymous"), split_member("Bo")
    (('Ana Ruiz', '@ana'), (None, None), ('Bo', None))
    """
    name = name.strip()
    if not name or name.casefold() in _ANONYMOUS:
        return None, None
    found = _MEMBER.match(name) if len(name) < 200 else None
    return (found.group(1) or found.group(2), found.group(2)) if found else (name, None)


def number(cell: str) -> int | None:
    """Return a count in a cell, None if there is none."""
    found = re.fullmatch(r"\+?(\d{1,9})(?:\.0+)?", cell.strip())
    return int(found.group(1)) if found else None
