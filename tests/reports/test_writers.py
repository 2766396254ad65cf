import csv
import dataclasses
import io
import json
import math
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_tagger import counted, message, outcome, weeks_of
from lxml.html import fromstring

from textsignals.errors import TextSignalsError
from textsignals.measures.changes import Event
from textsignals.records import Problem
from textsignals.reports.content import build
from textsignals.reports.writers import WRITERS, as_json, html, markdown, table, write
from textsignals.taxonomy import load_taxonomy

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """What a browser would make of a page: elements with attributes, nesting, and text by element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.wrong, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))


def content_of(*names, problems=(), **more):
    messages = [m for name in names for m in weeks_of(name, [3, 1, 4, 1])]
    messages += [message("Plain.", team=f"{name} small", day=date(2026, 1, 6)) for name in names]
    return build(counted(messages), outcome(*names, problems=problems), by="week", **more)


def written(content, path):
    write(content, path)
    return path.read_text(encoding="utf-8")


def assert_harmless(page):
    assert not page.wrong and not page.open
    for tag, attributes in page.elements:
        assert tag not in {
            "script",
            "iframe",
            "object",
            "embed",
            "link",
            "base",
            "form",
            "img",
            "image",
            "foreignobject",
        }
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"href", "xlink:href", "src", "action", "srcset", "background"}:
                assert value.startswith("#")
            if name == "style":
                assert "url(" not in value.replace("url(#", "")


def test_page_has_no_script_loads_nothing_and_is_nested_rightly():
    text = html(content_of("Payments", "Sales"))
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    page = Page(text)
    assert_harmless(page)
    assert not re.search(r"https?://|//[a-z]", text)
    assert [tag for tag, _ in page.elements if tag in {"html", "head", "body", "main", "title", "h1"}] == [
        *["html", "head", "title", "body", "main", "h1"],
    ]


def test_page_forbids_everything_but_its_own_styles():
    page = Page(html(content_of("Payments")))
    policies = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    styles = "".join(data for tag, data in page.texts if tag == "style")
    assert "@import" not in styles and "url(" not in styles


def test_tables_in_markdown_keep_their_columns():
    text = markdown(content_of("a | b", "# c"))
    tables = re.findall(r"(?:^\|.*\|$\n)+", text, re.MULTILINE)
    for rows in tables:
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows.splitlines()}
        assert len(widths) == 1
    before = [text[: text.index(rows)] for rows in tables]
    assert all(b.endswith("\n\n") for b in before)


def test_csv_has_a_row_for_each_point_and_notes_for_what_is_hidden():
    content = build(
        counted(
            [
                *weeks_of("Payments", [3]),
                *weeks_of("Payments", [9], n_authors=3, per_author=20, start=date(2026, 1, 19)),
                *weeks_of("Pair", [3], n_authors=2, per_author=30),
            ]
        ),
        outcome(),
        by="week",
    )
    rows = list(csv.DictReader(io.StringIO(table(content))))
    columns = "team,period,level,signal,n_messages,n_sentences,n_authors,n_asserted,n_negated,n_hypothetical"
    assert list(rows[0]) == f"{columns},n_resolved,n_reported,rate_per_100,low,high,partial,audience,note".split(",")
    [row] = [row for row in rows if row["signal"] == "blindside"]
    counted_ = ("period", "level", "n_sentences", "n_authors", "n_asserted", "n_negated", "partial", "note")
    assert [row[name] for name in counted_] == ["2026-W02", "signal", "60", "5 to 9", "3", "0", "0", ""]
    assert float(row["low"]) <= float(row["rate_per_100"]) <= float(row["high"])
    # What is not shown has no number at all, and one row each.
    others = [row for row in rows if not row["signal"]]
    assert [(row["team"], row["period"], row["note"]) for row in others] == [
        ("Pair", "2026-W02", "fewer than 5 authors"),
        ("Payments", "2026-W03", "no text"),
        ("Payments", "2026-W04", "fewer than 5 authors"),
    ]
    assert all(not any(list(row.values())[2:-2]) for row in others)
    # Two teams are for the organisation: three signals and a family are not told of each.
    assert len(rows) == 26 - 4 + 3


@pytest.mark.parametrize("ending", sorted(WRITERS))
def test_the_same_input_gives_the_same_bytes(tmp_path, ending):
    paths = [tmp_path / f"{name}{ending}" for name in "ab"]
    for path in paths:
        write(content_of("Payments", "Sales"), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"\r" not in paths[0].read_bytes()


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("r.html", "<!DOCTYPE html>"),
        ("r.MD", "# How these"),
        ("r.csv", "team,period,"),
        ("r.json", '{\n "schema": 1,'),
        ("new/folder/r.csv", "team,"),
    ],
)
def test_the_ending_decides_and_folders_are_made(tmp_path, name, start):
    assert written(content_of("Payments"), tmp_path / name).startswith(start)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [Path(name).name]


@pytest.mark.parametrize("name", ["r.pdf", "r", "r.html.gz", ".html"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(TextSignalsError) as caught:
        write(content_of("Payments"), tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: a report ends in .html, .md, .csv, .json; choose one of them"


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "r.html"
    with pytest.raises(TextSignalsError) as caught:
        write(content_of("Payments"), path)
    assert re.fullmatch(f"{path}: cannot be written: [A-Z][a-z ]+; choose another place with -o", str(caught.value))


def test_a_disk_that_fills_up_leaves_the_old_report_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    path.write_text("the old report")

    def half(self, data, **options):
        with self.open("w") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(TextSignalsError, match=r"r\.html: cannot be written: No space left on device; choose another"):
        write(content_of("Payments"), path)
    assert path.read_bytes() == b"the old report"
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


@pytest.mark.parametrize("maker", WRITERS.values())
def test_reports_on_nothing_and_on_undated_text_can_be_written(maker):
    undated = [message("A !silo. Plain. Plain. Plain. Plain.", author=f"p{i}", day=None) for i in range(6)]
    for messages in ([], undated):
        assert maker(build(counted(messages), outcome()))


def test_the_account_and_the_problems_are_in_the_page_and_in_markdown():
    content = content_of("Payments", problems=[Problem("a.csv", "line 3", "'x' is not a date", "write it")])
    for text in (html(content), markdown(content)):
        assert "10 records read = 8 messages + 2 skipped + 0 quarantined." in text
    assert "<li>a.csv, line 3: &#39;x&#39; is not a date; write it</li>" in html(content)
    assert "- could not be read: a.csv, line 3: 'x' is not a date; write it\n" in markdown(content)


# Of persons; that something overloads or wears out is a matter of how work is run.
FEELINGS = r"angry|anger|sad|afraid|anxious|anxiety|happy|unhappy|frustrat\w*|toxic\w*|stress\w*|depress\w*|burn-?out"
FEELINGS += r"|emotion\w*|mood|morale|sentiment|feelings?|motivat\w*|engaged|attitude|disorder|diagnos\w*"
RANKS = r"rank\w*|worst|best|top performer\w*|low performer\w*|leader ?board|league|score ?card|better than|worse than"


@pytest.mark.parametrize("maker", [html, markdown])
@pytest.mark.parametrize("audience", ["team", "organisation"])
def test_words_about_feelings_of_people_and_ranks_are_not_used(maker, audience):
    messages = [m for name in ("Payments", "Sales", "Depots") for m in weeks_of(name, [1 + week for week in range(20)])]
    for signal in load_taxonomy().signals:
        messages += weeks_of("Payments", [3, 1, 4, 1], signal=signal)
    content = build(
        counted(messages), outcome(), by="week", audience=audience, events=[Event(date(2026, 2, 2), "new lead")]
    )
    text = re.sub(r"<style>.*?</style>", "", maker(content), flags=re.DOTALL)
    assert content.findings
    # The one mention says that there is none.
    assert re.findall(rf"\b(?:{FEELINGS}|{RANKS})\b", text, re.IGNORECASE) == ["ranking"]
    assert "There is no ranking." in text


def strings(value):
    """All names, texts and numbers of plain data."""
    if isinstance(value, dict | list):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from strings(part)
    else:
        yield value


def test_every_number_of_the_tables_of_a_page_is_in_json():
    content = content_of("Payments", "Sales")
    held = list(strings(json.loads(as_json(content), parse_constant=pytest.fail)))
    numbers = [value for value in held if isinstance(value, int | float)]
    told = {str(n) for n in numbers} | {f"{100 * n:.1f}" for n in numbers} | set(filter(str.__instancecheck__, held))
    # What is right and wrong of the tags adds up to all tags.
    told |= {str(q.tp + q.fp) for q in content.quality.values()} | {f"{abs(n):.2f}" for n in numbers}
    told |= {number for text in held if isinstance(text, str) for number in re.findall(r"\d[\d.]*", text)}
    cells = [cell.text_content() for cell in fromstring(html(content)).iterfind(".//table//td")]
    shown = {number for cell in cells for number in re.findall(r"\d[\d.]*", cell)}
    assert len(shown) > 20
    assert shown <= told


def test_json_tells_what_cannot_be_known_as_null_and_refuses_what_has_no_form():
    content = content_of("Payments")
    vague = dataclasses.replace(content.teams[0].families[0].whole, rate=math.nan, high=math.inf)
    family = dataclasses.replace(content.teams[0].families[0], whole=vague)
    team = dataclasses.replace(content.teams[0], families=(family,))
    read = json.loads(as_json(dataclasses.replace(content, teams=(team,))))
    told = {"flagged": 9, "total": 240, "rate": None, "low": round(vague.low, 6), "high": None}
    assert read["teams"][0]["families"][0]["whole"] == told
    with pytest.raises(TypeError, match="a report holds a set, which has no form in JSON"):
        as_json(dataclasses.replace(content, silent={"Payments"}))
    with pytest.raises(TypeError, match="a report holds a Counter, which has no form in JSON"):
        as_json(dataclasses.replace(content, silent=counted(weeks_of("Payments", [3])).cells("week").popitem()[1]))


def test_json_holds_the_parts_of_the_content_in_their_order_and_the_account():
    content = content_of("Payments", problems=[Problem("a.csv", "line 3", "'x' is not a date", "write it")])
    read = json.loads(as_json(content))
    parts = [f.name for f in dataclasses.fields(content) if f.name not in ("outcome", "model", "counts")]
    assert list(read) == ["schema", "versions", "model", *parts, "account", "counts"]
    assert read["model"] == {"name": "fake", "version": "1", "digest": "0" * 12}
    [account] = read["account"]["inputs"]
    assert (account["read"], account["yielded"], account["skipped"]) == (10, 8, {"empty": 2})
    assert account["problems"][0]["place"] == "line 3"
    assert read["counts"] == content.counts.to_dict("records")


def test_a_table_of_nothing_has_its_columns():
    undated = build(counted([message("Plain.")]), outcome())
    header, row = csv.reader(io.StringIO(table(undated)))
    assert len(header) == len(row) == 18 and row[0] == "Payments"
