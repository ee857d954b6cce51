"""Made-up sequences as Parquet files, and what is right: the model's outputs by nothing but NumPy."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from lmu_wasm import Model

STEPS = 64
# Of a file; engines read files apart.
ROWS = 1 << 14


def samples(begin: int, end: int) -> np.ndarray:
    """Sequences by their numbers, f32[end - begin, STEPS]: the same ones however they are asked for."""
    number = np.arange(begin, end)[:, None]
    phase = 2 * np.pi * np.arange(STEPS) / (10 + number % 40)
    return (np.sin(phase) / 4 + (number * 7919 % 1000) / 1e4).astype(np.float32)


def write(folder: str, count: int) -> None:
    """A folder of Parquet files: `id`, `samples`."""
    os.makedirs(folder)
    for begin in range(0, count, ROWS):
        end = min(count, begin + ROWS)
        offsets = np.arange(end - begin + 1, dtype=np.int32) * STEPS
        lists = pa.ListArray.from_arrays(offsets, samples(begin, end).ravel())
        rows = pa.table({"id": np.arange(begin, end), "samples": lists})
        pq.write_table(rows, f"{folder}/{begin:08}.parquet", compression="lz4", use_dictionary=False)


def sum_of(path: str, count: int) -> float:
    """The sum of all outputs of a file or a folder in the order of their ids. Raises ValueError unless each id is there once."""
    rows = pq.read_table(path, columns=["id", "output"]).sort_by("id")
    if not np.array_equal(rows["id"], np.arange(count)):
        raise ValueError(f"Cannot sum up: {path} has {len(rows)} rows, expected each of {count} ids once")
    return float(np.sum(rows["output"].combine_chunks().flatten().to_numpy(), dtype=np.float64))


def expected_sum(model: str, count: int) -> float:
    return float(np.sum(Model(model).run(samples(0, count)[..., None]), dtype=np.float64))
