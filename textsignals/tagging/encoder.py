"""A small sentence encoder on ONNX Runtime: one vector a token, whose mean stands for the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from textsignals.errors import ModelError
from textsignals.tagging.sentences import normalise

# What the encoder was trained on; the rest of a longer sentence is seen by n-grams and rules alone.
MAX_TOKENS = 96
_INPUT, _OUTPUT = "input_ids", "token_vectors"


class Token(NamedTuple):
    """A word piece: the characters [start, end) it stands for, empty for the marks at both ends of a sentence."""

    name: str
    start: int
    end: int


class Encoder:
    """Turns sentences into vectors of `width` numbers.

    Each sentence is run alone: integer arithmetic is scaled by the largest value of its input, so that a neighbour in
    a batch would change the result. Several run side by side on `n_jobs` threads.
    """

    def __init__(self, graph: bytes, tokenizer: bytes, origin: str, n_jobs: int = 1) -> None:
        # Imported here: both take a moment, and much of the package works without them.
        import onnxruntime
        from tokenizers import Tokenizer

        self._graph, self._tokens, self._origin, self._n_jobs = graph, tokenizer, origin, n_jobs
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # A graph may name other files that hold its numbers; no hash covers those, so they are looked for nowhere.
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", "/dev/null/none")
        try:
            self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        # Both libraries raise bare Exceptions and kinds of their own for files that are not theirs.
        except Exception as error:
            raise ModelError(f"{origin}: does not hold an encoder and its tokenizer ({error})") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if [i.name for i in inputs] != [_INPUT] or [o.name for o in outputs] != [_OUTPUT]:
            raise ModelError(f"{origin}: the encoder needs the input {_INPUT} and the output {_OUTPUT}")
        shape = outputs[0].shape
        if len(shape) != 3 or not isinstance(shape[2], int):
            raise ModelError(f"{origin}: the encoder does not say how wide its vectors are")
        self.width: int = shape[2]
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._try()

    def _try(self) -> None:
        """Raise ModelError unless encoder and tokenizer fit each other: each may load and still be another's."""
        try:
            shapes = [self._run(self._tokenizer.encode(text).ids).shape for text in ("", "a \u2603")]
        except Exception as error:
            raise ModelError(f"{self._origin}: encoder and tokenizer do not fit each other ({error})") from error
        if any(len(shape) != 2 or not shape[0] or shape[1] != self.width for shape in shapes):
            raise ModelError(f"{self._origin}: the encoder gives vectors of another shape than it says")

    def __reduce__(self) -> tuple[type[Encoder], tuple[bytes, bytes, str, int]]:
        """Pickle what it was made from: a running session cannot be, and estimators that hold one must be."""
        return Encoder, (self._graph, self._tokens, self._origin, self._n_jobs)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return the mean token vector of each sentence, shape (len(texts), width)."""
        if not len(texts):
            return np.zeros((0, self.width), dtype=np.float32)
        if self._n_jobs == 1 or len(texts) == 1:
            return np.vstack([self._mean(text) for text in texts])
        with ThreadPoolExecutor(self._n_jobs) as pool:
            return np.vstack(list(pool.map(self._mean, texts)))

    def tokens(self, text: str) -> tuple[list[Token], np.ndarray]:
        """Return the tokens of a sentence and what each adds to its vector, shape (number of tokens, width)."""
        encoding = self._tokenizer.encode(normalise(text))
        vectors = self._run(encoding.ids) / len(encoding.ids)
        return [Token(t, *span) for t, span in zip(encoding.tokens, encoding.offsets, strict=True)], vectors

    def _mean(self, text: str) -> np.ndarray:
        return np.asarray(self._run(self._tokenizer.encode(normalise(text)).ids).mean(axis=0))

    def _run(self, ids: Sequence[int]) -> np.ndarray:
        return np.asarray(self._session.run([_OUTPUT], {_INPUT: np.array([ids], dtype=np.int64)})[0][0])
