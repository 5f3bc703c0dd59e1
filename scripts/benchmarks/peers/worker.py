"""Times a library's workloads on request: worker.py torch|jax|numpy THREADS.

Reads lines "ROW SECONDS" and answers each with one line of JSON: {"seconds": median time of one call} after about
SECONDS of measuring, {"error": text} where it failed, or {} where the library has no such workload. The first line
it writes tells its version. A workload is a function without arguments, or a pair of a statement and its names
where a call of a function would weigh too much.
"""
import importlib
import json
import os
import statistics
import sys
import time
import timeit


def measured(work, seconds):
    timer = timeit.Timer(work) if callable(work) else timeit.Timer(work[0], globals=work[1])
    timer.timeit(1)
    number, took = 1, timer.timeit(1)
    while took < 0.002:  # so many calls in a sample that the clock does not count
        number *= 2
        took = timer.timeit(number)
    end = time.perf_counter() + seconds
    samples = []
    least = 3 if took < 0.5 else 1
    while len(samples) < least or time.perf_counter() < end:
        samples.append(timer.timeit(number) / number)
    return statistics.median(samples)


def main():
    library, threads = sys.argv[1], sys.argv[2]
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):  # NPROC: XLA's
        os.environ[name] = threads
    if threads == "1":
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    answer, sys.stdout = sys.stdout, sys.stderr
    try:
        peer = importlib.import_module("peer_" + library)
    except ImportError as error:
        print(json.dumps({"error": str(error)}), file=answer, flush=True)
        return
    print(json.dumps({"version": peer.VERSION}), file=answer, flush=True)
    prepared = {}
    for line in sys.stdin:
        row, seconds = line.split()
        try:
            if row not in prepared:
                prepared[row] = peer.ROWS[row]() if row in peer.ROWS else None
            result = {"seconds": measured(prepared[row], float(seconds))} if prepared[row] else {}
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), file=answer, flush=True)


main()
