"""A model folder: its parts, checked against the hashes in meta.json before any of them is read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from textsignals.errors import ModelError
from textsignals.resources import model_folder
from textsignals.tagging.encoder import Encoder
from textsignals.tagging.features import Features
from textsignals.tagging.rules import RuleSet, check_fields, load_rules, tokenizer
from textsignals.tagging.status import N_WORDS, CueSet, StatusHead, load_cues
from textsignals.taxonomy import Taxonomy, load_taxonomy

SCHEMA = 2
# No part of a model of this kind comes near it; a larger file is not ours.
_MAX_PART_BYTES = 64 * 2**20
# The same for the arrays unpacked: 20 signals need 25 MB in 16 bits, and zeros compress a thousandfold.
_MAX_UNPACKED_BYTES = 2**30
# File systems refuse longer ones in ways of their own.
_LONGEST_NAME = 255
# More threads than that gain little, and a tagger often runs beside others.
_MOST_THREADS = 4
PARTS = ("taxonomy.toml", "patterns.jsonl", "lemmas.json", "cues.jsonl", "encoder.onnx", "tokenizer.json", "heads.npz")
_ARRAYS = ("coef", "intercept", "status_coef", "status_intercept")
_FIELDS = {
    "version": str,
    "language": str,
    "files": dict,
    "signals": list,
    "statuses": list,
    "n_hashed": int,
    "status_features": list,
    "quality": dict,
    "families": dict,
}


@dataclass(frozen=True, slots=True)
class Quality:
    """How one signal or family fares on labelled real text at one operating point, asserted tags only.

    Of `p` sentences that carry it `tp` are found, and `fp` others are tagged too, in text of sources that neither
    rules nor heads have seen; of `n` sentences without it, drawn at natural prevalence, `tn` are left alone. The
    thresholds and weights of rules were chosen on that same text, so expect a little less on other text.
    """

    threshold: float
    tp: int
    fp: int
    p: int
    tn: int
    n: int

    @property
    def precision(self) -> float:
        """Share of tags that are right; NaN if there was none."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else math.nan

    @property
    def recall(self) -> float:
        """Share of cases that are found; NaN if none is known."""
        return self.tp / self.p if self.p else math.nan


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that turns text into tags, ready to use."""

    name: str
    version: str
    digest: str
    taxonomy: Taxonomy
    features: Features
    cues: CueSet
    coef: np.ndarray
    intercept: np.ndarray
    status: StatusHead
    quality: Mapping[str, Mapping[str, Quality]]
    families: Mapping[str, Mapping[str, Quality]]
    meta: Mapping[str, Any]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of(folder: Path) -> str:
    """Return what tells a model from any other: meta.json holds its thresholds and the hashes of all its parts."""
    return sha256(folder / "meta.json")[:12]


def _read_meta(folder: Path) -> dict[str, Any]:
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder / 'meta.json'}: cannot be read ({error}); run scripts/train or reinstall") from error
    if not isinstance(meta, dict) or meta.get("schema") != SCHEMA:
        raise ModelError(
            f"{folder / 'meta.json'}: is not of schema {SCHEMA}; use the model of this textsignals version"
        )
    check_fields(meta, _FIELDS, str(folder / "meta.json"))
    unhashed = [name for name in PARTS if name not in meta["files"]]
    if unhashed:
        raise ModelError(f"{folder / 'meta.json'}: has no hash for {', '.join(unhashed)}; run scripts/train")
    return meta


def _check_parts(folder: Path, files: Mapping[str, str]) -> None:
    for name, digest in files.items():
        path = folder / name
        if path.parent != folder or len(name) > _LONGEST_NAME or not path.is_file():
            raise ModelError(f"{path}: a part of the model is missing; reinstall textsignals")
        if path.stat().st_size > _MAX_PART_BYTES:
            raise ModelError(f"{path}: is over {_MAX_PART_BYTES // 2**20} MiB, larger than any part of a model")
        if sha256(path) != digest:
            raise ModelError(f"{path}: differs from the hash in meta.json; run scripts/train or reinstall textsignals")


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(info.file_size for info in packed.infolist())
        if unpacked > _MAX_UNPACKED_BYTES:
            raise ModelError(f"{path}: unpacks to over {_MAX_UNPACKED_BYTES // 2**20} MiB, more than any model")
        with np.load(path, allow_pickle=False) as stored:
            return {name: np.asarray(stored[name], dtype=np.float64) for name in _ARRAYS}
    except ModelError:
        raise
    # Hostile files make zipfile and NumPy raise nearly anything: zlib.error, TokenError, OverflowError, MemoryError …
    except Exception as error:
        raise ModelError(f"{path}: does not hold the arrays {', '.join(_ARRAYS)} ({error})") from error


def load_encoder(folder: Path, n_jobs: int = 1) -> Encoder:
    """Return the encoder of a model folder, whose parts have been checked."""
    graph, tokens = ((folder / name).read_bytes() for name in ("encoder.onnx", "tokenizer.json"))
    return Encoder(graph, tokens, str(folder / "encoder.onnx"), n_jobs)


def load_model(model: str | Path = "en") -> Model:
    """Return a model by name or folder; raises ModelError naming the part that is missing, altered or unfitting."""
    return _load(model_folder(model).resolve())


@cache
def _load(folder: Path) -> Model:
    meta = _read_meta(folder)
    _check_parts(folder, meta["files"])
    try:
        return _assemble(folder, meta)
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise ModelError(f"{folder / 'meta.json'}: does not describe a model ({error}); run scripts/train") from error


def _assemble(folder: Path, meta: dict[str, Any]) -> Model:
    taxonomy = load_taxonomy(folder)
    nlp = tokenizer(meta["language"])
    rules, cues = load_rules(folder / "patterns.jsonl"), load_cues(folder / "cues.jsonl")
    lost = sorted({rule.signal for rule in rules} - set(taxonomy.signals))
    if lost or list(taxonomy.signals) != meta["signals"]:
        raise ModelError(f"{folder}: taxonomy.toml, patterns.jsonl and meta.json name different signals {lost}")
    lost = sorted({cue.status for cue in cues} - set(taxonomy.statuses))
    if lost or list(taxonomy.statuses) != meta["statuses"]:
        raise ModelError(f"{folder}: taxonomy.toml, cues.jsonl and meta.json name different statuses {lost}")
    # Sentences are run one by one, so threads change nothing but the time.
    encoder = load_encoder(folder, n_jobs=min(_MOST_THREADS, os.cpu_count() or 1))
    rule_set = RuleSet(rules, nlp, str(folder / "patterns.jsonl"))
    features = Features(meta["n_hashed"], meta["signals"], rule_set, nlp, encoder)
    arrays = _read_arrays(folder / "heads.npz")
    _check_shapes(folder / "heads.npz", arrays, len(taxonomy.signals), features, meta)
    status = StatusHead(meta["statuses"], meta["status_features"], arrays["status_coef"], arrays["status_intercept"])
    return Model(
        name=folder.name,
        version=meta["version"],
        digest=digest_of(folder),
        taxonomy=taxonomy,
        features=features,
        cues=CueSet(cues, nlp, str(folder / "cues.jsonl")),
        coef=arrays["coef"],
        intercept=arrays["intercept"],
        status=status,
        quality={point: _quality(table, taxonomy.signals) for point, table in meta["quality"].items()},
        families={point: _quality(table, taxonomy.families) for point, table in meta["families"].items()},
        meta=meta,
    )


def _check_shapes(
    path: Path, arrays: Mapping[str, np.ndarray], n_signals: int, features: Features, meta: dict[str, Any]
) -> None:
    n_statuses, encoded = len(meta["statuses"]), features.first_rule - features.n_hashed
    expected = {
        "coef": (n_signals, features.width),
        "intercept": (n_signals,),
        "status_coef": (n_statuses, len(meta["status_features"]) + N_WORDS + 2 * encoded),
        "status_intercept": (n_statuses,),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ModelError(f"{path}: {name} has shape {arrays[name].shape}, the other parts need {shape}")
        if not np.isfinite(arrays[name]).all():
            raise ModelError(f"{path}: {name} holds values that are no finite numbers")


def _quality(table: Mapping[str, Mapping[str, Any]], names: Iterable[str]) -> dict[str, Quality]:
    measured = {name: Quality(**table[name]) for name in names}
    odd = [name for name, q in measured.items() if not all(isinstance(v, int | float) for v in astuple(q))]
    if odd:
        raise ValueError(f"no numbers for {', '.join(odd)}")
    return measured
