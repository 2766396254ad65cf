"""A report as an object, which shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from markupsafe import escape

from textsignals.errors import TextSignalsError
from textsignals.measures.changes import Event
from textsignals.measures.periods import STEPS
from textsignals.measures.privacy import MIN_AUTHORS, raised_floor
from textsignals.pipeline import Settings, count
from textsignals.reports.basis import AUDIENCES, Audience
from textsignals.reports.content import Content, build
from textsignals.reports.findings import Finding
from textsignals.reports.writers import html, markdown, tidy, write
from textsignals.tagging.tagger import load
from textsignals.team_file import load_teams


def report(
    *inputs: str | Path,
    team: str | None = None,
    teams: str | Path | None = None,
    by: str | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    tz: tzinfo | str = "UTC",
    operating_point: str = "balanced",
    model: str = "en",
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    date_order: str | None = None,
    audience: Audience | None = None,
    events: Mapping[date | str, str] | None = None,
    min_authors: int = MIN_AUTHORS,
) -> Report:
    """Return the report on exports, notes, transcripts and tables: what `textsignals report` writes, as an object.

    It has no quotes, and no ledger: only the command compares with earlier reports.

    The options are those of the command: `team` names the team of all inputs and `teams` a teams.toml; `by` is week,
    month or quarter; `since`, `until` and the keys of `events` (with titles) are days, "2026-03-31" as well. Inputs
    that cannot be read are told in the report. Raises TextSignalsError if no message is found in any of them, or an
    option makes no sense.
    """
    if by not in (None, *STEPS):
        raise TextSignalsError(f"by={by!r} is no length of a period; choose {', '.join(STEPS)}")
    if audience not in (None, *AUDIENCES):
        raise TextSignalsError(f"audience={audience!r} is no audience; choose {', '.join(AUDIENCES)}")
    raised_floor(min_authors)
    settings = Settings(
        team=team,
        teams=load_teams(teams) if teams else None,
        format=format,
        columns=columns or {},
        tz=_zone(tz),
        date_order=date_order,
        since=_day(since),
        until=_day(until),
    )
    counts, outcome = count(inputs, load(model, operating_point), settings)
    if not counts.days:
        why = "".join(f"; {problem}" for problem in outcome.problems[:1])
        raise TextSignalsError(f"no message was found in any input, so there is nothing to report{why}")
    happened = [Event(_required(day), title) for day, title in (events or {}).items()]
    return Report(build(counts, outcome, by=by, audience=audience, events=happened, min_authors=min_authors))


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A per-team trend report: shows itself in a notebook, and is saved as a page, Markdown, a table or JSON."""

    content: Content

    @property
    def table(self) -> pd.DataFrame:
        """A row a team, period and signal: what the CSV holds (see `writers.tidy`)."""
        return tidy(self.content)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What changed, each with its team, one sentence, and how sure it is."""
        return self.content.findings

    def save(self, path: str | Path) -> None:
        """Write the report as .html, .md, .csv or .json; raises TextSignalsError for other endings."""
        write(self.content, Path(path))

    def __repr__(self) -> str:
        n_teams, n_findings = len(self.content.teams), len(self.content.findings)
        span = f", {self.content.first} to {self.content.last}" if self.content.first else ""
        return f"<textsignals report: {_number(n_teams, 'team')}{span}, {_number(n_findings, 'finding')}>"

    def _repr_html_(self) -> str:
        # A page of its own: its style does not reach the notebook, and whatever stood in it could do nothing there.
        page = escape(html(self.content).replace("<head>", '<head>\n<base href="about:srcdoc">', 1))
        style = "width: 100%; height: 80vh; border: 0"
        return f'<iframe title="textsignals report" sandbox style="{style}" srcdoc="{page}"></iframe>'

    def _repr_markdown_(self) -> str:
        return markdown(self.content)


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _day(value: date | str | None) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise TextSignalsError(f"{value!r} is no date; write it like 2026-03-31") from None


def _required(value: date | str) -> date:
    day = _day(value)
    assert day is not None
    return day


def _zone(value: tzinfo | str) -> tzinfo:
    if isinstance(value, tzinfo):
        return value
    try:
        return UTC if value.upper() == "UTC" else ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise TextSignalsError(f"{value!r} is no time zone; write it like Europe/Berlin") from None
