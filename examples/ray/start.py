"""A hundred thousand sequences through the three engines: npm start."""

import os
import tempfile
import time

import engines
import ray
import sequences

MODEL = "model.wasm"
COUNT = 100_000

if __name__ == "__main__":
    cores = os.cpu_count() or 1
    folder = tempfile.mkdtemp(prefix="lmu-wasm-ray-")
    source = f"{folder}/sequences"
    sequences.write(source, COUNT)
    ray.init(num_cpus=cores + 2, include_dashboard=False, log_to_driver=False)
    jobs = {
        "ray": lambda target: engines.with_ray(os.path.abspath(MODEL), source, target, cores),
        "polars": lambda target: engines.with_polars(MODEL, source, target),
        "duckdb": lambda target: engines.with_duckdb(MODEL, source, target),
    }
    for name, job in jobs.items():
        begin = time.perf_counter()
        job(f"{folder}/{name}")
        seconds = time.perf_counter() - begin
        print(f"{name}: {COUNT} sequences in {seconds:.1f} s, sum {sequences.sum_of(f'{folder}/{name}', COUNT)!r}: {folder}/{name}")
