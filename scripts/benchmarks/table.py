"""The table of workloads: nns beside its peers, ratios, goals."""
import statistics

from rows import ROWS, WALKER
from running import LIBRARIES, Figures, Peers, duration, nns_seconds, output_of, NNS, HERE, last_duration, Failed


def measure(rows, peers, rounds, block, fastest, threads=None):
    """Every row by every program, a row at a time, the programs taking turns `rounds` times."""
    figures = Figures(fastest)
    for row in rows:
        for _ in range(rounds):
            figures.take(row, "nns", lambda: nns_seconds(row, threads or row.threads))
            for peer in peers.names() if peers else ():
                figures.take(row, peer, lambda: peers.seconds(peer, row, block))
        yield row, figures


def with_references(rows):
    """The rows with those before them that their goals refer to."""
    names = {row.name for row in rows} | {row.goal.row for row in rows if row.goal and row.goal.row}
    return [row for row in ROWS if row.name in names]


def print_table(names, peers, rounds, block, fastest, threads):
    rows = with_references([row for row in ROWS if not names or row.name in names])
    columns = ["nns", *(peers.names() if peers else ()), "to best", "to torch", "goal", "goal now", "met"]
    print(f"{'':50}" + "".join(f"{c:>10}" for c in columns), flush=True)
    met = total = 0
    for row, figures in measure(rows, peers, rounds, block, fastest, threads):
        ours = figures.of(row, "nns")
        others = {p: figures.of(row, p) for p in (peers.names() if peers else ())}
        known = [s for s in others.values() if s]
        cells = [duration(ours) if ours else "failed"]
        cells += [duration(s) if s else "failed" if (row.name, p) in figures.failed else "" for p, s in others.items()]
        cells += [f"{ours / min(known):.2f}" if ours and known else "", f"{ours / others['torch']:.2f}" if ours and others.get("torch") else ""]
        goal = scaled_goal(row, figures)
        # A goal in another row's figure of nns has no seconds of its own.
        cells += [duration(row.goal.seconds) if row.goal and row.goal.peer != "nns" else "", duration(goal) if goal else ""]
        if goal and ours:
            total += 1
            met += ours <= goal
            cells.append("yes" if ours <= goal else f"no {ours / goal:.2f}x")
        else:
            cells.append("")
        print(f"{row.title:50}" + "".join(f"{c:>10}" for c in cells), end="")
        if row.flops:
            print("   GFLOP/s: " + ", ".join(f"{p} {row.flops / s / 1e9:.0f}" for p, s in {"nns": ours, **others}.items() if s), end="")
        print(flush=True)
        for (name, program), reason in figures.failed.items():
            if name == row.name:
                print(f"    {program}: {reason}")
    if peers:
        print_versions(peers)
        print(f"{met} of {total} goals met. A goal is scaled by what its peer takes in this run (\"goal now\").")
    else:
        print("Goals are for the machine they were set on; --peer PYTHON scales them by what the peers take here.")


def scaled_goal(row, figures):
    """The goal in seconds, scaled by its peer's figure in this run; none where that is not known."""
    if not row.goal:
        return None
    measured = figures.of(row.goal.row or row.name, row.goal.peer)
    return row.goal.seconds / row.goal.published * measured if measured else None


def print_versions(peers):
    print("with " + ", ".join(peers.versions.values()))
    for name, reason in peers.missing.items():
        print(f"without {name}: {reason}")


# MARK: The walker

def print_walker(names, peers, rounds, block, fastest, threads):
    rows = [row for row in WALKER if not names or row.name in names]
    others = ("python", "lua") if peers else ()
    print(f"{'':40}" + "".join(f"{c:>14}" for c in ("nns", *others, *(f"to {o}" for o in others))), flush=True)
    ratios = {o: [] for o in others}
    for row in rows:
        figures = Figures(fastest)
        for _ in range(rounds):
            figures.take(row, "nns", lambda: nns_seconds(row, threads or 1))
            for peer in others:
                figures.take(row, peer, lambda: peers.seconds(peer, row, block))
        seconds = {p: figures.of(row, p) for p in ("nns", *others)}
        cells = [duration(s) if s else "failed" if (row.name, p) in figures.failed else "" for p, s in seconds.items()]
        for peer in others:
            if seconds["nns"] and seconds[peer]:
                ratios[peer].append(seconds["nns"] / seconds[peer])
                cells.append(f"{ratios[peer][-1]:.2f}")
            else:
                cells.append("")
        print(f"{row.title:40}" + "".join(f"{c:>14}" for c in cells), flush=True)
        for (_, program), reason in figures.failed.items():
            print(f"    {program}: {reason}")
        if peers:
            check_results(row, peers, figures)
    for peer, values in ratios.items():
        if values:
            print(f"to {peer}: geometric mean {statistics.geometric_mean(values):.2f} of {len(values)} of {len(rows)} programs, worst {max(values):.2f}")
    if peers:
        print_versions(peers)


def check_results(row, peers, figures):
    """Says where the programs do not give the same result, as then they do not do the same work."""
    if any(program == "nns" for _, program in figures.failed):
        return
    try:
        ours = float(output_of([NNS, HERE / f"{row.script}.nns"])[0])
        for peer in ("python", "lua"):
            if peer not in peers.missing and float(peers.program(peer, row)[0]) != ours:
                print(f"    {peer} gives another result than nns")
    except (Failed, ValueError) as failure:
        print(f"    results not compared: {failure}")
