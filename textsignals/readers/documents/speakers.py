"""Transcripts saved as documents, as Teams and Meet do: lines with a name and a time begin what that person says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from textsignals.readers.documents.blocks import Block

# Teams: "Ana Silva   0:03" above the words.
_TURN = re.compile(r"^([^\W\d][^\n\t:]{0,58}?)[ \t]{1,8}(?:\d{1,2}:)?\d{1,2}:[0-5]\d(?:\n|$)")
# Teams until 2023: "0:0:1.0 --> 0:0:2.820", then the name, then the words.
_CUE = re.compile(r"^\d{1,2}:\d{1,2}:\d{1,2}\.\d{1,7} --> \d{1,2}:\d{1,2}:\d{1,2}\.\d{1,7}\n([^\n]{1,80})(?:\n|$)")
_CLOCK = re.compile(r"^\d{1,2}:\d\d(?::\d\d)?$")
_SOFTWARE = re.compile(
    r"^(?:.{1,60} (?:started|stopped) transcription|Transcription ended after .{1,40}"
    r"|This editable transcript was computer generated.*)$",
    re.DOTALL,
)
_NO_PERSON = re.compile(r"^(?:unknown(?: speaker)?|speaker ?\d*)$", re.IGNORECASE)
_FEW_TURNS = 3
_LEAST_SHARE = 5


def turns(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with their speakers if they are a transcript, else as they are.

    >>> said = [Block("paragraph 1", "note", f"Ana Silva 0:0{i}\\nWe wait.") for i in range(3)]
    >>> [(b.kind, b.author, b.text) for b in turns(said)][0]
    ('speech', 'Ana Silva', 'We wait.')
    """
    opened = [_opening(block) for block in blocks]
    count = sum(map(bool, opened))
    if count < _FEW_TURNS or count * _LEAST_SHARE < len(blocks):
        return [replace(block, skip=block.skip or _of_software(block)) for block in blocks]
    found, speaker = [], None
    for block, opening in zip(blocks, opened, strict=True):
        if opening:
            name, rest = opening
            speaker = None if _NO_PERSON.match(name) else name
            skip = "" if rest else "label"
            found.append(replace(block, kind="speech", author=speaker, text=rest or block.text, lead="", skip=skip))
        elif block.kind == "note" and not block.skip and speaker and not _of_software(block):
            found.append(replace(block, kind="speech", author=speaker))
        else:
            found.append(replace(block, skip=block.skip or _of_software(block)))
    return found


def _opening(block: Block) -> tuple[str, str] | None:
    """Return who begins to speak in a block, and the words below the name."""
    if block.skip or block.kind not in ("note", "heading"):
        return None
    match = _TURN.match(block.text) or _CUE.match(block.text)
    return (match.group(1).strip(), block.text[match.end() :].strip()) if match else None


def _of_software(block: Block) -> str:
    """Return why a line that the program wrote is left out: a notice, or the clock between the turns."""
    if _CLOCK.match(block.text):
        return "label"
    return "system" if _SOFTWARE.match(block.text) else ""
