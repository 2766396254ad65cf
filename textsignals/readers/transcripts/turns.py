"""From cues to turns: cues of one speaker in a row are joined, and each turn is a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from textsignals.readers.base import FileLog, clip
from textsignals.readers.sources import Source
from textsignals.readers.transcripts.cues import Cue
from textsignals.readers.transcripts.recordings import meeting_in, path_of
from textsignals.readers.transcripts.speakers import person
from textsignals.records import Message

JOINED = "joined with the cue before"
# Silence longer than this starts a new turn even of the same speaker.
_GAP_SECONDS = 30.0
# Rolling captions follow each other at once.
_ROLL_SECONDS = 0.1
# A turn grows no further than this, so that one talk is not one message.
_TURN_CHARS = 2_000


def turns(cues: Iterable[Cue], log: FileLog) -> Iterator[Cue]:
    """Join cues of one speaker; a cue that names none carries on the one before."""
    turn: Cue | None = None
    for cue in cues:
        if turn and cue.speaker in (None, turn.speaker) and cue.start - turn.end <= _GAP_SECONDS:
            cue.speaker, cue.lines = turn.speaker, _fresh(turn, cue)
            if not cue.lines or len(turn.text) + len(cue.text) < _TURN_CHARS:
                turn.lines += cue.lines
                turn.end = cue.end
                log.skip(JOINED)
                continue
        if turn:
            yield turn
        turn = cue
    if turn:
        yield turn


def _fresh(turn: Cue, cue: Cue) -> list[str]:
    """Return the lines a cue adds: rolling captions, which name nobody, show the whole line before once more."""
    unnamed = turn.speaker is None and cue.speaker is None
    # Lines of formats that only tell when they begin do not roll.
    rolling = unnamed and cue.end > cue.start and cue.start - turn.end < _ROLL_SECONDS
    return cue.lines[1:] if rolling and cue.lines[:1] == turn.lines[-1:] else cue.lines


def speeches(
    cues: list[Cue], name: str, moment: datetime | None, origin: str, source: Source, log: FileLog
) -> Iterator[Message]:
    """Yield one message a turn of a transcript in format `name`, all at the moment that it was dated by."""
    log.details["speakers"] = len({cue.speaker for cue in cues if person(cue.speaker)})
    if moment is None:
        log.assume("no date: a transcript holds none, and its file name has none (such as 2026-02-19)")
    channel = meeting_in(path_of(source))
    for turn in turns(cues, log):
        author, text = person(turn.speaker), clip(turn.text, log)
        yield Message(
            # Every meeting may have a transcript.vtt, so the words tell them apart.
            id=log.identify(name, source.path.name, moment, turn.start, author, text),
            source=name,
            file=source.name,
            locator=f"line {turn.line}",
            kind="speech",
            text=text,
            author=author,
            channel=channel,
            timestamp=moment,
            time_source=origin if moment else "none",
            time_precision="day" if moment else "none",
            skip=None if text else "empty",
            meta={"seconds": turn.start},
        )
