from __future__ import annotations

import json
import os
import threading
from typing import Any, Mapping

import numpy as np
import numpy.typing as npt
import wasmtime

from .errors import LmuError
from .instance import ENDS, Floats, Instance
from .stream import Stream


class Model:
    """A compiled model, for any number of threads: each gets an instance of its own, and the GIL is free while one computes.

    source: a path, or the bytes of a module; compiling them takes some 30 ms. Pickled, a model is its bytes.
    engine: that of wasmtime to use, where its configuration matters (a cache of compiled code, limits).
    Raises LmuError format-unknown if it is something else, format-invalid if it is broken or of another interface; OSError.
    """

    meta: Mapping[str, Any]
    """What the model says of itself: fingerprint, inputSize, outputSize, lookAhead, ... (docs/compiled.md)."""

    def __init__(self, source: str | os.PathLike[str] | bytes, engine: wasmtime.Engine | None = None) -> None:
        if not isinstance(source, (bytes, bytearray, memoryview)):
            with open(source, "rb") as file:
                source = file.read()
        self._bytes = bytes(source)
        # wasmtime would take text for a module, too.
        if self._bytes[:4] != b"\0asm":
            raise LmuError("Cannot load the model: it is no WebAssembly, expected what `lmu-wasm compile` writes", "format-unknown")
        self._engine = engine or wasmtime.Engine()
        self._threads = threading.local()
        try:
            self._module = wasmtime.Module(self._engine, self._bytes)
            self.meta = json.loads(section(self._bytes, b"lmu"))
            self._instance()
        except (wasmtime.WasmtimeError, wasmtime.Trap, LookupError, TypeError, ValueError) as error:
            raise LmuError(f"Cannot load the model: {error}", "format-invalid") from error

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self._bytes,)

    def __repr__(self) -> str:
        return "Model({inputSize} to {outputSize} values, fingerprint {fingerprint})".format_map(self.meta)

    def run(self, x: npt.ArrayLike) -> Floats:
        """Runs whole sequences, each from its beginning to its end. Many at once go in lock step and take less time each.

        x: numbers [..., steps, inputs], or token ids [..., steps]; the axes in front are sequences.
        Returns f32 [..., rows, outputs], a new array; [..., outputs] of a model that returns its last output alone.
        Raises TypeError, ValueError; LmuError input-invalid if a number is not finite in f32, or no token id.
        """
        instance = self._instance()
        samples = instance.samples("x", x)
        if not samples.size:
            raise ValueError(f"Cannot run the model: x has shape {np.shape(x)}, expected a sequence and a step")
        sequences = samples.reshape(-1, *samples.shape[-2:])
        # The first one tells how many rows there are.
        instance.reset()
        first = instance.push(sequences[0], ENDS)
        outputs = np.empty((len(sequences), *first.shape), np.float32)
        outputs[0] = first
        instance.score(sequences[1:], outputs[1:])
        return outputs.reshape(*samples.shape[:-2], *first.shape)

    def stream(self) -> Stream:
        """One live signal, at the beginning of a sequence, with an instance of its own."""
        return Stream(Instance(self))

    def restore(self, snapshot: bytes) -> Stream:
        """A new stream that goes on from a snapshot. Raises as Stream.load."""
        stream = self.stream()
        stream.load(snapshot)
        return stream

    def _instance(self) -> Instance:
        if not hasattr(self._threads, "instance"):
            self._threads.instance = Instance(self)
        return self._threads.instance


def section(module: bytes, name: bytes) -> bytes:
    """Contents of a custom section of a valid module. Raises LookupError if it has none of that name."""

    def number(at: int) -> tuple[int, int]:
        value = shift = 0
        while module[at] & 128:
            value |= (module[at] & 127) << shift
            at, shift = at + 1, shift + 7
        return value | module[at] << shift, at + 1

    at = 8
    while at < len(module):
        size, begin = number(at + 1)
        length, text = number(begin)
        if module[at] == 0 and module[text : text + length] == name:
            return module[text + length : begin + size]
        at = begin + size
    raise LookupError(f"it has no section {name.decode()}, expected what `lmu-wasm compile` writes")
