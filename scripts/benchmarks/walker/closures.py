from timing import timed


def adder(k):
    return lambda x: x + k


def work():
    add = adder(3)
    s = 0
    for i in range(3000000):
        s = add(s)
    return s


timed(work)
