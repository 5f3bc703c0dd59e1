from timing import timed


def work():
    s = 0
    for i in range(10000000):
        s += i
    return s


timed(work)
