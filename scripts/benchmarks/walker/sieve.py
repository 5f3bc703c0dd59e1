from timing import timed


def work():
    n = 1000000
    prime = [1] * n
    i = 2
    while i * i < n:
        if prime[i] == 1:
            j = i * i
            while j < n:
                prime[j] = 0
                j += i
        i += 1
    return sum(prime) - 2


timed(work)
