"""What is refused, by which error, and that it changes nothing; threads; pickles; modules that nobody should trust."""

import os
import pickle
import struct
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import wasmtime
from lmu_wasm import LmuError, Model

CASES = Path(os.environ["CASES"])
PATH = CASES / "models+mackey-glass.safetensors" / "model.wasm"
TOKENS = CASES / "test+golden+keras+embedding-language-model.keras" / "model.wasm"
WIDE = CASES / "test+golden+keras+gru.keras" / "model.wasm"


def noise(*shape: int, seed: int = 0):
    return np.random.default_rng(seed).random(shape, np.float32) - 0.5


class Refusals(unittest.TestCase):
    def refused(self, code: str, call, *args):
        with self.assertRaises(LmuError) as caught:
            call(*args)
        self.assertEqual(caught.exception.code, code)
        self.assertRegex(str(caught.exception), "^Cannot ")

    def test_inputs(self):
        model = Model(PATH)
        stream = model.stream()
        stream.push(noise(100, 1))
        before = stream.save()
        for value in (np.nan, np.inf, -np.inf, 1e39):
            late = noise(200, 1).astype(np.float64)
            late[199] = value
            self.refused("input-invalid", stream.push, late)
            self.refused("input-invalid", stream.step, value)
            self.refused("input-invalid", model.run, np.stack([late] * 20))
        for wrong in (None, "1", b"1", True, 1j, [None], ["a"], {}):
            self.assertRaises(TypeError, stream.step, wrong)
            self.assertRaises(TypeError, stream.push, [[wrong]])
            self.assertRaises(TypeError, model.run, [[wrong]])
        for shape in ((), (1,), (3,), (3, 2), (0,), (2, 3, 1)):
            self.assertRaises(ValueError, stream.push, np.zeros(shape))
        for shape in ((2,), (0,), (1, 1), (2, 1)):
            self.assertRaises(ValueError, stream.step, np.zeros(shape))
        for shape in ((), (3,), (3, 2), (0, 1), (0, 3, 1), (2, 0, 1)):
            self.assertRaises(ValueError, model.run, np.zeros(shape))
        self.assertEqual(stream.save(), before)
        self.assertEqual((stream.position, stream.push(np.zeros((0, 1))).shape), (100, (0, 1)))

    def test_token_ids(self):
        model = Model(TOKENS)
        vocabulary = model.meta["vocabulary"]
        self.assertEqual(model.run([1, 2, 3]).shape, (3, model.meta["outputSize"]))
        for wrong in (-1, vocabulary, 2**32, 2**62, -(2**32) + 1):
            self.refused("input-invalid", model.run, np.array([1, wrong]))
            self.refused("input-invalid", model.stream().step, np.array(wrong))
        self.assertRaises(TypeError, model.run, [1.0, 2.0])
        self.assertRaises(ValueError, model.stream().push, [[1, 2]])
        self.assertRaises(ValueError, model.stream().step, [1, 2])

    def test_widths(self):
        stream = Model(WIDE).stream()
        self.assertRaises(ValueError, stream.step, noise(4))
        self.assertRaises(ValueError, stream.step, 0.5)
        self.assertRaises(ValueError, stream.push, noise(5))
        self.assertEqual(stream.step(noise(5)).shape, (3,))

    def test_after_the_end(self):
        stream = Model(PATH).stream()
        stream.push(noise(10, 1))
        past = stream.save()
        stream.end()
        ended = stream.save()
        for call, args in ((stream.step, [0.1]), (stream.push, [noise(3, 1)]), (stream.push, [noise(0, 1)]), (stream.end, [])):
            self.refused("input-invalid", call, *args)
        self.assertEqual(stream.save(), ended)
        stream.load(past)
        self.assertEqual(stream.position, 10)
        stream.step(0.1)
        stream.reset()
        self.assertEqual(stream.position, 0)

    def test_snapshots(self):
        model = Model(PATH)
        stream = model.stream()
        stream.push(noise(33, 1))
        past = stream.save()
        newer = past[:4] + b"\x02" + past[5:-8]
        broken = [b"", b"LMUs", past[:-4], past + past, past[:40] + bytes([past[40] ^ 1]) + past[41:], bytes(1 << 20), os.urandom(len(past))]
        for one in broken:
            self.refused("snapshot-invalid", stream.load, one)
            self.refused("snapshot-invalid", model.restore, one)
        self.refused("snapshot-newer", stream.load, newer + checksum(newer))
        self.refused("snapshot-other-model", stream.load, Model(WIDE).stream().save())
        for wrong in (None, "LMUs", 3):
            self.assertRaises(TypeError, stream.load, wrong)
        self.assertEqual((stream.save(), stream.position), (past, 33))
        self.assertEqual(model.restore(memoryview(bytearray(past))).save(), past)

    def test_modules(self):
        good = PATH.read_bytes()
        for text in (b"", b"(module)", b"PK\x03\x04", good[1:]):
            self.refused("format-unknown", Model, text)
        wat = wasmtime.wat2wasm
        imports = wat('(module (import "a" "b" (func)))')
        for module in (good[:100], good[:-50], wat("(module)"), bytes(wat("(module)")) + b"\0\x06\x03lmu{}", bytes(imports) + b"\0\x06\x03lmu{}"):
            self.refused("format-invalid", Model, bytes(module))
        self.assertRaises(FileNotFoundError, Model, "no-such.wasm")

    def test_modules_that_lie(self):
        """Addresses and counts beyond memory end in an error of Python, never in a read of the process."""
        names = ("inputs", "outputs", "state", "state_bytes", "heap")
        for liar in names:
            fields = "".join(f'(global (export "{name}") i32 (i32.const {-16 if name == liar else 16}))' for name in names)
            calls = "".join(f'(func (export "{name}") (param {"i32 " * count}) (result i32) (i32.const 4))' for name, count in
                            (("push", 2), ("room", 1), ("score", 4), ("save", 2), ("restore", 3)))  # fmt: skip
            module = bytes(wasmtime.wat2wasm(f'(module (memory (export "memory") 1) (global (export "lmu_abi") i32 (i32.const 1))'
                                             f'{fields} {calls} (func (export "reset")))'))  # fmt: skip
            meta = b'{"returnsSequence":true,"inputSize":16,"outputSize":16}'
            module += b"\0" + bytes([len(meta) + 4]) + b"\x03lmu" + meta
            model = Model(module)
            for call in (lambda: model.run(noise(3, 5, 16)), lambda: model.stream().push(noise(3, 16)), lambda: model.stream().save()):
                try:
                    call()
                except (LmuError, ValueError, TypeError, OverflowError, MemoryError, wasmtime.WasmtimeError):
                    pass


class Threads(unittest.TestCase):
    def test_a_model_serves_all(self):
        model = Model(PATH)
        inputs = [noise(50, 100, 1, seed=seed) for seed in range(16)]
        expected = [model.run(x) for x in inputs]
        barrier = threading.Barrier(4)

        def work(first: int):
            barrier.wait()
            return [(seed, model.run(inputs[seed])) for seed in range(first, 16, 4)]

        with ThreadPoolExecutor(4) as pool:
            for seed, output in (pair for pairs in pool.map(work, range(4)) for pair in pairs):
                self.assertEqual(output.tobytes(), expected[seed].tobytes())

    def test_threads_take_turns_at_a_stream(self):
        model = Model(PATH)
        stream = model.stream()
        with ThreadPoolExecutor(4) as pool:
            for _ in pool.map(stream.push, [np.zeros((70, 1))] * 40):
                pass
        alone = model.stream()
        alone.push(np.zeros((2800, 1)))
        self.assertEqual((stream.save(), stream.position), (alone.save(), 2800))

    def test_pickles(self):
        model = Model(PATH)
        x = noise(30, 1)
        self.assertEqual(pickle.loads(pickle.dumps(model)).run(x).tobytes(), model.run(x).tobytes())
        error = pickle.loads(pickle.dumps(LmuError("Cannot run", "input-invalid")))
        self.assertEqual((error.code, str(error)), ("input-invalid", "Cannot run"))

    def test_engines_that_keep_what_they_compiled(self):
        x = noise(30, 1)
        expected = Model(PATH).run(x).tobytes()
        for _ in range(2):
            config = wasmtime.Config()
            config.cache = True
            self.assertEqual(Model(PATH, wasmtime.Engine(config)).run(x).tobytes(), expected)

    def test_long_and_many(self):
        """Pieces that fill a module's memory, and sequences that do not fit into one."""
        model = Model(PATH)
        many = noise(40_000, 16, 1)
        self.assertEqual(model.run(many)[[0, 20_000, 39_999]].tobytes(), model.run(many[[0, 20_000, 39_999]]).tobytes())
        long = np.broadcast_to(noise(1, 1), (2, 600_000, 1))
        whole = model.run(long)
        self.assertEqual(whole[1].tobytes(), model.stream().push(long[0]).tobytes())


def checksum(start: bytes) -> bytes:
    """Of a snapshot, by docs/snapshots.md."""
    a, b = 0x9E3779B9, 0x3C6EF372
    for (word,) in struct.iter_unpack("<I", start):
        a = (a ^ word) * 0x7FEB352D & 0xFFFFFFFF
        a ^= a >> 15
        b = (b ^ word) * 0x846CA68B & 0xFFFFFFFF
        b ^= b >> 13
    return struct.pack("<II", a, b)


if __name__ == "__main__":
    unittest.main()
