"""The workloads in PyTorch, eager, as its tutorials write them."""
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

VERSION = "PyTorch " + torch.__version__.split("+")[0]
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
torch.manual_seed(0)


def step(net, optimizer, x, y):
    optimizer = optimizer(net.parameters())

    def work():
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    return work


def sgd(rate, momentum=0.0, decay=0.0):
    return lambda params: torch.optim.SGD(params, lr=rate, momentum=momentum, weight_decay=decay)


def xor_step():
    corners = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]).repeat(8, 1)
    labels = torch.tensor([0, 1, 1, 0]).repeat(8)
    return step(nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)), sgd(0.1), corners, labels)


def digits_step():
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return step(net, sgd(0.1, 0.9, 1e-4), torch.rand(32, 64), torch.randint(0, 10, (32,)))


def mnist_step():
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    return step(net, lambda params: torch.optim.Adam(params, lr=1e-3), torch.rand(64, 784), torch.randint(0, 10, (64,)))


def lenet_step():
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return step(net, sgd(0.01, 0.9), torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,)))


def cifar_step():
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(4096, 10))
    return step(net, sgd(0.01, 0.9), torch.rand(64, 3, 32, 32), torch.randint(0, 10, (64,)))


def matmul(n, kind):
    a, b = torch.randn(n, n, dtype=kind), torch.randn(n, n, dtype=kind)
    return lambda: a @ b


def conv_forward():
    x, w = torch.randn(32, 16, 32, 32), torch.randn(32, 16, 3, 3)
    return lambda: F.conv2d(x, w, padding=1)


def conv_backward():
    x, w = torch.randn(32, 16, 32, 32, requires_grad=True), torch.randn(32, 16, 3, 3, requires_grad=True)
    return lambda: torch.autograd.grad(F.conv2d(x, w, padding=1).sum(), (x, w))


def elementwise(f):
    x = torch.randn(1000000)
    return lambda: f(x)


def softmax():
    x = torch.randn(4096, 256)
    return lambda: torch.softmax(x, -1)


def batchnorm():
    x, gamma, beta = torch.randn(64, 32, 32, 32), torch.ones(32), torch.zeros(32)
    return lambda: F.batch_norm(x, None, None, gamma, beta, training=True)


def add():
    return "a + b", {"a": torch.arange(8.0), "b": torch.arange(8.0)}


def gradient():
    w = torch.rand(8, requires_grad=True)
    a, b = torch.rand(8), torch.zeros(8)
    return lambda: torch.autograd.grad((w * a + b).tanh().sum(), w)


ROWS = {
    "xor-step": xor_step, "digits-step": digits_step, "mnist-step": mnist_step, "lenet-step": lenet_step,
    "cifar-step": cifar_step, "conv-forward": conv_forward, "conv-backward": conv_backward,
    "conv-forward-2": conv_forward, "conv-backward-2": conv_backward,
    "exp": lambda: elementwise(torch.exp), "tanh": lambda: elementwise(torch.tanh),
    "sum": lambda: elementwise(torch.sum), "relu": lambda: elementwise(torch.relu),
    "softmax": softmax, "normals": lambda: lambda: torch.randn(1000000), "batchnorm": batchnorm,
    "add": add, "gradient": gradient,
}
for n in (256, 512, 1024):
    ROWS[f"matmul-{n}"] = lambda n=n: matmul(n, torch.float32)
    ROWS[f"matmul-{n}-f64"] = lambda n=n: matmul(n, torch.float64)
