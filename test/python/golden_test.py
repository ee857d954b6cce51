"""Every model of make.mjs gives the library's bits, run whole, in a batch, in chunks, step by step and through snapshots."""

import json
import os
import unittest
from pathlib import Path

import numpy as np
from lmu_wasm import Model

CASES = sorted(Path(os.environ["CASES"]).iterdir())
# Within a call of the module, over its end, and single samples.
CHUNKS = (1, 7, 130, 3, 64, 31)
# Of all steps, for a call takes longer than a step.
SINGLE_STEPS = 150


class Case:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = Model(folder / "model.wasm")
        self.steps, self.batch, self.at = (json.loads((folder / "case.json").read_text())[name] for name in ("steps", "batch", "at"))
        kind, shape = (np.int32, (self.steps,)) if "vocabulary" in self.model.meta else (np.float32, (self.steps, -1))
        self.input = np.fromfile(folder / "input", kind).reshape(shape)
        self.output = self.floats("output")

    def floats(self, name: str, *before: int):
        outputs = self.model.meta["outputSize"]
        rows = (-1,) if self.model.meta["returnsSequence"] else ()
        return np.fromfile(self.folder / name, np.float32).reshape(*before, *rows, outputs)

    def bytes(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


def for_each_case(test):
    def run(self):
        for folder in CASES:
            with self.subTest(folder.name):
                test(self, Case(folder))

    return run


class Golden(unittest.TestCase):
    def test_there_are_models(self):
        self.assertGreaterEqual(len(CASES), 60)

    def same(self, actual, expected):
        self.assertEqual(actual.shape, expected.shape)
        self.assertEqual(actual.tobytes(), expected.tobytes())

    @for_each_case
    def test_run(self, case: Case):
        self.same(case.model.run(case.input), case.output)
        batch = case.input.reshape(case.batch, -1, *case.input.shape[1:])
        self.same(case.model.run(batch), case.floats("batch", case.batch))
        # Any axes in front, and arrays that do not lie in one piece.
        some = np.asfortranarray(batch[None, ::-1])
        self.same(case.model.run(some), case.floats("batch", case.batch)[None, ::-1])

    @for_each_case
    def test_push_and_step(self, case: Case):
        stream, parts, at = case.model.stream(), [], 0
        while at < case.steps:
            chunk = case.input[at : at + CHUNKS[len(parts) % len(CHUNKS)]]
            parts.append(stream.push(chunk))
            at += len(chunk)
        self.assertEqual(stream.position, case.steps)
        parts.append(stream.end())
        self.same(np.concatenate(parts) if case.output.ndim == 2 else parts[-1], case.output)
        stream.reset()
        twin = case.model.stream()
        for sample in case.input[:SINGLE_STEPS]:
            output = stream.step(sample)
            pushed = twin.push(sample[None])
            if pushed.ndim == 1:
                self.same(output, pushed)
            elif len(pushed):
                self.same(output, pushed[-1])

    @for_each_case
    def test_snapshots(self, case: Case):
        stream = case.model.stream()
        stream.push(case.input[: case.at])
        self.assertEqual(stream.save(), case.bytes("f32.snapshot"))
        for dtype in ("f32", "f16", "int8"):
            restored = case.model.restore(case.bytes(f"{dtype}.snapshot"))
            self.assertEqual(restored.position, case.at)
            self.assertEqual(restored.save(), case.bytes(f"{dtype}.again"))
        stream.load(case.bytes("f32.snapshot"))
        stream.push(case.input[case.at :])
        whole = case.model.stream()
        whole.push(case.input)
        self.assertEqual(stream.save(), whole.save())


if __name__ == "__main__":
    unittest.main()
