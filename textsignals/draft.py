"""A first teams.toml from what a survey found, with numbers as comments, for its user to correct."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from textsignals.errors import InputError
from textsignals.names import grouped, is_noise
from textsignals.readers.sources import Source, archive_kind, open_archive, open_directory, open_file
from textsignals.survey import Part, Place, Survey, people, public_parts
from textsignals.teams import PRIVATE_TEAM, UNASSIGNED, Input, normal

# Where so large a share of the people of two places are the same, the places belong together.
_SAME_PEOPLE = 0.6
_MIN_PEOPLE = 3
_MORE = """\
# What else can be written:
#     authors = ["ana", {name = "ben", since = 2026-03-01, until = 2026-06-30}]    below a team
#     [ignore]
#     channels = ["random", "*-alerts"]
#     [aliases]
#     ana = ["Ana Silva", "ana.silva"]    several names of one person, counted once"""
_LISTS = ("channels.json", "groups.json")

_Members = Mapping[str, frozenset[str]]
"""The ids of the members of each channel."""


@dataclass(slots=True)
class _Group:
    """Places whose names speak of one team."""

    name: str
    places: dict[Place, str] = field(default_factory=dict)
    """Each place with what its comment says beside the numbers."""
    own: Part | None = None


def draft(found: Survey, inputs: Sequence[str | Path], *, with_authors: bool = False) -> str:
    """Return the text of a teams.toml; names of people stand in it only `with_authors`, in lines commented out."""
    company, members = _is_company(found), _members(inputs)
    parts = public_parts(found.places)
    if not company:
        # Patterns decide nothing where every record names its team.
        parts = {place: part for place, part in parts.items() if part.named < part.records}
    groups, left = _groups(parts, found, members, {} if company else found.own)
    if not groups:
        # Then all that there is belongs to one team.
        groups, left = [_Group(Input(inputs[0]).title, dict.fromkeys(left, ""))], []
    lines = [*_head(inputs, with_authors), *_top(found, company)]
    taken: set[str] = set()
    for group in groups:
        writers = _writers(group, groups, parts) if with_authors else []
        lines += ["", *_team(_unlike(group.name, taken), group, parts, members, writers)]
    lines += ["", *_rest(left, parts, members)]
    return "\n".join(lines) + "\n"


def _head(inputs: Sequence[str | Path], with_authors: bool) -> Iterator[str]:
    given = "".join(c if c.isprintable() else "?" for c in shlex.join(map(str, inputs)))
    yield "# Which messages belong to which team. This is a draft: names that look alike were put together."
    yield "# Move lines, delete what is wrong, then look at what it makes of the text:"
    yield f"#     textsignals teams check {given} --teams teams.toml"
    yield "# A message goes to the first team that has a pattern for its file, else its channel, else its author."
    yield "# * stands for anything; capitals make no difference. All that can be written here: docs/teams.md"
    if with_authors:
        yield "# THERE ARE NAMES OF PEOPLE in this file, in lines that are commented out: keep it to yourself."


def _top(found: Survey, company: bool) -> Iterator[str]:
    yield ""
    yield f'default = "{UNASSIGNED}"  # the team of what no pattern claims'
    if found.own:
        n = sum(part.records for part in found.own.values())
        told = f"{n:,} records name a team themselves"
        yield f"own = {'false' if company else 'true'}  # {told}; with false, only what stands below counts"


def _is_company(found: Survey) -> bool:
    """Return whether the one team that records name holds the channels of several: then it is a whole company."""
    if len(found.own_places) != 1:
        return False
    (places,) = found.own_places.values()
    teams = grouped(_name_of(place) for place in places if place.kind == "channels")
    return len(set(teams.values()) - {""}) > 1


def _team(
    name: str, group: _Group, parts: Mapping[Place, Part], members: _Members, writers: Sequence[str]
) -> Iterator[str]:
    yield f"[teams.{name if re.fullmatch('[A-Za-z0-9_-]+', name) else _toml(name)}]"
    if group.own:
        yield f"# {_numbers(group.own)}, named by the records themselves"
    for kind in ("files", "channels"):
        # What consists of marks alone is no pattern that a file of teams may hold.
        places = [(place, note) for place, note in group.places.items() if place.kind == kind]
        entries = [
            (place, note) for place, note in places if place.pattern.strip(" /." if kind == "files" else " @#/.")
        ]
        if entries:
            yield f"{kind} = ["
            told = [f"    {_toml(place.pattern)}," for place, _ in entries]
            width = max(map(len, told))
            for line, (place, note) in zip(told, entries, strict=True):
                yield f"{line.ljust(width)}  # {_numbers(parts[place], members.get(place.pattern))}{note}"
            yield "]"
    if writers:
        yield "# authors = [  # who writes mostly here"
        yield from (f"#     {_toml(name)}," for name in writers)
        yield "# ]"


def _rest(left: Sequence[Place], parts: Mapping[Place, Part], members: _Members) -> Iterator[str]:
    noise = [place for place in left if place.kind == "channels" and is_noise(place.pattern)]
    private = Place("channels", PRIVATE_TEAM)
    shared = [place for place in left if place not in noise and place != private]
    if shared:
        yield "# In no team: everybody writes here, or the name does not tell. Move into a team what belongs to it."
        for place in shared:
            kind = place.kind.removesuffix("s")
            yield f"#     {_toml(place.pattern)},  # {kind}, {_numbers(parts[place], members.get(place.pattern))}"
        yield ""
    ignorable = [*noise, *([private] if private in parts else [])]
    if ignorable:
        yield "# What is listed here is left out and counted. Take away the # in front of what is no team's work."
        yield "[ignore]"
        yield "channels = ["
        for place in ignorable:
            yield f"    # {_toml(place.pattern)},  # {_numbers(parts[place], members.get(place.pattern))}"
        yield "]"
        yield ""
    yield from _MORE.splitlines()


def _numbers(part: Part, members: frozenset[str] | None = None) -> str:
    records = f"{part.records:,} record{'' if part.records == 1 else 's'}"
    wrote = f"authors: {part.people}"
    listed = f", members: {people(len(members))}" if members else ""
    days = f", {part.first} to {part.last}" if part.first else ""
    return f"{records}, {wrote}{listed}{days}"


def _toml(text: str) -> str:
    """Return a text as TOML writes it: as JSON does, but for one sign."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _unlike(text: str, taken: set[str]) -> str:
    """Return a name that can be printed, unlike those that are taken, and take it."""
    plain = _printable(text).strip() or "?"
    names = (plain if n == 1 else f"{plain} {n}" for n in count(1))
    name = next(name for name in names if normal(name) not in taken)
    taken.add(normal(name))
    return name


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _name_of(place: Place) -> str:
    """Return the part of a place's pattern that may name a team: its channel, last folder, or file."""
    if place.kind == "channels":
        return place.pattern
    folder = place.pattern.removesuffix("/**")
    return folder.rsplit("/", 1)[-1] if folder != place.pattern else Path(place.pattern).stem


def _groups(
    parts: Mapping[Place, Part], found: Survey, members: _Members, own: Mapping[str, Part]
) -> tuple[list[_Group], list[Place]]:
    """Return the groups, that with most records first, and the places that are in none."""
    named = grouped((_name_of(place) for place in parts if place.pattern != PRIVATE_TEAM), own)
    groups: dict[str, _Group] = {}
    for team, part in own.items():
        group = groups.setdefault(normal(team), _Group(team))
        group.own = group.own or Part()
        group.own.merge(part)
    left = []
    for place in parts:
        team = named.get(_name_of(place), "") if place.pattern != PRIVATE_TEAM else ""
        if team:
            groups.setdefault(normal(team), _Group(team)).places[place] = ""
        else:
            left.append(place)
    crowds = {place: _people(place, parts[place], found, members) for place in parts}
    for group in groups.values():
        if len(group.places) == 1:
            (place,) = group.places
            near = _near(place, groups.values(), crowds)
            group.places[place] = f", its people are those of {_toml(_printable(near.name))}" if near else ""
    left = [place for place in left if is_noise(place.pattern) or not _join(place, groups.values(), crowds)]

    def size(group: _Group) -> int:
        return sum(parts[place].records for place in group.places) + (group.own.records if group.own else 0)

    return sorted(groups.values(), key=lambda group: (-size(group), group.name)), left


def _join(place: Place, groups: Collection[_Group], crowds: Mapping[Place, frozenset[str]]) -> bool:
    """Put a place whose name does not tell into the group whose people are there, if it is clear which."""
    near = _near(place, groups, crowds)
    if near:
        near.places[place] = ", by its people"
    return near is not None


def _near(place: Place, groups: Iterable[_Group], crowds: Mapping[Place, frozenset[str]]) -> _Group | None:
    """Return the group with the people of a place, of several that with most places; None if that is not clear."""
    here = crowds[place]
    if place.pattern == PRIVATE_TEAM or len(here) < _MIN_PEOPLE:
        return None
    near = []
    for group in groups:
        there = frozenset[str]().union(*(crowds[other] for other in group.places))
        if place not in group.places and len(here & there) >= _SAME_PEOPLE * len(here | there):
            near.append(group)
    near.sort(key=lambda group: -len(group.places))
    clear = len(near) == 1 or (near and len(near[0].places) > len(near[1].places))
    return near[0] if clear else None


def _people(place: Place, part: Part, found: Survey, members: _Members) -> frozenset[str]:
    """Return who belongs to a place: its members where the export lists them, else who writes there."""
    listed = members.get(place.pattern, frozenset()) if place.kind == "channels" else frozenset()
    return frozenset(found.ids.get(id_, id_) for id_ in listed) or frozenset(part.authors)


def _members(inputs: Sequence[str | Path]) -> dict[str, frozenset[str]]:
    """Return the ids of the members of each channel, where an export (of Slack) lists them."""
    found: dict[str, frozenset[str]] = {}
    for given in inputs:
        # What cannot be read here was told when the messages were read.
        with suppress(InputError, OSError):
            for source in _member_lists(Path(given)):
                found |= _listed(source)
    return found


def _member_lists(path: Path) -> list[Source]:
    if path.is_dir():
        folder = open_directory(path)
    elif archive_kind(source := open_file(path)):
        folder = open_archive(source)
    else:
        return []
    return [source for name, source in folder.files.items() if name.rsplit("/", 1)[-1] in _LISTS]


def _listed(source: Source) -> dict[str, frozenset[str]]:
    try:
        channels = json.loads(source.read())
        return {str(c["name"]): frozenset(map(str, c.get("members") or ())) for c in channels}
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return {}


def _writers(group: _Group, groups: Sequence[_Group], parts: Mapping[Place, Part]) -> list[str]:
    """Return those who write more in this group than in all the others, in order of their names."""
    here, all_ = Counter[str](), Counter[str]()
    for other in groups:
        for place in other.places:
            all_.update(parts[place].authors)
            if other is group:
                here.update(parts[place].authors)
    return sorted(name for name, n in here.items() if 2 * n > all_[name])
