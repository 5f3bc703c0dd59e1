"""The workloads in JAX, compiled by jax.jit; every call waits for its result."""
import jax
import jax.numpy as jnp
from jax import lax

VERSION = "JAX " + jax.__version__
jax.config.update("jax_enable_x64", True)
KEY = jax.random.key(0)


def normal(*shape, kind=jnp.float32):
    return jax.random.normal(KEY, shape, kind)


def labels(n):
    return jax.random.randint(KEY, (n,), 0, 10)


def dense(inputs, units):
    return {"W": normal(units, inputs) * jnp.float32((2 / (inputs + units)) ** 0.5), "b": jnp.zeros(units, jnp.float32)}


def conv(channels, filters, size):
    return {"W": normal(filters, channels, size, size) * jnp.float32((2 / (channels * size * size)) ** 0.5),
            "b": jnp.zeros(filters, jnp.float32)}


def linear(p, x):
    return x @ p["W"].T + p["b"]


def conv2d(x, w, pad):
    return lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2, dimension_numbers=("NCHW", "OIHW", "NCHW"))


def convolved(p, x, pad):
    return conv2d(x, p["W"], pad) + p["b"][:, None, None]


def maxpool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def cross_entropy(logits, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()


def sgd(rate, momentum=0.0, decay=0.0):
    def begin(params):
        return jax.tree.map(jnp.zeros_like, params) if momentum else ()

    def update(params, grads, v):
        grads = jax.tree.map(lambda g, p: g + decay * p, grads, params) if decay else grads
        v = jax.tree.map(lambda v, g: momentum * v + g, v, grads) if momentum else v
        return jax.tree.map(lambda p, d: p - rate * d, params, v if momentum else grads), v
    return begin, update


def adam(rate):
    def begin(params):
        zeros = jax.tree.map(jnp.zeros_like, params)
        return zeros, zeros, jnp.zeros((), jnp.float32)

    def update(params, grads, state):
        m, v, t = state
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        c1, c2 = 1 - 0.9 ** t, 1 - 0.999 ** t
        return jax.tree.map(lambda p, m, v: p - rate * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), params, m, v), (m, v, t)
    return begin, update


def step(params, net, optimizer, x, y, extra=()):
    """`net(params, x, extra)` gives logits and the next `extra`: keys and running statistics."""
    begin, update = optimizer
    state = [params, begin(params), extra]

    @jax.jit
    def compiled(params, memory, extra):
        def loss(params):
            logits, after = net(params, x, extra)
            return cross_entropy(logits, y), after
        (value, after), grads = jax.value_and_grad(loss, has_aux=True)(params)
        return *update(params, grads, memory), after, value

    def work():
        *state[:], value = compiled(*state)
        jax.block_until_ready((state[0], value))
    return work


def mlp(activation):
    return lambda params, x, extra: (linear(params[1], activation(linear(params[0], x))), extra)


def xor_step():
    x = jnp.tile(jnp.array([[0, 0], [0, 1], [1, 0], [1, 1]], jnp.float32), (8, 1))
    y = jnp.tile(jnp.array([0, 1, 1, 0]), 8)
    return step([dense(2, 16), dense(16, 2)], mlp(jnp.tanh), sgd(0.1), x, y)


def digits_step():
    return step([dense(64, 32), dense(32, 10)], mlp(jax.nn.relu), sgd(0.1, 0.9, 1e-4), normal(32, 64), labels(32))


def mnist_step():
    return step([dense(784, 256), dense(256, 10)], mlp(jax.nn.relu), adam(1e-3), normal(64, 784), labels(64))


def lenet_step():
    def net(p, x, extra):
        x = maxpool(jax.nn.relu(convolved(p[0], x, 2)))
        x = maxpool(jax.nn.relu(convolved(p[1], x, 0))).reshape(64, -1)
        return linear(p[4], jax.nn.relu(linear(p[3], jax.nn.relu(linear(p[2], x))))), extra
    params = [conv(1, 6, 5), conv(6, 16, 5), dense(400, 120), dense(120, 84), dense(84, 10)]
    return step(params, net, sgd(0.01, 0.9), normal(64, 1, 28, 28), labels(64))


def normalized(x, gamma, beta, running):
    mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    y = (x - mean) * lax.rsqrt(var + 1e-5) * gamma[:, None, None] + beta[:, None, None]
    return y, (0.9 * running[0] + 0.1 * mean, 0.9 * running[1] + 0.1 * var)


def dropout(x, key):
    return jnp.where(jax.random.bernoulli(key, 0.75, x.shape), x / 0.75, 0)


def cifar_step():
    def net(p, x, extra):
        key, running = extra
        key, first, second = jax.random.split(key, 3)
        after = []
        for i in range(3):
            x, r = normalized(convolved(p[i], x, 1), p[i]["gamma"], p[i]["beta"], running[i])
            after.append(r)
            x = jax.nn.relu(x)
            if i > 0:
                x = dropout(maxpool(x), (first, second)[i - 1])
        return linear(p[3], x.reshape(64, -1)), (key, after)

    def block(channels, filters):
        return conv(channels, filters, 3) | {"gamma": jnp.ones(filters, jnp.float32), "beta": jnp.zeros(filters, jnp.float32)}
    running = [(jnp.zeros((1, f, 1, 1), jnp.float32), jnp.ones((1, f, 1, 1), jnp.float32)) for f in (32, 32, 64)]
    params = [block(3, 32), block(32, 32), block(32, 64), dense(4096, 10)]
    return step(params, net, sgd(0.01, 0.9), normal(64, 3, 32, 32), labels(64), (KEY, running))


def called(f, *inputs):
    compiled = jax.jit(f)
    return lambda: jax.block_until_ready(compiled(*inputs))


def conv_backward():
    return called(jax.grad(lambda x, w: conv2d(x, w, 1).sum(), (0, 1)), normal(32, 16, 32, 32), normal(32, 16, 3, 3))


def batchnorm():
    def f(x, gamma, beta):
        mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        return (x - mean) * lax.rsqrt(var + 1e-5) * gamma[:, None, None] + beta[:, None, None]
    return called(f, normal(64, 32, 32, 32), jnp.ones(32, jnp.float32), jnp.zeros(32, jnp.float32))


def gradient():
    return called(jax.grad(lambda w, a, b: jnp.tanh(w * a + b).sum()), normal(8), normal(8), jnp.zeros(8, jnp.float32))


ROWS = {
    "xor-step": xor_step, "digits-step": digits_step, "mnist-step": mnist_step, "lenet-step": lenet_step,
    "cifar-step": cifar_step, "conv-backward": conv_backward, "conv-backward-2": conv_backward,
    "exp": lambda: called(jnp.exp, normal(1000000)), "tanh": lambda: called(jnp.tanh, normal(1000000)),
    "sum": lambda: called(jnp.sum, normal(1000000)), "relu": lambda: called(jax.nn.relu, normal(1000000)),
    "softmax": lambda: called(jax.nn.softmax, normal(4096, 256)),
    "normals": lambda: called(lambda key: jax.random.normal(key, (1000000,), jnp.float32), KEY),
    "batchnorm": batchnorm, "gradient": gradient, "add": lambda: called(lambda a, b: a + b, normal(8), normal(8)),
}
ROWS["conv-forward"] = ROWS["conv-forward-2"] = lambda: called(
    lambda x, w: conv2d(x, w, 1), normal(32, 16, 32, 32), normal(32, 16, 3, 3))
for n in (256, 512, 1024):
    for suffix, kind in (("", jnp.float32), ("-f64", jnp.float64)):
        ROWS[f"matmul-{n}{suffix}"] = lambda n=n, kind=kind: called(jnp.matmul, normal(n, n, kind=kind), normal(n, n, kind=kind))
