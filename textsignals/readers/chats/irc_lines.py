"""What one line of an IRC log says, in the manner of the client that wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLOCK = r"(?P<clock>\d{1,2}:\d\d(?::\d\d)?)(?: ?(?P<half>[AaPp][Mm])\b)?"
_DATED = rf"\[?(?P<date>\d{{4}}-\d\d-\d\d)[T ]{_CLOCK}(?:[.,]\d{{1,6}})? ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?\]?"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the lines of a log begin, and whether a tab sets the nick apart instead of < and >."""

    stamp: re.Pattern[str]
    tabbed: bool = False


# In the order of preference where two know as many lines.
DIALECTS = (
    # WeeChat
    Dialect(re.compile(_DATED + r"\t"), tabbed=True),
    # supybot, BotBot, Textual, IRCCloud, KVIrc
    Dialect(re.compile(_DATED + r"[ \t]{1,4}")),
    # HexChat and XChat, whose years stand in the lines between
    Dialect(re.compile(rf"(?P<month>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK}[ \t]{{1,4}}")),
    # Konversation
    Dialect(re.compile(rf"\[(?P<long>[A-Z][a-z]+,? [A-Z][a-z]+ \d{{1,2}},? \d{{4}})\] \[{_CLOCK}\][ \t]{{1,4}}")),
    # mIRC, which may leave the number of a colour before; ZNC, energymech, eggdrop, the logs of Ubuntu
    Dialect(re.compile(rf"(?:\d\d)?\[{_CLOCK}\][ \t]{{0,4}}")),
    # irssi, RRSAgent, meetbot
    Dialect(re.compile(rf"{_CLOCK}[ \t]{{1,2}}")),
)

_SAID = re.compile(r"<([^<>]{1,64}?)(?:>|(&gt;))[ \t]?(.*)")
# Before a nick: that its bearer runs the channel, or a blank where others have such a sign.
_RANKS = " @+%~&!"
_TABBED = re.compile(r"[ @+%~&!]?([^\s<>]{1,64})\t(.*)")
_ACTED = re.compile(r"[ \t]{0,4}(?:\*|—|Action:)[ \t]{1,4}(\S{1,64})(?:[ \t](.*)|$)")
_NOTICE = re.compile(
    r"(?:--\s)?(?:-([^\s:()]{1,64})(?:\([^\s()]{0,200}\)|:[^\s:]{1,64})?-|Notice\(([^()]{1,64})\):) (.*)"
)
# What the client sets before lines of its own.
_MARKED = re.compile(r"[ \t]{0,4}(\*{3,4}|-!-|===|-->|<--|---|--|=!=|→|⇐|←|↔)(?:[ \t]{1,4}(.*)|$)")
_LISTED = re.compile(r"\[[ @+%~&]|\[Users [#&]")
# Ubuntu's old logs have this mark before joins and before what people do.
_EITHER = "==="

_HOST = r"(?:\[[^\[\]]{0,200}\]|\([^()]{0,200}\))"
_EVENTS = (
    (
        "join or leave",
        re.compile(
            rf"(?:Joins|Parts|Quits): |\S{{1,64}}\s{{1,4}}(?:{_HOST}\s{{1,4}}(?:has )?(?:joined|left|[Qq]uit)\b"
            r"|has (?:joined|left|quit)\s{0,2}(?:$|[:#&!(\[]|the channel$|IRC\b)"
            r"|(?:joined|left|quit)\s{1,2}(?:[#&(]|the channel$|irc: )"
            r"|(?:was|has been|got) kicked (?:by|off|from)\b|has kicked \S{1,64} from\b)"
        ),
    ),
    ("nick change", re.compile(r"\S{1,64} (?:is|are) now known as \S|You're now known as \S|Nick change: ")),
    (
        "topic change",
        re.compile(
            r"Topic (?:for|is|on|set|changed)\b|Set by \S"
            r"|\S{1,64} (?:has )?(?:changes|changed|sets|set|unset) (?:the )?topic\b"
        ),
    ),
    (
        "mode change",
        re.compile(
            r"\S{1,64} (?:sets?|has set|changes?) modes?\b|mode/|ServerMode/|Mode [#&]|\S{1,64} mode change '"
            r"|\S{1,64} (?:gives|removes) (?:channel|voice|half)"
        ),
    ),
    (
        "system",
        re.compile(
            r"Now talking (?:in|on)\b|(?:Disconnected|Connected|Reconnecting|Attempting to|Rejoined)\b|Irssi: "
            r"|Netsplit |You (?:have|are|were) |-- .{1,200} --$|(?:Users on|End of|Retrieving) [#&/]"
        ),
    ),
)
RENAMED = re.compile(r"(?:Nick change: )?(\S{1,64}) (?:(?:is|are) now known as|->) (\S{1,64})")
_BOT = re.compile(
    r"(?:rrsagent|zakim|trackbot|gitbot|ghbot|github|supy-?bot|limnoria|ubott?u|meetbot|mootbot|botbot|chanserv|nickserv"
    r"|memoserv|lambdabot|logbot|infobot|agendabot|openstackgerrit|gerrit(?:bot)?|eavesdrop|travis-ci|jenkins|matrixbot)"
    r"[\d_|^`-]*",
    re.IGNORECASE,
)
# A name like Talbot ends so too, but not after a sign or with a capital inside.
_BOT_ENDING = re.compile(r".*(?:[-_|][Bb]ot|[a-z]Bot)[\d_]*")


@dataclass(slots=True)
class Line:
    """What a line says without its time; `reason` is why the software's own are left out."""

    text: str
    nick: str | None = None
    sort: str = "message"
    reason: str | None = None


def parse(body: str, dialect: Dialect | None) -> Line | None:
    """Return what a line says, None if no IRC log has such lines."""
    if marked := _MARKED.match(body):
        return _marked(marked.group(1), (marked.group(2) or "").strip())
    said = _SAID.match(body)
    if said and (nick := said.group(1).lstrip(_RANKS).rstrip()):
        return _said(nick, said.group(3).replace("&gt;", ">") if said.group(2) else said.group(3))
    if acted := _ACTED.match(body):
        return _acted(acted.group(1), acted.group(2) or "")
    if notice := _NOTICE.match(body):
        return Line(notice.group(3), notice.group(1) or notice.group(2), "notice", "bot")
    if dialect and dialect.tabbed and (said := _TABBED.match(body)):
        return _said(*said.groups())
    reason = _event(body.strip()) or ("system" if _LISTED.match(body) else None)
    return Line(body, None, "event", reason) if reason else None


def _said(nick: str, text: str) -> Line:
    # RRSAgent writes joins as if the nick had said them.
    if text.startswith(f"{nick} ") and (reason := _event(text)):
        return Line(text, nick, "event", reason)
    return Line(text, nick)


def _acted(nick: str, text: str) -> Line:
    reason = _event(f"{nick} {text}".strip())
    return Line(f"{nick} {text}", None, "event", reason) if reason else Line(text, nick, "action")


def _marked(mark: str, words: str) -> Line:
    if notice := _NOTICE.match(words):
        return Line(notice.group(3), notice.group(1) or notice.group(2), "notice", "bot")
    reason = _event(words)
    if mark == _EITHER and not reason and " " in words:
        nick, _, text = words.partition(" ")
        return Line(text, nick, "action")
    return Line(words, None, "event", reason or "system")


def _event(words: str) -> str | None:
    """Return what sort of event of the software some words are, None if somebody wrote them."""
    return next((reason for reason, pattern in _EVENTS if pattern.match(words)), None)


def goes_on(line: str) -> bool:
    """Return whether a line without a time goes on with the one above, as in logs that were copied from a window."""
    return line[0] in " \t" and not _MARKED.match(line) and not _ACTED.match(line)


def is_bot(nick: str) -> bool:
    """Return whether a nick is that of a well-known bot, or says so itself."""
    return bool(_BOT.fullmatch(nick) or _BOT_ENDING.fullmatch(nick))
