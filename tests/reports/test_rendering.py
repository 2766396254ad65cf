"""The report of the sample company in a real browser: it fits wide and narrow windows, in light and in dark."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from fake_tagger import FakeTagger
from matplotlib.image import imread

from textsignals.pipeline import Settings, count
from textsignals.reports.content import build
from textsignals.reports.writers import write

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --hide-scrollbars --allow-file-access-from-files"
).split()
# What Blink calls the colour schemes.
SCHEMES = {"dark": 0, "light": 1}
WIDTHS = (1280, 390)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on PATH")

# The page is measured from outside: an iframe has the width asked for, which headless windows under 500 px have not.
WRAPPER = """<!DOCTYPE html><meta charset="utf-8"><style>
html, body {{ margin: 0 }} iframe {{ border: 0; display: block }}
</style><iframe src="{page}" width="{width}" height="{height}"></iframe><pre id="measured"></pre><script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const opened = {opened};
  if (opened) page.querySelectorAll("details").forEach(d => d.open = true);
  // What scrolls inside its own frame may be wider.
  const inside = e => e.closest(".wide") || e.closest("svg");
  const over = e => e.getBoundingClientRect().right > {width} + 1;
  const wide = [...page.querySelectorAll("body *")].filter(e => !inside(e) && over(e));
  const shown = getComputedStyle(page.body);
  document.getElementById("measured").textContent = JSON.stringify({{
    scroll: page.documentElement.scrollWidth, client: page.documentElement.clientWidth,
    wide: wide.map(e => e.tagName + "." + e.className).slice(0, 5), paper: shown.backgroundColor, ink: shown.color,
    charts: [...page.querySelectorAll("svg")].filter(e => e.getBoundingClientRect().height > 40).length,
    all: page.querySelectorAll("svg").length,
    smallest: Math.min(...[...page.querySelectorAll("p, li, td, th, h1, h2, h3, figcaption, summary")]
      .map(e => parseFloat(getComputedStyle(e).fontSize))),
  }});
}};
</script>"""


@pytest.fixture(scope="module")
def page(root, tmp_path_factory):
    """The report of the sample exports, with a team and a command of one long word each."""
    counts, outcome = count([root / "corpora" / "sample"], FakeTagger(), Settings())
    long = {"claims": "claims" + "-and-everything-near-it" * 4}
    counts.days = {(long.get(team, team), day, of): tally for (team, day, of), tally in counts.days.items()}
    # The tagger without a model finds nothing in real words; some flags make curves, leading signals and findings.
    for i, tally in enumerate(counts.days.values()):
        for name in ("blindside", "drift") if i % 3 else ("support", "aligned"):
            tally.statuses[(name, "asserted")] += min(tally.n_sentences, 1 + i % 5)
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(build(counts, outcome, command="textsignals report corpora/sample --output " + "long/" * 60), path)
    return path


def browse(page, folder, width, scheme, *flags, opened=False):
    wrapper = folder / "wrapper.html"
    wrapper.write_text(
        WRAPPER.format(page=page.as_uri(), width=width, height=1000, opened=str(opened).lower()), encoding="utf-8"
    )
    command = [
        *[BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={max(width, 500)},1000"],
        *[f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", *flags, wrapper.as_uri()],
    ]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout.decode()


def measure(*args, **more):
    dom = browse(*args, "--dump-dom", **more)
    return json.loads(html.unescape(re.search(r'<pre id="measured">(.*?)</pre>', dom).group(1)))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_sideways_and_every_chart_is_drawn(page, tmp_path, width, scheme):
    found = measure(page, tmp_path, width, scheme, opened=True)
    assert found["client"] == width
    assert (found["scroll"], found["wide"]) == (width, [])
    assert found["charts"] == found["all"] > 10
    assert found["smallest"] >= 13


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_follows_the_colour_scheme_with_enough_contrast(page, tmp_path, scheme):
    found = measure(page, tmp_path, 390, scheme)
    paper, ink = _luminance(found["paper"]), _luminance(found["ink"])
    assert paper > 0.9 if scheme == "light" else paper < 0.05
    # The strictest level of the Web Content Accessibility Guidelines asks for 7.
    assert (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) > 7


def _luminance(colour):
    channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_picture_of_the_page_is_not_blank(page, tmp_path, width, scheme):
    picture = tmp_path / "page.png"
    browse(page, tmp_path, width, scheme, f"--screenshot={picture}")
    seen = np.round(255 * imread(picture)[:, :width, :3]).astype(np.uint8)
    assert seen.shape[1] == width
    colours, counts = np.unique(seen.reshape(-1, 3), axis=0, return_counts=True)
    paper = colours[counts.argmax()]
    assert (paper.mean() > 240) == (scheme == "light")
    assert len(colours) > 50
    # Ink stands in every quarter of the picture, from top to bottom.
    for quarter in np.array_split(seen, 4):
        assert 0.005 < (quarter != paper).any(axis=-1).mean() < 0.6
