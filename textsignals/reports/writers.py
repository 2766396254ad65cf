"""The files a report becomes: one HTML page, Markdown, CSV or JSON, by the ending of the name."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from textsignals.accounts import REASONS, as_data, by_format, largest
from textsignals.errors import TextSignalsError
from textsignals.measures.privacy import MIN_SENTENCES
from textsignals.measures.rates import Rate
from textsignals.output import write_text
from textsignals.reports import charts, wording
from textsignals.reports.cards import Curve, Point
from textsignals.reports.content import Content
from textsignals.reports.wording import clean, per_100
from textsignals.teams import public_path

# What a spreadsheet takes for the start of a formula.
_FORMULA = "=+-@"
# What stands between cells in some country: there, what follows begins a cell.
_BETWEEN = re.compile(r"([;,|])")

_SCHEMA = 1
"""Goes up when a name in the JSON goes away or changes what it means; new names may come at any time."""

# What JSON has in another form (`account`, `model`), or would not bear.
_NOT_AS_IT_IS = {"outcome", "model", "counts"}

# The least rate per 100 that a table shows as a figure.
_LEAST = 0.1

# A page with a row for each of 100,000 files would not open.
_MOST_FILES = 200


def write(content: Content, path: Path) -> None:
    """Write a report as HTML, Markdown, CSV or JSON, by the ending of `path`; raises TextSignalsError for others."""
    maker = WRITERS.get(path.suffix.lower())
    if maker is None:
        raise TextSignalsError(f"{path}: a report ends in {', '.join(WRITERS)}; choose one of them")
    write_text(maker(content), path)


def html(content: Content) -> str:
    """Return the report as one page: no script, nothing loaded from anywhere."""
    taxonomy = content.model.taxonomy
    numbers = count()
    corners = [(family.title, family.autonomy, family.alignment) for family in taxonomy.families.values()]
    return (
        _environment(autoescape=True)
        .get_template("report.html")
        .render(
            content=content,
            taxonomy=taxonomy,
            map=Markup(charts.team_map(content.placed, corners)) if content.placed else "",
            chart=lambda curve, top: Markup(_own_ids(charts.line(curve, top, content.events), next(numbers))),
            top=_top,
            versions=_versions(),
            **_account(content),
        )
    )


def _account(content: Content) -> dict[str, Any]:
    """Return what both templates tell of what was read."""
    files = content.outcome.whole.files
    return {"formats": by_format(files), "files": largest(files, _MOST_FILES), "reasons": REASONS}


def _own_ids(svg: str, number: int) -> str:
    """Return a chart whose ids no other chart of the page has."""
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>c{number}-", svg)


def markdown(content: Content) -> str:
    """Return the report as Markdown: the same words and tables without the charts."""
    template = _environment(autoescape=False).get_template("report.md")
    values = {"content": content, "taxonomy": content.model.taxonomy, "versions": _versions(), **_account(content)}
    return template.render(values).strip() + "\n"


def tidy(content: Content) -> pd.DataFrame:
    """Return the tidy table, a row a team, period and signal or family, rates per 100 beside the counts.

    Its columns are those of `measures.scores.table`, then rate_per_100, low and high (95 %), partial (1 if the text
    covers only a part of the period), audience and note. What is hidden, and periods without text, have a row with a
    note and no number.
    """
    points = {
        (team.name, point.period, curve.name): point
        for team in (*content.teams, *filter(None, [content.together]))
        for curve in (*team.families, *team.signals)
        for point in curve.points
    }
    rows: list[dict[str, Any]] = []
    for counted in content.counts.to_dict("records"):
        point = points[(counted["team"], counted["period"], counted["signal"])]
        measured = {**_per_100(point), "partial": int(point.partial), "audience": content.audience, "note": point.note}
        rows.append({**{str(name): cell for name, cell in counted.items()}, **measured})
    seen = {(row["team"], row["period"]) for row in rows}
    gaps = {(team, period, point.note) for (team, period, _), point in points.items() if (team, period) not in seen}
    hidden = {(team, period, reason) for team, periods, reason in content.hidden for period in periods.split(", ")}
    blank = {"level": "", "signal": "", "n_authors": "", "audience": content.audience}
    rows += [{"team": team, "period": period, **blank, "note": note} for team, period, note in sorted(gaps | hidden)]
    # Cleaned before pandas sees them: it refuses halves of characters.
    cleaned = [{name: clean(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in rows]
    more = ["rate_per_100", "low", "high", "partial", "audience", "note"]
    frame = pd.DataFrame(cleaned, columns=[*content.counts.columns, *more])
    whole = [name for name in frame if str(name).startswith("n_") and name != "n_authors"]
    return frame.astype(dict.fromkeys([*whole, "partial"], "Int64"))


def _per_100(point: Point) -> dict[str, float]:
    rate = point.rate
    figures = {"rate_per_100": rate.rate, "low": rate.low, "high": rate.high} if rate else {}
    return {name: round(100 * figure, 3) for name, figure in figures.items()}


def table(content: Content) -> str:
    """Return the tidy table as CSV, in which no cell is a formula to a spreadsheet."""
    frame = tidy(content)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_cell(cell) for cell in row] for row in frame.itertuples(index=False, name=None))
    return out.getvalue()


def _cell(cell: Any) -> str:
    if isinstance(cell, str):
        return "".join(part if part in (";", ",", "|") else _harmless(part) for part in _BETWEEN.split(cell))
    if pd.isna(cell):
        return ""
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def _harmless(text: str) -> str:
    """Return text with a sign in front if a spreadsheet could compute it, whatever it drops to find a formula."""
    seen = unicodedata.normalize("NFKC", text)
    start = next((sign for sign in seen if unicodedata.category(sign)[0] not in "ZC" and sign not in "\"'"), "")
    return f"'{text}" if start and start in _FORMULA else text


def as_json(content: Content) -> str:
    """Return the whole report as JSON: the same names as `Content` and what it holds, in the same order.

    Besides them: `schema`, the version of textsignals, name, version and digest of the model; `account`, what became of
    every file of every input; `counts`, a row a team, period and signal. A rate is {flagged, total, rate, low, high},
    shares between 0 and 1 with six digits; where `low` is 0 nothing can be told from zero. What is not known is null.
    All is plain ASCII, and harmless inside of a page.
    """
    model = content.model
    whole = {
        "schema": _SCHEMA,
        "versions": _versions(),
        "model": {"name": model.name, "version": model.version, "digest": model.digest},
        **{f.name: getattr(content, f.name) for f in fields(content) if f.name not in _NOT_AS_IT_IS},
        "account": {"outside": content.outcome.outside, "inputs": [as_data(r) for r in content.outcome.reports]},
        "counts": content.counts.to_dict("records"),
    }
    text = json.dumps(_plain(whole), indent=1, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; raises TypeError for what has no form there, such as tallies of authors."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {clean(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a report holds a {type(value).__name__}, which has no form in JSON")


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _escape_markdown(value: Any) -> str:
    """Return text that Markdown shows as it is: names of teams and files may hold its signs."""
    escaped = clean(str(value)).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;")
    escaped = re.sub(r"([`*_\[\]|#~$])", r"\\\1", " ".join(escaped.split()))
    # Only at the start of a line do these make a list, a quotation, a heading or a rule.
    return re.sub(r"^(\d+(?=[.)](?: |$))|(?=[-+=>]))", r"\1\\", escaped)


@cache
def _environment(*, autoescape: bool) -> Environment:
    """Return what makes pages of templates (Markdown without `autoescape`): whatever they insert becomes plain text."""
    environment = Environment(
        loader=PackageLoader("textsignals.reports", "templates"),
        autoescape=autoescape,
        finalize=_cleaned if autoescape else _escape_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["min_sentences"] = MIN_SENTENCES
    environment.filters |= {
        "per_100": per_100,
        "figure": _figure,
        "span": _span,
        "estimate": _estimate,
        "share": wording.figure,
        "family_title": wording.family_title,
        "clean": clean,
        "public_path": public_path,
    }
    return environment


def _figure(rate: Rate) -> str:
    """Return a rate per 100 as a cell of a table has it; never a bare 0 where nothing can be told from it."""
    if not math.isfinite(rate.rate):
        return "–"
    small = rate.unseen or 100 * rate.rate < _LEAST
    return f"under {max(_LEAST, 100 * rate.high):.1f}" if small else f"{100 * rate.rate:.1f}"


def _estimate(rate: Rate) -> str:
    """Return a rate per 100 with its interval, or what it stays below."""
    told = _figure(rate)
    return told if not told[0].isdigit() else f"{told} ({_span(rate)})"


def _span(rate: Rate) -> str:
    return f"{100 * rate.low:.1f} – {100 * rate.high:.1f}"


def _top(curves: tuple[Curve, ...]) -> float:
    """Return the end of the axis for charts that are compared: a round figure above most of their intervals."""
    rates = [point.rate for curve in curves for point in curve.points if point.rate and math.isfinite(point.rate.rate)]
    # Wide intervals of vague signals are cut at the axis; the points decide, and the numbers are in the table.
    need = max((max(100 * r.rate * 1.15, min(100 * r.high, 200 * r.rate)) for r in rates), default=1.0)
    return float(next((step for step in (1, 2, 4, 6, 10, 16, 20, 30, 40, 60, 100) if step >= need), 100))


def _versions() -> str:
    try:
        return f"textsignals {version('textsignals')}"
    except PackageNotFoundError:
        return "textsignals, not installed"


WRITERS: dict[str, Callable[[Content], str]] = {".html": html, ".md": markdown, ".csv": table, ".json": as_json}
