"""What the name and folder of a recording's file say of the meeting: its day, and what to call it."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from textsignals.errors import InputError
from textsignals.readers.base import Options
from textsignals.readers.sources import Source
from textsignals.readers.times import date_in_name, impossible, start_of

# Names that say nothing about the meeting; its folder does.
_PLAIN = re.compile(
    r"(?:meeting_saved_(?:new_)?(?:chat|closed_caption)|(?:audio_?|meeting_)?transcript|(?:closed_)?captions?"
    r"|(?:saved_)?chat|recording(?:\.transcript)?)[ _-]?\d*",
    re.IGNORECASE,
)
# When a recording in Zoom's cloud began.
_GMT = re.compile(r"GMT((?:19|20)\d{6}) ?-(\d{6})(?!\d)")


def path_of(source: Source) -> PurePosixPath:
    """Return a file's path with its folder at least, where Zoom puts day and topic, even if it was given alone."""
    if len(source.path.parts) > 1:
        return source.path
    return PurePosixPath(*PurePosixPath(source.name.replace("\\", "/")).parts[-2:])


def meeting_in(path: PurePosixPath) -> str:
    """Return what to call the meeting: the file's name, or its folder's if that says nothing.

    >>> meeting_in(PurePosixPath("2026-03-13 10.00.34 Weekly/chat.txt"))
    '2026-03-13 10.00.34 Weekly'
    """
    return path.parent.name if _PLAIN.fullmatch(path.stem) and path.parent.name else path.stem


def day_in(path: PurePosixPath, options: Options) -> date | None:
    """Return the day of a meeting that its path tells; where that is in GMT, the day it was in the zone of the options.

    >>> from zoneinfo import ZoneInfo
    >>> day_in(PurePosixPath("GMT20260313-013000_Weekly.vtt"), Options(tz=ZoneInfo("America/New_York")))
    datetime.date(2026, 3, 12)
    """
    if match := _GMT.search(str(path)):
        with suppress(ValueError):
            began = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            return began.astimezone(options.tz).date()
    return date_in_name(path)


def moment_of(day: date | None, source: Source, options: Options) -> datetime | None:
    """Return the start of the day of a meeting, None if nobody knows it; InputError if it is impossible."""
    moment = start_of(day, options) if day else None
    problem = impossible(moment) if moment else ""
    if problem:
        raise InputError(source.name, problem, hint="mend the date in the name")
    return moment
