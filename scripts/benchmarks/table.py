"""The table of workloads: nns beside its peers, ratios, goals."""
import statistics

from rows import ROWS, WALKER
from running import HERE, NNS, Failed, Figures, duration, nns_seconds, output_of


def measured(rows, programs, peers, options):
    """Every row with its figures by all programs, which take turns `options.rounds` times before the next row begins."""
    figures = Figures(options.fastest)
    for row in rows:
        for _ in range(options.rounds):
            figures.take(row, "nns", lambda: nns_seconds(row, options.threads or row.threads))
            for peer in programs:
                figures.take(row, peer, lambda: peers.seconds(peer, row, options.block))
        yield row, figures


def figure_cells(row, programs, figures):
    """The figures of a row as text; empty where a program has no such row."""
    def cell(program):
        seconds = figures.of(row, program)
        return duration(seconds) if seconds else "failed" if (row.name, program) in figures.failed else ""
    return [cell(program) for program in ("nns", *programs)]


def print_failures(row, figures):
    for (name, program), reason in figures.failed.items():
        if name == row.name:
            print(f"    {program}: {reason}", flush=True)


def with_references(rows):
    """The rows with those before them that their goals refer to."""
    names = {row.name for row in rows} | {row.goal.row for row in rows if row.goal and row.goal.row}
    return [row for row in ROWS if row.name in names]


def print_table(peers, options):
    rows = with_references([row for row in ROWS if not options.names or row.name in options.names])
    programs = peers.names() if peers else ()
    columns = ["nns", *programs, "to best", "to torch", "goal", "goal now", "met"]
    print(f"{'':50}" + "".join(f"{c:>10}" for c in columns), flush=True)
    met = total = 0
    for row, figures in measured(rows, programs, peers, options):
        ours = figures.of(row, "nns")
        others = {p: s for p in programs if (s := figures.of(row, p))}
        goal = scaled_goal(row, figures)
        cells = figure_cells(row, programs, figures)
        cells.append(f"{ours / min(others.values()):.2f}" if ours and others else "")
        cells.append(f"{ours / others['torch']:.2f}" if ours and "torch" in others else "")
        # A goal in another row's figure of nns has no seconds of its own.
        cells.append(duration(row.goal.seconds) if row.goal and row.goal.peer != "nns" else "")
        cells.append(duration(goal) if goal else "")
        if goal and ours:
            total += 1
            met += ours <= goal
            cells.append("yes" if ours <= goal else f"no {ours / goal:.2f}x")
        else:
            cells.append("")
        line = f"{row.title:50}" + "".join(f"{c:>10}" for c in cells)
        if row.flops and ours:
            line += "   GFLOP/s: " + ", ".join(f"{p} {row.flops / s / 1e9:.0f}" for p, s in {"nns": ours, **others}.items())
        print(line.rstrip(), flush=True)
        print_failures(row, figures)
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

def print_walker(peers, options):
    rows = [row for row in WALKER if not options.names or row.name in options.names]
    programs = ("python", "lua") if peers else ()
    print(f"{'':40}" + "".join(f"{c:>12}" for c in ("nns", *programs, *(f"to {p}" for p in programs))), flush=True)
    ratios = {p: [] for p in programs}
    for row, figures in measured(rows, programs, peers, options):
        cells = figure_cells(row, programs, figures)
        for peer in programs:
            ours, theirs = figures.of(row, "nns"), figures.of(row, peer)
            if ours and theirs:
                ratios[peer].append(ours / theirs)
            cells.append(f"{ours / theirs:.2f}" if ours and theirs else "")
        print((f"{row.title:40}" + "".join(f"{c:>12}" for c in cells)).rstrip(), flush=True)
        print_failures(row, figures)
        if peers:
            check_results(row, peers, figures)
    for peer, values in ratios.items():
        if values:
            print(f"to {peer}: geometric mean {statistics.geometric_mean(values):.2f}, worst {max(values):.2f}, "
                  f"of {len(values)} of {len(rows)} programs")
    if peers:
        print_versions(peers)


def check_results(row, peers, figures):
    """Says where the programs do not give the same result, as then they do not do the same work."""
    if (row.name, "nns") in figures.failed:
        return
    try:
        ours = float(output_of([NNS, HERE / f"{row.script}.nns"])[0])
        for peer in ("python", "lua"):
            if peer not in peers.missing and float(peers.program(peer, row)[0]) != ours:
                print(f"    {peer} gives another result than nns")
    except (Failed, ValueError) as failure:
        print(f"    results not compared: {failure}")
