from __future__ import annotations

import io
import logging
import re
import time

import pytest
from damage import damage_never_crashes, read_anyway
from exports import read_all, write
from pypdf import PdfReader, PdfWriter

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff
from textsignals.readers.documents import pdf as reader


def text(size, x, y, words, font="F1"):
    """Return the operations that draw words at a place."""
    written = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({written}) Tj ET\n"


def lines(*written, x=72, top=700, size=11, leading=14):
    return "".join(text(size, x, top - i * leading, line) for i, line in enumerate(written))


def pdf(*contents, extra=(), page=""):
    """Return a PDF with one page for each stream of operations; `extra` objects are numbered from 5 + 2 per page."""
    first = 5
    forms = "/XObject << /X 9 0 R >> " if any("/Form" in body for body in extra) else ""
    kids = [first + 2 * i for i in range(len(contents))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(f'{k} 0 R' for k in kids)}] /Count {len(kids)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for kid, content in zip(kids, contents, strict=True):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {kid + 1} 0 R {page}"
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> {forms}>> >>"
        )
        objects.append(f"<< /Length {len(content.encode('cp1252'))} >>\nstream\n{content}\nendstream")
    objects += extra
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body.encode("cp1252") + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def read_pdf(tmp_path, data, name="2026-03-13 retro.pdf"):
    return read_all(write(tmp_path / name, data))


MINUTES = (
    text(18, 72, 740, "Weekly sync", "F2")
    + lines("13 March 2026", top=710)
    + text(11, 72, 680, "What held us up", "F2")
    + lines(
        "We had agreed to hand the labels over to the night shift on Thursday, but no-",
        "body told them of it, and so the gate stayed shut until the weekend.",
        top=660,
    )
    + lines("• Nobody decides (again)", "• We wait for legal, who wait for somebody else whom none of us has", top=620)
    + lines("ever seen", x=84, top=592)
    + lines("- Ana asks", top=570)
)
VALID = {"minutes.pdf": pdf(MINUTES)}


def test_lines_become_headings_paragraphs_and_bullets(tmp_path):
    found, report = read_pdf(tmp_path, VALID["minutes.pdf"], "sync.pdf")
    section = "Weekly sync > What held us up"
    assert [(m.text, m.section, m.locator, m.kind) for m in found] == [
        (
            "We had agreed to hand the labels over to the night shift on Thursday, but nobody told them of it, and so"
            " the gate stayed shut until the weekend.",
            section,
            "page 1",
            "note",
        ),
        ("Nobody decides (again)", section, "page 1", "note"),
        ("We wait for legal, who wait for somebody else whom none of us has ever seen", section, "page 1", "note"),
        ("Ana asks", section, "page 1", "note"),
    ]
    assert {(m.channel, f"{m.timestamp:%F}", m.time_source, m.source) for m in found} == {
        ("Weekly sync", "2026-03-13", "document", "pdf")
    }
    assert report.skipped == {"heading": 2, "label": 1}
    assert report.files[0].details == {"pages": 1, "words": 63}


def test_words_drawn_one_by_one_are_one_line_and_columns_are_not_mixed(tmp_path):
    words = "".join(text(11, 72 + 40 * i, 700, word) for i, word in enumerate(["We", "wait", "for", "legal."]))
    left = lines("The left column says what we had", "planned for the whole week.", x=72, top=600)
    right = lines("The right column says what we", "did in the end, as ever.", x=330, top=600)
    found, _ = read_pdf(tmp_path, pdf(words + left + right))
    assert [m.text for m in found] == [
        "We wait for legal.",
        "The left column says what we had planned for the whole week.",
        "The right column says what we did in the end, as ever.",
    ]


def test_a_row_drawn_across_is_read_cell_by_cell(tmp_path):
    row = text(11, 72, 700, "Nobody decides") + text(11, 330, 700, "Ana asks legal")
    found, _ = read_pdf(tmp_path, pdf(row))
    assert [m.text for m in found] == ["Nobody decides", "Ana asks legal"]


def test_what_repeats_at_the_edges_of_pages_is_left_out(tmp_path):
    said = ["We wait for legal in the first week,", "We wait for legal in the second week,", "We still wait."]
    pages = [
        text(9, 72, 770, "Minutes of the payments team") + lines(line, top=600) + text(9, 300, 30, f"Page {i} of 3")
        for i, line in enumerate(said, start=1)
    ]
    found, report = read_pdf(tmp_path, pdf(*pages))
    assert [(m.text, m.locator) for m in found] == [(line, f"page {i}") for i, line in enumerate(said, start=1)]
    assert report.skipped == {"page header": 6}


def test_a_sentence_goes_on_over_the_end_of_a_page(tmp_path):
    found, _ = read_pdf(
        tmp_path, pdf(lines("We wait for legal and have", top=60), lines("not heard of them.", top=700))
    )
    assert [(m.text, m.locator) for m in found] == [("We wait for legal and have not heard of them.", "page 1")]


def test_a_hyphen_stays_where_the_word_is_written_with_it_elsewhere(tmp_path):
    page = lines(
        "The hand-over failed, as each hand-", "over before failed in the same inter-", "esting way, week by week."
    )
    [found], _ = read_pdf(tmp_path, pdf(page))
    assert found.text == (
        "The hand-over failed, as each hand-over before failed in the same interesting way, week by week."
    )


def test_comments_are_read_with_their_author(tmp_path):
    note = "<< /Type /Annot /Subtype /Text /Contents (Who agreed?) /T (Bo) /M (D:20260313101500Z) /Rect [0 0 9 9] >>"
    link = "<< /Type /Annot /Subtype /Link /Contents (no words of ours) /Rect [0 0 9 9] >>"
    data = pdf(lines("We ship on Friday."), extra=(note, link), page="/Annots [7 0 R 8 0 R] ")
    found, _ = read_pdf(tmp_path, data)
    assert [(m.kind, m.author, m.text, m.locator) for m in found] == [
        ("note", None, "We ship on Friday.", "page 1"),
        ("comment", "Bo", "Who agreed?", "page 1, comment"),
    ]
    assert f"{found[1].timestamp:%F %R}" == "2026-03-13 10:15"


def locked(password):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(VALID["minutes.pdf"])))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_locked_only_against_changes_is_read(tmp_path):
    found, _ = read_pdf(tmp_path, locked(""))
    assert len(found) == 4


LOOP = b"""%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [2 0 R] /Count 9 >> endobj"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            pdf("0 0 10 10 re f"),
            "holds no text, only pictures of it or nothing; text in pictures is not read (no OCR): run it through a"
            " program that recognises text",
        ),
        (locked("secret"), "is protected with a password; save it without the password"),
        (b"%PDF-1.4\nnothing else", "is no complete PDF (PdfStreamError); copy or export it again"),
        (pdf(), "has no pages; copy or export it again"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, data, message):
    path = write(tmp_path / "a.pdf", data)
    with pytest.raises(InputError) as error:
        list(ts.read(path))
    assert str(error.value) == f"{path}: {message}"


def test_pages_without_text_beside_others_are_counted(tmp_path):
    found, report = read_pdf(tmp_path, pdf(lines("We wait."), "0 0 10 10 re f"))
    assert [m.text for m in found] == ["We wait."]
    assert report.files[0].details["pages without text"] == 1
    assert "pages without text, such as scans, are not read: 1" in report.assumptions


def test_too_many_pages_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_PAGES", 1)
    with pytest.raises(InputError, match=r"has over 1 pages; split it"):
        read_pdf(tmp_path, pdf(MINUTES, MINUTES))


def test_a_page_that_draws_without_end_is_quarantined_and_the_others_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_OPERATIONS", 500)
    found, report = read_pdf(tmp_path, pdf(lines("We wait."), "q Q\n" * 1000))
    assert [m.text for m in found] == ["We wait."]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / '2026-03-13 retro.pdf'}, page 2: draws too much for a page (_TooMuchError); print it to a new PDF"
    ]


def test_pages_that_share_one_content_are_read_up_to_what_the_file_may_draw(tmp_path, monkeypatch):
    data = pdf(lines("We wait."), *["q"] * 9)
    shared = re.sub(rb"/Contents \d+ 0 R", b"/Contents 6 0 R", data)
    monkeypatch.setattr(reader, "_CONTENT_PER_BYTE", 0)
    monkeypatch.setattr(reader, "MAX_CONTENT_BYTES", 5 * len(lines("We wait.")) + 20)
    report = read_pdf(tmp_path, shared)[1]
    assert report.quarantined == 5
    assert {p.problem for p in report.problems} == {"draws too much for a page (_TooMuchError)"}
    assert [p.place for p in report.problems] == [f"page {n}" for n in range(6, 11)]


def test_a_form_that_is_drawn_again_and_again_is_limited_by_its_size(tmp_path, monkeypatch):
    content = lines("We wait.") * 100
    drawn = pdf("/X Do " * 50, lines("We go."), extra=[form(9, content)])
    monkeypatch.setattr(reader, "MAX_CONTENT_BYTES", 10 * len(content))
    found, report = read_pdf(tmp_path, drawn)
    assert ([m.text for m in found], [p.place for p in report.problems]) == (["We go."], ["page 1"])


def form(number, draws):
    content = f"q /X Do Q {lines('We wait.')}" if draws is None else draws
    return (
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Length {len(content)}"
        f" /Resources << /Font << /F1 3 0 R >> /XObject << /X {number} 0 R >> >> >>\nstream\n{content}\nendstream"
    )


@pytest.mark.parametrize(
    "data",
    [
        LOOP,
        # A form that draws itself, and forms that draw the next one ten times each.
        pdf("/X Do", "/X Do", extra=[form(9, None)]),
        pdf("/X Do", "/X Do", extra=[*(form(10 + i, "/X Do " * 10) for i in range(20)), form(9, lines("We wait."))]),
        pdf("q " * 50_000),
        pdf("[" * 50_000),
        pdf("BT /F1 1e300 Tf 1e300 1e300 1e300 1e300 1e300 1e300 Tm (We wait) Tj ET"),
    ],
)
def test_hostile_files_end_soon(tmp_path, monkeypatch, data):
    monkeypatch.setattr(reader, "MAX_FORMS", 100)
    path = write(tmp_path / "hostile.pdf", data)
    start = time.process_time()
    read_anyway(path)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"startxref", b"startxxx"),
        # Objects that do not exist: a font, the words of the page, the page.
        (b"/F1 3 0 R", b"/F1 9 0 R"),
        (b"/Contents 6 0 R", b"/Contents 9 0 R"),
        (b"/Kids [5 0 R]", b"/Kids [9 0 R]"),
    ],
)
def test_pypdf_tells_nobody_of_damage_and_logging_is_as_before(tmp_path, capsys, caplog, old, new):
    assert old in VALID["minutes.pdf"]
    data = VALID["minutes.pdf"].replace(old, new)
    path = write(tmp_path / "a.pdf", data)
    logger = logging.getLogger("pypdf")
    before = (logger.disabled, logger.propagate, list(logger.handlers))
    read_anyway(path)
    # What reaches the root goes to standard error, unless somebody else listens there, as the tests do.
    assert (capsys.readouterr().err, caplog.records) == ("", [])
    assert (logger.disabled, logger.propagate, list(logger.handlers)) == before


def test_damaged_files_never_crash(tmp_path):
    damage_never_crashes(tmp_path / "damaged.pdf", VALID["minutes.pdf"])


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [("a.pdf", b"%PDF-1.7\n", "pdf"), ("a", b"junk\n%PDF-1.7\n", "pdf"), ("a.md", b"# We wait", "notes")],
)
def test_a_pdf_is_known_by_its_mark(tmp_path, name, head, format_):
    assert sniff(write(tmp_path / name, head))[0] == format_


# Words as pypdf counts them: those of the memo without its signature line break, the two columns in reading order.
@pytest.mark.parametrize(
    ("name", "pages", "words", "order"),
    [
        ("fake-memo.pdf", 1, 37, ["To Whom", "There were 20,000 bottles", "Best Regards"]),
        (
            "list-item-example.pdf",
            2,
            367,
            ["This module introduces", "What are product types?", "Technology and tools"],
        ),
        (
            "multi-column-2p.pdf",
            2,
            1422,
            ["Open-domain question answering relies", "Retrieval in open-domain", "However"],
        ),
    ],
)
def test_the_samples_are_read_with_all_their_words(samples, name, pages, words, order):
    reading = ts.read(samples / "pdf" / name)
    texts = [m.text for m in reading]
    details = reading.report.files[0].details
    assert details["pages"] == pages
    assert abs(details["words"] - words) <= 0.02 * words
    places = [next(i for i, text in enumerate(texts) if text.startswith(start)) for start in order]
    assert places == sorted(places)


def test_the_sample_with_a_password_says_so(samples):
    path = samples / "pdf/password.pdf"
    with pytest.raises(InputError) as error:
        list(ts.read(path))
    assert str(error.value) == f"{path}: is protected with a password; save it without the password"
