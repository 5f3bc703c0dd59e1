"""Memory of training LeNet with batches of 64: the whole process at its peak, and what a step takes in steady state."""
import os
import re
import shutil
import subprocess
import tempfile

from running import HERE, NNS, environment

LIMIT = 60e6
FEW, MANY = 50, 150  # steps: what these runs differ in belongs to the steps beyond the first
CALLS = "mmap,munmap,mremap,brk,madvise"


def run(steps, trace):
    """Peak bytes, minor page faults, and calls for memory (none where strace is missing) of a run."""
    command = [NNS, HERE / "workloads/lenet-step.nns", str(steps)]
    with tempfile.NamedTemporaryFile("r") as log:
        if trace:
            command = ["strace", "-f", "-e", f"trace={CALLS}", "-o", log.name, *command]
        process = subprocess.Popen(command, env=environment(None), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"the script failed with status {process.returncode}")
        calls = sum(1 for line in log if re.match(rf"\d+ +({CALLS.replace(',', '|')})\(", line)) if trace else None
    return usage.ru_maxrss * 1024, usage.ru_minflt, calls


def print_memory():
    few, many = run(FEW, False), run(MANY, False)
    peak = max(few[0], many[0])
    print(f"peak of the whole process, LeNet with batches of 64: {peak / 1e6:.1f} MB (limit {LIMIT / 1e6:.0f} MB): "
          f"{'holds' if peak < LIMIT else 'EXCEEDED'}")
    faults = many[1] - few[1]
    print(f"page faults of {MANY - FEW} further steps: {faults} ({few[1]} in a run of {FEW} steps, {many[1]} in one of {MANY})")
    if shutil.which("strace"):
        few, many = run(FEW, True), run(MANY, True)
        calls = many[2] - few[2]
        print(f"calls for memory ({CALLS.replace(',', ', ')}) of {MANY - FEW} further steps: {calls} "
              f"({few[2]} and {many[2]}; limit 0): {'holds' if calls <= 0 else 'EXCEEDED'}")
    else:
        print("calls for memory: not counted, strace is not installed")
