"""WebVTT transcripts as Zoom, Teams and Meet write them: cues of one speaker in a row become one turn."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textsignals.readers.base import FileLog, Options, lines
from textsignals.readers.sheets.rows import head_text
from textsignals.readers.sources import Folder, Source
from textsignals.readers.transcripts.cues import NO_CUE, Cue, timed_cues
from textsignals.readers.transcripts.recordings import day_in, moment_of, path_of
from textsignals.readers.transcripts.speakers import named
from textsignals.readers.transcripts.turns import speeches
from textsignals.records import Message

NAME = "webvtt"

_STAMP = r"(?:[0-9]{1,4}:)?[0-5]?[0-9]:[0-5][0-9][.,][0-9]{3}"
_TIMING = re.compile(rf"^({_STAMP})\s*-->\s*({_STAMP})(?:\s|$)")


def sniff(source: Source | Folder) -> float:
    """Return 1.0 for text that begins with the WEBVTT mark."""
    return 1.0 if isinstance(source, Source) and head_text(source).startswith("WEBVTT") else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message a turn; a cue that cannot be placed in time is quarantined with its line."""
    assert isinstance(source, Source)
    moment = moment_of(day_in(path_of(source), options), source, options)
    cues = named(list(_cues(list(lines(source, log)), log)), log)
    yield from speeches(cues, NAME, moment, "filename", source, log)


def _cues(lines: list[str], log: FileLog) -> Iterator[Cue]:
    for cue in timed_cues(lines, _TIMING, log):
        if isinstance(cue, Cue):
            yield cue
        elif not NO_CUE.match(cue[1][0]):
            log.met()
            log.quarantine(f"line {cue[0]}", "text without a time", "write it below a line such as 00:01 --> 00:02")
