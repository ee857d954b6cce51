"""Every engine gives what the model gives, whoever is killed; what is wrong is refused, and nothing is left under the name."""

import os
import signal
import tempfile
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path

import engines
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import ray
import scorer
import sequences

MODEL = os.path.abspath("model.wasm")
COUNT = 10_000


def actors() -> Iterator[int]:
    """Processes that score: Ray names them after the actor."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"MapWorker(MapBatches(Scorer)" in path.read_bytes():
                yield int(path.parent.name)
        except OSError:
            pass  # It has ended.


class Engines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.source = f"{cls.folder}/sequences"
        sequences.write(cls.source, COUNT)
        cls.expected = sequences.expected_sum(MODEL, COUNT)
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
        ray.data.DataContext.get_current().enable_progress_bars = False

    @classmethod
    def tearDownClass(cls):
        ray.shutdown()

    def target(self) -> str:
        return f"{self.folder}/{self.id()}"

    def test_ray(self):
        engines.with_ray(MODEL, self.source, self.target(), actors=2)
        self.assertEqual(sequences.sum_of(self.target(), COUNT), self.expected)

    def test_polars(self):
        engines.with_polars(MODEL, self.source, self.target())
        self.assertEqual(sequences.sum_of(self.target(), COUNT), self.expected)

    def test_duckdb(self):
        engines.with_duckdb(MODEL, self.source, self.target(), threads=3)
        self.assertEqual(sequences.sum_of(self.target(), COUNT), self.expected)

    def test_what_spark_calls(self):
        batches = pq.read_table(self.source).to_batches(max_chunksize=1000)
        outputs = pa.Table.from_batches(scorer.in_arrow(MODEL)(iter(batches)))
        pq.write_table(outputs, self.target())
        self.assertEqual(sequences.sum_of(self.target(), COUNT), self.expected)

    def test_actors_killed(self):
        """SIGKILL of actors while they score, again and again: nothing is lost, nothing is there twice."""
        count = 4 * COUNT
        source = f"{self.folder}/more"
        sequences.write(source, count)
        ended = threading.Event()
        kills = []

        def kill():
            while not ended.wait(1) and len(kills) < 3:
                for pid in actors():
                    os.kill(pid, signal.SIGKILL)
                    kills.append(pid)
                    break

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            engines.with_ray(MODEL, source, self.target(), actors=2, batch=500)
        finally:
            ended.set()
            killer.join()
        self.assertGreater(len(kills), 0)
        self.assertEqual(sequences.sum_of(self.target(), count), sequences.expected_sum(MODEL, count))


class Lists(unittest.TestCase):
    def test_slices_and_chunks(self):
        """Parts of larger arrays, lists of fixed size, and columns in pieces."""
        numbers = sequences.samples(0, 50)
        score = scorer.Scorer(MODEL)
        expected = score.model.run(numbers[..., None]).reshape(50, -1)
        lists = pa.array(list(numbers), pa.list_(pa.float32()))
        fixed = pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), sequences.STEPS)
        for column in (lists, fixed, lists.cast(pa.large_list(pa.float32())), lists.cast(pa.list_(pa.float64()))):
            for slice in (column, column[10:30], pa.chunked_array([column[:7], column[7:50]])):
                begin = 10 if len(slice) == 20 else 0
                outputs = score.outputs(slice).flatten().to_numpy().reshape(len(slice), -1)
                np.testing.assert_array_equal(outputs, expected[begin : begin + len(slice)])
        self.assertEqual(len(score(pa.table({"samples": lists[:0]}))), 0)

    def test_refusals(self):
        score = scorer.Scorer(MODEL)
        for lists in ([[1.0, 2.0], [1.0]], [[1.0], None], [[]], [[1.0, 2.0], [3.0], [1.0, 2.0, 3.0]]):
            with self.assertRaisesRegex(ValueError, "^Cannot score"):
                score.outputs(pa.array(lists, pa.list_(pa.float32())))
        for lists in ([[1.0, float("nan")]], [[1.0, None]]):
            with self.assertRaisesRegex(Exception, "finite"):
                score.outputs(pa.array(lists, pa.list_(pa.float32())))

    def test_nothing_is_left_of_what_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            pq.write_table(pa.table({"samples": [[1.0, 2.0], [float("inf"), 1.0]]}), f"{folder}/bad.parquet")
            for job in (engines.with_polars, engines.with_duckdb):
                with self.assertRaisesRegex(Exception, "finite"):
                    job(MODEL, folder, f"{folder}/out")
                self.assertFalse(Path(f"{folder}/out").exists())


if __name__ == "__main__":
    unittest.main()
