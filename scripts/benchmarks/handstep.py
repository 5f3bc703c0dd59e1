"""A training step written by hand in nns, and how much of it the kernels take."""
import re
import shutil
import subprocess
import tempfile

from running import HERE, NNS, ROOT, Failed, duration, last_duration, output_of

STEPS = 57  # in an epoch of workloads/hand-epoch.nns
LIMIT = 10e-6
SCRIPT = HERE / "workloads/hand-epoch.nns"


def kernel_symbols():
    """The functions of the C kernels, the allocator left out, as the release build's object files name them."""
    names = set()
    for path in (ROOT / ".build/release/CKernels.build").glob("*.o"):
        if path.name.split(".")[0] in ("memory", "interrupt", "isa"):
            continue
        for line in subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True).stdout.splitlines():
            address, kind, name = line.split(maxsplit=2)
            if kind in "tTwW":
                names.add(name)
    return names


def kernel_share():
    """The part of a run's samples that lie in the kernels."""
    if not shutil.which("perf"):
        raise Failed("perf is not installed")
    kernels = kernel_symbols()
    with tempfile.NamedTemporaryFile() as data:
        output_of(["perf", "record", "-q", "-e", "cpu-clock", "-F", "5000", "-o", data.name, NNS, SCRIPT], threads=1)
        report = subprocess.run(["perf", "report", "-i", data.name, "--sort", "symbol", "-F", "overhead,symbol", "--stdio", "-q",
                                 "-w", "0,400"], capture_output=True, text=True).stdout
    shares = re.findall(r"^ *([0-9.]+)% +\[.\] (\S+)", report, re.M)
    if not shares or not kernels:
        raise Failed("perf gave no samples")
    # Symbols within a library and the kernel count to the whole as well: its sum is 100%.
    return sum(float(share) for share, name in shares if name in kernels) / 100


def print_hand_step(rounds):
    try:
        seconds = min(last_duration(output_of([NNS, SCRIPT], threads=1)[1]) for _ in range(rounds)) / STEPS
        print(f"\na step written by hand (digits MLP 64-32-10, batch 32, l2, Adam): {duration(seconds)}")
        share = kernel_share()
        print(f"its kernels take {share:.0%} by perf's samples, {duration(share * seconds)}; the rest, {duration((1 - share) * seconds)}, is the language "
              f"(limit {duration(LIMIT)}): {'holds' if (1 - share) * seconds <= LIMIT else 'EXCEEDED'}")
    except Failed as failure:
        print(f"the kernels' part: {failure}")
