"""The one model of a document: readers of notes, Word, PDF and web pages yield blocks, and here it is decided what
each block is, who said it and on which day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.documents.days import Days
from textsignals.readers.sources import ARCHIVES, Source
from textsignals.readers.times import date_in_text, impossible
from textsignals.records import Message

NO_DATE = "no date: neither the file name nor a heading holds one (such as 2026-02-19)"

_ROSTER = r"(?:attend(?:ees|ance|ing)|participants|present|invite(?:d|es)|regrets|apologies|absent(?:ees)?|observers)"
# Names and attendance carry no sentence about work; "Present problems" is a heading about problems.
_ATTENDANCE = re.compile(rf"\b{_ROSTER}\b(?!\s+(?!and\b|or\b|&)\w)|\bin attendance\b", re.I)
_ATTENDANCE_LINE = re.compile(rf"^\W{{0,4}}(?:[^\W\d_]+ ){{0,3}}?{_ROSTER}\b(?:[^:.!?\n]{{0,40}}:|(?: \w+)?\W*$)", re.I)
_HANDLES = re.compile(r"(?:@[\w.-]+[\s,/&]*)+")
_ONE_HANDLE = re.compile(r"@([\w.-]+?)[\s:,.]*")
_LABEL_LINE = re.compile(
    r"^\W{0,4}(?:lead|note ?taker|scribe|recording|chair|facilitator|moderator|host|organi[sz]er|author"
    r"|created(?: by| at)?|last edited(?: by| time)?|date|day|time|date (?:and|&) time|meeting date|period|when|where"
    r"|location|place|room|zoom|link|agenda|duration|minutes(?: taken)? by|taken by|prepared by|from|to|cc|subject"
    r"|tags?)s?\s?:",
    re.I,
)
_FACT = re.compile(r"^[^\W\d_][\w /&-]{0,30}: .{1,60}$")
# Items of a list that was typed by hand, in documents that know lists but hold none there.
_SIGN = re.compile(r"^[-–—*•◦▪▫‣●○■□◆➢➤⁃∙·\uf0a7\uf0b7]\s+(?=\S)")
_ITEM = re.compile(r"^(?:[-–—*•◦▪▫‣●○■□◆➢➤⁃∙·\uf0a7\uf0b7]|\(?\d{1,2}[.)])\s+(?=\S)")
# A bullet or line that only introduces what stands below it: "Done:", "Next steps:".
_INTRODUCTION_WORDS = 4
_ACTIONS = re.compile(r"\b(?:actions?(?: items?| points?)?|next steps|to-?dos?|tasks|follow-?ups?|assignments)\b", re.I)
_ACTION = re.compile(r"^(?:action(?: item| point)?|to-?do|AI)s?\s?:\s+\S", re.I)
_NAME = r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}"
_SPEAKER = re.compile(rf"^(@?{_NAME})(?: ?\([^()\n]{{1,30}}\))?:\s+(?=\S)")
_DASHED = re.compile(rf"^@?({_NAME}) [-–—] (?=\S)")
_AFTER_LEAD = re.compile(r"[\s:–—-]*")
_PARTICLES = frozenset("al bin da de del der di do dos du el ibn la le van von zu y e".split())
# Words before a colon, or in bold at the start of a bullet, that are no names of persons, however often they come.
_NO_NAMES = frozenset(
    "action actions agenda agreed all also announcement answer any ask asks background blocked blocker blockers"
    " cause channel conclusion cons context continue decided decision decisions demo discussion done edit effect eta"
    " everyone example examples fix fyi general glad goal goals here how idea ideas impact important info issue"
    " issues item items key lacked learned liked link links longed mad meeting misc nb new next note notes ok open"
    " other others outcome owner people plan point problem problems process product progress proposal pros psa"
    " question questions reason resolution resolved result results risk risks sad solution start status step stop"
    " summary task tbd team thanks tip today todo tomorrow topic topics update updates warning we what when where"
    " who why wip yesterday".split()
)
_DATE_WORDS = frozenset(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov"
    " november dec december mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday"
    " sun sunday st nd rd th of on the date".split()
)
# Lists of those present hold names and roles; longer lines there are sentences that go on without a new heading.
_ROSTER_WORDS = 8
# Twice is a habit of the document, once an accident.
_OFTEN = 2


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, bullet, cell or heading of a document.

    `place` is where a user finds it, `kind` one of note, task, heading, quote, code, comment and speech, `section` the
    path of headings above it, `depth` the number of lists around it, `lead` what is bold at its start. `skip` is why
    it is left out, where the format itself says so.
    """

    place: str
    kind: str
    text: str
    section: str = ""
    depth: int = 0
    lead: str = ""
    author: str | None = None
    moment: datetime | None = None
    skip: str = ""

    @property
    def listed(self) -> bool:
        """Whether it stands in a list."""
        return self.depth > 0


class Outline:
    """The path of headings down to where the reading stands."""

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self.path = ""

    def enter(self, level: int, text: str) -> None:
        """Begin a section; it ends all those of its level or below."""
        name = " ".join(text.split())[:200]
        self._headings = [*((at, above) for at, above in self._headings if at < level), (level, name)]
        self.path = " > ".join(above for _, above in self._headings)


def messages(
    name: str,
    source: Source,
    title: str,
    blocks: Sequence[Block],
    log: FileLog,
    options: Options,
    *,
    front: str = "",
    channel: str = "",
    home: str | None = None,
) -> Iterator[Message]:
    """Yield the notes, action items and comments of a document; every block is accounted for in the log.

    `front` is what stands before the text about the text (YAML), `channel` overrides the title. `home` tells documents
    of one name apart, those of several teams; if it is not given, that is the folder around them.
    """
    home = _folder(source) if home is None else home
    decided = list(_decide(list(_items(blocks))))
    days = Days(source.path, title, front, [(b.kind, b.section, b.text) for b, _ in decided], options, log)
    for block, reason in _attributed(decided):
        log.met()
        if reason:
            log.skip(reason)
            continue
        moment, origin = (block.moment, "record") if block.moment else days.of(block.section)
        problem = impossible(moment) if moment else ""
        if problem:
            log.quarantine(block.place, problem, "mend the date in the name or heading", file=source.name)
            continue
        if moment is None:
            log.assume(NO_DATE)
        yield Message(
            id=log.identify(name, home, source.path.name, moment, block.section, block.text),
            source=name,
            file=source.name,
            locator=block.place,
            kind={"task": "action_item", "comment": "comment", "speech": "speech"}.get(block.kind, "note"),
            text=clip(block.text, log),
            author=block.author,
            channel=channel or title,
            timestamp=moment,
            time_source=origin,
            time_precision="none" if moment is None else "minute" if block.moment else "day",
            section=block.section or None,
        )


def _folder(source: Source) -> str:
    """Return the folder around a file; an archive is none, so that the ids in it are those in the folder it was."""
    above = source.path.parent.name
    return "" if above.lower().endswith(ARCHIVES) else above


def first_line(blocks: Sequence[Block], otherwise: str) -> str:
    """Return the title of a document: its first heading of the first ten blocks, else its first short text."""
    opening = [block for block in blocks if block.text.strip() and not block.skip][:10]
    for block in opening:
        if block.kind == "heading":
            return " ".join(block.text.split())[:200]
    text = opening[0].text.split("\n", 1)[0].strip() if opening else ""
    return text if 0 < len(text) <= 100 else otherwise


# What each block is


def _items(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, those that are lists typed by hand item by item."""
    for block in blocks:
        if block.kind not in ("note", "comment") or block.skip:
            yield block
            continue
        lines = block.text.split("\n")
        begins = [i for i, line in enumerate(lines) if _ITEM.match(line)]
        if len(begins) < _OFTEN and (turns := _lines_of_speakers(lines)):
            for begin, end in pairwise([*([0] if turns[0] else []), *turns, len(lines)]):
                lead = block.lead if begin == 0 else ""
                yield replace(block, text="\n".join(lines[begin:end]), lead=lead)
            continue
        if len(begins) < _OFTEN:
            sign = _SIGN.match(block.text)
            yield replace(block, text=block.text[sign.end() :], depth=max(1, block.depth)) if sign else block
            continue
        if begins[0]:
            yield replace(block, text="\n".join(lines[: begins[0]]))
        for begin, end in pairwise([*begins, len(lines)]):
            text = _ITEM.sub("", "\n".join(lines[begin:end]), count=1)
            yield replace(block, text=text, depth=block.depth + 1, lead="")


def _decide(blocks: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    """Yield each block, without the label lines in it, and why it is left out ("" if it is not)."""
    names_below: int | None = None
    introduced: list[tuple[int, str]] = []
    for i, block in enumerate(blocks):
        if block.kind == "heading":
            names_below, introduced = None, []
        introduced = [(depth, label) for depth, label in introduced if depth < block.depth]
        if names_below is not None and (block.depth <= names_below or not is_names(block.text)):
            names_below = None
        reason, rest = _left_out(block)
        if not reason and names_below is not None:
            reason = "attendance"
        elif reason == "attendance" and block.text.rstrip().endswith(":"):
            names_below = block.depth
        below = blocks[i + 1].depth > block.depth if i + 1 < len(blocks) else False
        if not reason and below and (label := _introduction(block)):
            reason = "label"
            introduced.append((block.depth, label))
        elif not reason and introduced:
            path = [block.section] if block.section else []
            block = replace(block, section=" > ".join([*path, *(label for _, label in introduced)]))
        yield (
            (replace(block, text=rest, lead="" if rest != block.text else block.lead) if not reason else block),
            reason,
        )


def _lines_of_speakers(lines: Sequence[str]) -> list[int]:
    """Return where in a paragraph lines begin that may be what several people said, if there are several."""
    if len(lines) < _OFTEN or any(map(is_label, lines)):
        return []
    found = [
        i for i, line in enumerate(lines) if (match := _SPEAKER.match(line)) and _is_name(match.group(1).lstrip("@"))
    ]
    return found if len(found) >= _OFTEN else []


def _left_out(block: Block) -> tuple[str, str]:
    """Return why a block is left out ("" if it is not) and its text without the lines that are labels."""
    if block.skip:
        return block.skip, block.text
    if block.kind in ("code", "heading", "quote"):
        return {"code": "code block"}.get(block.kind, block.kind), block.text
    if not has_words(block.text):
        return "empty", block.text
    # Some minutes go on below the list of names without a new heading: whole sentences stay, ticked names do not.
    in_roster = not block.author and any(map(is_roster, block.section.split(" > ")))
    if in_roster and (block.kind == "task" or len(block.text.split()) <= _ROSTER_WORDS):
        return "attendance", block.text
    if _HANDLES.fullmatch(block.text):
        return "attendance", block.text
    if _is_date(block.text):
        return "label", block.text
    rest, reason = _without_labels(block.text)
    return ("", rest) if has_words(rest) else (reason, block.text)


def has_words(text: str) -> bool:
    """Return whether a text says anything apart from links, numbers and signs.

    >>> has_words("see https://example.org"), has_words("https://example.org 17:00")
    (True, False)
    """
    return bool(re.search(r"[^\W\d_]{2}", re.sub(r"https?://\S+", "", text)))


def _is_date(text: str) -> bool:
    """Return whether a text is nothing but a date, as below a title: "Friday, 13 March 2026"."""
    words = re.findall(r"[^\W\d_]+", text)
    return len(text) <= 40 and bool(date_in_text(text)) and all(word.lower() in _DATE_WORDS for word in words)


def is_roster(heading: str) -> bool:
    """Return whether a heading or label says that those present, or absent, are listed below it."""
    return len(heading.split()) <= _ROSTER_WORDS and bool(_ATTENDANCE.search(heading))


def is_label(text: str) -> bool:
    """Return whether a text begins with a label of the meeting itself: its date, place, chair, ...

    >>> is_label("Date: 13 March"), is_label("Decision: we wait")
    (True, False)
    """
    return bool(_LABEL_LINE.match(text))


def _without_labels(text: str) -> tuple[str, str]:
    """Return the lines that are no labels ("Scribe: Ana") and no lists of names, and what the others were."""
    kept, reason, names = [], "label", False
    for line in text.split("\n"):
        if _ATTENDANCE_LINE.match(line):
            names, reason = True, "attendance"
        elif names and is_names(line):
            continue
        else:
            names = False
            if not is_label(line):
                kept.append(line)
    # Among other facts about the page, as Notion puts them under its title, unknown ones are facts, too.
    if text.count("\n") + 1 - len(kept) >= _OFTEN and all(map(_FACT.match, kept)):
        kept = []
    return "\n".join(kept).strip(), reason


def is_names(text: str) -> bool:
    """Return whether a line may be a list of persons.

    >>> is_names("Ana Silva (Legal), Bo de Vries"), is_names("All of us")
    (True, False)
    """
    words = text.replace("/", " ").split()
    return 0 < len(words) <= 24 and all(
        not w[0].isalpha() or w[0].isupper() or w.lower().strip(",") in _PARTICLES | {"and"} for w in words
    )


def _introduction(block: Block) -> str:
    text = block.text.strip()
    is_short = text.endswith(":") and len(text.split()) <= _INTRODUCTION_WORDS
    return text.rstrip(": ") if is_short and block.kind == "note" else ""


# Who said it


def _attributed(decided: list[tuple[Block, str]]) -> Iterator[tuple[Block, str]]:
    """Yield the blocks with the person who says them as author, and the name taken out of the text."""
    known = _attendees(decided)
    spoken = _repeated(b for b, reason in decided if not reason and not b.listed)
    bold = _repeated(b for b, reason in decided if not reason and b.listed and b.lead)
    above: tuple[int, str] | None = None
    for i, (block, reason) in enumerate(decided):
        if above and (block.depth <= above[0] or block.kind == "heading"):
            above = None
        alone = _name_alone(block, reason, known, spoken | bold)
        if alone and i + 1 < len(decided) and decided[i + 1][0].depth > block.depth:
            above = (block.depth, alone)
            yield block, reason or "label"
        elif not reason and block.kind == "note" and block.text.strip(" @:.") in known:
            yield block, "label"
        elif reason or block.author:
            yield _as_action(block), reason
        else:
            opener = _speaker(block, known, spoken, bold)
            if above:
                block = replace(block, section=block.section.replace(f" > {above[1]}", "", 1))
            author = opener[0] if opener else above[1] if above else _person_of_section(block.section, known)
            text = block.text[opener[1] :] if opener else block.text
            yield _as_action(replace(block, text=text, author=author)), ""


def _as_action(block: Block) -> Block:
    return replace(block, kind="task") if block.kind == "note" and _ACTION.match(block.text) else block


def _attendees(decided: list[tuple[Block, str]]) -> frozenset[str]:
    """Return the names, also the first names alone, of those whom the document lists as present."""
    names: set[str] = set()
    for block, reason in decided:
        if reason == "attendance":
            for part in re.split(r"[,;/\n:]| and | - | – ", block.text):
                name = re.sub(r"\([^()]*\)", "", part).strip(" @.\t")
                if _is_name(name):
                    names |= {name, name.split()[0]}
    return frozenset(names)


def _is_name(name: str) -> bool:
    """Return whether a text can be the name of a person: up to four capitalised words, none of them a usual label."""
    if not re.fullmatch(_NAME, name):
        return False
    words = name.split()
    capital = all(word[0].isupper() or word in _PARTICLES for word in words) and words[0][0].isupper()
    return capital and not any(word.lower().strip(".") in _NO_NAMES for word in words)


def _opener(block: Block) -> tuple[str, int] | None:
    """Return the name that may open a block, before a colon or in bold, and where the sentence behind it begins."""
    lead = block.lead.strip(" :–—-")
    if lead and block.text.startswith(block.lead) and (_is_name(lead.lstrip("@")) or lead.startswith("@")):
        after = _AFTER_LEAD.match(block.text, len(block.lead))
        end = after.end() if after else len(block.text)
        return (lead.lstrip("@"), end) if end < len(block.text) else None
    match = _SPEAKER.match(block.text)
    if match is None:
        return None
    name = match.group(1)
    if name.startswith("@"):
        return None if name[1:].lower() in _NO_NAMES else (name[1:], match.end())
    return (name, match.end()) if _is_name(name) else None


def _dashed(block: Block, known: frozenset[str]) -> tuple[str, int] | None:
    """Return who of those present stands before a dash: "Ana - we wait"."""
    match = _DASHED.match(block.text)
    return (match.group(1), match.end()) if match and match.group(1) in known else None


def _repeated(blocks: Iterator[Block]) -> frozenset[str]:
    """Return the names that open several blocks, as in minutes of who said what.

    If a name comes once or alone, it is an owner or a label ("Problem: ...") and belongs to the sentence.
    """
    openers = Counter(opener[0] for block in blocks if (opener := _opener(block)))
    names = {name for name, n in openers.items() if n >= _OFTEN}
    return frozenset(names) if len(names) > 1 else frozenset()


def _speaker(
    block: Block, known: frozenset[str], spoken: frozenset[str], bold: frozenset[str]
) -> tuple[str, int] | None:
    """Return who says a block and where the words begin; the name before an action item is its owner."""
    opener = _opener(block) or _dashed(block, known)
    if opener is None or block.kind == "task" or _ACTIONS.search(block.section.rsplit(" > ", 1)[-1]):
        return None
    is_speaker = opener[0] in known or block.text.startswith("@")
    if block.listed:
        return opener if is_speaker or (block.lead and opener[0] in bold) else None
    return opener if is_speaker or opener[0] in spoken else None


def _name_alone(block: Block, reason: str, known: frozenset[str], speakers: frozenset[str]) -> str:
    """Return the person of whom a block holds nothing but the name, as stand-up notes put it above a list."""
    text = block.text.strip()
    if block.kind != "note" or reason not in ("", "attendance", "label") or "\n" in text or len(text) > 60:
        return ""
    if handle := _ONE_HANDLE.fullmatch(text):
        return handle.group(1)
    name = text.strip("@ :")
    if reason == "attendance" or not _is_name(name):
        return ""
    return name if name in known or name in speakers else ""


def _person_of_section(section: str, known: frozenset[str]) -> str | None:
    """Return whose section it is, if its heading is nothing but a handle or a name of those present."""
    heading = section.rsplit(" > ", 1)[-1].strip()
    if handle := _ONE_HANDLE.fullmatch(heading):
        return handle.group(1)
    return heading if heading in known else None
