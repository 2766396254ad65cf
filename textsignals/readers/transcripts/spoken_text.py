"""Transcripts as text: SRT, Teams cues, Otter, Google Meet and "Name: text" with times; WebVTT has its own reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import PurePosixPath

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, FileLog, Options, lines
from textsignals.readers.sheets.rows import head_text
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import date_in_text, hour_of_day, parse_time
from textsignals.readers.transcripts.cues import Cue, seconds, timed_cues
from textsignals.readers.transcripts.recordings import day_in, moment_of, path_of
from textsignals.readers.transcripts.speakers import named, person
from textsignals.readers.transcripts.turns import speeches
from textsignals.records import Message

NAME = "transcript"

_ENDINGS = frozenset({".txt", ".srt", ".md", ".markdown", ".text", ".log", ""})
_OTHERS = ("WEBVTT", "{", "[{", "<", "From ", "---")

_STAMP = r"\d{1,4}:[0-5]?\d:[0-5]?\d(?:[.,]\d{1,7})?|[0-5]?\d:[0-5]?\d[.,]\d{1,7}"
_TIMING = re.compile(rf"({_STAMP})\s{{0,4}}-->\s{{0,4}}({_STAMP})(?:\s|$)")
# One cue in so many lines: texts of cues are short.
_CUE_LINES = 8

# AM and PM in one case: Am may begin a name.
_HALF = r"(?:a\.? ?m|p\.? ?m|A\.? ?M|P\.? ?M)\b\.?"
_CLOCK = r"(?P<at>\d{1,3}:[0-5]\d(?::[0-5]\d)?(?:[.,]\d{1,3})?)"
# Not after a name on a line of its own, which looks like the date above a transcript: "March 13, 2026 10:00AM".
_CLOCK_HALF = rf"{_CLOCK}(?: ?(?P<half>{_HALF}))?"
_LABEL = r"(?P<name>[^\W\d_][^:\t\[\]<>{}]{0,60}?)"
_DASH = r"(?:[-–—|•]\s{1,4})?"
_UNTIL = rf"(?:\s?(?:-->|[-–])\s?\d{{1,3}}:[0-5]\d(?::[0-5]\d)?(?:[.,]\d{{1,3}})?(?: ?{_HALF})?)?"
# The speaker and the time on a line of their own, the words below.
_HEADED = tuple(
    re.compile(pattern)
    for pattern in (
        # Otter "Ana  0:15", Teams "Ana   0:03", Rev "Ana (00:15):"
        rf"{_LABEL}(?:,?\s{{1,10}}{_DASH}|\s{{0,4}}(?=[\[(]))[\[(]?{_CLOCK}[\])]?:?$",
        # "00:15 - Ana", "[00:15] Ana"
        rf"[\[(]?{_CLOCK_HALF}[\])]?\s{{1,4}}{_DASH}{_LABEL}:?$",
        # Zoom's saved captions: "[Ana Silva] 10:05:12"
        rf"\[{_LABEL}\]\s{{1,4}}{_CLOCK}$",
    )
)
# All on one line; a tab after the time is how Zoom writes chats.
_INLINE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[\[(]?{_CLOCK_HALF}{_UNTIL}[\])]? {{0,4}}{_DASH}(?!From\s){_LABEL}: {{1,4}}(?=\S)",
        rf"{_LABEL} {{0,4}}[\[(]{_CLOCK_HALF}[\])]:? {{1,4}}(?=\S)",
        rf"{_LABEL}: {{0,4}}[\[(]{_CLOCK_HALF}[\])] {{1,4}}(?=\S)",
        rf"\[{_CLOCK_HALF}{_UNTIL}\] {{1,4}}(?P<name>)(?=[\w\"'“])",
    )
)
_SAID = re.compile(rf"{_LABEL}:(?:\s{{1,4}}(?=\S)|$)")
_HEADER_CHARS = 120

_LONG_CLOCK = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d")
_TIME_HEADING = re.compile(r"(?:#{1,6} )?[\[(]?(\d{1,3}:[0-5]\d(?::[0-5]\d)?)[\])]?")
_OTTER = re.compile(r"transcribed by https?://otter\.ai", re.IGNORECASE)
_MEET = re.compile(
    r"(?:transcription|meeting) ended (?:after|at) [\d:]{4,9}|this (?:editable )?transcript was computer generated",
    re.IGNORECASE,
)
_TEAMS = re.compile(r".{1,80} (?:started|stopped) transcription$", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:#{1,6} )?[^\w#]{0,3}(?:meeting )?"
    r"(?:transcript(?:ion|ie)?|transkript|transcripción|transcrição|trascrizione):?$",
    re.IGNORECASE,
)
# "Transcription ended after 00:10:41" in any language, where nobody is named before it.
_ENDED = re.compile(r".{0,60}\b\d{1,3}:[0-5]\d:[0-5]\d\b.{0,40}$")
_END_LINES = 4
_TITLE = re.compile(r"\btranscript\b", re.IGNORECASE)

# Words before a colon that announce what follows and are nobody's name.
_NO_NAME = re.compile(
    r"(?:agenda|date|time|title|topic|subject|meeting|location|where|when|duration|host|organi[sz]er|recording|link|url"
    r"|summary(?: keywords)?|keywords|notes?|action items?|next steps?|decisions?|problems?|questions?|answers?|warning"
    r"|https?|e-?mail|file|language)$",
    re.IGNORECASE,
)
_ATTENDANCE = re.compile(
    r"(?:#{1,6} )?(?:attendees|participants|invited|speakers|present|teilnehmer|participantes"
    r"|asistentes|partecipanti|deelnemers)\b",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(r"(?:#{1,6} )?(?:summary )?keywords\b", re.IGNORECASE)
_PARTICLES = frozenset("al bin da de del den der di dos du el la le ten ter van von zu".split())
_NAME_WORDS = 6
_NAME_CHARS = 60
# A lower-case label that comes so often is a nickname.
_RECURS = 3
# How captions mark that another voice begins.
_DIALOGUE = re.compile(r"^(?:>{2,3}|[-–])\s+")
_SENTENCE = re.compile(r"[.!?]['\")]?$")
_TITLE_WORDS = 12
_MARKDOWN = re.compile(r"\\([-_.!*#>\[\]()+])")
_UNSEEN = str.maketrans(
    dict.fromkeys("\u200b\u200e\u200f\ufeff", None) | dict.fromkeys("\u00a0\u202f\u2028\u2029\u0085\v\f", " ")
)
_NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,2}([./])\d{1,2}\1(?:19|20)\d\d(?!\d)")
# A title, its date and the list of names stand within the first lines.
_TOP_LINES = 20


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


@dataclass(slots=True)
class _Found:
    """How a file says who spoke: `pattern` None means cues with arrows."""

    sure: float = 0.0
    pattern: re.Pattern[str] | None = None
    names: Counter[str] = field(default_factory=Counter)


def sniff(source: Source | Folder) -> float:
    """Return 0.9 or more for text whose lines say who spoke when, or that a known product signed as its transcript."""
    if isinstance(source, Folder) or source.path.suffix.lower() not in _ENDINGS:
        return 0.0
    head = source.head()
    if b"\x00" in head and head[:2] not in MARKS_16:
        return 0.0
    text = head_text(source)
    return 0.0 if text.lstrip().startswith(_OTHERS) else _find(_lines(text.split("\n")), source.path).sure


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message a turn, dated by the file name or what stands above the first of them."""
    assert isinstance(source, Source)
    written = list(lines(source, log))
    told = _lines(written)
    found = _find(told, source.path)
    if not found.sure:
        raise InputError(source.name, "names no speakers and no times", hint="give it as notes (--format notes)")
    day, origin = _day(told, found, path_of(source), options)
    moment = moment_of(day, source, options)
    if found.pattern is None:
        cues = _arrow_cues(written, log)
    else:
        cues = list(_said(told, found, log))
        log.details["lines"] = len(told)
    yield from speeches(cues, NAME, moment, origin, source, log)


def _lines(written: list[str]) -> list[_Line]:
    """Return the lines with words, without the marks of Markdown that bold names and escape signs."""
    found = []
    for number, line in enumerate(written, 1):
        plain = line.translate(_UNSEEN)
        if "**" in plain:
            plain = _MARKDOWN.sub(r"\1", plain.replace("**", ""))
        if plain.strip():
            found.append(_Line(number, plain.strip()))
    return found


def _find(lines: list[_Line], path: PurePosixPath) -> _Found:
    """Return the way of naming speakers that fits the file, most special first."""
    arrows = sum("-->" in line.text and bool(_TIMING.match(line.text)) for line in lines)
    if arrows and arrows * _CUE_LINES >= len(lines):
        return _Found(0.95)
    tail = " ".join(line.text for line in lines[-5:])
    signed = bool(_OTTER.search(tail))
    for pattern in _HEADED:
        names, hits, last = _matches(lines, pattern, _HEADER_CHARS)
        if _is_headed(lines, names, hits, signed, last):
            return _Found(0.9, pattern, names)
    for pattern in _INLINE:
        names, hits, ordered = _matches(lines, pattern)
        several = (len(hits) >= 5 and 3 * len(hits) > len(lines)) or (len(hits) >= 2 and len(hits) >= 0.7 * len(lines))
        if several and ordered:
            return _Found(0.9, pattern, names)
    names, hits, _ = _matches(lines, _SAID)
    return _Found(_sure_of_said(lines, len(hits), path), _SAID, names) if hits else _Found()


def _matches(lines: list[_Line], pattern: re.Pattern[str], limit: int = 0) -> tuple[Counter[str], list[int], bool]:
    """Return the labels, the indexes of the lines that have one, and whether their times nearly always rise."""
    names: Counter[str] = Counter()
    hits, times = [], []
    for i, line in enumerate(lines):
        match = pattern.match(line.text) if not limit or len(line.text) <= limit else None
        if match and len(match["name"].split()) <= _NAME_WORDS:
            names[match["name"].strip()] += 1
            hits.append(i)
            if pattern is not _SAID:
                times.append(_seconds(match))
    falls = sum(after < before for before, after in pairwise(times))
    return names, hits, 10 * falls <= len(times)


def _seconds(match: re.Match[str]) -> float:
    """Return the time of a label in seconds: since the call began, or of the day where AM or PM says so."""
    half = match.groupdict().get("half")
    if not half:
        return seconds(match["at"])
    hour, minute, second = map(int, re.split("[:.,]", f"{match['at']}:0")[:3])
    return 3600 * hour_of_day(hour, half[0] in "pP") + 60 * minute + second


def _is_headed(lines: list[_Line], names: Counter[str], hits: list[int], signed: bool, ordered: bool) -> bool:
    """Return whether lines with a label and a time head what was said, and are not the agenda of a day."""
    if not hits or not ordered or len(hits) * 20 < len(lines):
        return False
    known = set(hits)
    followed = sum(i + 1 < len(lines) and i + 1 not in known for i in hits)
    spoken = max(names.values()) > 1 or any(person(name) is None for name in names)
    spaced = all("  " in lines[i].text or "\t" in lines[i].text for i in hits)
    return followed >= 0.6 * len(hits) and (signed or (len(hits) > 1 and (spoken or spaced)))


def _sure_of_said(lines: list[_Line], said: int, path: PurePosixPath) -> float:
    """Return how sure it is that "Name: text" without times is a transcript: minutes are written so, too."""
    if any(_MEET.match(line.text.lstrip("*_ ")) for line in (*lines[:_TOP_LINES], *lines[-_TOP_LINES:])):
        return 0.95
    clocks = sum(bool(_LONG_CLOCK.fullmatch(line.text.lstrip("# "))) for line in lines)
    if said < 3 or 3 * said < len(lines) - clocks:
        return 0.0
    if clocks:
        return 0.85
    titled = _TITLE.search(path.stem.replace("_", " ")) or any(_TITLE.search(line.text) for line in lines[:3])
    return 0.8 if titled and said >= 0.6 * len(lines) else 0.0


def _day(lines: list[_Line], found: _Found, path: PurePosixPath, options: Options) -> tuple[date | None, str]:
    """Return the day and where it stands: in the name of the file, the lines above the first turn, or the folder."""
    in_name = day_in(PurePosixPath(path.name), options)
    above = None if in_name or found.pattern is None else _day_above(lines, found.pattern, options)
    return (above, "heading") if above else (in_name or day_in(path, options), "filename")


def _day_above(lines: list[_Line], pattern: re.Pattern[str], options: Options) -> date | None:
    for line in lines[:_TOP_LINES]:
        if pattern is not _SAID and pattern.match(line.text):
            break
        written = date_in_text(line.text) or _numeric(line.text, options)
        if written:
            return written
    return None


def _numeric(text: str, options: Options) -> date | None:
    """Return a day written in figures: with dots the day comes first, with slashes only the options say."""
    match = _NUMERIC_DATE.search(text)
    if match is None or (match[1] == "/" and options.date_order is None):
        return None
    try:
        return parse_time(match[0], options.date_order != "mdy").date()
    except ValueError:
        return None


def _arrow_cues(lines: list[str], log: FileLog) -> list[Cue]:
    """Return the cues of SRT (numbered) or of Teams, where the first line of each is the speaker."""
    numbered = next((line.strip().isdigit() for line in lines if line.strip()), False)
    cues: list[Cue] = []
    for item in timed_cues(lines, _TIMING, log, numbered=numbered):
        if isinstance(item, Cue):
            cues.append(item)
            continue
        number, block = item
        log.met()
        if not cues:
            log.skip("heading")
        elif all(line.strip().isdigit() for line in block):
            log.skip("empty")
        else:
            # An empty line inside of what was said.
            cues.append(Cue(number, None, cues[-1].end, cues[-1].end, [" ".join(" ".join(block).split())]))
    if not numbered:
        _name_by_line(cues)
    for cue in cues:
        cue.lines = [line for line in (_DIALOGUE.sub("", line) for line in cue.lines) if line]
    return named(cues, log)


def _name_by_line(cues: list[Cue]) -> None:
    """Take the first line of cues for the speaker where nearly all have a line that can be a name, and more below."""
    longer = [cue for cue in cues if len(cue.lines) > 1]
    names = {cue.lines[0] for cue in longer if _may_be_name(cue.lines[0])}
    if 2 * len(longer) <= len(cues) or sum(cue.lines[0] in names for cue in longer) < 0.9 * len(longer):
        return
    for cue in cues:
        if cue.lines and cue.lines[0] in names:
            cue.speaker, cue.lines = cue.lines[0], cue.lines[1:]


def _may_be_name(text: str) -> bool:
    return len(text.split()) <= _NAME_WORDS and len(text) <= _NAME_CHARS and not _SENTENCE.search(text)


@dataclass(slots=True)
class _State:
    """Who is speaking since when; before the first speaker, what the lines are about."""

    speaker: str | None = None
    at: float = 0.0
    started: bool = False
    above: str = ""


def _said(lines: list[_Line], found: _Found, log: FileLog) -> Iterator[Cue]:
    """Yield every line that somebody said, and count the others: titles, attendees, times, what the product adds."""
    assert found.pattern is not None
    first = _first_of_speech(lines, found)
    state = _State()
    end = _end_of_speech(lines, found)
    for i, line in enumerate(lines):
        reason = "boilerplate" if i >= end else _boilerplate(line.text)
        if reason:
            log.met()
            log.skip(reason)
            continue
        time = _TIME_HEADING.fullmatch(line.text)
        match = _speaker(line.text, found) if i >= first else None
        if match:
            state.speaker, state.started = match["name"].strip() or None, True
            if found.pattern is not _SAID:
                state.at = _seconds(match)
            text = line.text[match.end() :].strip()
            if not text and _has_text_below(lines, i, found):
                continue
            log.met()
            if text:
                yield Cue(line.number, state.speaker, state.at, state.at, [text])
            else:
                log.skip("empty")
            continue
        log.met()
        if time:
            state.at = seconds(time[1])
            log.skip("heading")
        elif state.started:
            yield Cue(line.number, state.speaker, state.at, state.at, [line.text])
        else:
            log.skip(_of_top(line.text, state))


def _first_of_speech(lines: list[_Line], found: _Found) -> int:
    """Return the index from which on speakers are looked for: a title or a list may hold a colon, too."""
    for i, line in enumerate(lines):
        if _BEGINS.fullmatch(line.text):
            return i + 1
    if found.pattern is _SAID:
        for i, line in enumerate(lines[:_TOP_LINES]):
            match = _speaker(line.text, found)
            if match and (i or found.names[match["name"].strip()] > 1 or _SENTENCE.search(line.text)):
                return i
    return 0


def _end_of_speech(lines: list[_Line], found: _Found) -> int:
    """Return the index of the line in which Meet says how long it listened; what follows is about the transcript."""
    if found.pattern is _SAID:
        for i in range(max(0, len(lines) - _END_LINES), len(lines)):
            text = lines[i].text
            if _ENDED.match(text) and not (_speaker(text, found) or _TIME_HEADING.fullmatch(text)):
                return i
    return len(lines)


def _speaker(text: str, found: _Found) -> re.Match[str] | None:
    """Return the match of a line that begins with a speaker; without times, a colon may belong to the sentence."""
    assert found.pattern is not None
    if found.pattern in _HEADED and len(text) > _HEADER_CHARS:
        return None
    match = found.pattern.match(text)
    if match is None or len(match["name"].split()) > _NAME_WORDS:
        return None
    if found.pattern is not _SAID:
        return match
    name = match["name"].strip()
    if _NO_NAME.match(name) or _ATTENDANCE.match(name):
        return None
    words = [word for word in re.findall(r"[^\W\d_]+", name) if word.lower() not in _PARTICLES]
    named = all(word[0].isupper() or not word[0].islower() for word in words)
    return match if named or found.names[name] >= _RECURS else None


def _has_text_below(lines: list[_Line], i: int, found: _Found) -> bool:
    """Return whether the next line is what the speaker of this one said."""
    if i + 1 == len(lines):
        return False
    text = lines[i + 1].text
    return not (_speaker(text, found) or _boilerplate(text) or _TIME_HEADING.fullmatch(text))


def _boilerplate(text: str) -> str:
    """Return why a line that a product adds is left out, or "" if it is none of those."""
    plain = text.lstrip("*_# ")
    if _OTTER.match(plain) or _MEET.match(plain) or (len(text) <= _HEADER_CHARS and _TEAMS.fullmatch(plain)):
        return "boilerplate"
    return "heading" if _BEGINS.fullmatch(text) else ""


def _of_top(text: str, state: _State) -> str:
    """Return what a line above the first speaker is, which the label above it may say."""
    if _ATTENDANCE.match(text):
        state.above = "attendance"
        return state.above
    if _KEYWORDS.match(text):
        state.above = "label"
        return state.above
    if _SENTENCE.search(text) or len(text.split()) > _TITLE_WORDS:
        if state.above and not _SENTENCE.search(text):
            return state.above
        return "before the first speaker"
    return state.above or "heading"
