"""Cues of captions, one for each voice in them, whatever format they came in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from webvtt import Caption

from textsignals.readers.base import FileLog

# How blocks of WebVTT begin that are no cues.
NO_CUE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
_VOICE = re.compile(r"<v[.\s]")
# webvtt-py would look for the end of a tag from each of these to the end of the line.
_NO_TAG = re.compile(r"<(?![^<>]*>)")


@dataclass(slots=True)
class Cue:
    """What was said at one time, line by line as it was shown.

    `line` is where it stands, `speaker` the label as it stands there, None where the cue names nobody.
    """

    line: int
    speaker: str | None
    start: float
    end: float
    lines: list[str]

    @property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(self.lines)


def timed_cues(
    lines: list[str], timing: re.Pattern[str], log: FileLog, *, numbered: bool = False
) -> Iterator[Cue | tuple[int, list[str]]]:
    """Yield what stands below each line with "-->" as cues, and a block without one as (line, lines of it).

    webvtt-py drops damaged cues silently, so lines are walked here and it only takes the markup out. `timing` has two
    groups, the start and the end; a line with an arrow that it does not match is quarantined. In `numbered` files the
    number above a time is no text, even where no empty line parts it from the cue before.
    """
    log.details["timing lines"] += sum("-->" in line for line in lines)
    number = 0
    while number < len(lines):
        block, first = _block(lines, number), number + 1
        number += max(1, len(block))
        timed = [i for i, line in enumerate(block) if "-->" in line]
        if block and NO_CUE.match(block[0]):
            # A cue may follow the mark or a comment at once; any other arrow is part of the comment.
            timed = [i for i in timed if timing.match(block[i].strip())]
        if block and not timed:
            yield first, block
        for at, after in pairwise([*timed, len(block)]):
            after -= numbered and after < len(block) and block[after - 1].strip().isdigit()
            match = timing.match(block[at].strip())
            if match is None:
                log.met()
                place = f"line {first + at}"
                log.quarantine(place, "the times of this cue cannot be read", "write them as 00:01:02.500 --> ...")
                continue
            start, end = seconds(match.group(1)), seconds(match.group(2))
            voices = _voices("\n".join(block[at + 1 : after])) or [(None, [])]
            log.met(len(voices))
            yield from (Cue(first + at, speaker, start, end, shown) for speaker, shown in voices)


def _block(lines: list[str], start: int) -> list[str]:
    """Return the lines from `start` up to the next empty one; one of blanks is empty only before the next cue.

    YouTube shows a line of one blank where the words before are to be gone.
    """
    end = start
    while end < len(lines) and (lines[end].strip() or (end > start and lines[end] and not _begins_cue(lines, end + 1))):
        end += 1
    return lines[start:end]


def _begins_cue(lines: list[str], at: int) -> bool:
    """Return whether a cue begins at a line, with its time or an id above that."""
    return any("-->" in line for line in lines[at : at + 2])


def _voices(text: str) -> list[tuple[str | None, list[str]]]:
    """Return the label of each voice in the text of one cue and the lines it says, without those that say nothing."""
    text, found = _NO_TAG.sub("&lt;", text), []
    for begin, end in pairwise(sorted({0, *(voice.start() for voice in _VOICE.finditer(text)), len(text)})):
        caption = Caption(text=text[begin:end])
        shown = [" ".join(line.split()) for line in html.unescape(caption.text).split("\n") if line.strip()]
        if shown:
            found.append(((caption.voice or "").strip() or None, shown))
    return found


def seconds(stamp: str) -> float:
    """Return a time in seconds; webvtt-py would cut them to whole ones.

    >>> seconds("1:02:03,500"), seconds("0:15")
    (3723.5, 15.0)
    """
    hours, minutes, rest = ("0:" * (2 - stamp.count(":")) + stamp.replace(",", ".")).split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
