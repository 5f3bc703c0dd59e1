"""The workloads in NumPy, gradients worked out by hand; convolutions are left to the libraries that have them."""
import numpy as np

VERSION = "NumPy " + np.__version__
random = np.random.default_rng(0)


def normal(*shape):
    return random.standard_normal(shape, np.float32)


def dense(inputs, units):
    return [normal(units, inputs) * np.float32((2 / (inputs + units)) ** 0.5), np.zeros(units, np.float32)]


def sgd(rate, momentum=0.0, decay=0.0):
    memory = []

    def update(params, grads):
        if decay:
            grads = [g + decay * p for p, g in zip(params, grads)]
        if momentum:
            memory[:] = [momentum * v + g for v, g in zip(memory, grads)] if memory else grads
            grads = memory
        for p, g in zip(params, grads):
            p -= rate * g
    return update


def adam(rate):
    state = {"t": 0}

    def update(params, grads):
        if not state["t"]:
            state["m"], state["v"] = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
        state["t"] += 1
        c1, c2 = 1 - 0.9 ** state["t"], 1 - 0.999 ** state["t"]
        for p, g, m, v in zip(params, grads, state["m"], state["v"]):
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * g * g
            p -= rate / c1 * m / (np.sqrt(v / c2) + 1e-8)
    return update


def step(inputs, hidden, outputs, tanh, update, x, y):
    W1, b1 = dense(inputs, hidden)
    W2, b2 = dense(hidden, outputs)
    n = len(x)
    rows = np.arange(n)

    def work():
        z = x @ W1.T + b1
        a = np.tanh(z) if tanh else np.maximum(z, 0)
        logits = a @ W2.T + b2
        e = np.exp(logits - logits.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        delta = p
        delta[rows, y] -= 1
        delta /= n
        back = delta @ W2
        back *= 1 - a * a if tanh else a > 0
        update([W1, b1, W2, b2], [back.T @ x, back.sum(0), delta.T @ a, delta.sum(0)])
        return loss
    return work


def xor_step():
    x = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), (8, 1))
    return step(2, 16, 2, True, sgd(0.1), x, np.tile([0, 1, 1, 0], 8))


def digits_step():
    return step(64, 32, 10, False, sgd(0.1, 0.9, 1e-4), normal(32, 64), random.integers(0, 10, 32))


def mnist_step():
    return step(784, 256, 10, False, adam(1e-3), normal(64, 784), random.integers(0, 10, 64))


def matmul(n, kind):
    a, b = normal(n, n).astype(kind), normal(n, n).astype(kind)
    return lambda: a @ b


def elementwise(f):
    x = normal(1000000)
    return lambda: f(x)


def softmax():
    x = normal(4096, 256)

    def work():
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)
    return work


def batchnorm():
    x, gamma, beta = normal(64, 32, 32, 32), np.ones((32, 1, 1), np.float32), np.zeros((32, 1, 1), np.float32)

    def work():
        mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        return (x - mean) / np.sqrt(var + 1e-5) * gamma + beta
    return work


ROWS = {
    "xor-step": xor_step, "digits-step": digits_step, "mnist-step": mnist_step,
    "exp": lambda: elementwise(np.exp), "tanh": lambda: elementwise(np.tanh), "sum": lambda: elementwise(np.sum),
    "relu": lambda: elementwise(lambda x: np.maximum(x, 0)), "softmax": softmax,
    "normals": lambda: lambda: normal(1000000), "batchnorm": batchnorm,
    "add": lambda: ("a + b", {"a": normal(8), "b": normal(8)}),
}
for n in (256, 512, 1024):
    ROWS[f"matmul-{n}"] = lambda n=n: matmul(n, np.float32)
    ROWS[f"matmul-{n}-f64"] = lambda n=n: matmul(n, np.float64)
