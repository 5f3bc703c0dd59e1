"""One thread against the default number: 30 interleaved pairs of every workload."""
import statistics

from rows import ROWS
from running import Failed, duration, nns_seconds

LIMIT = 1.05  # by so much may the default be slower


def print_threads(names, pairs):
    # Those rows that are there for their number of threads run the scripts of others.
    rows = [row for row in ROWS if (not names or row.name in names) and row.threads == 1]
    print(f"{'':50}{'1 thread':>12}{'default':>12}{'ratio':>9}   (medians of {pairs} pairs; at most {LIMIT})", flush=True)
    above = 0
    for row in rows:
        times = []
        try:
            for i in range(pairs):
                order = (1, None) if i % 2 == 0 else (None, 1)  # neither always goes first
                pair = {threads: nns_seconds(row, threads) for threads in order}
                times.append((pair[1], pair[None]))
        except Failed as failure:
            print(f"{row.title:50}  {failure}", flush=True)
            continue
        ratio = statistics.median(many / one for one, many in times)
        one, many = (statistics.median(t) for t in zip(*times))
        above += ratio > LIMIT
        print(f"{row.title:50}{duration(one):>12}{duration(many):>12}{ratio:9.3f}{'   SLOWER' if ratio > LIMIT else ''}", flush=True)
    print(f"{above} of {len(rows)} workloads are slower with the default number of threads than with one")
