"""The same job on three engines: a folder of Parquet files in, Parquet out, `output` instead of `samples`."""

import os
import shutil

import duckdb
import polars as pl
import ray
from scorer import Scorer

# Sequences that go to a model at a time: enough to forget what a call costs, few enough for a cache.
BATCH = 4096


def with_ray(model: str, source: str, target: str, actors: int, batch: int = BATCH) -> None:
    """On all machines of the cluster that Ray is connected to; target is a folder that they all see.

    Ray must have more CPUs than actors, or nothing is left for those who read and write. An actor that dies is replaced, and
    what it had is scored again. The folder gets its name when all is there.
    """
    shutil.rmtree(f"{target}.part", ignore_errors=True)
    rows = ray.data.read_parquet(source).map_batches(
        Scorer,
        fn_constructor_args=[model],
        batch_format="pyarrow",
        batch_size=batch,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=actors),
    )
    rows.write_parquet(f"{target}.part")
    os.rename(f"{target}.part", target)


def with_polars(model: str, source: str, target: str) -> None:
    """On all cores of this machine, part by part, or on as many as POLARS_MAX_THREADS says."""
    scorer = Scorer(model)

    def outputs(samples: pl.Series) -> pl.Series:
        return pl.Series(samples.name, scorer.outputs(samples.to_arrow()))

    output = pl.col(scorer.column).map_batches(outputs, return_dtype=pl.List(pl.Float32), is_elementwise=True)
    rows = pl.scan_parquet(f"{source}/*.parquet").select(pl.all().exclude(scorer.column), output.alias(scorer.into))
    rows.sink_parquet(f"{target}.part", compression="lz4", engine="streaming")
    os.rename(f"{target}.part", target)


def with_duckdb(model: str, source: str, target: str, threads: int = os.cpu_count() or 1) -> None:
    """On some cores of this machine, as a function of SQL."""
    scorer = Scorer(model)
    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as database:
        database.create_function("score", scorer.outputs, ["FLOAT[]"], "FLOAT[]", type="arrow")
        rows = f"SELECT * EXCLUDE ({scorer.column}), score({scorer.column}::FLOAT[]) AS {scorer.into} FROM read_parquet($source)"
        database.execute(f"COPY ({rows}) TO $target (FORMAT parquet, COMPRESSION lz4_raw)", {"source": f"{source}/*.parquet", "target": f"{target}.part"})
    os.rename(f"{target}.part", target)
