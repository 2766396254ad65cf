"""The chain from inputs to counts: read, give each message its team, keep the window of time, tag and count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, tzinfo
from pathlib import Path

from textsignals.errors import InputError
from textsignals.measures.periods import local_day
from textsignals.measures.scores import Counts
from textsignals.readers import read
from textsignals.readers.base import FileLog
from textsignals.records import Message, Problem, ReadReport
from textsignals.tagging.tagger import Tagger
from textsignals.teams import assigner, public_path

Watch = Callable[[Iterable[Message]], Iterator[Message]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may say about the inputs; nothing of it is needed."""

    team: str | None = None
    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    tz: tzinfo = UTC
    since: date | None = None
    until: date | None = None


@dataclass
class Outcome:
    """What became of the inputs: their read reports, and how many messages lie outside the window."""

    reports: list[ReadReport] = field(default_factory=list)
    outside: int = 0

    @property
    def whole(self) -> ReadReport:
        """The account of all inputs as one, for its sums."""
        files = tuple(file for report in self.reports for file in report.files)
        return ReadReport("", files, tuple(problem for report in self.reports for problem in report.problems))

    @property
    def problems(self) -> list[Problem]:
        """Inputs that failed as a whole and records in quarantine, in the order of the inputs."""
        return [replace(problem, file=public_path(problem.file)) for problem in self.whole.problems]

    def fail(self, input_: str | Path, error: InputError) -> None:
        """Note an input that could not be read at all: one record met, one in quarantine."""
        log = FileLog(str(input_), "")
        log.reject(error)
        self.reports.append(ReadReport(str(input_), (log.report(),), tuple(log.problems)))


def messages(inputs: Sequence[str | Path], settings: Settings, outcome: Outcome) -> Iterator[Message]:
    """Yield the messages of all inputs, each with its team; an input that cannot be read does not stop the others.

    Messages without a time are kept whatever the window.
    """
    for input_ in inputs:
        try:
            reading = read(input_, format=settings.format, tz=settings.tz, columns=settings.columns)
        except InputError as error:
            outcome.fail(input_, error)
            continue
        assign = assigner(input_, settings.team)
        try:
            for message in reading:
                if _inside(message, settings):
                    yield assign(message)
                else:
                    outcome.outside += 1
        except InputError as error:
            outcome.fail(input_, error)
            continue
        outcome.reports.append(reading.report)


def count(
    inputs: Sequence[str | Path], tagger: Tagger, settings: Settings, watch: Watch | None = None
) -> tuple[Counts, Outcome]:
    """Return the counts over all inputs and what became of them; `watch` wraps the stream, for a progress bar."""
    outcome, counts = Outcome(), Counts(tagger, settings.tz)
    stream = messages(inputs, settings, outcome)
    counts.add(watch(stream) if watch else stream)
    return counts, outcome


def _inside(message: Message, settings: Settings) -> bool:
    if message.timestamp is None:
        return True
    day = local_day(message.timestamp, settings.tz)
    return not (settings.since and day < settings.since) and not (settings.until and day > settings.until)
