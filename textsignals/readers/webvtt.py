"""WebVTT transcripts as Zoom, Teams and Meet write them: cues of one speaker in a row become one turn."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from webvtt import Caption

from textsignals.errors import InputError
from textsignals.readers.base import (
    FileLog,
    Folder,
    Options,
    Source,
    clip,
    date_in_name,
    decode,
    impossible,
    start_of,
)
from textsignals.records import Message

NAME = "webvtt"

# Silence longer than this starts a new turn even of the same speaker.
_GAP_SECONDS = 30.0
# Rolling captions follow each other at once.
_ROLL_SECONDS = 0.1
# A turn grows no further than this, so that one talk is not one message.
_TURN_CHARS = 2_000
_STAMP = r"(?:[0-9]{1,4}:)?[0-5]?[0-9]:[0-5][0-9][.,][0-9]{3}"
_TIMING = re.compile(rf"^({_STAMP})\s*-->\s*({_STAMP})(?:\s|$)")
_NO_CUE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
# Zoom puts the speaker before a colon; times and links have no blank after theirs.
_ZOOM_NAME = re.compile(r"^([^\s:][^:]{0,60}?):\s+(?=\S)")
_NO_PERSON = re.compile(r"^(?:unknown(?: speaker)?|speaker ?\d*)$", re.IGNORECASE)


@dataclass(slots=True)
class _Cue:
    line: int
    speaker: str | None
    start: float
    end: float
    text: str
    lines: list[str]


def sniff(source: Source | Folder) -> float:
    """Return 1.0 for text that begins with the WEBVTT mark."""
    if isinstance(source, Folder):
        return 0.0
    return 1.0 if source.head().removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT") else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message a turn; a cue that cannot be placed in time is quarantined with its line."""
    assert isinstance(source, Source)
    lines = decode(source.read(), log).splitlines()
    day = date_in_name(source.path)
    moment = start_of(day, options) if day else None
    problem = impossible(moment) if moment else ""
    if problem:
        raise InputError(source.name, problem, hint="mend the date in the name")
    if day is None:
        log.assume("no date: a transcript holds none, and its file name has none (such as 2026-02-19)")
    cues = list(_cues(lines, log))
    _name(cues)
    log.details["timing lines"] = sum("-->" in line for line in lines)
    log.details["speakers"] = len({cue.speaker for cue in cues if cue.speaker})
    for turn in _turns(cues, log):
        yield Message(
            id=f"webvtt:{source.path}:{turn.line}",
            source=NAME,
            file=source.name,
            locator=f"line {turn.line}",
            kind="speech",
            text=clip(turn.text, log),
            author=turn.speaker,
            channel=source.path.stem,
            timestamp=moment,
            time_source="filename" if day else "none",
            time_precision="day" if day else "none",
            meta={"seconds": turn.start},
        )


def _cues(lines: list[str], log: FileLog) -> Iterator[_Cue]:
    """Yield the cues with words; webvtt-py drops damaged ones silently, so lines are walked here and it parses one."""
    number = 0
    while number < len(lines):
        block, first = _block(lines, number), number + 1
        number += max(1, len(block))
        timed = [i for i, line in enumerate(block) if "-->" in line]
        # Comments hold no arrow, so one below the mark or a comment begins a cue.
        if not block or (not timed and _NO_CUE.match(block[0])):
            continue
        if not timed:
            log.met()
            log.quarantine(f"line {first}", "text without a time", "write it below a line such as 00:01 --> 00:02")
        for i, at in enumerate(timed):
            log.met()
            body = block[at + 1 : timed[i + 1] if i + 1 < len(timed) else None]
            match = _TIMING.match(block[at].strip())
            if match is None:
                place = f"line {first + at}"
                log.quarantine(place, "the times of this cue cannot be read", "write them as 00:01:02.500 --> ...")
                continue
            cue = Caption(text=body)
            shown = [" ".join(line.split()) for line in html.unescape(cue.text).splitlines() if line.strip()]
            if not shown:
                log.skip("empty")
                continue
            start, end = _seconds(match.group(1)), _seconds(match.group(2))
            yield _Cue(first + at, _person(cue.voice), start, end, " ".join(shown), shown)


def _block(lines: list[str], start: int) -> list[str]:
    """Return the lines from `start` up to the next empty one."""
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return lines[start:end]


def _seconds(stamp: str) -> float:
    """Return a time in seconds; webvtt-py would cut them to whole ones."""
    hours, minutes, seconds = ("0:" * (2 - stamp.count(":")) + stamp.replace(",", ".")).split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _person(name: str | None) -> str | None:
    name = (name or "").strip()
    return name if name and not _NO_PERSON.match(name) else None


def _name(cues: list[_Cue]) -> None:
    """Take what stands before a colon for the speaker where most cues have it; else it belongs to the sentence."""
    labels = [_ZOOM_NAME.match(cue.text) for cue in cues]
    if any(cue.speaker for cue in cues) or 2 * sum(map(bool, labels)) <= len(cues):
        return
    for cue, label in zip(cues, labels, strict=True):
        if label:
            cue.speaker, cue.text = _person(label.group(1)), cue.text[label.end() :]


def _turns(cues: list[_Cue], log: FileLog) -> Iterator[_Cue]:
    """Join cues of one speaker; a cue that names none carries on the one before."""
    turn: _Cue | None = None
    for cue in cues:
        if turn and cue.speaker in (None, turn.speaker) and _near(turn, cue):
            turn.text = f"{turn.text} {_fresh(turn, cue)}".strip()
            turn.end, turn.lines = cue.end, cue.lines
            log.skip("joined with the cue before")
            continue
        if turn:
            yield turn
        turn = cue
    if turn:
        yield turn


def _fresh(turn: _Cue, cue: _Cue) -> str:
    """Return the words a cue adds: rolling captions, which name nobody, show the whole line before once more."""
    rolling = turn.speaker is None and cue.speaker is None and cue.start - turn.end < _ROLL_SECONDS
    return " ".join(cue.lines[1:]) if rolling and cue.lines[0] == turn.lines[-1] else cue.text


def _near(turn: _Cue, cue: _Cue) -> bool:
    return cue.start - turn.end <= _GAP_SECONDS and len(turn.text) + len(cue.text) < _TURN_CHARS
