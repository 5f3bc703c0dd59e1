from timing import timed


def work():
    total = 0
    for k in range(40):
        s = ""
        for i in range(5000):
            s = s + str(i) + ","
        total += len(s)
    return total


timed(work)
