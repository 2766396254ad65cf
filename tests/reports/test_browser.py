"""The report in a real browser: it fits windows wide and narrow, light, dark and on paper, and can be read by all."""

import re
import shutil
from pathlib import Path

import hostile
import numpy as np
import pytest
from fake_tagger import FakeTagger, counted, outcome, weeks_of
from matplotlib.image import imread
from pypdf import PdfReader

from textsignals.pipeline import Settings, count
from textsignals.reports.content import build
from textsignals.reports.notebook import Report

playwright = pytest.importorskip(
    "playwright.sync_api", reason="the extra `browser` is not installed", exc_type=ImportError
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="the extra `browser` is not installed", exc_type=ImportError
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (360, 768, 1280)
SCHEMES = ("light", "dark")
# Beyond what is required: text that can be read well, and each element's heading and place.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on PATH")

PAPER = "getComputedStyle(document.body).backgroundColor"
MEASURE = """() => {
  // What scrolls inside its own frame may be wider.
  const inside = e => e.closest(".wide") || e.closest("svg");
  const over = e => e.getBoundingClientRect().right > innerWidth + 1;
  const charts = [...document.querySelectorAll("svg")];
  const words = [...document.querySelectorAll("p, li, td, th, h1, h2, h3, figcaption, summary")];
  return {
    scroll: document.documentElement.scrollWidth, width: innerWidth,
    wide: [...document.querySelectorAll("body *")].filter(e => !inside(e) && over(e)).map(e => e.outerHTML),
    hidden: charts.filter(e => e.getBoundingClientRect().height <= 40).length, charts: charts.length,
    smallest: Math.min(...words.map(e => parseFloat(getComputedStyle(e).fontSize))),
  };
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        # Without a sandbox of its own, which containers do not allow; the only page is ours.
        opened = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def reports(root, tmp_path_factory):
    """Files by name: the sample exports, with a team and a command of one long word each, and others."""
    counts, read = count([root / "corpora" / "sample"], FakeTagger(), Settings())
    long = {"claims": "claims" + "-and-everything-near-it" * 4}
    counts.days = {(long.get(team, team), day, of): tally for (team, day, of), tally in counts.days.items()}
    # The tagger without a model finds nothing in real words; some flags make curves, leading signals and findings.
    for i, tally in enumerate(counts.days.values()):
        for name in ("blindside", "drift") if i % 3 else ("support", "aligned"):
            tally.statuses[(name, "asserted")] += min(tally.n_sentences, 1 + i % 5)
    names = [" ".join(hostile.MARKUP[i::3]) for i in range(3)]
    attacked = counted([m for name in names for m in weeks_of(name, [3])])
    contents = {
        "sample": build(counts, read, command="textsignals report corpora/sample --output " + "long/" * 60),
        "hostile": build(attacked, outcome(*hostile.MARKUP), by="week", command=" ".join(hostile.MARKUP)),
        # Few rows in its tables, since axe looks at each cell.
        "small": build(counted(weeks_of("Payments", [2] * 13 + [12] * 13)), outcome(), by="quarter"),
        "nothing": build(counted([]), outcome(problems=())),
    }
    folder = tmp_path_factory.mktemp("reports")
    for name, content in contents.items():
        Report(content).save(folder / f"{name}.html")
        (folder / f"{name}-notebook.html").write_text(
            f"<!DOCTYPE html><title>x</title><p id=host>Notebook</p>{Report(content)._repr_html_()}", encoding="utf-8"
        )
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture
def visit(browser):
    """Opens a file; afterwards whatever the page asked for, said on the console or showed in a dialog is a failure."""
    noise, contexts = [], []

    def opened(path: Path, width=1280, scheme="light", **more):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noise.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: noise.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (noise.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: noise.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert noise == []


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("name", ["sample", "hostile", "nothing"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_sideways_and_every_chart_is_drawn(visit, reports, name, width):
    page = visit(reports[name], width)
    unfold(page)
    found = page.evaluate(MEASURE)
    assert (found["scroll"], found["wide"]) == (width, [])
    assert found["hidden"] == 0 and (found["charts"] > 10) == (name != "nothing")
    assert found["smallest"] >= 13


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [("small", 360, "light"), ("small", 1280, "dark"), ("nothing", 768, "dark")]
)
def test_axe_finds_nothing_that_keeps_anybody_from_reading(visit, reports, name, width, scheme):
    page = visit(reports[name], width, scheme)
    unfold(page)
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = axe.Axe().run(page, options=options).response
    serious = [
        (v["id"], node["target"], node["failureSummary"])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]
    assert serious == []
    assert len(found["passes"]) > 15


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_follows_the_colour_scheme(visit, reports, scheme):
    page = visit(reports["sample"], scheme=scheme)
    light = [int(n) for n in re.findall(r"\d+", page.evaluate(PAPER))]
    assert min(light) > 240 if scheme == "light" else max(light) < 60


@pytest.mark.parametrize("scheme", SCHEMES)
def test_on_paper_the_page_is_white_and_no_wider_than_the_sheet(visit, reports, scheme, tmp_path):
    page = visit(reports["sample"], 794, scheme)
    page.emulate_media(media="print")
    found = page.evaluate(MEASURE)
    assert (found["scroll"], found["wide"]) == (794, [])
    (tmp_path / "report.pdf").write_bytes(page.pdf(format="A4", prefer_css_page_size=True))
    sheets = PdfReader(tmp_path / "report.pdf").pages
    assert 2 < len(sheets) < 60
    words = "".join(sheet.extract_text() for sheet in sheets)
    assert "How sure, and what was left out" in words and "Questions for the next retro" in words
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_a_picture_of_the_page_is_not_blank(visit, reports, tmp_path, width, scheme):
    visit(reports["sample"], width, scheme).screenshot(path=tmp_path / "page.png")
    seen = np.round(255 * imread(tmp_path / "page.png")[:, :, :3]).astype(np.uint8)
    colours, counts = np.unique(seen.reshape(-1, 3), axis=0, return_counts=True)
    paper = colours[counts.argmax()]
    assert (paper.mean() > 240) == (scheme == "light")
    assert len(colours) > 50
    # Ink stands in every quarter of the picture, from top to bottom.
    for quarter in np.array_split(seen, 4):
        assert 0.005 < (quarter != paper).any(axis=-1).mean() < 0.6


def test_hostile_names_run_nothing_in_a_browser(visit, reports):
    page = visit(reports["hostile"])
    found = page.evaluate("""() => ({
      tags: document.querySelectorAll("script, iframe, object, embed, form, input, img, link, base").length,
      orders: [...document.querySelectorAll("*")].flatMap(e => e.getAttributeNames()).filter(a => a.startsWith("on")),
      names: [...document.querySelectorAll("section.team > h2")].map(e => e.textContent),
    })""")
    assert (found["tags"], found["orders"]) == (0, [])
    assert " ".join(hostile.MARKUP[::3]) in found["names"]


@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_a_notebook_shows_the_page_in_a_frame_and_keeps_its_own_style(visit, reports, name):
    page = visit(reports[f"{name}-notebook"])
    frame = page.frames[1]
    frame.wait_for_load_state()
    assert frame.locator("h1").inner_text() == "How these teams work together"
    assert "Times" in page.evaluate("getComputedStyle(document.getElementById('host')).fontFamily")
    # Links within the report stay within it.
    frame.locator("a[href='#sure']").first.click()
    assert frame.locator("h1").count() == 1 and len(page.frames) == 2
    assert frame.evaluate("scrollY") > 100


def test_without_the_page_itself_nothing_is_asked_for_offline(visit, reports):
    assert visit(reports["sample"], offline=True).title().startswith("Autonomy culture: ")
