from __future__ import annotations

import io
import json
import math
import os
import pickle
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

import textsignals
from textsignals.errors import ModelError
from textsignals.resources import model_folder
from textsignals.tagging.model import Quality, load_model, sha256

PARTS = ["taxonomy.toml", "patterns.jsonl", "cues.jsonl", "heads.npz"]
ARRAYS = ["coef", "intercept", "status_coef", "status_intercept"]
FIELDS = ["version", "language", "files", "signals", "statuses", "n_hashed", "status_features", "quality", "families"]
ALTERED = "differs from the hash in meta.json; run scripts/train or reinstall textsignals"
UNREADABLE = r"does not hold the arrays coef, intercept, status_coef, status_intercept \(.*\)"


class Payload:
    """Leaves a file behind when a pickle of it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(model_folder("en"), tmp_path / "model"))


def change_meta(folder, **fields):
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    meta.update(fields)
    meta = {key: value for key, value in meta.items() if value is not ...}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def rehash(folder, *names):
    """Make meta.json fit the parts again, as an attacker would."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    change_meta(folder, files={**meta["files"], **{name: sha256(folder / name) for name in names}})


def change_arrays(folder, **changes):
    with np.load(folder / "heads.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays.update(changes)
    np.savez(folder / "heads.npz", **{k: v for k, v in arrays.items() if v is not ...})
    rehash(folder, "heads.npz")


def replace_member(folder, content, member="coef.npy", method=zipfile.ZIP_DEFLATED):
    """Put raw bytes in the place of one array."""
    with zipfile.ZipFile(folder / "heads.npz") as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(folder / "heads.npz", "w", method, compresslevel=1) as new:
        for name, data in {**members, member: content}.items():
            new.writestr(name, data)
    rehash(folder, "heads.npz")


def npy_header(shape, descr="<f8"):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": descr, "fortran_order": False, "shape": shape})
    return header.getvalue()


def refused(folder, pattern, at=None):
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    place = re.escape(str(folder / at if at else folder))
    assert re.fullmatch(f"{place}: {pattern}", str(caught.value), re.DOTALL), str(caught.value)


def test_an_untouched_copy_loads(folder, tagger):
    model = load_model(folder)
    assert model.name == "model"
    assert model.digest == tagger.model.digest
    assert re.fullmatch(r"[0-9a-f]{12}", model.digest)


def test_the_model_holds_no_pickle_and_no_part_without_a_hash():
    names = {path.name for path in model_folder("en").iterdir()} - {"README.md"}
    assert names == {*PARTS, "meta.json"}
    assert set(load_model("en").meta["files"]) == set(PARTS)
    with np.load(model_folder("en") / "heads.npz", allow_pickle=False) as stored:
        assert sorted(stored.files) == sorted(ARRAYS)
        assert {stored[name].dtype.kind for name in ARRAYS} == {"f"}


def test_the_digest_follows_the_parts(folder, tagger):
    with (folder / "patterns.jsonl").open("a", encoding="utf-8") as lines:
        lines.write("\n")
    rehash(folder, "patterns.jsonl")
    assert load_model(folder).digest != tagger.model.digest


# --- parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_part(folder, name):
    (folder / name).unlink()
    refused(folder, "a part of the model is missing; reinstall textsignals", at=name)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_a_folder(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    refused(folder, "a part of the model is missing; reinstall textsignals", at=name)


@pytest.mark.parametrize("name", PARTS)
def test_an_altered_part(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    refused(folder, ALTERED, at=name)


@pytest.mark.parametrize("name", PARTS)
def test_a_truncated_part(folder, name):
    os.truncate(folder / name, (folder / name).stat().st_size // 2)
    refused(folder, ALTERED, at=name)


@pytest.mark.parametrize("name", PARTS)
def test_an_oversized_part_is_refused_before_it_is_read(folder, name):
    os.truncate(folder / name, 64 * 2**20 + 1)
    refused(folder, "is over 64 MiB, larger than any part of a model", at=name)


@pytest.mark.parametrize(
    "name", ["../outside.txt", "sub/part.txt", "sub/../cues.jsonl", "/etc/hostname", "", ".", "a\x00b"]
)
def test_a_part_outside_of_the_folder_is_never_read(folder, name):
    (folder.parent / "outside.txt").write_text("x", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "part.txt").write_text("x", encoding="utf-8")
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    change_meta(folder, files={name: "0" * 64, **meta["files"]})
    refused(folder, "a part of the model is missing; reinstall textsignals", at=name)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_without_a_hash(folder, name):
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    change_meta(folder, files={k: v for k, v in meta["files"].items() if k != name})
    refused(folder, f"has no hash for {re.escape(name)}; run scripts/train", at="meta.json")


# --- meta.json -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 200_000, b'{"schema": 1'])
def test_a_meta_json_that_is_not_json(folder, content):
    (folder / "meta.json").write_bytes(content)
    refused(folder, r"cannot be read \(.*\); run scripts/train or reinstall", at="meta.json")


def test_a_folder_without_meta_json(tmp_path):
    refused(tmp_path, r"cannot be read \(.*\); run scripts/train or reinstall", at="meta.json")


@pytest.mark.parametrize("content", [b"{}", b"[]", b"5", b"null", b'{"schema": 2}', b'{"schema": "1"}'])
def test_a_meta_json_of_another_schema(folder, content):
    (folder / "meta.json").write_bytes(content)
    refused(folder, "is not of schema 1; use the model of this textsignals version", at="meta.json")


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_missing(folder, field):
    change_meta(folder, **{field: ...})
    refused(folder, f"the field '{field}' is missing", at="meta.json")


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_the_wrong_type(folder, field):
    change_meta(folder, **{field: None})
    refused(folder, f"the field '{field}' holds a value of the wrong type", at="meta.json")


NONSENSE = r"does not describe a model \(.*\); run scripts/train"


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "xx-no-such"},
        {"language": "../../evil"},
        {"quality": {"balanced": {}}},
        {"quality": {"balanced": None}},
        {"families": {"balanced": {}}},
    ],
)
def test_a_meta_json_that_describes_no_model(folder, fields):
    change_meta(folder, **fields)
    refused(folder, NONSENSE, at="meta.json")


@pytest.mark.parametrize("change", [{"threshold": "0.5"}, {"threshold": None}, {"tp": []}, {"extra": 1}])
def test_a_quality_that_is_no_quality(folder, change):
    quality = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["quality"]
    quality["strict"]["silo"].update(change)
    change_meta(folder, quality=quality)
    refused(folder, NONSENSE, at="meta.json")


@pytest.mark.parametrize("n_hashed", [-8, 0, 2, 10**12])
def test_a_width_that_does_not_fit_the_weights(folder, n_hashed):
    change_meta(folder, n_hashed=n_hashed)
    refused(folder, r"coef has shape \(\d+, \d+\), the other parts need \(\d+, \d+\)", at="heads.npz")


def test_signals_of_parts_that_differ(folder):
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    change_meta(folder, signals=meta["signals"][::-1])
    refused(folder, r"taxonomy.toml, patterns.jsonl and meta.json name different signals \[\]")


def test_a_rule_for_a_signal_that_is_not_there(folder):
    rule = {"id": "x.y", "signal": "x", "pattern": "word", "yes": [], "no": []}
    with (folder / "patterns.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(rule))
    rehash(folder, "patterns.jsonl")
    refused(folder, r"taxonomy.toml, patterns.jsonl and meta.json name different signals \['x'\]")


def test_a_cue_for_a_status_that_is_not_there(folder):
    cue = {"id": "x.y", "status": "x", "direction": "any", "scope": "clause", "pattern": "word", "yes": [], "no": []}
    with (folder / "cues.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(cue))
    rehash(folder, "cues.jsonl")
    refused(folder, r"taxonomy.toml, cues.jsonl and meta.json name different statuses \['x'\]")


@pytest.mark.parametrize("name", ["patterns.jsonl", "cues.jsonl"])
def test_a_line_that_cannot_be_used_is_named(folder, name):
    first = (folder / name).read_text(encoding="utf-8").partition("\n")[0]
    (folder / name).write_text(first + "\n{}\n", encoding="utf-8")
    rehash(folder, name)
    with pytest.raises(ModelError, match=rf"{name}, line 2: the field 'id' is missing$"):
        load_model(folder)


@pytest.mark.parametrize("name", ["patterns.jsonl", "cues.jsonl"])
def test_a_pattern_that_cannot_be_used_is_named(folder, name):
    first = json.loads((folder / name).read_text(encoding="utf-8").partition("\n")[0])
    (folder / name).write_text(json.dumps({**first, "pattern": [{"NO": 1}]}), encoding="utf-8")
    rehash(folder, name)
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    if "shape" not in str(caught.value):
        assert str(caught.value).startswith(f"{folder / name}: pattern {first['id']!r} is not a spaCy pattern: ")


def test_a_taxonomy_that_cannot_be_used(folder):
    (folder / "taxonomy.toml").write_text("[[", encoding="utf-8")
    rehash(folder, "taxonomy.toml")
    refused(folder, "not a usable taxonomy: .*", at="taxonomy.toml")


# --- heads.npz ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_is_missing(folder, name):
    change_arrays(folder, **{name: ...})
    refused(folder, UNREADABLE, at="heads.npz")


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_another_shape(folder, name):
    change_arrays(folder, **{name: np.zeros((1,))} if name == "status_coef" else {name: np.zeros((2, 3))})
    refused(folder, rf"{name} has shape \([\d, ]+\), the other parts need \([\d, ]+\)", at="heads.npz")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["intercept", "status_intercept"])
def test_an_array_that_holds_no_finite_numbers(folder, name, value):
    with np.load(folder / "heads.npz") as stored:
        array = stored[name]
    change_arrays(folder, **{name: np.full_like(array, value)})
    refused(folder, f"{name} holds values that are no finite numbers", at="heads.npz")


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])])
def test_an_array_of_no_numbers(folder, array):
    change_arrays(folder, coef=array)
    refused(folder, UNREADABLE, at="heads.npz")


def test_an_object_array_is_refused_and_nothing_in_it_runs(folder, tmp_path):
    mark = tmp_path / "ran"
    change_arrays(folder, coef=np.array([Payload(mark)], dtype=object))
    refused(folder, UNREADABLE, at="heads.npz")
    assert not mark.exists()
    with np.load(folder / "heads.npz", allow_pickle=True) as stored:
        assert stored["coef"] is not None
    assert mark.exists(), "the payload works, so it was refused and not harmless"


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_bare_pickle_is_refused_and_nothing_in_it_runs(folder, tmp_path, protocol):
    mark = tmp_path / "ran"
    (folder / "heads.npz").write_bytes(pickle.dumps(Payload(mark), protocol))
    rehash(folder, "heads.npz")
    refused(folder, UNREADABLE, at="heads.npz")
    assert not mark.exists()


def test_a_pickle_inside_the_zip_is_refused_and_nothing_in_it_runs(folder, tmp_path):
    mark = tmp_path / "ran"
    replace_member(folder, pickle.dumps(Payload(mark)))
    refused(folder, UNREADABLE, at="heads.npz")
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + bytes(18),
        npy_header((2,)) + bytes(16),
        b"\x93NUMPY\xff\xff" + bytes(64),
        bytes(1000),
    ],
    ids=["empty", "start of a zip", "zip of nothing", "one bare array", "unknown version", "zeros"],
)
def test_a_file_that_is_no_npz(folder, content):
    (folder / "heads.npz").write_bytes(content)
    rehash(folder, "heads.npz")
    refused(folder, UNREADABLE, at="heads.npz")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.999])
def test_a_truncated_npz_with_a_hash_that_fits(folder, keep):
    os.truncate(folder / "heads.npz", int((folder / "heads.npz").stat().st_size * keep))
    rehash(folder, "heads.npz")
    refused(folder, UNREADABLE, at="heads.npz")


def test_an_npz_with_damaged_bytes_and_a_hash_that_fits(folder):
    data = bytearray((folder / "heads.npz").read_bytes())
    for at in range(1_000, len(data) // 2, 5_000):
        data[at] ^= 0xFF
    (folder / "heads.npz").write_bytes(data)
    rehash(folder, "heads.npz")
    refused(folder, UNREADABLE, at="heads.npz")


@pytest.mark.parametrize("shape", [(10**7, 10**7), (2**62,), (2**80,), (-1,), (10**11,)])
def test_an_array_that_claims_more_than_it_holds(folder, shape):
    replace_member(folder, npy_header(shape) + bytes(80))
    refused(folder, UNREADABLE, at="heads.npz")


@pytest.mark.parametrize(
    "header", [b"__import__('os').mkdir('ran')", b"{'descr': '<f8'}", b"[" * 5_000, b"{'descr': 'O'"]
)
def test_an_array_with_a_hostile_header(folder, tmp_path, monkeypatch, header):
    monkeypatch.chdir(tmp_path)
    replace_member(folder, b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    refused(folder, UNREADABLE, at="heads.npz")
    assert not (tmp_path / "ran").exists()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(folder):
    # 1.1 GiB of zeros as the archive's own table of contents has it; the data behind it need not be there.
    replace_member(folder, b"bomb" * 8, member="bomb.npy", method=zipfile.ZIP_STORED)
    data = (folder / "heads.npz").read_bytes()
    entry = data.rindex(b"PK\x01\x02")
    size = (1_100 * 2**20).to_bytes(4, "little")
    (folder / "heads.npz").write_bytes(data[: entry + 24] + size + data[entry + 28 :])
    rehash(folder, "heads.npz")
    refused(folder, "unpacks to over 1024 MiB, more than any model", at="heads.npz")


def test_an_unknown_model_names_those_there_are():
    with pytest.raises(ModelError) as caught:
        textsignals.load("no-such-model")
    assert str(caught.value) == "no model 'no-such-model': give a folder, or one of en"


# --- quality -----------------------------------------------------------------------------------------------------


def test_precision_and_recall_of_a_quality():
    quality = Quality(threshold=0.5, tp=6, fp=2, p=10, tn=990, n=992)
    assert (quality.precision, quality.recall) == (0.75, 0.6)
    nothing = Quality(threshold=0.5, tp=0, fp=0, p=0, tn=10, n=10)
    assert math.isnan(nothing.precision) and math.isnan(nothing.recall)


def test_quality_of_the_model_adds_up():
    model = load_model("en")
    assert list(model.quality) == list(model.families) == ["balanced", "strict"]
    for table in (*model.quality.values(), *model.families.values()):
        for name, q in table.items():
            assert 0 <= q.tp <= q.p and 0 <= q.tn <= q.n and q.fp >= 0, name


def test_strict_thresholds_are_never_lower():
    balanced, strict = (load_model("en").quality[point] for point in ("balanced", "strict"))
    assert all(strict[s].threshold >= balanced[s].threshold for s in balanced)
