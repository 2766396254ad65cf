"""Detects autonomy-culture signals in the texts teams already write, and reports how they move per team."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textsignals.classifier import SignalClassifier
    from textsignals.errors import TextSignalsError
    from textsignals.measures.rates import rate_interval
    from textsignals.measures.scores import tag_frame
    from textsignals.readers import read
    from textsignals.records import Message, ReadReport, Tag
    from textsignals.reports.notebook import Report, report
    from textsignals.tagging.tagger import Tagger, load
    from textsignals.taxonomy import load_taxonomy

__version__ = "0.1.0"

# Looked up on first use: spaCy and scikit-learn take a second to import, `textsignals --help` must not.
_HOMES = {
    "Message": "records",
    "ReadReport": "records",
    "Report": "reports.notebook",
    "SignalClassifier": "classifier",
    "Tag": "records",
    "Tagger": "tagging.tagger",
    "TextSignalsError": "errors",
    "load": "tagging.tagger",
    "load_taxonomy": "taxonomy",
    "rate_interval": "measures.rates",
    "read": "readers",
    "report": "reports.notebook",
    "tag_frame": "measures.scores",
}

__all__ = [
    "Message",
    "ReadReport",
    "Report",
    "SignalClassifier",
    "Tag",
    "Tagger",
    "TextSignalsError",
    "load",
    "load_taxonomy",
    "rate_interval",
    "read",
    "report",
    "tag_frame",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'textsignals' has no attribute {name!r}")
    # The factory is registered by the import, so nothing depends on the entry point of an installation.
    if name in ("load", "Tagger"):
        import_module("textsignals.component")
    return getattr(import_module(f"textsignals.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
