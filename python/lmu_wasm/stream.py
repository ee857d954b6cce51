from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from .instance import ENDS, NEWEST, Floats, Instance


class Stream:
    """One live signal: Model.stream() makes it. Threads take turns, call by call."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._lock = threading.Lock()

    @property
    def position(self) -> int:
        """Samples since the beginning of the sequence."""
        return self._instance.position

    def step(self, sample: npt.ArrayLike) -> Floats:
        """Takes one sample: [inputs], a token id, or a number where a sample is one.

        Returns f32 [outputs], a new array: the output after it; the newest one again where a sample gives none, NaN before the
        first. Raises as push.
        """
        given = np.atleast_1d(sample)
        samples = self._instance.samples("sample", given if self._instance.vocabulary else given[None], 1)
        with self._lock:
            return self._instance.push(samples, NEWEST)

    def push(self, chunk: npt.ArrayLike) -> Floats:
        """Takes any number of samples, [steps, inputs], or token ids, [steps]; any chunking gives the same bits.

        Returns f32 [rows, outputs], a new array; the newest output, [outputs], of a model that returns its last one alone.
        Raises TypeError, ValueError; LmuError input-invalid if a number is not finite in f32 (or no token id), or after end.
        """
        samples = self._instance.samples("chunk", chunk, len(np.atleast_1d(chunk)))
        with self._lock:
            return self._instance.push(samples)

    def end(self) -> Floats:
        """Ends the sequence; then only reset and load go on.

        Returns the outputs that look-ahead held back, or the last output, as push. Raises LmuError input-invalid if it has
        ended already.
        """
        with self._lock:
            return self._instance.push(np.empty((0, self._instance.inputs)), ENDS)

    def reset(self) -> None:
        """Back to the beginning of a sequence."""
        with self._lock:
            self._instance.reset()

    def save(self) -> bytes:
        """The past as a snapshot, f32 (docs/snapshots.md). Raises LmuError snapshot-invalid if the state is not finite."""
        with self._lock:
            return self._instance.save()

    def load(self, snapshot: bytes) -> None:
        """Goes on from a snapshot of this model, compiled or not, of any type.

        Raises TypeError if it is no bytes; LmuError snapshot-invalid, snapshot-newer, snapshot-other-model.
        """
        past = bytes(memoryview(snapshot))
        with self._lock:
            self._instance.restore(past)
