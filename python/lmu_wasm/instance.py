from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from .errors import LmuError

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[Any]

# Of the inputs and outputs that stand in a module's memory at a time: sixteen sequences of 256 KB in lock step.
PIECE_BYTES = 4 << 20
GLOBALS = ("lmu_abi", "inputs", "outputs", "state", "state_bytes", "heap")
# What `push` of a module does beyond taking samples.
ROWS, ENDS, NEWEST = 0, 1, 2
# What `restore` of a module returns, in order from 1.
REFUSALS = (
    ("snapshot-invalid", "broken, expected what save returned"),
    ("snapshot-newer", "of a newer version"),
    ("snapshot-other-model", "of another model"),
)


class Instance:
    """Memory and calls of a module, for one thread at a time; nothing else knows addresses.

    Views end where memory does, whatever a module says of itself, and are made anew when it has grown.
    """

    def __init__(self, model: Any) -> None:
        self._store = wasmtime.Store(model._engine)
        exports = wasmtime.Instance(self._store, model._module, []).exports(self._store)
        self._memory = exports["memory"]
        self._calls = {name: one for name, one in exports.items() if isinstance(one, wasmtime.Func)}
        # Addresses have no sign, wasmtime's i32 have.
        self._at = {name: exports[name].value(self._store) & 0xFFFFFFFF for name in GLOBALS}
        if self._at["lmu_abi"] != 1:
            raise ValueError(f"its interface has version {self._at['lmu_abi']}, expected 1")
        self.inputs = self._at["inputs"]
        self.vocabulary = model.meta.get("vocabulary")
        self.position = 0
        self._max_steps = model.meta.get("maxSteps", 1 << 52)
        self._is_single = not model.meta["returnsSequence"]
        self._bytes = np.empty(0, np.uint8)
        self._look()

    def samples(self, name: str, given: npt.ArrayLike, steps: int | None = None) -> Samples:
        """Numbers as [..., steps, inputs], or one sequence of some steps, checked; no copy of f32 (ids: i32)."""
        array = np.asarray(given)
        if array.dtype.kind not in ("iu" if self.vocabulary else "fiu"):
            raise TypeError(f"Cannot run the model: {name} is {array.dtype}, expected {'token ids' if self.vocabulary else 'numbers'}")
        samples = array[..., None] if self.vocabulary else array
        if samples.shape[-1:] != (self.inputs,) or samples.ndim < 2 or (steps is not None and samples.shape[:-1] != (steps,)):
            lengths = "..., steps" if steps is None else str(steps)
            wanted = f"({lengths})" if self.vocabulary else f"({lengths}, {self.inputs})"
            raise ValueError(f"Cannot run the model: {name} has shape {array.shape}, expected {wanted}")
        with np.errstate(over="ignore"):
            fitting = samples.astype(np.int32 if self.vocabulary else np.float32, copy=False)
        sound = (samples >= 0) & (samples < self.vocabulary) if self.vocabulary else np.isfinite(fitting)
        if not sound.all():
            value = samples[~sound][0]
            wanted = f"a token id from 0 to {self.vocabulary - 1}" if self.vocabulary else "finite 32-bit floats"
            raise LmuError(f"Cannot run the model: {name} has {value}, expected {wanted}", "input-invalid")
        return fitting

    def push(self, samples: Samples, how: int = ROWS) -> Floats:
        """Outputs of one sequence that goes on, [rows, outputs]; the newest one alone, [outputs], if the model returns no others."""
        steps = self.position + len(samples)
        if steps > self._max_steps:
            problem = f"the sequence has {steps} steps, expected at most the {self._max_steps} positions of the model"
            raise LmuError(f"Cannot run the model: {problem}", "input-invalid")
        heap = self._room(8 * samples.size)
        self._view(heap, samples.shape, np.float64)[...] = samples
        rows = self._calls["push"](self._store, len(samples), how)
        if rows < 0:
            raise LmuError("Cannot run the model: its sequence has ended; reset it first", "input-invalid")
        self._look()
        self.position = steps
        outputs = self._view(heap + 8 * samples.size, (rows, self._at["outputs"])).copy()
        return outputs[0] if self._is_single or how == NEWEST else outputs

    def reset(self) -> None:
        self._calls["reset"](self._store)
        self.position = 0

    def score(self, sequences: Samples, outputs: Floats) -> None:
        """Runs whole sequences into outputs, whose shape the caller knows. Where it stands in its own sequence is lost."""
        most = PIECE_BYTES // (sequences[:1].nbytes + outputs[:1].nbytes + 1)
        for first in range(0, len(sequences), most or 1):
            piece = sequences[first : first + (most or 1)]
            into = outputs[first : first + len(piece)]
            if not most:
                self.reset()
                into[0] = self.push(piece[0], ENDS)
                continue
            begin = self._room(piece.nbytes + into.nbytes)
            self._view(begin, piece.shape, piece.dtype)[...] = piece
            self._calls["score"](self._store, begin, begin + piece.nbytes, len(piece), piece.shape[1])
            into[...] = self._view(begin + piece.nbytes, into.shape)

    def save(self) -> bytes:
        heap = self._at["heap"]
        length = self._calls["save"](self._store, self._at["state"], heap)
        if not length:
            raise LmuError("Cannot save: the state is not finite", "snapshot-invalid")
        return self._view(heap, (length,), np.uint8).tobytes()

    def restore(self, snapshot: bytes) -> None:
        # None is longer; and one that was cut is broken.
        given = np.frombuffer(snapshot, np.uint8)[: self._at["state_bytes"] + 36]
        heap = self._room(len(given))
        self._view(heap, given.shape, np.uint8)[:] = given
        refusal = self._calls["restore"](self._store, self._at["state"], heap, len(given))
        if refusal:
            code, problem = REFUSALS[refusal - 1]
            raise LmuError(f"Cannot restore: the snapshot is {problem}", code)
        self.position = int.from_bytes(snapshot[16:24], "little")

    def _room(self, size: int) -> int:
        """Where the host's memory begins, once it has so many bytes."""
        if size >> 32 or self._calls["room"](self._store, size) < 0:
            raise LmuError(f"Cannot run the model: {size} bytes of samples do not fit into its 4 GB", "input-invalid")
        self._look()
        return self._at["heap"]

    def _view(self, at: int, shape: tuple[int, ...], dtype: Any = np.float32) -> Samples:
        return np.ndarray(shape, dtype, self._bytes, at)

    def _look(self) -> None:
        """Makes the view of all memory anew, if it has grown."""
        length = self._memory.data_len(self._store)
        if length != len(self._bytes):
            self._bytes = np.ctypeslib.as_array(self._memory.data_ptr(self._store), (length,))
