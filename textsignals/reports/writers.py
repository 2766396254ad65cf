"""The files a report becomes: one HTML page, Markdown, or CSV, by the ending of the name."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from textsignals.accounts import REASONS, by_format, largest
from textsignals.errors import TextSignalsError
from textsignals.measures.rates import Rate
from textsignals.output import write_text
from textsignals.reports import charts
from textsignals.reports.content import Content, Curve, Point
from textsignals.reports import wording
from textsignals.reports.wording import clean, per_100
from textsignals.teams import public_path

# What a spreadsheet takes for the start of a formula (methods.md, C2).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# The least rate per 100 that a table shows as a figure.
_LEAST = 0.1

# A page with a row for each of 100,000 files would not open.
_MOST_FILES = 200


def write(content: Content, path: Path) -> None:
    """Write a report as HTML, Markdown or CSV, as the ending of `path` says; raises TextSignalsError for others."""
    maker = WRITERS.get(path.suffix.lower())
    if maker is None:
        raise TextSignalsError(f"{path}: a report ends in {', '.join(WRITERS)}; choose one of them")
    write_text(maker(content), path)


def html(content: Content) -> str:
    """Return the report as one page: no script, nothing loaded from anywhere."""
    taxonomy = content.model.taxonomy
    numbers = count()
    families = [taxonomy.families[name] for name in content.corners]
    corners = [(family.title, family.autonomy, family.alignment) for family in families]
    return (
        _environment(autoescape=True)
        .get_template("report.html")
        .render(
            content=content,
            taxonomy=taxonomy,
            map=Markup(charts.team_map(content.teams, corners)) if any(t.path for t in content.teams) else "",
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
    environment = _environment(autoescape=False)
    environment.finalize = lambda value: value if isinstance(value, Markup) else _escape_markdown(str(value))
    text = environment.get_template("report.md").render(
        content=content, taxonomy=content.model.taxonomy, versions=_versions(), **_account(content)
    )
    return text.strip() + "\n"


def table(content: Content) -> str:
    """Return the tidy table as CSV, a row a team, period and signal, rates per 100 beside the counts.

    What is hidden, and periods without text, have a row with a note and no number.
    """
    points = {
        (team.name, point.period, curve.name): point
        for team in (*content.teams, *filter(None, [content.together]))
        for curve in (*team.families, *team.signals)
        for point in curve.points
    }
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = list(content.counts.columns)
    writer.writerow([*columns, "rate_per_100", "low", "high", "partial", "audience", "note"])
    for counted in content.counts.itertuples(index=False, name=None):
        point = points[(counted[0], counted[1], counted[3])]
        cells = (*counted, *_numbers(point), int(point.partial), content.audience, point.note)
        writer.writerow([_harmless(cell) for cell in cells])
    blank = [""] * (len(columns) - 2 + 3)
    gaps = {(team, period, point.note) for (team, period, _), point in points.items() if point.rate is None}
    hidden = {(team, period, reason) for team, periods, reason in content.hidden for period in periods.split(", ")}
    for team, period, note in sorted(gaps | hidden):
        writer.writerow([_harmless(cell) for cell in (team, period, *blank, "", content.audience, note)])
    return out.getvalue()


def _numbers(point: Point) -> list[str]:
    rate = point.rate
    if rate is None:
        return [""] * 3
    return [f"{100 * x:.3f}" if math.isfinite(x) else "" for x in (rate.rate, rate.low, rate.high)]


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    # Some spreadsheets drop blanks and quotes in front.
    begin = (cell, cell.lstrip(" \"'"))
    risky = any(unicodedata.normalize("NFKC", text).startswith(_FORMULA) for text in begin)
    return ("'" if risky else "") + clean(cell)


def _escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is: names of teams and files may hold its signs."""
    escaped = text.replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;")
    for sign in "`*_[]|#":
        escaped = escaped.replace(sign, f"\\{sign}")
    return " ".join(escaped.split())


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("textsignals.reports", "templates"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "per_100": per_100,
        "figure": _figure,
        "span": _span,
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
    if rate.unseen:
        return f"under {max(0.1, 100 * rate.high):.1f}"
    return f"{100 * rate.rate:.1f}" if 100 * rate.rate >= _LEAST else f"under {_LEAST}"


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


WRITERS: dict[str, Callable[[Content], str]] = {".html": html, ".md": markdown, ".csv": table}
