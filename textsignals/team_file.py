"""Reads a teams.toml; every error names the file, the key, what is wrong and what to write instead."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from textsignals.errors import InputError
from textsignals.teams import KINDS, UNASSIGNED, Pattern, Teams, handle, normal

_KEYS = ("teams", "default", "own", "aliases", "ignore")
_AUTHOR_KEYS = ("name", "since", "until")
_AUTHOR_HINT = 'write {name = "...", since = 2026-03-01, until = 2026-06-30}, with one or both of the days'


def load_teams(path: str | Path) -> Teams:
    """Return what a teams.toml says; raises InputError if it cannot be read or says what makes no sense.

    Names of people stand in it, so no error repeats what was written for an author.
    """
    return _Reader(Path(path)).teams()


class _Reader:
    """Holds the file whose errors are told."""

    def __init__(self, path: Path) -> None:
        self._file = str(path)
        self._whole = self._load(path)

    def _error(self, place: str, problem: str, hint: str = "") -> InputError:
        return InputError(self._file, problem, place=place, hint=hint)

    def _load(self, path: Path) -> dict[str, Any]:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._error("", "is not UTF-8 text", "save it as UTF-8") from error
        except OSError as error:
            hint = "make one with: textsignals teams init INPUT"
            raise self._error("", f"cannot be read: {error.strerror}", hint) from error
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            problem, _, where = str(error).rpartition(" (at ")
            place = where.rstrip(")") if re.match(r"line \d", where) else "end of the file"
            hint = "TOML wants names and patterns in quotes and lists in brackets: see docs/teams.md"
            # What is wrong in TOML is told with the first letter large, as a sentence of its own.
            raise self._error(place, f"is no TOML: {(problem or str(error))[:1].lower()}{problem[1:]}", hint) from error

    def teams(self) -> Teams:
        self._known("", self._whole, _KEYS)
        teams = self._table("teams", self._whole)
        if not teams:
            raise self._error("teams", "names no team", 'write one: [teams.payments] and channels = ["payments*"]')
        patterns = [p for name in teams for p in self._patterns(name, f"teams.{name}", self._table(name, teams))]
        names = self._names(teams)
        # What is ignored is a team without a name; it stands first, since it decides before all others.
        ignored = list(self._patterns("", "ignore", self._table("ignore", self._whole)))
        default = self._whole.get("default", UNASSIGNED)
        if not isinstance(default, str) or not default.strip():
            raise self._error("default", "is not the name of a team", f'write default = "{UNASSIGNED}"')
        own = self._whole.get("own", True)
        if not isinstance(own, bool):
            raise self._error("own", "is neither true nor false", "write own = false to set aside teams of records")
        people, written = self._people()
        return Teams(names, (*ignored, *patterns), default, people, written, own)

    def _known(self, place: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key, value in table.items():
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys)}"
                if not place and isinstance(value, dict) and not near:
                    hint = f"for a team of that name write [teams.{key}]"
                raise self._error(f"{place}.{key}" if place else key, "is no key of this file", hint)

    def _table(self, key: str, of: Mapping[str, Any]) -> dict[str, Any]:
        value = of.get(key, {})
        if not isinstance(value, dict):
            place = key if of is self._whole else f"teams.{key}"
            raise self._error(place, f"is {_kind(value)}, not a table", f"write [{place}] on a line of its own")
        return value

    def _names(self, teams: Mapping[str, Any]) -> dict[str, str]:
        names: dict[str, str] = {}
        for name in teams:
            if not name.strip():
                raise self._error("teams", "has a team without a name", "give it one: [teams.payments]")
            other = names.setdefault(normal(name), name)
            if other != name:
                hint = "put all patterns below one of them"
                raise self._error(f"teams.{name}", f"is there twice, as {other} and {name}", hint)
        return names

    def _patterns(self, team: str, place: str, table: Mapping[str, Any]) -> Iterator[Pattern]:
        self._known(place, table, KINDS)
        for kind in KINDS:
            given = table.get(kind, [])
            if not isinstance(given, list):
                hint = f'write a list: {kind} = ["..."]'
                raise self._error(f"{place}.{kind}", f"is {_kind(given)}, not a list", hint)
            for number, entry in enumerate(given, start=1):
                yield self._pattern(team, kind, f"{place}.{kind}, entry {number}", entry)

    def _pattern(self, team: str, kind: str, place: str, entry: Any) -> Pattern:
        since = until = None
        if isinstance(entry, dict) and kind == "authors" and team:
            self._known(place, entry, _AUTHOR_KEYS)
            since, until = (self._day(place, key, entry.get(key)) for key in ("since", "until"))
            if since and until and since > until:
                raise self._error(place, f"ends ({until}) before it begins ({since})", "swap the two days")
            entry = entry.get("name")
        # Files may have any sign for a name; of channels and people these are marks before the name.
        if not isinstance(entry, str) or not entry.strip(" /." if kind == "files" else " @#/."):
            hint = 'write a name or a pattern in quotes, such as "payments*"'
            if kind == "authors" and team:
                hint += f", or {_AUTHOR_HINT.removeprefix('write ')}"
            raise self._error(place, "is no pattern" if isinstance(entry, str) else f"is {_kind(entry)}", hint)
        return Pattern(team, kind, place, entry, since, until)

    def _day(self, place: str, key: str, value: Any) -> date | None:
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        raise self._error(f"{place}, {key}", f"is {_kind(value)}, not a day", f"write {key} = 2026-03-01, no quotes")

    def _people(self) -> tuple[dict[str, str], frozenset[str]]:
        """Return the one name of each person by each of their names, and all as written.

        The places in errors are numbers, as keys are names.
        """
        people: dict[str, str] = {}
        written: set[str] = set()
        for number, (name, others) in enumerate(self._table("aliases", self._whole).items(), start=1):
            place = f"aliases, entry {number}"
            if not isinstance(others, list) or not all(isinstance(other, str) and other.strip() for other in others):
                raise self._error(place, "is not a list of names", 'write ana = ["Ana Silva", "ana.silva", "U0123"]')
            for other in (name, *others):
                written.add(other)
                if people.setdefault(handle(other), name) != name:
                    hint = "leave each name below one person"
                    raise self._error(place, "holds a name that another entry has too", hint)
        return people, frozenset(written)


def _kind(value: Any) -> str:
    """Return what a value is, in the words of TOML."""
    kinds = {dict: "a table", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if value is None else kinds.get(type(value), "a day or a time")
