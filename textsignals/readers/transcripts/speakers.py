"""Who speaks: names that stand before a colon, and labels that say nobody knows."""

from __future__ import annotations

import re
from collections import Counter

from textsignals.readers.base import FileLog
from textsignals.readers.transcripts.cues import Cue

# Zoom puts the speaker before a colon; times and links, and colons inside of names, have no blank after theirs.
_LABEL = re.compile(r"([^\s:](?:[^:]|:(?!\s|$)){0,60}?):(?:\s+|$)")
# Where few cues have a label, those that recur are speakers if they are most of them, and this share of all cues.
_MOST_LABELS = 0.8
_FEW_CUES = 0.1
# So often a label has to be followed by the same second one to be the first half of a name.
_SAME_NAME = 3
_NO_PERSON = re.compile(
    r"(?:unknown|unidentified)(?: (?:speaker|user|participant))?"
    r"|(?:speaker|sprecher|participant)[ _-]?(?:\d{0,3}|[a-z])",
    re.IGNORECASE,
)


def person(label: str | None) -> str | None:
    """Return the name in a label, or None if it says that nobody knows who spoke.

    >>> person("Ana"), person("Speaker 2")
    ('Ana', None)
    """
    name = (label or "").strip()
    return name if name and not _NO_PERSON.fullmatch(name) else None


def named(cues: list[Cue], log: FileLog) -> list[Cue]:
    """Return the cues that have words; where none has a speaker yet, what stands before colons may be theirs.

    A cue is cut where a line of it begins with another speaker.
    """
    spoken = [cue for cue in cues if cue.lines]
    if len(spoken) < len(cues):
        log.skip("empty", len(cues) - len(spoken))
    names = {} if any(cue.speaker for cue in spoken) else _names([cue.text for cue in spoken])
    return [part for cue in spoken for part in _parts(cue, names, log)] if names else spoken


def _parts(cue: Cue, names: dict[str, str], log: FileLog) -> list[Cue]:
    """Return what each speaker says in a cue."""
    parts: list[Cue] = []
    for line in cue.lines:
        label = _LABEL.match(line)
        name = names.get(label.group(1)) if label else None
        said = line.removeprefix(f"{name}:").strip() if name else line
        if name or not parts:
            parts.append(Cue(cue.line, name, cue.start, cue.end, []))
        if said:
            parts[-1].lines.append(said)
    log.met(len(parts) - 1)
    return parts


def _names(texts: list[str]) -> dict[str, str]:
    """Return the labels that are speakers, each with the full name; elsewhere a colon belongs to the sentence."""
    rests: dict[str, list[str]] = {}
    for text in texts:
        match = _LABEL.match(text)
        if match and match.end() < len(text):
            rests.setdefault(match.group(1), []).append(text[match.end() :])
    counts = Counter({label: len(found) for label, found in rests.items()})
    if 2 * counts.total() > len(texts):
        speakers = set(counts)
    else:
        # Each turn may be named only where it begins.
        speakers = {label for label, n in counts.items() if n > 1}
        recur = sum(counts[label] for label in speakers)
        if len(speakers) < 2 or recur < max(_MOST_LABELS * counts.total(), _FEW_CUES * len(texts)):
            return {}
    return {label: _full_name(label, rests[label]) for label in speakers}


def _full_name(label: str, rests: list[str]) -> str:
    """Return a name with a colon in it: the label and a second one that follows it every time."""
    first = _LABEL.match(rests[0])
    whole = len(rests) >= _SAME_NAME and first and all(rest.startswith(first.group()) for rest in rests)
    return f"{label}: {first.group(1)}" if whole and first else label
