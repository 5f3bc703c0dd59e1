"""Runs workloads: scripts in nns, the same programs in CPython and Lua, and the libraries' workers."""
import json
import os
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NNS = ROOT / ".build/release/nns"
LIBRARIES = ("torch", "jax", "numpy")
START = {"torch": "import torch; print(torch.ones(2) + 1)", "jax": "import jax.numpy as jnp; print(jnp.ones(2) + 1)",
         "numpy": "import numpy as np; print(np.ones(2) + 1)", "python": "print(1 + 1)"}
UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}
LUA_CALLS = 3  # in a program of walker/, see timing.lua
LONGEST = 60  # seconds that one run of a program may take


class Failed(Exception):
    """A workload that could not be measured; the text says why."""


def duration(seconds):
    """Three digits in a unit that suits, as in "12.3 ms"."""
    for unit, scale in UNITS.items():
        if seconds < 999.5 * scale or unit == "s":
            x = seconds / scale
            return f"{x:.{max(0, 2 - len(str(int(x))) + 1)}f} {unit}"


def environment(threads):
    """The environment for a number of threads; none: as many as the program takes by itself."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NNS_")}
    if threads:
        env["NNS_THREADS"] = str(threads)
    return env


def output_of(command, threads=None, **options):
    """Both streams of a program that ends well within LONGEST seconds."""
    try:
        done = subprocess.run(command, env=environment(threads) | options.pop("env", {}), capture_output=True, text=True,
                              timeout=LONGEST, stdin=subprocess.DEVNULL, **options)
    except subprocess.TimeoutExpired:
        raise Failed(f"over {LONGEST} s")
    if done.returncode:
        raise Failed((done.stderr.strip() or f"status {done.returncode}").splitlines()[0])
    return done.stdout.strip(), done.stderr.strip()


def last_duration(text):
    """The seconds that `time` told last in a program's error output, as in "12.3 µs (median of 7), at most …"."""
    found = re.findall(r"^([0-9.e-]+) (ns|µs|ms|s)\b", text, re.MULTILINE)
    if not found:
        raise Failed(f"no time in its output: {text[-80:]}")
    return float(found[-1][0]) * UNITS[found[-1][1]]


def wall(command, threads=None):
    """Seconds from a program's start to its end."""
    begin = time.perf_counter()
    output_of(command, threads)
    return time.perf_counter() - begin


def nns_seconds(row, threads=None):
    """One call of a row in nns."""
    if not row.script:
        return wall([NNS, "-e", "ones(2) + 1"], threads)
    script, *arguments = row.script.split()
    _, errors = output_of([NNS, HERE / f"{script}.nns", *arguments], threads)
    return last_duration(errors) / row.calls


class Peers:
    """What a run is compared with: the libraries of a Python interpreter, the interpreter, and Lua."""

    def __init__(self, python):
        self.python, self.workers, self.versions, self.missing = python, {}, {}, {}
        self.lua = shutil.which("lua5.4")
        for program, command in (("python", [python, "--version"]), ("lua", [self.lua, "-v"])):
            if command[0]:
                self.versions[program] = " ".join(output_of(command)[0].split()[:2])
            else:
                self.missing[program] = "lua5.4 is not installed"

    def names(self):
        return (*LIBRARIES, "python", "lua")

    def worker(self, library, threads):
        if library in self.missing:
            return None
        if (library, threads) not in self.workers:
            process = subprocess.Popen([self.python, HERE / "peers/worker.py", library, str(threads)], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            hello = json.loads(process.stdout.readline() or '{"error": "the worker did not start"}')
            if "error" in hello:
                self.missing[library] = hello["error"]
                return None
            self.versions[library] = hello["version"]
            self.workers[library, threads] = process
        return self.workers[library, threads]

    def seconds(self, peer, row, block):
        """One call of a row by a peer, measured for `block` seconds; none where it has no such row."""
        if not row.script:
            if peer not in START or not self.has(peer):
                return None
            return wall([self.python, "-c", START[peer]])
        if peer in LIBRARIES:
            if row.script.startswith("walker/") or not (worker := self.worker(peer, row.threads)):
                return None
            worker.stdin.write(f"{row.name} {block}\n")
            worker.stdin.flush()
            answer = json.loads(worker.stdout.readline() or '{"error": "the worker ended"}')
            if "error" in answer:
                raise Failed(answer["error"])
            return answer.get("seconds")
        if not row.script.startswith("walker/") or peer in self.missing:
            return None
        if peer == "lua":  # the start of Lua, a millisecond, is in it
            begin = time.perf_counter()
            self.program(peer, row)
            return (time.perf_counter() - begin) / LUA_CALLS
        return last_duration(self.program(peer, row)[1])

    def has(self, peer):
        return peer == "python" or self.worker(peer, 1) is not None

    def program(self, peer, row):
        """Runs a program of walker/ in CPython or Lua."""
        program, suffix = (self.python, ".py") if peer == "python" else (self.lua, ".lua")
        return output_of([program, HERE / (row.script + suffix)], env={"LUA_PATH": str(HERE / "walker/?.lua")})

    def close(self):
        for process in self.workers.values():
            process.stdin.close()
            process.wait()


class Figures:
    """The figures of rows over the rounds of a run: by row and program, a list of seconds or the reason for none."""

    def __init__(self, fastest):
        self.samples, self.failed, self.pick = {}, {}, min if fastest else statistics.median

    def take(self, row, program, measure):
        if (row.name, program) in self.failed:
            return
        try:
            seconds = measure()
            if seconds is not None:
                self.samples.setdefault((row.name, program), []).append(seconds)
        except Failed as failure:
            self.failed[row.name, program] = str(failure)

    def of(self, row, program):
        """The median over the rounds (or the fastest), none where there is none."""
        samples = self.samples.get((row if isinstance(row, str) else row.name, program))
        return self.pick(samples) if samples else None
