"""What most notes of a series repeat is the template they are written from, and said by nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b

from textsignals.errors import InputError
from textsignals.records import Message

# So many notes of one folder are a series, in which ...
_SERIES = 4
# ... a text that stands in this share of them is part of their template.
_RECURS = 0.6
# Of long series so many notes, evenly spread, tell as much as all would, in less time and memory.
_SAMPLE = 200

Template = frozenset[bytes]
"""The texts of a template, as hashes."""

Note = Callable[[], Iterable[Message]]
"""How to read a note; it is called once."""


def template_of(series: Sequence[Note]) -> Template:
    """Return what recurs in most notes of a folder; nothing, without reading any, if they are too few.

    A note that cannot be read tells nothing here; why is found out when it is read in earnest.
    """
    if len(series) < _SERIES:
        return frozenset()
    some = series[:: -(-len(series) // _SAMPLE)]
    times: Counter[bytes] = Counter()
    for note in some:
        times.update(_texts(note))
    return frozenset(text for text, n in times.items() if n >= max(_SERIES - 1, _RECURS * len(some)))


def marked(found: Iterable[Message], template: Template) -> Iterator[Message]:
    """Yield messages, those that are part of a template marked to be left out."""
    for message in found:
        is_template = bool(template) and not message.skip and _hash(message.text) in template
        yield message._replace(skip="template") if is_template else message


def _texts(note: Note) -> set[bytes]:
    found = set()
    try:
        for message in note():
            found.add(_hash(message.text))
    except InputError:
        pass
    return found


def _hash(text: str) -> bytes:
    return blake2b(" ".join(text.split()).casefold().encode("utf-8", "surrogatepass"), digest_size=8).digest()
