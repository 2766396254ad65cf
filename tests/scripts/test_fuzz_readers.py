"""The fuzz script finds no fault in the readers, and finds those that are put into one."""

from __future__ import annotations

import runpy

import pytest

from textsignals.readers import formats
from textsignals.readers.documents import notes

CASES = 40


@pytest.fixture(scope="module")
def fuzz(root):
    return runpy.run_path(str(root / "scripts" / "fuzz-readers"))["main"]


def rows(printed: str) -> dict[str, list[str]]:
    """The numbers of each line of the table, by format."""
    return {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line.split()[0] in formats()}


def test_every_format_has_exports_to_start_from_and_no_reader_fails_on_what_is_made_of_them(fuzz, capsys):
    faults = fuzz(["--cases", str(CASES)])
    printed, told = capsys.readouterr()
    assert (faults, told.count("input ")) == (0, 0), told
    counts = {name: numbers[:4] for name, numbers in rows(printed).items()}
    assert counts == {name: [str(CASES), "0", "0", "0"] for name in formats()}


def crash(log):
    raise ZeroDivisionError("planted")


def lose(log):
    log.met()


def hang(log):
    while True:
        pass


@pytest.mark.parametrize(
    ("planted", "column", "words"),
    [
        (crash, 1, "crash: ZeroDivisionError: planted"),
        (hang, 2, "hang"),
        (lose, 3, "loss"),
    ],
)
def test_planted_faults_are_found_counted_and_kept(fuzz, capsys, monkeypatch, tmp_path, planted, column, words):
    sound = notes.read

    def read(source, log, options):
        yield from sound(source, log, options)
        planted(log)

    monkeypatch.setattr(notes, "read", read)
    faults = fuzz(["--cases", "4", "--limit", "0.2", "--format", "notes", "--keep", str(tmp_path)])
    printed, told = capsys.readouterr()
    assert faults > 0
    assert rows(printed)["notes"][column] == str(faults)
    assert told.count(words) == faults == len(list(tmp_path.iterdir()))


def test_the_same_seed_makes_the_same_inputs(root):
    parts = runpy.run_path(str(root / "scripts" / "fuzz-readers"))
    data, chance = b'{"text": "We agreed", "date": "2026-03-13"}\n', parts["random"].Random

    def made(seed):
        stream = parts["mutants"](data, chance(seed))
        return [next(stream) for _ in range(20)]

    assert made("1") == made("1") != made("2")
