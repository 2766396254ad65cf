"""The taxonomy as data: families, signals and statuses, read from a model folder's taxonomy.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from textsignals.errors import ModelError, UnknownSignalError
from textsignals.resources import model_folder

COUNTED = "asserted"
"""The one status that a signal's rate counts; taxonomy.toml must hold it."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a sentence stands to the signal it mentions."""

    name: str
    definition: str
    example: str


@dataclass(frozen=True, slots=True)
class Family:
    """A quadrant of the two axes; `autonomy` and `alignment` are -1 or +1, `healthy` marks the aim."""

    name: str
    title: str
    definition: str
    autonomy: int
    alignment: int
    healthy: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing to look for; `counter_examples` are pairs of a sentence and why it does not count.

    `lead` marks those that speak of one person, whoever leads, however many wrote.
    """

    name: str
    family: str
    title: str
    definition: str
    examples: tuple[str, ...]
    counter_examples: tuple[tuple[str, str], ...]
    question: str
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Families, signals and statuses in the order of the file, each addressed by name."""

    families: Mapping[str, Family]
    signals: Mapping[str, Signal]
    statuses: Mapping[str, Status]

    def signal(self, name: str) -> Signal:
        """Return the signal of that name; raises UnknownSignalError naming the nearest ones."""
        plain = name.strip().casefold().replace(" ", "_").replace("-", "_")
        for signal in self.signals.values():
            if plain in (signal.name, signal.title.casefold().replace(" ", "_").replace("-", "_")):
                return signal
        near = difflib.get_close_matches(name, self.signals, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(self.signals)}"
        raise UnknownSignalError(f"no signal {name!r}; {hint}")

    def is_healthy(self, signal: str) -> bool:
        """Return whether a signal belongs to a healthy family."""
        return self.families[self.signals[signal].family].healthy

    def of_family(self, family: str) -> tuple[Signal, ...]:
        """Return the signals of a family, in the order of the file."""
        return tuple(s for s in self.signals.values() if s.family == family)


def _parse(table: dict[str, Any]) -> Taxonomy:
    families = {f["name"]: Family(**f) for f in table["family"]}
    statuses = {s["name"]: Status(**s) for s in table["status"]}
    signals = {}
    for entry in table["signal"]:
        counter = tuple((c["text"], c["why"]) for c in entry["counter_examples"])
        fields = {**entry, "examples": tuple(entry["examples"]), "counter_examples": counter}
        signals[entry["name"]] = Signal(**fields)
    lost = sorted({s.family for s in signals.values()} - set(families))
    if lost:
        raise ValueError(f"signals name families that are not there: {', '.join(lost)}")
    if COUNTED not in statuses:
        raise ValueError(f"the status {COUNTED!r} is missing")
    return Taxonomy(families, signals, statuses)


# tomllib takes seconds for the dotted keys that fill a longer one.
_LONGEST_LINE = 4_000


@cache
def _load(path: Path) -> Taxonomy:
    try:
        text = path.read_text(encoding="utf-8")
        if len(max(text.splitlines(), key=len, default="")) > _LONGEST_LINE:
            raise ValueError(f"a line is longer than {_LONGEST_LINE:,} characters")
        return _parse(tomllib.loads(text))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path}: not a usable taxonomy: {error}") from error


def load_taxonomy(model: str | Path = "en") -> Taxonomy:
    """Return the taxonomy of a model, given by name or folder; raises ModelError if it cannot be used.

    >>> len(load_taxonomy().signals), len(load_taxonomy().families)
    (22, 4)
    """
    return _load(model_folder(model) / "taxonomy.toml")
