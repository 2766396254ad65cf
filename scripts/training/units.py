"""Labelled sentences for training: real ones joined with their labels, and authored ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Unit = dict[str, Any]


@dataclass(frozen=True)
class Data:
    """Everything to learn from and to choose by; no source or voice stands in both."""

    real: list[Unit]
    authored: list[Unit]
    dev: list[Unit]
    files: dict[str, Path]


def read_units(path: Path) -> list[Unit]:
    """Return the lines of a JSONL file, gzipped or not, as dictionaries."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines() if line.strip()]


def load(corpora: Path, gold: Path | None) -> Data:
    """Return all units; without `gold`, the folder of real sentences, the authored ones alone."""
    authored, dev = corpora / "train.jsonl", corpora / "dev.jsonl"
    if gold is None:
        return Data([], read_units(authored), read_units(dev), {f"corpora/{x.name}": x for x in (authored, dev)})
    labels, second = corpora / "real-labels.jsonl", corpora / "second-readings.jsonl"
    parts = {name: gold / name for name in ("train.jsonl", "silver.jsonl.gz", "unlabelled.jsonl.gz", "dev.jsonl")}
    files = {f"corpora/{path.name}": path for path in (authored, labels, second)}
    files |= {f"gold/{name}": path for name, path in parts.items()}
    again = {entry["id"]: entry["labels"] for entry in read_units(second)}
    real = read_units(parts["train.jsonl"])
    for unit in read_units(parts["silver.jsonl.gz"]):
        agreed, maybe = settle(unit["labels"], again.get(unit["id"]))
        real.append({**unit, "labels": agreed, "maybe": maybe})
    real += join(read_units(labels), read_units(parts["unlabelled.jsonl.gz"]))
    return Data(real, read_units(authored), read_units(parts["dev.jsonl"]), files)


def join(labels: Sequence[Unit], texts: Sequence[Unit]) -> Iterator[Unit]:
    """Yield the units that have labels, with text and source; raises ValueError for labels without a text.

    Their `set` is left out: even the random ones were drawn from what earlier rounds had left, which carries less.
    """
    by_id = {unit["id"]: unit for unit in texts}
    lost = [entry["id"] for entry in labels if entry["id"] not in by_id]
    if lost:
        raise ValueError(f"corpora/real-labels.jsonl: no text has the id {lost[0]} (and {len(lost) - 1} more)")
    for entry in labels:
        agreed, maybe = settle(entry["labels"], entry.get("second"))
        yield {**by_id[entry["id"]], "labels": agreed, "maybe": maybe}


def settle(first: list[Unit], second: list[Unit] | None) -> tuple[list[Unit], list[str]]:
    """Return what two readings agree on, and the signals on which they differ; one reading stands as it is."""
    if second is None:
        return first, []
    by_signal = [
        {s: {x["status"] for x in r if x["signal"] == s} for s in {x["signal"] for x in r}} for r in (first, second)
    ]
    differ = {s for s in by_signal[0].keys() | by_signal[1].keys() if by_signal[0].get(s) != by_signal[1].get(s)}
    return [label for label in first if label["signal"] not in differ], sorted(differ)


def indicator(units: Sequence[Unit], signals: Sequence[str], status: str | None = None) -> np.ndarray:
    """Return 1 where a unit carries a signal, in any status or in the one given; shape (units, signals)."""
    sets = [{x["signal"] for x in u["labels"] if status in (None, x["status"])} for u in units]
    return np.array([[signal in found for signal in signals] for found in sets], dtype=int).reshape(-1, len(signals))


def standing(units: Sequence[Unit], signals: Sequence[str], statuses: Sequence[str]) -> np.ndarray:
    """Return the index of the status in which a unit carries a signal, the first of several, -1 for none."""
    result = np.full((len(units), len(signals)), -1)
    for row, unit in enumerate(units):
        for label in unit["labels"]:
            place, status = (row, signals.index(label["signal"])), statuses.index(label["status"])
            result[place] = status if result[place] < 0 else min(status, result[place])
    return result


def scored(units: Sequence[Unit], signals: Sequence[str]) -> np.ndarray:
    """Return False where two readings differed, so that the unit says nothing of that signal."""
    return np.array([[s not in u.get("maybe", ()) for s in signals] for u in units]).reshape(-1, len(signals))


def source_of(unit: Unit) -> str:
    """Return where a unit comes from: a voice, a project, or the company or repository that a collection is about."""
    if "voice" in unit:
        return str(unit["voice"])
    return str(unit.get("origin") or unit["repo"] + unit["path"].partition("#")[2])
