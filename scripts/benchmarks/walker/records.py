from timing import timed


def work():
    r = {"sum": 0, "last": 0, "count": 0}
    for i in range(1000000):
        r["sum"] += i
        r["last"] = i
        r["count"] = r["count"] + 1
    return r["sum"] + r["last"] + r["count"]


timed(work)
