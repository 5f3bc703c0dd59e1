"""Builds and runs the proofs of the elementwise functions: exhaustive.c for floats, ulp.c for doubles."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from running import HERE, ROOT

KERNELS = ("isa", "math_f32", "math_f64", "math_reduce", "math_exact", "math_pow")
FLAGS = ("-O3", "-ffp-contract=off", "-fno-math-errno", "-std=gnu2x")  # as Package.swift has them


def clang():
    """The C compiler of the Swift toolchain, which builds the kernels too, or another clang."""
    swift = shutil.which("swiftc")
    if swift and (beside := Path(swift).resolve().with_name("clang")).exists():
        return str(beside)
    return shutil.which("clang")


def has_mpfr(compiler):
    probe = subprocess.run([compiler, "-E", "-x", "c", "-"], input="#include <mpfr.h>\n", text=True, capture_output=True)
    return probe.returncode == 0


def install_mpfr(compiler):
    """Installs MPFR where it is missing; false where that cannot be done."""
    if has_mpfr(compiler):
        return True
    print("installing libmpfr-dev, which the reference needs", flush=True)
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libmpfr-dev"]):
        try:
            subprocess.run(root + command, check=True, capture_output=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
        except (OSError, subprocess.CalledProcessError) as failure:
            print(f"libmpfr-dev cannot be installed: {failure}", file=sys.stderr)
            return False
    return has_mpfr(compiler)


def built(program):
    """The path of a proof, built where it is older than its sources; none where MPFR cannot be had."""
    compiler = clang()
    if not compiler:
        raise SystemExit("scripts/bench: clang is not found; it comes with the Swift toolchain")
    if not install_mpfr(compiler):
        return None
    binary = ROOT / ".build/bench" / program
    sources = ROOT / "Sources/CKernels"
    inputs = [*sources.rglob("math_*"), *sources.rglob("*.h"), sources / "isa.c", HERE / f"{program}.c", HERE / "references.h"]
    if not binary.exists() or binary.stat().st_mtime < max(path.stat().st_mtime for path in inputs):
        binary.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, *FLAGS, f"-I{sources}", f"-I{sources}/include", HERE / f"{program}.c",
                        *(sources / f"{name}.c" for name in KERNELS), "-lmpfr", "-lgmp", "-lm", "-o", binary], check=True)
    return binary


def run(program, arguments):
    binary = built(program)
    if binary is None:
        return 3
    return subprocess.run([binary, *arguments]).returncode


def check_slice():
    """A small part of both proofs on every instruction set of this machine: what the tests run. 1 where a result is wrong."""
    if built("exhaustive") is None:
        print("skipped: without MPFR there is no reference")
        return 0
    passed = failed = 0
    for isa in ("baseline", "avx2", "avx512", "neon"):
        # A set that this machine lacks is refused as an argument, with status 2.
        for program, arguments in (("exhaustive", ["--slice", "5/2039"]), ("ulp", ["--inputs", "8000"])):
            done = subprocess.run([built(program), "--isa", isa, *arguments], capture_output=True, text=True)
            if done.returncode == 2:
                break
            lines = done.stdout.splitlines()
            # exhaustive ends a right line with " 0 wrong", ulp a wrong one with "WRONG".
            bad = [line for line in lines if "WRONG" in line or line.endswith("wrong") and not line.endswith(" 0 wrong")]
            passed += len(lines) - len(bad)
            failed += len(bad) or done.returncode != 0
            for line in bad:
                print(line)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
