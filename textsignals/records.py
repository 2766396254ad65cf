"""The nouns that pass between the steps: Message, Tag, ReadReport. Frozen and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from textsignals.errors import located

DIRECT_MESSAGES = "direct messages"
"""The channel of all private conversations, which are named after the people in them."""

NOTHING: Mapping[str, Any] = {}
"""Stands for every mapping without entries. A plain one, as those that refuse changes fit neither pickle nor JSON."""


class Message(NamedTuple):
    """One thing somebody wrote or said, as every reader yields it.

    `text` has mentions as @name, links as their label, no quotes of others, and is never None. `timestamp` is aware
    and in UTC, or None where the source has no date. A record of the software rather than of a person (a join, a
    reaction, an application) has `kind` "system" and says in `skip` why it is left out.
    """

    id: str
    source: str
    file: str
    locator: str
    kind: str
    text: str
    author: str | None = None
    author_id: str | None = None
    is_bot: bool = False
    channel: str | None = None
    team: str | None = None
    timestamp: datetime | None = None
    time_source: str = "none"
    time_precision: str = "none"
    tz_assumed: bool = False
    thread_id: str | None = None
    reply_to: str | None = None
    section: str | None = None
    votes: int | None = None
    reactions: Mapping[str, int] = NOTHING
    edited: bool = False
    deleted: bool = False
    attachments: tuple[str, ...] = ()
    skip: str | None = None
    meta: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class Tag:
    """One signal found in one sentence.

    `start` and `end` are character offsets of that sentence into the text that was given; `evidence` holds the
    (start, end) spans, into the same text, that made it fire. `score` is the probability, between 0 and 1, that the
    signal stands there in this status.
    """

    signal: str
    family: str
    status: str
    score: float
    start: int
    end: int
    evidence: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One record, or one file, that could not be read: where it is, what is wrong and what to try."""

    file: str
    place: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        return located(self.file, self.place, self.problem, self.hint)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of the records of one file: read = yielded + skipped + quarantined.

    `details` counts the file in its own units (lines, cues, rows, users), so that a user can compare with the source;
    `sure` is how sure it was, 0 to 1, that the file has this format.
    """

    file: str
    format: str
    read: int
    yielded: int
    skipped: Mapping[str, int]
    quarantined: int
    details: Mapping[str, int] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    sure: float = 1.0


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What became of everything in one input; its sums obey read = yielded + skipped + quarantined."""

    input: str
    files: tuple[FileReport, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def read(self) -> int:
        """Number of records met, whatever became of them."""
        return sum(f.read for f in self.files)

    @property
    def yielded(self) -> int:
        """Number of messages handed on."""
        return sum(f.yielded for f in self.files)

    @property
    def skipped(self) -> dict[str, int]:
        """Number of records left out on purpose, by reason, most frequent first."""
        total: dict[str, int] = {}
        for file in self.files:
            for reason, n in file.skipped.items():
                total[reason] = total.get(reason, 0) + n
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

    @property
    def quarantined(self) -> int:
        """Number of records that could not be understood; each has its line in `problems`."""
        return sum(f.quarantined for f in self.files)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What had to be assumed (time zone, encoding, columns), each once, in the order met."""
        return tuple(dict.fromkeys(a for f in self.files for a in f.assumptions))
