"""The workloads: how each is run in nns, what it is compared with, and its goal."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """`seconds` is the goal where `peer` takes `published` seconds; in a run both scale with what the peer takes then."""
    seconds: float
    peer: str
    published: float
    row: str = ""  # the row whose figure of the peer counts, where it is another one


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    script: str             # below workloads/ or walker/, with its arguments; none: the start of the program
    goal: Goal | None = None
    calls: int = 1          # what one timed call in the script holds
    threads: int = 1
    flops: float = 0        # floating-point operations of a call


def torch(seconds, published, row=""):
    return Goal(seconds, "torch", published, row)


def matmul(n, published):
    flops = 2 * n ** 3
    return [Row(f"matmul-{n}", f"matrix product {n}, f32", f"workloads/matmul {n} f32", torch(flops / 80e9, published), flops=flops),
            Row(f"matmul-{n}-f64", f"matrix product {n}, f64", f"workloads/matmul {n} f64", Goal(1 / 0.45, "nns", 1, f"matmul-{n}"), flops=flops)]


ROWS = [
    Row("xor-step", "XOR net 2-16-2, batch 32, SGD step", "workloads/xor-step", torch(12e-6, 351e-6)),
    Row("digits-step", "digits MLP 64-32-10, batch 32, momentum + L2 step", "workloads/digits-step", torch(20e-6, 433e-6)),
    Row("mnist-step", "MNIST MLP 784-256-10, batch 64, Adam step", "workloads/mnist-step", torch(0.8e-3, 2.5e-3)),
    Row("lenet-step", "LeNet, batch 64, momentum step", "workloads/lenet-step", torch(5e-3, 12e-3)),
    Row("cifar-step", "CIFAR CNN, batch 64, momentum step", "workloads/cifar-step", torch(90e-3, 171e-3)),
    *matmul(256, 0.34e-3), *matmul(512, 2.7e-3), *matmul(1024, 33e-3),
    Row("conv-forward", "conv 3x3 forward, 1 thread", "workloads/conv-forward", torch(3.8e-3, 4.9e-3)),
    Row("conv-backward", "conv 3x3 with backward, 1 thread", "workloads/conv-backward", torch(11.5e-3, 14.6e-3)),
    Row("conv-forward-2", "conv 3x3 forward, 2 threads", "workloads/conv-forward", torch(2.5e-3, 4.9e-3, "conv-forward"), threads=2),
    Row("conv-backward-2", "conv 3x3 with backward, 2 threads", "workloads/conv-backward", torch(7.5e-3, 14.6e-3, "conv-backward"), threads=2),
    Row("exp", "exp of 1M", "workloads/elementwise exp", torch(1e-3, 1.1e-3)),
    Row("tanh", "tanh of 1M", "workloads/elementwise tanh", torch(1.2e-3, 4.5e-3)),
    Row("sum", "sum of 1M", "workloads/elementwise sum", torch(0.045e-3, 0.045e-3)),
    Row("relu", "relu of 1M", "workloads/elementwise relu", torch(0.12e-3, 0.12e-3)),
    Row("softmax", "softmax of 4096x256", "workloads/softmax", torch(0.6e-3, 1.1e-3)),
    Row("normals", "1M normal random numbers", "workloads/normals", torch(2.5e-3, 4.9e-3)),
    Row("batchnorm", "batchnorm forward, 64x32x32x32", "workloads/batchnorm", torch(2.5e-3, 5.9e-3)),
    Row("add", "add of 8 numbers", "workloads/add", torch(0.15e-6, 1.1e-6), calls=10000),
    Row("gradient", "gradient of sum(tanh(w*a + b)) of 8", "workloads/gradient", torch(2e-6, 66e-6), calls=1000),
    Row("start", "start to first result", "", torch(15e-3, 2.3)),
    Row("fib", "fib(30)", "walker/fib", Goal(0.08, "python", 0.10)),
    Row("loop", "loop of 10M additions", "walker/loop", Goal(0.20, "python", 0.58)),
]

WALKER = [
    Row("fib", "fib(30)", "walker/fib"),
    Row("loop", "loop of 10M additions", "walker/loop"),
    Row("sieve", "sieve below 1M", "walker/sieve"),
    Row("strings", "string building", "walker/strings"),
    Row("records", "1M record updates", "walker/records"),
    Row("closures", "3M closure calls", "walker/closures"),
    Row("matrix", "1000x1000 matrix fill by index", "walker/matrix"),
]
