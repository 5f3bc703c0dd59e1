"""What every program of this folder ends with: the result on one line, the median time of three calls on the error output."""
import sys
import time


def timed(work):
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    print(result)
    print(sorted(seconds)[1], "s", file=sys.stderr)
