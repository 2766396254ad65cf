"""The spaCy component: `nlp.add_pipe("signal_tagger")` fills `doc._.signals` with a tuple of Tag."""

from __future__ import annotations

from dataclasses import asdict

from spacy.language import Language
from spacy.tokens import Doc

from textsignals.records import Tag
from textsignals.tagging.tagger import Tagger, load

# Docs go to other processes and to disk as plain values, which tags are not.
_KEY = "textsignals"


def _signals(doc: Doc) -> tuple[Tag, ...]:
    values = doc.user_data.get(_KEY, ())
    return tuple(Tag(**value | {"evidence": tuple(map(tuple, value["evidence"]))}) for value in values)


def _keep(doc: Doc, tags: tuple[Tag, ...]) -> None:
    doc.user_data[_KEY] = tuple(map(asdict, tags))


class SignalTagger:
    """Tags a Doc's text and keeps the tags, with character offsets into `doc.text`, in `doc._.signals`."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger
        # On the Doc and not on spans: spaCy keys span attributes by offsets alone, and two signals share a sentence.
        if not Doc.has_extension("signals"):
            Doc.set_extension("signals", getter=_signals, setter=_keep)

    def __call__(self, doc: Doc) -> Doc:
        """Return the Doc with `doc._.signals` set."""
        doc._.signals = self.tagger.tag_text(doc.text)
        return doc


@Language.factory(
    "signal_tagger", assigns=["doc._.signals"], default_config={"model": "en", "operating_point": "balanced"}
)
def make_signal_tagger(nlp: Language, name: str, model: str, operating_point: str) -> SignalTagger:
    """Return the component; `model` and `operating_point` are those of `textsignals.load`."""
    return SignalTagger(load(model, operating_point))
