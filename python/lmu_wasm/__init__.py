"""Runs models that `lmu-wasm compile` has made, with NumPy in and out.

    from lmu_wasm import Model

    model = Model("model.wasm")
    y = model.run(x)                # [..., steps, inputs] -> [..., rows, outputs], all sequences from their beginning
    stream = model.stream()         # one live signal
    stream.step(x[0])               # [outputs]
    stream.push(x[1:])              # [rows, outputs], however the signal is cut
    past = stream.save()            # bytes, which the JavaScript library restores, too
    other = model.restore(past)

Outputs and snapshots have the bits of the JavaScript library. docs/compiled.md specifies the modules. Needs wasmtime and NumPy.
"""

from .errors import LmuError
from .model import Model
from .stream import Stream

__all__ = ["LmuError", "Model", "Stream"]
