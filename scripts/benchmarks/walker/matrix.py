from timing import timed


def work():
    m = [[0.0] * 1000 for _ in range(1000)]
    for i in range(1000):
        for j in range(1000):
            m[i][j] = i - j
    return m[999][0] + m[0][1]


timed(work)
