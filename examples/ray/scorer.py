"""A compiled model over Arrow: a column of outputs takes the place of a column of sequences."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lmu_wasm import Model

Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


class Scorer:
    """What Ray Data makes one of in every actor, and any other engine in every process.

    model: path of what `lmu-wasm compile` has written, on every machine
    column: lists of numbers, all of one length: [steps * inputs], step by step
    into: name of the column of outputs, [rows * outputs]; rows is 1 of a model that returns its last output alone
    """

    def __init__(self, model: str, column: str = "samples", into: str = "output") -> None:
        self.model = Model(model)
        self.column, self.into = column, into

    def __call__(self, rows: Rows) -> Rows:
        """The same rows, outputs instead of sequences. Raises as outputs."""
        outputs = self.outputs(rows.column(self.column))
        return rows.drop_columns([self.column]).append_column(self.into, outputs)

    def outputs(self, lists: pa.ChunkedArray | pa.Array) -> pa.ListArray:
        """Outputs of a column, f32. Lists in one piece are read where they lie.

        Raises ValueError if one is missing or of another length; LmuError input-invalid if a number is not finite.
        """
        if isinstance(lists, pa.ChunkedArray):
            lists = lists.chunk(0) if lists.num_chunks == 1 else lists.combine_chunks()
        if not len(lists):
            return pa.array([], pa.list_(pa.float32()))
        numbers = lists.flatten().to_numpy(zero_copy_only=False)
        steps = len(numbers) // len(lists)
        if lists.null_count or not steps or pc.any(pc.not_equal(pc.list_value_length(lists), steps)).as_py():
            raise ValueError(f"Cannot score: {self.column} has lists that are missing or differ, expected all of one length")
        outputs = self.model.run(numbers.reshape(len(lists), -1, self.model.meta["inputSize"])).reshape(len(lists), -1)
        offsets = np.arange(len(lists) + 1, dtype=np.int32) * outputs.shape[1]
        return pa.ListArray.from_arrays(offsets, outputs.ravel())


def in_arrow(model: str):
    """What Spark's DataFrame.mapInArrow takes."""

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from map(Scorer(model), batches)

    return score
