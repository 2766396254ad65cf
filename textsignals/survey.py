"""What inputs hold by channel, folder and file, and what a teams.toml makes of it; one scan each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from pathlib import Path, PurePath

from textsignals.accounts import aligned
from textsignals.measures.periods import local_day
from textsignals.measures.privacy import MIN_AUTHORS
from textsignals.names import words
from textsignals.pipeline import Assigning, Outcome, Settings, Watch, messages
from textsignals.records import Message
from textsignals.teams import (
    PRIVATE_TEAM,
    Assign,
    Input,
    Pattern,
    Teams,
    assigner,
    handle,
    public_channel,
    public_path,
)

# What is written in a chat belongs to its channel; a note or a card to its file, whatever stands in its column.
_CHAT = frozenset({"message", "status", "email"})
# Of what is in no team, and of conflicts, so many are shown.
_LARGEST = 20


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a message stands: `kind` is "channels" or "files", `pattern` what would claim all that stands there."""

    kind: str
    pattern: str


@dataclass(slots=True)
class Part:
    """What was counted of one place or team; authors by name, which never leaves the program as it is.

    `named` counts the records that name their team themselves.
    """

    records: int = 0
    named: int = 0
    authors: Counter[str] = field(default_factory=Counter)
    first: date | None = None
    last: date | None = None

    def add(self, message: Message, tz: tzinfo) -> None:
        """Count one message."""
        self.records += 1
        self.named += bool(message.team and message.team.strip())
        if name := message.author or message.author_id:
            self.authors[name] += 1
        if message.timestamp:
            day = local_day(message.timestamp, tz)
            self.first, self.last = min(self.first or day, day), max(self.last or day, day)

    def merge(self, other: Part) -> None:
        """Add what was counted elsewhere."""
        self.records += other.records
        self.named += other.named
        self.authors.update(other.authors)
        days = [day for day in (self.first, self.last, other.first, other.last) if day]
        self.first, self.last = min(days, default=None), max(days, default=None)

    @property
    def people(self) -> str:
        """How many wrote it, as far as a table may tell."""
        return people(len(self.authors))


def people(n: int) -> str:
    """Return a number of people as it may be shown; of few, which ones could be guessed.

    >>> people(0), people(3), people(12)
    ('not recorded', 'fewer than 5', '12')
    """
    return "not recorded" if not n else f"fewer than {MIN_AUTHORS}" if n < MIN_AUTHORS else f"{n:,}"


def place_of(message: Message, input_: Input) -> Place:
    """Return where a message stands; private conversations, which are named after people, are one place."""
    channel = public_channel(message)
    if channel and message.kind in _CHAT:
        return Place("channels", PRIVATE_TEAM if channel == PRIVATE_TEAM else literal(channel))
    if public_path(message.file) != message.file:
        return Place("channels", PRIVATE_TEAM)
    return Place("files", _file_pattern(input_, message.file))


def literal(name: str) -> str:
    """Return the pattern that matches a name and nothing else; signs that no text file can hold stand as "?"."""
    return "".join(f"[{c}]" if c in "*?[" else c if c.isprintable() else "?" for c in name)


def _file_pattern(input_: Input, file: str) -> str:
    """Return the pattern for the folder whose name may tell a team, else for the series that the file belongs to."""
    folders = input_.folders(file)
    name = re.split(r"[/!\\]", file)[-1]
    telling = next((i for i, folder in enumerate(folders, start=1) if words(folder)), 0)
    if not telling and not words(PurePath(name).stem):
        # Neither tells: then it is the first that is no mere date.
        telling = next((i for i, folder in enumerate(folders, start=1) if re.search(r"[^\W\d_]", folder)), 0)
    if telling:
        return "/".join(map(literal, folders[:telling])) + "/**"
    # 2026-03-13-retro.md and 2026-03-27-retro.md are one series.
    return re.sub(r"\d+(?:[-_. ]\d+)*", "*", literal(name))


def public_parts(parts: dict[Place, Part]) -> dict[Place, Part]:
    """Return the parts of places, largest first, with channels that are named after somebody who writes as private."""
    writers = {handle(literal(name)) for part in parts.values() for name in part.authors}
    found: dict[Place, Part] = {}
    for place, part in parts.items():
        private = place.kind == "channels" and handle(place.pattern) in writers
        found.setdefault(Place("channels", PRIVATE_TEAM) if private else place, Part()).merge(part)
    return dict(sorted(found.items(), key=lambda item: (-item[1].records, item[0])))


@dataclass(slots=True)
class Survey:
    """What inputs hold: by place, and by the team that records name themselves."""

    places: dict[Place, Part] = field(default_factory=dict)
    own: dict[str, Part] = field(default_factory=dict)
    own_places: dict[str, set[Place]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """The names of writers by their ids, as lists of members know people by id."""

    def add(self, message: Message, input_: Input, tz: tzinfo) -> None:
        """Count one message."""
        place = place_of(message, input_)
        self.places.setdefault(place, Part()).add(message, tz)
        if message.team and message.team.strip():
            self.own.setdefault(message.team, Part()).add(message, tz)
            self.own_places.setdefault(message.team, set()).add(place)
        if message.author and message.author_id:
            self.ids[message.author_id] = message.author


def survey(inputs: Sequence[str | Path], settings: Settings, outcome: Outcome, watch: Watch | None = None) -> Survey:
    """Return what the inputs hold, whatever the settings say of teams."""
    found = Survey()

    def assigning(given: str | Path) -> Assign:
        input_ = Input(given)

        def note(message: Message) -> Message:
            found.add(message, input_, settings.tz)
            return message

        return note

    _run(inputs, settings, outcome, assigning, watch)
    return found


def _run(
    inputs: Sequence[str | Path], settings: Settings, outcome: Outcome, assigning: Assigning, watch: Watch | None
) -> None:
    stream = messages(inputs, settings, outcome, assigning)
    for _ in watch(stream) if watch else stream:
        pass


@dataclass(slots=True)
class Review:
    """What a teams.toml makes of inputs.

    `unclaimed` are the places of messages that no pattern claims, `conflicts` the pairs of patterns of two teams that
    claim the same messages, the winner first; `matched` are the patterns that match anything, `agreeing` those whose
    team it became.
    """

    teams: Teams
    parts: dict[str, Part] = field(default_factory=dict)
    unclaimed: dict[Place, Part] = field(default_factory=dict)
    conflicts: Counter[tuple[Pattern, Pattern]] = field(default_factory=Counter)
    matched: set[Pattern] = field(default_factory=set)
    agreeing: set[Pattern] = field(default_factory=set)

    def add(self, message: Message, assigned: Message, input_: Input, tz: tzinfo) -> None:
        """Count one message, as read and as assigned."""
        claims = self.teams.claims(message, input_, tz)
        self.matched.update(claims)
        self.agreeing.update(claim for claim in claims if claim.team == ("" if assigned.skip else assigned.team))
        if assigned.skip:
            return
        self.parts.setdefault(assigned.team or "", Part()).add(assigned, tz)
        if self.teams.own_team(message):
            return
        if not claims:
            self.unclaimed.setdefault(place_of(message, input_), Part()).add(message, tz)
            return
        # That people write in the channels of other teams is no conflict: the channel decides, as it should.
        for about in (("files", "channels"), ("authors",)):
            rivals = [claim for claim in claims if claim.kind in about]
            for rival in rivals[1:]:
                if rival.team != rivals[0].team:
                    self.conflicts[(rivals[0], rival)] += 1


def review(inputs: Sequence[str | Path], settings: Settings, outcome: Outcome, watch: Watch | None = None) -> Review:
    """Return what the teams file of the settings makes of the inputs."""
    assert settings.teams is not None, "there is no teams file to review"
    found = Review(settings.teams)

    def assigning(given: str | Path) -> Assign:
        input_ = Input(given)
        assign = assigner(given, None, settings.teams, settings.tz)

        def note(message: Message) -> Message:
            assigned = assign(message)
            found.add(message, assigned, input_, settings.tz)
            return assigned

        return note

    _run(inputs, settings, outcome, assigning, watch)
    return found


def review_lines(found: Review) -> Iterator[str]:
    """Yield what a review found as lines of at most 100 columns: teams, then what the user may want to change."""
    order = [*found.teams.names.values(), *sorted(found.parts)]
    rows = [("team", "records", "authors", "first", "last")]
    rows += [_team_row(name, found.parts.get(name, Part())) for name in dict.fromkeys(order)]
    yield from aligned(rows, {1})
    unclaimed = list(public_parts(found.unclaimed).items())
    if unclaimed:
        yield f'\nClaimed by no pattern, so in "{found.teams.default}":'
        told = [(f"{part.records:,}", place.kind.removesuffix("s"), place.pattern) for place, part in unclaimed]
        yield from aligned(told[:_LARGEST], {0})
        if len(told) > _LARGEST:
            yield f"and {len(told) - _LARGEST:,} more"
    if found.conflicts:
        yield "\nClaimed by two teams; the first wins:"
        pairs = sorted(found.conflicts.items(), key=lambda item: (-item[1], item[0][0].place, item[0][1].place))
        told = [(f"{n:,}", _shown(first), _shown(second)) for (first, second), n in pairs]
        yield from aligned(told[:_LARGEST], {0})
    idle = [pattern for pattern in found.teams.patterns if pattern not in found.matched]
    if idle:
        yield "\nPatterns that match nothing:"
        yield from aligned([("", _shown(pattern)) for pattern in idle])
    beaten = [p for p in found.teams.patterns if p in found.matched - found.agreeing]
    if beaten:
        yield "\nPatterns that match and never decide, as others come first or the records name their own team:"
        yield from aligned([("", _shown(pattern)) for pattern in beaten])


def _team_row(name: str, part: Part) -> tuple[str, str, str, str, str]:
    days = (f"{part.first}", f"{part.last}") if part.first else ("-", "-")
    return (name, f"{part.records:,}", part.people if part.records else "-", *days)


def _shown(pattern: Pattern) -> str:
    """Return where a pattern stands and how it is written, unless it is the name of a person."""
    return pattern.place if pattern.kind == "authors" else f'{pattern.place.partition(",")[0]} "{pattern.glob}"'
