"""Sequences a second through every engine, beside the library's own batches on as many cores: npm run load, CORES=1 npm run load"""

import os
import subprocess
import sys
import tempfile
import time

CORES = int(os.environ.get("CORES", os.cpu_count() or 1))
os.environ["POLARS_MAX_THREADS"] = str(CORES)  # read by the import

import engines  # noqa: E402
import ray  # noqa: E402
import sequences  # noqa: E402

MODEL = os.path.abspath("model.wasm")


def library(count: int) -> float:
    """A process a core, at the same time."""
    args = ["node", "library.mjs", str(count // 10 // CORES)]
    return sum(float(one.communicate()[0]) for one in [subprocess.Popen(args, stdout=subprocess.PIPE) for _ in range(CORES)])


JOBS = {
    "polars": lambda source, target: engines.with_polars(MODEL, source, target),
    "duckdb": lambda source, target: engines.with_duckdb(MODEL, source, target, CORES),
    "ray": lambda source, target: engines.with_ray(MODEL, source, target, CORES),
}


def main(count: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/sequences"
        sequences.write(source, count)
        before = library(count)
        for name in names:
            if name == "ray":
                ray.init(num_cpus=CORES + 2, include_dashboard=False, log_to_driver=False)
            begin = time.perf_counter()
            JOBS[name](source, f"{folder}/{name}")
            rate = count / (time.perf_counter() - begin)
            ray.shutdown()
            # What else the machine does hits the library before and after, too.
            after = library(count)
            part = rate / ((before + after) / 2)
            before = after
            total = sequences.sum_of(f"{folder}/{name}", count)
            print(f"{name}: {rate:,.0f} sequences a second on {CORES} cores, {part:.0%} of the library's; sum {total!r}", flush=True)


if __name__ == "__main__":
    count, *names = sys.argv[1:] or ["1000000"]
    main(int(count), names or list(JOBS))
