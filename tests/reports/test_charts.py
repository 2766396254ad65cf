import re
import warnings
from xml.etree import ElementTree

import pytest
from fake_tagger import counted, message, outcome, weeks_of

from textsignals.measures.position import Place
from textsignals.measures.rates import Rate
from textsignals.reports.cards import Curve, Point, Team
from textsignals.reports.charts import line, team_map
from textsignals.reports.content import build

CORNERS = [("Drift", 1, -1), ("Control", -1, 1), ("Crowding", -1, -1), ("Aligned", 1, 1)]
# The elements of a chart: nothing that a name or a title says becomes another.
DRAWN = {"svg", "defs", "style", "g", "path", "use", "text", "clipPath", "rect"}


def curve(*rates, notes=None, partial=()):
    points = tuple(
        Point(
            f"2026-W{i + 1:02}",
            None if r is None else Rate(3, 60, r, r / 2, r * 2),
            i in partial,
            (notes or {}).get(i, ""),
        )
        for i, r in enumerate(rates)
    )
    return Curve("silo", "Silo & co", "drift", points, Rate(3, 60, 0.05, 0.01, 0.1))


def team(name, *places):
    path = tuple(Place("2026-W01", x, y, (0.2, 0.1), 30.0) for x, y in places)
    return Team(name, "5 to 9", 1, 60, path=path)


def parsed(svg):
    # Inside HTML the names of links need no declaration; outside it they do.
    return ElementTree.fromstring(svg.replace("<svg", '<svg xmlns:xlink="x"', 1))


def strokes(svg):
    """Return the lines drawn in the accent colour: those that connect periods."""
    return re.findall(r'<path d="[^"]*"[^>]*style="fill: none; stroke: var\(--accent\)[^"]*"', svg)


@pytest.mark.parametrize(
    "drawn",
    [curve(), curve(0.05), curve(0.05, 0.1, 0.2), curve(None, None), curve(float("nan"), 0.1), curve(0.0, 1.0)],
    ids=["no period", "one", "three", "none shown", "not measurable", "ends"],
)
def test_every_curve_becomes_well_formed_svg_that_loads_nothing(drawn):
    svg = line(drawn, 10)
    root = parsed(svg)
    assert root.tag == "svg" and root.get("role") == "img"
    assert not re.search(r"https?:|<metadata|<script|<!DOCTYPE|#0102", svg)
    assert root.get("width") is None and root.get("viewBox")


def test_the_label_says_first_and_last_rate():
    assert parsed(line(curve(0.05, None, 0.125), 10)).get("aria-label") == (
        "Silo & co: 5.0 per 100 sentences in 2026-W01, 12.5 in 2026-W03"
    )
    assert parsed(line(curve(None), 10)).get("aria-label") == "Silo & co: nothing to show"


def test_no_line_is_drawn_across_a_period_that_is_missing():
    assert len(strokes(line(curve(0.1, 0.1, 0.1, 0.1), 20))) == 1
    assert len(strokes(line(curve(0.1, 0.1, None, 0.1, 0.1), 20))) == 2


def test_hidden_periods_are_marked_and_gaps_are_not():
    assert ">×<" in line(curve(0.1, None, 0.1, notes={1: "fewer than 5 authors"}), 20)
    assert "×" not in line(curve(0.1, None, 0.1, notes={1: "no text"}), 20)


def test_partial_periods_are_hollow():
    filled = line(curve(0.1, 0.1, 0.1), 20)
    hollow = line(curve(0.1, 0.1, 0.1, partial={0, 2}), 20)

    def solid(svg):
        return len(re.findall(r"<use [^>]*style=\"fill: var\(--accent\); stroke: var\(--accent\)", svg))

    assert (solid(filled), solid(hollow)) == (3, 1)


def test_the_same_curve_gives_the_same_svg():
    assert line(curve(0.1, 0.2), 20) == line(curve(0.1, 0.2), 20)


@pytest.mark.parametrize(
    "name",
    [
        "a $x$ b",
        "$\\bad{$",
        "<b>&amp;\"'",
        "]]>--><svg onload=x>",
        "日本 👩‍💻",
        "\x1b[31mred",
        "two\nlines",
        "\ud800",
        "_^{}\\%#",
    ],
)
def test_names_of_teams_are_text_and_nothing_else(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        root = parsed(team_map([team(name, (0.1, 0.2), (0.3, 0.4))], CORNERS))
    shown = re.sub(r"[\x00-\x1f\ud800]", "·", name)
    texts = [element.text for element in root.iter("text")]
    assert shown in texts
    assert root.get("aria-label").endswith(f"{shown} at +0.3, +0.4")
    assert {element.tag for element in root.iter()} <= DRAWN


def test_the_map_names_every_team_and_corner_and_leaves_out_teams_without_a_place():
    svg = team_map([team("Payments", (0.1, 0.2)), team("Sales"), team("Depots", (0.15, 0.2))], CORNERS)
    texts = [element.text for element in parsed(svg).iter("text")]
    assert {"Payments", "Depots", "Drift", "Control", "Crowding", "Aligned", "autonomy →", "alignment →"} <= set(texts)
    assert "Sales" not in texts


def test_two_teams_of_one_name_are_both_drawn():
    svg = team_map([team("Payments", (0.1, 0.2)), team("Payments", (0.5, 0.2))], CORNERS)
    assert [element.text for element in parsed(svg).iter("text")].count("Payments") == 2


def test_charts_of_counted_text_are_drawn_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content = build(counted([*weeks_of("A", [3, 0, 5]), message("Plain.", team="B")]), outcome(), by="week")
        assert all(line(c, 10) for c in (*content.teams[0].families, *content.teams[0].signals))


def test_an_event_is_a_dashed_line_with_its_title_cut_short_and_in_full_in_the_label():
    events = [("2026-01-07", "a new lead for all of us"), ("2026-06-01", "outside")]
    root = parsed(line(curve(0.1, 0.1, 0.1), 20, events))
    texts = [element.text for element in root.iter("text")]
    assert "a new lead fo…" in texts and "outside" not in texts
    assert root.get("aria-label").endswith("; a new lead for all of us on 2026-01-07")


@pytest.mark.parametrize("title", ["<script>x</script>", "$x$", "\x1b[31m", '"><svg onload=x>'])
def test_titles_of_events_are_text(title):
    root = parsed(line(curve(0.1, 0.1), 20, [("2026-01-07", title)]))
    assert {element.tag for element in root.iter()} <= DRAWN


def test_no_region_reaches_beyond_the_corners():
    wide = Team("Payments", "5 to 9", 1, 60, path=(Place("2026-W01", 0.9, 0.9, (3.0, 2.0), 30.0),))
    root = parsed(team_map([wide], CORNERS))
    assert [
        e
        for e in root.iter("path")
        if "fill: var(--accent); opacity: 0.12" in (e.get("style") or "") and e.get("clip-path")
    ]
