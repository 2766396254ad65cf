from __future__ import annotations

import io
import zipfile

import docx
import pytest
from damage import MANY, damage_never_crashes, damaged, read_anyway
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from exports import read_all, write
from hypothesis import given

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff
from textsignals.readers.documents import docx as reader

W = nsdecls("w")


def saved(document):
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xml(document, markup):
    """Put raw XML at the end of a document."""
    body = document.element.body
    body.insert(len(body) - 1, parse_xml(markup.replace("<w:p>", f"<w:p {W}>", 1)))


def read_document(tmp_path, document, name="2026-03-13 retro.docx"):
    return read_all(write(tmp_path / name, document if isinstance(document, bytes) else saved(document)))


def minutes():
    """Return a document with most of what minutes hold."""
    document = docx.Document()
    document.add_paragraph("Weekly sync", style="Title")
    document.add_paragraph("Date: 13 March 2026")
    document.add_heading("Attendees", 1)
    document.add_paragraph("Ana Silva", style="List Bullet")
    document.add_paragraph("Bo Vries", style="List Bullet")
    document.add_heading("Talk", 1)
    document.add_paragraph("The gate stayed shut for a week.")
    document.add_paragraph("Nobody told the night shift", style="List Bullet")
    document.add_paragraph("Not even by mail", style="List Bullet 2")
    document.add_paragraph("☐ Bo asks legal")
    return document


VALID = {"minutes.docx": saved(minutes())}


def test_headings_lists_and_tasks_are_told_apart(tmp_path):
    found, report = read_document(tmp_path, minutes(), "sync.docx")
    assert [(m.kind, m.text, m.section, m.locator) for m in found] == [
        ("note", "The gate stayed shut for a week.", "Weekly sync > Talk", "paragraph 7"),
        ("note", "Nobody told the night shift", "Weekly sync > Talk", "paragraph 8"),
        ("note", "Not even by mail", "Weekly sync > Talk", "paragraph 9"),
        ("action_item", "Bo asks legal", "Weekly sync > Talk", "paragraph 10"),
    ]
    assert {(m.channel, f"{m.timestamp:%F}", m.time_source, m.source) for m in found} == {
        ("Weekly sync", "2026-03-13", "document", "docx")
    }
    assert report.skipped == {"heading": 3, "attendance": 2, "label": 1}
    [file] = report.files
    assert file.details == {"paragraphs": 10, "words": 32, "headings": 3, "list paragraphs": 4}
    assert file.sure == 1.0


def test_deleted_and_hidden_text_is_out_and_inserted_text_is_in(tmp_path):
    document = docx.Document()
    xml(
        document,
        "<w:p><w:r><w:t>We </w:t></w:r><w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>always </w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>secretly </w:t></w:r>"
        "<w:r><w:t>wait</w:t></w:r><w:moveFrom><w:r><w:t> moved away</w:t></w:r></w:moveFrom></w:p>",
    )
    found, _ = read_document(tmp_path, document)
    assert [m.text for m in found] == ["We always wait"]


def test_links_fields_tabs_breaks_and_content_controls_keep_their_text(tmp_path):
    document = docx.Document()
    xml(
        document,
        "<w:p><w:hyperlink><w:r><w:t>The plan</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>is</w:t><w:br/>"
        "<w:t>non\u00a0breaking</w:t><w:noBreakHyphen/><w:t>ly late</w:t></w:r>"
        "<w:r><w:instrText>HYPERLINK x</w:instrText></w:r></w:p>",
    )
    xml(document, f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>In a form field</w:t></w:r></w:p></w:sdtContent></w:sdt>")
    found, _ = read_document(tmp_path, document)
    assert [m.text for m in found] == ["The plan is\nnon breaking-ly late", "In a form field"]


def test_text_boxes_are_read_once(tmp_path):
    document = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>Words in a box</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    xml(
        document,
        f"<w:p {W} {mc}><w:r><w:t>Beside it</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'>{box}"
        f"</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>",
    )
    found, _ = read_document(tmp_path, document)
    assert [m.text for m in found] == ["Beside it", "Words in a box"]


def test_tables_give_their_columns_as_section_and_merged_cells_once(tmp_path):
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    cells = [
        "Who",
        "Went well",
        "Action",
        "Ana",
        "The hand-over worked at last and everybody knew of it before",
        "Tell legal",
    ]
    for cell, text in zip((c for row in table.rows[:2] for c in row.cells), cells, strict=True):
        cell.text = text
    merged = table.rows[2].cells[0].merge(table.rows[2].cells[1])
    merged.text = "All of us were late."
    found, report = read_document(tmp_path, document)
    assert [(m.kind, m.author, m.section, m.text) for m in found] == [
        ("note", "Ana", "Went well", "The hand-over worked at last and everybody knew of it before"),
        ("action_item", "Ana", "Action", "Tell legal"),
        ("note", None, "Who", "All of us were late."),
    ]
    assert report.skipped == {"heading": 3, "label": 1}


def test_forms_with_a_label_in_front_give_the_date_and_leave_facts_out(tmp_path):
    document = docx.Document()
    table = document.add_table(rows=4, cols=2)
    rows = [
        ("Date", "2026-03-12"),
        ("Present", "Ana Silva, Bo Vries"),
        ("Decisions:", "We wait no longer."),
        ("Chair", "Ana"),
    ]
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    found, report = read_document(tmp_path, document, "form.docx")
    assert [(m.section, m.text, f"{m.timestamp:%F}") for m in found] == [
        ("Decisions", "We wait no longer.", "2026-03-12")
    ]
    assert report.skipped == {"label": 6, "attendance": 1}


def test_comments_have_their_author_and_time_and_headers_are_left_out(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph("We ship on Friday.")
    document.add_comment(paragraph.runs, text="Who agreed to that?", author="Bo Vries")
    document.sections[0].header.paragraphs[0].text = "Confidential minutes"
    document.sections[0].footer.paragraphs[0].text = "Page 1 of the minutes"
    found, report = read_document(tmp_path, document)
    assert [(m.kind, m.author, m.text, m.locator, m.time_source) for m in found] == [
        ("note", None, "We ship on Friday.", "paragraph 1", "filename"),
        ("comment", "Bo Vries", "Who agreed to that?", "comment 1", "record"),
    ]
    assert report.skipped == {"page header": 2}


@pytest.mark.parametrize("damage", ["cut", "bytes", "missing"])
def test_a_damaged_part_beside_the_text_is_quarantined_and_the_text_is_read(tmp_path, damage):
    document = minutes()
    document.add_comment(document.paragraphs[6].runs, text="Twice, in fact", author="Ana Silva")
    whole = zipfile.ZipFile(io.BytesIO(saved(document)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as damaged_document:
        for name in whole.namelist():
            data = whole.read(name)
            if name != "word/comments.xml":
                damaged_document.writestr(name, data)
            elif damage != "missing":
                damaged_document.writestr(name, data[:-40] if damage == "cut" else b"Twice, in fact")
    data = out.getvalue()
    if damage == "bytes":
        # The checksum of the part no longer fits.
        data = data.replace(b"Twice, in fact", b"Twice, in face")
    found, report = read_document(tmp_path, data, "sync.docx")
    assert found[0].text == "The gate stayed shut for a week."
    assert (len(found), report.quarantined) == (4, 1)
    [problem] = report.problems
    assert str(problem) == (
        f"{tmp_path / 'sync.docx'}, comments.xml: cannot be read, but the text can; open it in Word and save it again"
    )


def test_an_outline_level_makes_a_heading_and_number_zero_ends_a_list(tmp_path):
    document = docx.Document()
    style = document.styles.add_style("Section name", WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("What held us up", style="Section name")
    xml(
        document,
        '<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr><w:r><w:t>Money</w:t></w:r></w:p>',
    )
    xml(
        document,
        '<w:p><w:pPr><w:pStyle w:val="ListBullet"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
        "<w:r><w:t>No bullet</w:t></w:r></w:p>",
    )
    found, report = read_document(tmp_path, document)
    assert [(m.text, m.section) for m in found] == [("No bullet", "What held us up > Money")]
    assert "list paragraphs" in report.files[0].details
    assert report.files[0].details["list paragraphs"] == 0


@pytest.mark.parametrize(
    "paragraphs",
    [
        ["Ana Silva   0:03\nWe wait.", "Bo Vries   0:10\nFor whom?", "Ana Silva   1:02:10\nLegal."],
        ["Ana Silva 0:03", "We wait.", "Bo Vries 0:10", "For whom?", "Ana Silva 0:12", "Legal."],
        [
            "0:0:0.0 --> 0:0:2.820\nAna Silva\nWe wait.",
            "0:0:2.9 --> 0:0:3.1\nBo Vries\nFor whom?",
            "0:0:4.0 --> 0:0:5.0\nAna Silva\nLegal.",
        ],
    ],
)
def test_transcripts_of_teams_have_their_speakers(tmp_path, paragraphs):
    document = docx.Document()
    document.add_paragraph("Weekly sync-20260313_100000-Meeting Recording", style="Heading 1")
    for text in [*paragraphs, "Ana Silva stopped transcription"]:
        document.add_paragraph(text)
    found, report = read_document(tmp_path, document, "transcript.docx")
    assert [(m.kind, m.author, m.text) for m in found] == [
        ("speech", "Ana Silva", "We wait."),
        ("speech", "Bo Vries", "For whom?"),
        ("speech", "Ana Silva", "Legal."),
    ]
    assert report.skipped["system"] == 1


def test_transcripts_of_meet_have_their_speakers(tmp_path):
    document = docx.Document()
    document.add_heading("Mar 13, 2026", 1)
    document.add_heading("00:00:00", 2)
    for name, text in [("Ana Silva", "We wait."), ("Bo Vries", "For whom?")] * 2:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{name}:").bold = True
        paragraph.add_run(f" {text}")
    document.add_paragraph("Transcription ended after 00:01:10")
    document.add_paragraph("This editable transcript was computer generated and might contain errors.")
    found, report = read_document(tmp_path, document, "sync.docx")
    assert [(m.author, m.text, f"{m.timestamp:%F}") for m in found] == [
        ("Ana Silva", "We wait.", "2026-03-13"),
        ("Bo Vries", "For whom?", "2026-03-13"),
    ] * 2
    assert report.skipped == {"heading": 1, "label": 1, "system": 2}


def test_a_list_typed_by_hand_is_split_into_its_items(tmp_path):
    document = docx.Document()
    document.add_paragraph("Points:\n1. Nobody decides\n2. We wait\nfor weeks")
    document.add_paragraph("• One more")
    found, _ = read_document(tmp_path, document)
    assert [(m.text, m.section) for m in found] == [
        ("Nobody decides", "Points"),
        ("We wait\nfor weeks", "Points"),
        ("One more", "Points"),
    ]


# Against what is no document


def repacked(data, changes):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, changes.get(info.filename, old.read(info.filename)))
    return out.getvalue()


LOL = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "' + b"lol " * 50 + b'">'
LOL += b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) + b"]>"
BODY = f"<w:document {W}><w:body><w:p><w:r><w:t>We wait. %s</w:t></w:r></w:p></w:body></w:document>".encode()
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
NOT_COMPLETE = "is no complete Word document ({}); open it in Word and save it again"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.docx", b"PK\x03\x04 and nothing else", NOT_COMPLETE.format("BadZipFile")),
        ("a.docx", VALID["minutes.docx"][:-200], NOT_COMPLETE.format("BadZipFile")),
        (
            "a.docx",
            repacked(VALID["minutes.docx"], {"word/document.xml": b"<a>"}),
            NOT_COMPLETE.format("XMLSyntaxError"),
        ),
        (
            "a.docx",
            repacked(VALID["minutes.docx"], {"word/document.xml": b"<a/>"}),
            NOT_COMPLETE.format("AttributeError"),
        ),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
            "is of Word before 2007; open it and save it as .docx",
        ),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
            "is protected with a password; remove the password",
        ),
        ("a.rtf", b"{\\rtf1 We wait}", "is rich text (RTF); open it and save it as .docx"),
    ],
)
def test_what_is_no_document_says_so(tmp_path, name, data, message):
    path = write(tmp_path / name, data)
    with pytest.raises(InputError) as error:
        list(ts.read(path))
    assert str(error.value) == f"{path}: {message}"


def test_a_packing_that_could_fill_the_memory_is_refused(tmp_path):
    path = write(tmp_path / "minutes.docx", VALID["minutes.docx"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_BZIP2) as parts:
        parts.writestr("word/more.xml", "<a/>")
    with pytest.raises(InputError) as error:
        list(ts.read(path))
    assert str(error.value) == f"{path}: is packed in a way that Word does not use; save it with Word again"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_XML_BYTES", 2**20)
    path = write(
        tmp_path / "bomb.docx",
        repacked(VALID["minutes.docx"], {"word/document.xml": b" " * (reader.MAX_XML_BYTES + 1)}),
    )
    with pytest.raises(InputError) as error:
        list(ts.read(path))
    assert str(error.value) == f"{path}: unpacks to far more than a document holds; not a plain document"


@pytest.mark.parametrize("document", [LOL + BODY % b"&j;", OUTSIDE + BODY % b"&x;"])
def test_entities_are_not_resolved(tmp_path, document):
    path = write(tmp_path / "entities.docx", repacked(VALID["minutes.docx"], {"word/document.xml": document}))
    texts = [m.text for m in read_anyway(path)]
    assert texts in ([], ["We wait."])


def test_damaged_documents_never_crash(tmp_path):
    damage_never_crashes(tmp_path / "damaged.docx", VALID["minutes.docx"])


@MANY
@given(damaged(zipfile.ZipFile(io.BytesIO(VALID["minutes.docx"])).read("word/document.xml")))
def test_damaged_xml_never_crashes(folder, data):
    read_anyway(write(folder / "damaged.docx", repacked(VALID["minutes.docx"], {"word/document.xml": data})))


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [
        ("a.docx", VALID["minutes.docx"], "docx"),
        ("a", VALID["minutes.docx"], "docx"),
        ("a.rtf", b"{\\rtf1 We wait}", "docx"),
        ("a.md", b"# We wait", "notes"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), ""),
    ],
)
def test_a_document_is_known_by_its_content(tmp_path, name, head, format_):
    assert sniff(write(tmp_path / name, head))[0] == format_


# Paragraphs and comments as counted in the XML; cells of numbers and single letters are empty of words.
SAMPLES = {
    "docx-hdrftr.docx": (15, 1, {"page header": 14}),
    "docx-tables.docx": (24, 7, {"empty": 17}),
    "example-list-items-multiple.docx": (14, 14, {}),
    "generated-meeting_minutes.docx": None,
    "test_with_comment.docx": (41, 8, {"empty": 29, "heading": 4}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read_to_the_last_paragraph(samples, name):
    reading = ts.read(samples / "docx" / name)
    found = list(reading)
    report, expected = reading.report, SAMPLES[name]
    if expected:
        assert (report.read, report.yielded, report.skipped) == expected
    # Nothing of the body gets lost, in order and merged cells once.
    true = docx.Document(samples / "docx" / name).element.body
    words = "".join(t.text or "" for t in true.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"))
    told = {"docx-hdrftr.docx": 2, "docx-tables.docx": 37, "example-list-items-multiple.docx": 92}
    assert report.files[0].details["words"] == told.get(name, report.files[0].details["words"])
    place = 0
    for message in found:
        if message.kind == "note":
            first = message.text.split("\n")[0][:30]
            assert first in words
            place = max(place, words.find(first))
