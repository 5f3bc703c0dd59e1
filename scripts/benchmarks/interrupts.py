"""How long Ctrl-C takes to give the prompt back, at random moments of long work."""
import random
import sys
import time

from running import NNS, ROOT

sys.path.insert(0, str(ROOT / "scripts/terminal"))
from terminal import Terminal  # noqa: E402

LIMIT = 0.1
MOMENTS = 20
SETUP = ("x = ones(2000, 2000); images = ones(64, 3, 64, 64); kernels = ones(64, 3, 5, 5); v = normal(4000000); data = digits();"
         " net = conv(32, 3) >> relu >> flatten >> dense(10); build(net, data.x);"
         " names = list(map(k => \"{k * 7919 % 1000003}\", 1..1000000))")
WORKS = {
    "a loop of numbers": "i = 0; while true { i += 1 }",
    "matrix products": "while true { x @ x }",
    "convolutions": "while true { conv2d(images, kernels) }",
    "sorting": "while true { sort(v) }",
    "elementwise functions": "while true { sum(tanh(v)) }",
    "random numbers": "while true { normal(4000000) }",
    "singular values": "svd(normal(400, 400));",
    "a gradient": "grad(net => sum(net(data.x)^2))(net); while true { grad(net => sum(net(data.x)^2))(net) }",
    "training": "fit(net, data, epochs=100000);",
    "long kernels": "convolve(v[:60000], v[:60000]);",
    "large kernels": "correlate(normal(2000, 400), normal(200, 40));",
    "the matrix of a convolution": "conv_matrix(normal(3000), 8000);",
    "a histogram": "while true { hist(v) }",
    "a table": "table(normal(100000, 20))",
    "saving": "while true { save(\"/dev/null\", x) }",
    "quantiles": "while true { quantile(v, 0.3) }",
    "eigenvectors": "eigh(x + eye(2000));",
    "inverses": "while true { inv(x + 2000 * eye(2000)) }",
    "permutations": "while true { permutation(20000000) }",
    "lists": "while true { 1..1e8 |> list }",
    "sorted strings": "while true { sorted(names) }",
}


def print_interrupts():
    moments = random.Random(0)
    print(f"from Ctrl-C to the prompt, {MOMENTS} random moments each (limit {LIMIT * 1e3:.0f} ms)")
    with Terminal([str(NNS)], columns=100, rows=60) as terminal:
        entry = 1

        def wait():
            terminal.wait_for(rf"(^|\n)nns {entry}> *$", 60)

        wait()
        terminal.send(SETUP + "\r")
        entry += 1
        wait()
        for title, work in WORKS.items():
            delays = []
            for _ in range(MOMENTS):
                terminal.send(work + "\r")
                end = time.monotonic() + 0.05 + 0.2 * moments.random()
                while time.monotonic() < end:
                    terminal.read(0.01)
                begin = time.monotonic()
                terminal.send("\x03")
                entry += 1
                wait()
                delays.append(time.monotonic() - begin)
            delays.sort()
            print(f"  {title:28}median {delays[len(delays) // 2] * 1e3:6.1f} ms   worst {delays[-1] * 1e3:6.1f} ms   "
                  f"{'holds' if delays[-1] <= LIMIT else 'EXCEEDED'}", flush=True)
