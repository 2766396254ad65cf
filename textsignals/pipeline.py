"""The chain from inputs to counts: read, give each message its team, keep the window of time, tag and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from textsignals.errors import InputError
from textsignals.measures.periods import local_day
from textsignals.readers import Seen, read
from textsignals.readers.base import FileLog
from textsignals.records import FileReport, Message, Problem, ReadReport
from textsignals.teams import Assign, Pseudonyms, Teams, assigner, base_name, from_input, public_path

if TYPE_CHECKING:
    from textsignals.measures.evidence import Quotes
    from textsignals.measures.scores import Counts
    from textsignals.tagging.tagger import Tagger

Watch = Callable[[Iterable[Message]], Iterator[Message]]
Assigning = Callable[[str | Path], Assign]
"""Makes, for an input, what gives its messages their teams."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may say about the inputs; nothing of it is needed."""

    team: str | None = None
    teams: Teams | None = None
    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    tz: tzinfo = UTC
    date_order: str | None = None
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

    def from_inputs(self) -> Outcome:
        """Return the same with inputs by their base name, and paths from there on."""
        return Outcome([_from_input(report) for report in self.reports], self.outside)

    def fail(self, input_: str | Path, error: InputError) -> None:
        """Note an input that could not be read at all: one record met, one in quarantine."""
        log = FileLog(str(input_), "")
        log.reject(error)
        self.reports.append(ReadReport(str(input_), (log.report(),), tuple(log.problems)))


def messages(
    inputs: Sequence[str | Path], settings: Settings, outcome: Outcome, assigning: Assigning | None = None
) -> Iterator[Message]:
    """Yield the messages of all inputs, each with its team; an input that cannot be read does not stop the others.

    A message that two inputs hold is yielded once. Those that the teams file ignores are counted as skipped. Messages
    without a time are kept whatever the window. `assigning` takes the place of what the settings say of teams.
    """
    seen = Seen()
    for input_ in inputs:
        left_out: Counter[tuple[str, str]] = Counter()
        try:
            reading = read(
                input_,
                format=settings.format,
                tz=settings.tz,
                columns=settings.columns,
                date_order=settings.date_order,
                seen=seen,
            )
            assign = assigning(input_) if assigning else assigner(input_, settings.team, settings.teams, settings.tz)
            for message in map(assign, reading):
                if message.skip:
                    left_out[(message.file, message.skip)] += 1
                elif _inside(message, settings):
                    yield message
                else:
                    outcome.outside += 1
        except InputError as error:
            outcome.fail(input_, error)
            continue
        outcome.reports.append(_skipping(reading.report, left_out))


def names(inputs: Sequence[str | Path], settings: Settings) -> set[str]:
    """Return every name of a person that the inputs know, as written: also of those whom settings leave out."""
    bare = replace(settings, teams=None, since=None, until=None)
    found = {name for m in messages(inputs, bare, Outcome()) for name in (m.author, m.author_id) if name}
    return found | (settings.teams.written if settings.teams else frozenset())


def _from_input(report: ReadReport) -> ReadReport:
    return ReadReport(
        base_name(report.input),
        tuple(replace(file, file=from_input(file.file, report.input)) for file in report.files),
        tuple(replace(problem, file=from_input(problem.file, report.input)) for problem in report.problems),
    )


def _skipping(report: ReadReport, left_out: Counter[tuple[str, str]]) -> ReadReport:
    """Return an account in which messages left out after they were read count as skipped, so that its sums hold."""
    files = {file.file: file for file in report.files if file.yielded}
    for (name, reason), n in left_out.items():
        file = files[_account_of(name, files)]
        skipped = dict(sorted((Counter(file.skipped) + Counter({reason: n})).items()))
        files[file.file] = replace(file, yielded=file.yielded - n, skipped=skipped)
    return replace(report, files=tuple(files[f.file] if f.yielded else f for f in report.files))


def _account_of(file: str, files: Mapping[str, FileReport]) -> str:
    """Return the file in whose account a message stands: its own, or that of the export that its file is part of."""
    part = file
    while part and part not in files:
        part = part[: max(0, *(part.rfind(sign) for sign in "/!\\"))]
    return part or max(files, key=lambda name: files[name].yielded)


def count(
    inputs: Sequence[str | Path],
    tagger: Tagger,
    settings: Settings,
    watch: Watch | None = None,
    *,
    pseudonyms: Pseudonyms | None = None,
    quotes: Quotes | None = None,
) -> tuple[Counts, Outcome]:
    """Return the counts over all inputs and what became of them; `watch` wraps the stream, for a progress bar.

    `pseudonyms` are new ones unless given; `quotes` are offered each sentence that an example could be made of.
    """
    # Only here: whoever only reads need not wait for what tags and counts.
    from textsignals.measures.scores import Counts

    outcome = Outcome()
    counts = Counts(tagger, settings.tz, pseudonyms, quotes.offer_from if quotes else None)
    stream = messages(inputs, settings, outcome)
    counts.add(watch(stream) if watch else stream)
    return counts, outcome


def _inside(message: Message, settings: Settings) -> bool:
    if message.timestamp is None:
        return True
    day = local_day(message.timestamp, settings.tz)
    return not (settings.since and day < settings.since) and not (settings.until and day > settings.until)
