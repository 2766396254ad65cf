"""Static SVG charts that take their colours from the page, so that they follow light, dark and print."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import cycle
from typing import Any

import matplotlib
from markupsafe import escape
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle

from textsignals.measures.periods import first_day, following
from textsignals.measures.position import Place
from textsignals.measures.scores import UNDATED
from textsignals.reports.cards import Curve, Team
from textsignals.reports.wording import clean

# Colours that no chart uses by chance; each is replaced by a variable of the page's style sheet.
_INK, _MUTED, _GRID, _ACCENT = "#010203", "#010204", "#010205", "#010206"
_VARIABLES = {_INK: "var(--ink)", _MUTED: "var(--muted)", _GRID: "var(--grid)", _ACCENT: "var(--accent)"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "textsignals",
    "font.size": 9,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED,
    "text.color": _INK,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}
_MAP_SIZE = (4.4, 4.4)
# What a letter of a team's name takes of the map's width from -1 to 1, at the size it is written in.
_NAME_WIDTH = 0.045
_LINE_SIZE = (3.0, 1.35)
# Letters of an event's title that a small chart has room for.
_LABEL = 14
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")


def line(curve: Curve, top: float, events: Sequence[tuple[str, str]] = ()) -> str:
    """Return a small chart of a curve per 100 sentences, its interval as a band, gaps as gaps, partial periods hollow.

    `top` is the end of the vertical axis, the same for all charts that are to be compared. `events` are days (as
    2026-03-01) with their titles; those inside the time of the curve are thin lines.
    """
    dated = tuple(point for point in curve.points if point.period != UNDATED)
    curve = replace(curve, points=dated or curve.points)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=_LINE_SIZE)
        axes = figure.add_axes((0.11, 0.2, 0.86, 0.72))
        for run in _runs(curve):
            x = [i for i, _ in run]
            rates = [point.rate for _, point in run]
            low, high = [100 * r.low for r in rates], [min(100 * r.high, top) for r in rates]
            if len(run) == 1:
                axes.plot([x[0], x[0]], [low[0], high[0]], color=_ACCENT, alpha=0.25, linewidth=5)
            axes.fill_between(x, low, high, color=_ACCENT, alpha=0.18, linewidth=0)
            axes.plot(x, [100 * r.rate for r in rates], color=_ACCENT, linewidth=1.6)
            # A mark says "here it is"; where nothing can be told from zero, only the band speaks.
            for i, point in ((i, point) for i, point in run if not point.rate.unseen):
                face = "none" if point.partial else _ACCENT
                axes.plot([i], [100 * point.rate.rate], "o", color=_ACCENT, markerfacecolor=face, markersize=4)
        for i, point in enumerate(curve.points):
            if point.rate is None and point.note != "no text":
                axes.text(i, 0.02 * top, "×", ha="center", va="bottom", color=_MUTED, fontsize=8)
        _dress(axes, curve, top)
        marked = _mark_events(axes, [point.period for point in curve.points], events, top)
        return _svg(figure, "; ".join([f"{curve.title}: {_spoken(curve)}", *marked]))


def _runs(curve: Curve) -> list[list[tuple[int, Any]]]:
    """Return the stretches of neighbouring periods that have a rate; no line is drawn across what is missing."""
    runs: list[list[tuple[int, Any]]] = [[]]
    for i, point in enumerate(curve.points):
        if point.rate is None or not math.isfinite(point.rate.rate):
            runs.append([])
        else:
            runs[-1].append((i, point))
    return [run for run in runs if run]


def _dress(axes: Any, curve: Curve, top: float) -> None:
    periods = [point.period for point in curve.points]
    axes.set_xlim(-0.4, max(0.4, len(periods) - 0.6))
    axes.set_ylim(0, top)
    axes.set_yticks([0, top / 2, top], ["0", f"{top / 2:g}", f"{top:g}"])
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    ends = [0, len(periods) - 1] if len(periods) > 1 else list(range(len(periods)))
    axes.set_xticks(ends, [periods[i] for i in ends])
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=False):
        label.set_ha(side if len(ends) > 1 else "center")


def _mark_events(axes: Any, periods: Sequence[str], events: Sequence[tuple[str, str]], top: float) -> list[str]:
    """Draw the events that fall into the periods; return what was drawn in words."""
    marked: list[str] = []
    for day, title in ((date.fromisoformat(day), clean(title)) for day, title in events):
        within = [i for i, p in enumerate(periods) if p != UNDATED and first_day(p) <= day < first_day(following(p))]
        for i in within:
            start, end = first_day(periods[i]), first_day(following(periods[i]))
            x = i - 0.5 + (day - start) / (end - start)
            axes.axvline(x, color=_INK, linewidth=0.8, linestyle=(0, (2, 2)))
            short = title if len(title) <= _LABEL else f"{title[: _LABEL - 1]}…"
            # Beside the line, on the side that has room; one below the other, so that neighbours do not meet.
            side, blank = ("left", 0.06) if x < len(periods) / 2 - 0.5 else ("right", -0.06)
            y = top * (1.0 - 0.15 * (len(marked) % 3))
            axes.text(x + blank, y, short, ha=side, va="top", fontsize=9, parse_math=False)
            marked.append(f"{title} on {day}")
    return marked


def _spoken(curve: Curve) -> str:
    rates = [(p.period, p.rate) for p in curve.points if p.rate and math.isfinite(p.rate.rate)]
    if not rates:
        return "nothing to show"
    (first, a), (last, b) = rates[0], rates[-1]
    assert a and b
    return f"{100 * a.rate:.1f} per 100 sentences in {first}, {100 * b.rate:.1f} in {last}"


def team_map(teams: Sequence[Team], corners: Sequence[tuple[str, int, int]]) -> str:
    """Return the map of teams: autonomy across, alignment upwards, each team's path and its soft last region."""
    with matplotlib.rc_context({**_STYLE, "axes.spines.bottom": False}):
        figure = Figure(figsize=_MAP_SIZE)
        axes = figure.add_axes((0.06, 0.07, 0.9, 0.9))
        axes.set_xlim(-1.05, 1.05)
        axes.set_ylim(-1.13, 1.13)
        for _, x, y in corners:
            axes.add_patch(Rectangle((min(x, 0), min(y, 0)), 1, 1, facecolor="none", edgecolor=_GRID, linewidth=0.8))
        for title, x, y in corners:
            axes.text(x, 1.07 * y, title, ha="right" if x > 0 else "left", va="center", color=_MUTED, fontsize=8)
        placed = [(clean(team.name), team.path) for team in teams if team.path]
        for (_, path), mark in zip(placed, cycle(_MARKS), strict=False):
            _draw_path(axes, path, mark)
        _write_names(axes, [(name, path[-1]) for name, path in placed])
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("autonomy →", loc="right", fontsize=9)
        axes.set_ylabel("alignment →", loc="top", fontsize=9)
        spoken = "; ".join(f"{name} at {p[-1].autonomy:+.1f}, {p[-1].alignment:+.1f}" for name, p in placed)
        return _svg(figure, f"Map of teams, autonomy and alignment from -1 to 1: {spoken}")


def _draw_path(axes: Any, path: Sequence[Place], mark: str) -> None:
    last = path[-1]
    region = Ellipse(
        (last.autonomy, last.alignment),
        2 * last.radii[0],
        2 * last.radii[1],
        angle=last.tilt,
        facecolor=_ACCENT,
        alpha=0.12,
        linewidth=0,
    )
    axes.add_patch(region)
    # Nothing lies beyond the corners, however little is known.
    region.set_clip_path(Rectangle((-1, -1), 2, 2, transform=axes.transData))
    x, y = [p.autonomy for p in path], [p.alignment for p in path]
    axes.plot(x, y, color=_ACCENT, linewidth=1, alpha=0.7)
    for i, place in enumerate(path):
        latest = i == len(path) - 1
        size = 7 if latest else 3.5
        face = _ACCENT if latest else "none"
        axes.plot([place.autonomy], [place.alignment], mark, color=_ACCENT, markerfacecolor=face, markersize=size)


def _write_names(axes: Any, named: Sequence[tuple[str, Place]]) -> None:
    """Write each name beside its place: right, left, above or below, the first that covers no name and no mark."""
    taken = [_box(at.autonomy, at.alignment, 0.1) for _, at in named]
    # Those next to an edge first, since they have the fewest sides to choose from.
    for name, at in sorted(named, key=lambda item: -abs(item[1].autonomy)):
        width = _NAME_WIDTH * len(name)
        aside, inside = 0.06 + width / 2, max(0.0, 1.05 - width / 2)
        middle = min(inside, max(-inside, at.autonomy))
        spots = [(at.autonomy + aside, at.alignment), (at.autonomy - aside, at.alignment)]
        spots += [(middle, at.alignment + up) for up in (0.12, -0.12, 0.24, -0.24)]
        free = [(x, y) for x, y in spots if abs(x) <= inside and abs(y) <= 1 and not _meets(_box(x, y, width), taken)]
        x, y = free[0] if free else spots[int(at.autonomy > 0)]
        taken.append(_box(x, y, width))
        # Drawn from the side of the mark, since the width is only an estimate; a team called $x$ is no formula.
        side = "center" if y != at.alignment else "left" if x > at.autonomy else "right"
        start = {"center": x, "left": at.autonomy + 0.06, "right": at.autonomy - 0.06}[side]
        axes.text(start, y, name, ha=side, va="center", fontsize=9.5, weight="bold", parse_math=False)


def _box(x: float, y: float, width: float) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of what is as high as a name, around a point."""
    return x - width / 2, y - 0.05, x + width / 2, y + 0.05


def _meets(box: tuple[float, float, float, float], others: Sequence[tuple[float, float, float, float]]) -> bool:
    left, bottom, right, top = box
    return any(left < o[2] and o[0] < right and bottom < o[3] and o[1] < top for o in others)


def _svg(figure: Figure, spoken: str) -> str:
    """Return the figure as inline SVG without anything that could clash with, or load from, elsewhere."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # The browser's fonts draw the text, so it does not matter which signs matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Inside of tags only: between them, anything may be the name of a team.
    svg = re.sub(r"<[^>]*>", lambda tag: _plain(tag.group()), svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(spoken)}"', 1).strip()


def _plain(tag: str) -> str:
    """Return a tag without needless ids and sizes, with the colours and the font of the page."""
    if tag.startswith("<svg"):
        tag = re.sub(r' (?:width|height|xmlns(?::\w+)?)="[^"]*"', "", tag)
    tag = re.sub(r' id="[a-zA-Z0-9.]+_\d+"', "", tag)
    tag = re.sub(r"font: ([^;\"']*?)([\d.]+px) [^;\"]*", r"font: \1\2 var(--sans)", tag)
    for colour, variable in _VARIABLES.items():
        tag = tag.replace(colour, variable)
    return tag
