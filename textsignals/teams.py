"""Which message belongs to which team, and names of authors turned into keyed hashes before anything is counted."""

from __future__ import annotations

import fnmatch
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from pathlib import Path, PurePosixPath

from textsignals.records import DIRECT_MESSAGES, Message

Assign = Callable[[Message], Message]
"""Gives a message its team; a message to be left out comes back with the reason in `skip`."""

KINDS = ("files", "channels", "authors")
"""What the patterns of a team speak of; the first of these that has a match decides."""

UNASSIGNED = "unassigned"
"""The team of what no pattern claims, unless the file names another."""

# Slack names groups after their members' handles and pairs by an id; old clients write a pair as @handle.
_PRIVATE = re.compile(r"mpdm-.*|D[0-9][A-Z0-9]{7,}|@.*", re.DOTALL)
PRIVATE_TEAM = DIRECT_MESSAGES
# Halves of characters: JSON can spell them, and names of files hold them where their bytes are no text.
_HALVES = re.compile(r"[\ud800-\udfff]")
_ARCHIVE = re.compile(r"\.(?:zip|tar|tar\.gz|tgz)$", re.IGNORECASE)


def assigner(input_: str | Path, team: str | None = None, teams: Teams | None = None, tz: tzinfo = UTC) -> Assign:
    """Return a function that gives every message of one input its team.

    The first that applies decides: the `team` given for the whole input; what the record itself says; the patterns of
    `teams`, where `tz` tells on which day an author wrote, and its default. Without `teams` it is, in place of the
    patterns, the channel of a chat; the first folder below the input; the name of the folder that is, or holds, the
    input. Private conversations are named after people, so all of them are one team.

    >>> from textsignals.records import DIRECT_MESSAGES, Message
    >>> note = Message("1", "notes", "in/payments/minutes.md", "line 1", "note", "Cut-over on Monday.")
    >>> assigner("in")(note).team
    'payments'
    """
    return _by_name(Input(input_), team) if teams is None else _by_patterns(Input(input_), team, teams, tz)


def _by_name(input_: Input, team: str | None) -> Assign:
    def assign(message: Message) -> Message:
        chat = public_channel(message) if message.kind == "message" else None
        found = team or message.team or chat or next(iter(input_.folders(message.file)), None) or input_.title
        return message._replace(team=found)

    return assign


def _by_patterns(input_: Input, team: str | None, teams: Teams, tz: tzinfo) -> Assign:
    def assign(message: Message) -> Message:
        claims = teams.claims(message, input_, tz)
        ignored = next((claim for claim in claims if not claim.team), None)
        if ignored:
            return message._replace(skip=f"ignored {ignored.kind.removesuffix('s')}")
        found = team or teams.own_team(message) or (claims[0].team if claims else teams.default)
        return message._replace(team=found, author=teams.person(message))

    return assign


class Input:
    """One input as it was given, and where its files lie, seen from it."""

    def __init__(self, given: str | Path) -> None:
        self.path, whole = Path(given), Path(given).resolve()
        self._name, self._holder = whole.name, whole.parent.name
        if whole.is_dir():
            title = self._name
        else:
            title = _ARCHIVE.sub("", self._name) if _ARCHIVE.search(self._name) else self._holder
        self.title = title or "all"

    def below(self, file: str) -> tuple[str, ...]:
        """Return the path from the input to a file in it, through archives; () if the input is the file."""
        outer, _, inner = file.partition("!")
        try:
            parts = Path(outer).relative_to(self.path).parts
        except ValueError:
            return ()
        return (*parts, *(part for member in inner.split("!") for part in PurePosixPath(member).parts))

    def folders(self, file: str) -> tuple[str, ...]:
        """Return the folders on the way from the input to a file; archives are none, folders inside them are.

        >>> Input("in").folders("in/old.zip!payments/2026/minutes.md")
        ('payments', '2026')
        """
        return tuple(part for part in self.below(file)[:-1] if not _ARCHIVE.search(part))

    def shown(self, file: str) -> str:
        """Return the path that patterns for files see: from the input on; a single file comes with its folder.

        >>> Input("in").shown("in/old.zip!payments/minutes.md")
        'in/old.zip/payments/minutes.md'
        """
        below = self.below(file)
        return "/".join((self._name, *below) if below else (self._holder, self._name))


def _public(channel: str | None) -> str | None:
    return PRIVATE_TEAM if channel and _PRIVATE.fullmatch(channel) else channel


def public_channel(message: Message) -> str | None:
    """Return the channel of a message as it may be shown: private conversations, named after people, have one name."""
    return _public(message.channel)


def base_name(path: str | Path) -> str:
    """Return the last part of a path; the folders above may be named after a person.

    >>> base_name("/home/ann/export.zip"), base_name(".")
    ('export.zip', '.')
    """
    return Path(path).name or str(path)


def from_input(file: str, input_: str) -> str:
    """Return the path of a file as a report may tell it: from its input on.

    >>> from_input("/home/ann/in/old.zip!payments/minutes.md", "/home/ann/in")
    'in/old.zip!payments/minutes.md'
    """
    for whole in (str(Path(input_)), input_):
        if file.startswith(whole):
            return base_name(input_) + file[len(whole) :]
    # What lies in the current folder comes without it.
    return base_name(file) if Path(input_).name else file


def public_path(file: str) -> str:
    """Return the path of a file with the names of private conversations, which are names of people, replaced.

    >>> public_path("export.zip!mpdm-ann--ben-1/2026-03-02.json")
    'export.zip!direct messages/2026-03-02.json'
    """
    return "!".join("/".join(_public(name) or "" for name in part.split("/")) for part in file.split("!"))


def whole(name: str) -> str:
    """Return a name with a sign for each half of a character, which no file and no table could hold.

    >>> whole("payments \\ud83d")
    'payments \ufffd'
    """
    return name if name.isascii() else _HALVES.sub("\ufffd", name)


def normal(text: str) -> str:
    """Return text as names are compared: capitals, outer blanks and ways to write an accent make no difference."""
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


def handle(name: str) -> str:
    """Return the name of a person as it is compared, with or without the sign of a mention."""
    return normal(name).removeprefix("@")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of a team, or of what is ignored if `team` is "".

    `kind` is one of KINDS, `place` where it stands in its file, `glob` how it is written; with `since` or `until` it
    holds for messages of those days only (both included), and never for one without a date.
    """

    team: str
    kind: str
    place: str
    glob: str
    since: date | None = None
    until: date | None = None
    _parts: tuple[re.Pattern[str] | None, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile it."""
        text = normal(self.glob)
        # fnmatch is safe against patterns with many stars, which plain regexes are not.
        if self.kind == "files":
            told = text.replace("\\", "/").split("/")
            parts = tuple(None if part == "**" else _compiled(part) for part in told if part not in ("", "."))
        else:
            # Channels are often written with their sign, people with theirs.
            parts = (_compiled(re.sub(r"(^|:)#", r"\1", text) if self.kind == "channels" else handle(text)),)
        object.__setattr__(self, "_parts", parts)

    def matches(self, keys: tuple[str, ...]) -> bool:
        """Return whether it matches one of the names that something goes by.

        A pattern for files begins at any folder of a path, and all that lies below what it matches belongs to it.
        """
        if self.kind == "files":
            return any(_leads(self._parts, key.split("/")) for key in keys)
        return any(part and part.match(key) for key in keys for part in self._parts)

    def holds_on(self, day: date | None) -> bool:
        """Return whether it holds on a day."""
        if self.since is None and self.until is None:
            return True
        return day is not None and (self.since or day) <= day <= (self.until or day)


def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob))


def _leads(parts: Sequence[re.Pattern[str] | None], path: Sequence[str]) -> bool:
    """Return whether the parts of a pattern match names that follow each other in a path; None is any number."""
    starts = set(range(len(path) + 1))
    for part in parts:
        if part is None:
            starts = set(range(min(starts, default=len(path) + 1), len(path) + 1))
        else:
            starts = {at + 1 for at in starts if at < len(path) and part.match(path[at])}
    return bool(starts)


@dataclass(frozen=True, slots=True)
class Teams:
    """What a teams.toml says.

    `names` are the teams by their names as compared (`normal`), `people` the one name of each person who has several,
    by each of those (`handle`), `written` all of those as written. With `own` False, what records say of their team
    does not count.
    """

    names: Mapping[str, str]
    patterns: tuple[Pattern, ...]
    default: str = UNASSIGNED
    people: Mapping[str, str] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    own: bool = True
    _found: dict[tuple[object, ...], tuple[Pattern, ...]] = field(default_factory=dict, repr=False, compare=False)

    def claims(self, message: Message, input_: Input, tz: tzinfo = UTC) -> tuple[Pattern, ...]:
        """Return all patterns that match a message, the one that decides first."""
        found = (
            *self._matching("files", (str(input_.path), message.file), lambda: (input_.shown(message.file),)),
            *self._matching("channels", (message.source, message.channel), lambda: _channel_keys(message)),
            *self._matching("authors", (message.author, message.author_id), lambda: self._author_keys(message)),
        )
        if not any(pattern.since or pattern.until for pattern in found):
            return found
        day = message.timestamp.astimezone(tz).date() if message.timestamp else None
        return tuple(pattern for pattern in found if pattern.holds_on(day))

    def _matching(
        self, kind: str, about: tuple[str | None, ...], keys: Callable[[], tuple[str, ...]]
    ) -> tuple[Pattern, ...]:
        """Return the patterns of a kind that match; remembered, since a million messages share few channels."""
        found = self._found.get((kind, *about))
        if found is None:
            names = tuple(map(normal, keys()))
            found = tuple(p for p in self.patterns if p.kind == kind and p.matches(names))
            self._found[(kind, *about)] = found
        return found

    def _author_keys(self, message: Message) -> tuple[str, ...]:
        names = (message.author, message.author_id, self.person(message))
        return tuple(handle(name) for name in names if name)

    def own_team(self, message: Message) -> str | None:
        """Return the team that a record names itself, spelled as the file spells it."""
        if not self.own or not message.team or not message.team.strip():
            return None
        return self.names.get(normal(message.team), message.team)

    def person(self, message: Message) -> str | None:
        """Return the one name of who wrote a message."""
        if self.people:
            for name in (message.author, message.author_id):
                if name and (known := self.people.get(handle(name))):
                    return known
        return message.author


def _channel_keys(message: Message) -> tuple[str, ...]:
    channel = (_public(message.channel) or "").removeprefix("#")
    return (channel, f"{message.source}:{channel}") if channel else ()


class Pseudonyms:
    """Turns names into keyed hashes (HMAC-SHA-256, 128 bits kept); a new random key each run unless one is given.

    Plain hashes of names can be guessed by trying names; without the key these cannot (docs/privacy.md).
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def __call__(self, name: str) -> str:
        """Return the pseudonym of a name; spelling in capitals or with outer blanks makes no difference."""
        return hmac.digest(self._key, normal(name).encode("utf-8", "surrogatepass"), "sha256")[:16].hex()
