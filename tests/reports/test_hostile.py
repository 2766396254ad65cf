"""Nothing that stands in an input becomes more than text, in any field of any format."""

import csv
import dataclasses
import io
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache

import hostile
import html5lib
import pandas as pd
import pytest
from fake_tagger import FakeTagger, counted, outcome, weeks_of
from lxml.html import fromstring
from markdown_it import MarkdownIt

from textsignals import cli
from textsignals.measures.periods import STEPS
from textsignals.measures.scores import UNDATED
from textsignals.records import FileReport, Problem, ReadReport
from textsignals.reports import charts, writers
from textsignals.reports.cards import Team
from textsignals.reports.content import build
from textsignals.reports.notebook import Report
from textsignals.reports.wording import clean
from textsignals.tagging import tagger as tagging
from textsignals.teams import public_path, whole

PLAIN = "word"
# What a report is made of; all else, whatever writes it, would be a way in.
ELEMENTS = set(
    "html head meta title style body main header footer nav section article aside h1 h2 h3 h4 p a ul ol li dl dt dd em"
    " strong b i small sub sup abbr time code pre blockquote q span div br hr figure figcaption details summary table"
    " caption colgroup col thead tbody tfoot tr th td svg g path defs use rect circle ellipse line polyline polygon"
    " clipPath text tspan desc".split()
)
LINKS = {"href", "src", "srcset", "srcdoc", "action", "formaction", "data", "background", "poster", "ping"}
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@pytest.fixture(scope="module")
def content():
    """A report with a finding, whose names are not yet hostile."""
    rising = weeks_of("Payments", [2] * 13 + [12] * 13)
    steady = [m for name in ("Sales", "Quays") for m in weeks_of(name, [2, 1, 2])]
    counts = counted([*rising, *steady])
    made = build(counts, outcome("in.csv"), by="month", audience="team", command="textsignals report")
    assert made.findings
    return made


@pytest.fixture
def without_charts(monkeypatch):
    """Leaves out what takes long to draw; charts have a test of their own."""
    monkeypatch.setattr(charts, "line", lambda *args, **more: '<svg role="img"></svg>')
    monkeypatch.setattr(charts, "team_map", lambda *args, **more: '<svg role="img"></svg>')


def poisoned(content, text):
    """The report with a text in place of all that is not a name of ours: of signals, families and periods."""
    taxonomy = content.model.taxonomy
    ours = {*taxonomy.signals, *taxonomy.families, *content.periods, *STEPS, UNDATED, "balanced", "organisation"}

    def changed(value):
        if isinstance(value, str):
            return value if set(value.split(", ")) <= ours else text
        if dataclasses.is_dataclass(value):
            parts = {f.name: changed(getattr(value, f.name)) for f in dataclasses.fields(value)}
            # Counting lets no team have a name that no file could hold.
            parts |= {"name": whole(text)} if isinstance(value, Team) else {}
            return dataclasses.replace(value, **parts)
        return type(value)(changed(part) for part in value) if isinstance(value, tuple | list) else value

    # Days are never more than days.
    kept = {"outcome", "model", "quality", "by", "counts", "first", "last"}
    fields = {f.name: getattr(content, f.name) for f in dataclasses.fields(content) if f.name not in kept}
    # One of each kind will do.
    team = dataclasses.replace(content.teams[0], families=content.teams[0].families[:1], signals=())
    fields |= {"teams": (team,)}
    fields = {name: changed(value) for name, value in fields.items()}
    fields["hidden"] = tuple((whole(team), periods, reason) for team, periods, reason in fields["hidden"])
    counts = content.counts[(content.counts.team == team.name) & (content.counts.signal == team.families[0].name)]
    file = FileReport(text, text, 1, 0, {text: 1}, 0, {text: 1}, (text,))
    problem = Problem(text, text, text, text)
    return dataclasses.replace(
        content,
        **fields,
        counts=counts.assign(team=whole(text)),
        outcome=dataclasses.replace(content.outcome, reports=[ReadReport(text, (file,), (problem,))]),
        model=dataclasses.replace(content.model, name=text, version=text, digest=text, meta={"judged_on": text}),
    )


@cache
def skeleton(text):
    """The elements of a page with the names of their attributes: what no text may change."""
    page = fromstring(text)
    return [(e.tag, sorted(e.attrib)) if isinstance(e.tag, str) else (str(e), []) for e in page.iter()]


def assert_harmless(page):
    """A page, read as browsers read it, has known elements only, runs nothing and loads nothing."""
    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        assert isinstance(element.tag, str), f"a comment: {element.text}"
        assert element.tag.split("}")[-1] in ELEMENTS
        for name, value in element.attrib.items():
            bare = name.split("}")[-1]
            assert not bare.startswith("on")
            assert bare not in LINKS or value.startswith("#")
            assert bare == "aria-label" or "url(" not in value.replace("url(#", "")


@pytest.mark.parametrize("text", hostile.ALL)
def test_no_text_changes_what_a_page_is_made_of(content, without_charts, text):
    page = writers.html(poisoned(content, text))
    assert skeleton(page) == skeleton(writers.html(poisoned(content, PLAIN)))
    assert_printable(page)


def test_every_text_is_shown_as_it_is(content, without_charts):
    for text in hostile.ALL:
        page = fromstring(writers.html(poisoned(content, text)))
        [shown] = page.xpath("//section[contains(@class, 'team')]/h2")
        assert shown.text_content() == clean(whole(text))


def test_a_page_of_hostile_names_is_harmless_to_a_parser_that_works_as_browsers_do(content):
    for text in (" ".join(hostile.MARKUP), " ".join(hostile.CONTROLS)):
        assert_harmless(writers.html(poisoned(content, text)))


def test_no_text_changes_what_a_chart_is_made_of(content):
    curve = content.teams[0].families[0]
    plain = skeleton(charts.line(dataclasses.replace(curve, title=PLAIN), 10.0))
    # Titles are those of the taxonomy, which is a text file.
    for text in [*hostile.MARKUP, *map(whole, hostile.CONTROLS)]:
        assert skeleton(charts.line(dataclasses.replace(curve, title=text), 10.0)) == plain, text


def test_no_name_changes_what_the_map_is_made_of(content):
    team = content.placed[0]

    def drawn(names):
        return charts.team_map([dataclasses.replace(team, name=name) for name in names], [("x", 1, 1)])

    names = [text for text in [*hostile.MARKUP, *hostile.CONTROLS, *hostile.JSON] if text.strip()]
    assert skeleton(drawn(names)) == skeleton(drawn([PLAIN] * len(names)))
    assert_printable(drawn(names))


def assert_printable(text):
    """No control but line ends, no half of a pair, and nothing that turns the direction of writing."""
    odd = {c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"}
    assert odd | (set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")) == set()


def blocks(text):
    """What Markdown makes of a text, without the text: kinds of blocks, and of what is inside of them."""
    tokens = MARKDOWN.parse(text)
    inside = [[child.type for child in token.children or ()] for token in tokens]
    return [(token.type, token.tag, kinds or ["text"]) for token, kinds in zip(tokens, inside, strict=True)]


@pytest.mark.parametrize("text", hostile.ALL)
def test_no_text_changes_what_markdown_is_made_of(content, text):
    written = writers.markdown(poisoned(content, text))
    assert blocks(written) == blocks(writers.markdown(poisoned(content, PLAIN)))
    assert_printable(written)
    tokens = MARKDOWN.parse(written)
    headings = [tokens[i + 1].children for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert " ".join(clean(whole(text)).split()) in ["".join(child.content for child in h) for h in headings]


def test_markdown_is_made_of_text_only(content):
    kinds = {kind for _, _, kinds in blocks(writers.markdown(poisoned(content, PLAIN))) for kind in kinds}
    assert kinds == {"text"}


@pytest.mark.parametrize("text", hostile.ALL)
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits_the_line(content, text):
    written = writers.table(poisoned(content, text))
    assert_printable(written)
    for delimiter in ",;\t|":
        for row in csv.reader(io.StringIO(written), delimiter=delimiter):
            assert [cell for cell in row if formula(cell)] == []
    shapes = [pd.read_csv(io.StringIO(t)).shape for t in (written, writers.table(poisoned(content, PLAIN)))]
    assert shapes[0] == shapes[1]


def formula(cell):
    kept = (c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c)[0] not in "ZC")
    return next((c for c in kept if c != '"'), " ") in "=+-@"


@pytest.mark.parametrize("text", hostile.ALL)
def test_no_text_changes_the_shape_of_json(content, text):
    written = writers.as_json(poisoned(content, text))
    assert written.isascii() and not set("<>&") & set(written)
    assert_printable(written)
    read = json.loads(written, parse_constant=pytest.fail)
    shown = {clean(text), clean(whole(text)), public_path(clean(text))}
    assert renamed(read, shown) == json.loads(writers.as_json(poisoned(content, PLAIN)))


def renamed(value, shown):
    """Plain data with the harmless text in place of what is shown of another."""
    if isinstance(value, Mapping):
        return {renamed(name, shown): renamed(part, shown) for name, part in value.items()}
    if isinstance(value, list):
        return [renamed(part, shown) for part in value]
    return PLAIN if value in shown else value


@pytest.mark.parametrize("text", hostile.ALL)
def test_a_notebook_gets_one_frame_that_may_do_nothing(content, without_charts, text):
    shown = Report(poisoned(content, text))
    [frame] = html5lib.parseFragment(shown._repr_html_(), namespaceHTMLElements=False)
    assert (frame.tag, sorted(frame.attrib)) == ("iframe", ["sandbox", "srcdoc", "style", "title"])
    assert frame.attrib["sandbox"] == ""
    page = re.sub(r'<base href="about:srcdoc">\n', "", frame.attrib["srcdoc"])
    assert skeleton(page) == skeleton(writers.html(poisoned(content, PLAIN)))
    assert_printable(repr(shown))
    assert_printable(shown.table.to_csv())


def test_hostile_files_are_told_of_harmlessly_by_the_command(runner, tmp_path, monkeypatch):
    monkeypatch.setattr(tagging, "load", lambda model="en", operating_point="balanced": FakeTagger())
    names = [t for t in hostile.ALL if len(t) < 200 and t.strip(". ") and whole(t) == t and not {"/", "\0"} & set(t)]
    folder = tmp_path / "exports"
    folder.mkdir()
    for i, name in enumerate(names):
        # Every third is a table with a day that is none.
        rows = [("date", "team", "author", "text"), ("x" if i % 3 == 0 else "2026-01-05", name, name, "A !silo.")]
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
    (folder / "\udcff half of a name").write_text("x")
    for ending in writers.WRITERS:
        path = tmp_path / f"r{ending}"
        result = runner.invoke(cli.main, ["report", str(folder), "-o", str(path), "--format", "table"])
        assert isinstance(result.exception, SystemExit) and path.exists(), result.output
        assert_printable(result.stderr)
        assert_printable(path.read_text(encoding="utf-8"))
    assert_harmless((tmp_path / "r.html").read_text(encoding="utf-8"))
    kinds = {kind for _, _, kinds in blocks((tmp_path / "r.md").read_text(encoding="utf-8")) for kind in kinds}
    assert kinds == {"text"}
