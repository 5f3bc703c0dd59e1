"""Training at a terminal: one block, redrawn in place."""
import os
import pathlib
import re
import subprocess
import tempfile

from terminal import NNS, Terminal

WORK = tempfile.TemporaryDirectory()

# About two seconds of training, with validation; its result is printed.
TRAINING = """
data = moons(4000)
{train, test} = split(data, [0.8, 0.2])
run = fit(dense(48) >> tanh >> dense(48) >> tanh >> dense(2), train, validate=test, optimizer=sgd(0.1), epochs=%s)
print("stopped by {run.stopped} after {len(run.history.loss)} epochs, loss {run.history.loss[-1]}")
"""

# The same for as long as nobody ends it.
ENDLESS = TRAINING % 100000


def script(text):
    path = pathlib.Path(WORK.name) / f"script{len(os.listdir(WORK.name))}.nns"
    path.write_text(text)
    return str(path)


def curve(screen, mark):
    """The columns of the chart's area in which a series' mark stands."""
    rows = [line.split("|" if "|" in line else "+", 1)[1] for line in screen.splitlines() if re.match(r" *[-0-9.e]* ?[|+]", line)]
    return {i for row in rows for i, c in enumerate(row) if c in (mark, "@")}


def test_training_draws_one_block_that_grows():
    with Terminal([NNS, script(TRAINING % 200)], columns=90, rows=30) as t:
        first = t.wait_for(r"\[=* *\]  epoch (\d+)/200  .* left\nloss [\d.]+  validation [\d.]+  [\d.]+[kM]? examples/s\n")
        t.wait_for(r"\* train   o validation")
        early = len(curve(t.screen(), "*"))
        t.wait_until(lambda: len(curve(t.screen(), "*")) > early + 8, "a longer curve")
        assert t.screen().count("epoch ") == 1 and t.screen().count("* train") == 1, t.screen()
        assert t.finish() == 0
        last = t.screen()
    # The last frame stays, above what the script prints; no frame is left over.
    lines = last.splitlines()
    assert re.match(r"\[=+\]  epoch 200/200  [\d.:]+( s)?$", lines[0]), last
    assert re.match(r"loss [\d.]+  validation [\d.]+  [\d.]+[kM]? examples/s$", lines[1]), last
    assert lines[-1].startswith("stopped by epochs after 200 epochs"), last
    assert last.count("/200") == 1 and "left" not in last, last
    assert len(curve(last, "o")) > 60, last
    assert int(first.group(1)) < 200
    assert not t.shown.unknown, t.shown.unknown
    # No frame clears what the next one draws again: a terminal never shows the block half gone.
    assert "\x1b[2J" not in t.raw and "\x1b[2K" not in t.raw


def test_every_frame_overwrites_in_place():
    with Terminal([NNS, script(TRAINING % 200)], columns=90, rows=30) as t:
        t.wait_for("left")
        t.finish()
    frames = re.findall(r"\r\x1b\[(\d+)A(.*?)\x1b\[J", t.raw, re.S)
    assert len(frames) > 3, len(frames)
    for before, after in zip(frames, frames[1:]):
        assert int(after[0]) == before[1].count("\x1b[K"), "a frame begins where the one before did"


def test_results_are_the_same_without_a_terminal():
    path = script(TRAINING % 12)
    plain = subprocess.run([NNS, path], capture_output=True, text=True, check=True)
    redirected = WORK.name + "/out"
    with Terminal([NNS, path], stdout=redirected) as t:
        assert t.finish() == 0
    assert pathlib.Path(redirected).read_text() == plain.stdout
    assert "\x1b" not in plain.stdout + plain.stderr
    lines = plain.stderr.splitlines()
    assert len(lines) == 12 and all(re.fullmatch(r"epoch \d+/12  loss [\d.]+  validation [\d.]+", line) for line in lines), plain.stderr


def test_a_long_training_without_a_terminal_has_few_lines():
    # Stopped early, the last epoch has its line too, whatever its number.
    text = """
fit(dense(2), moons(40), epochs=200)
fit(dense(2), moons(40), validate=moons(40), patience=3, optimizer=sgd(0), epochs=600)
"""
    plain = subprocess.run([NNS, script(text)], capture_output=True, text=True, check=True)
    epochs = [line.split()[1] for line in plain.stderr.splitlines()]
    assert epochs == ["1/200"] + [f"{n}/200" for n in range(10, 201, 10)] + ["1/600", "4/600"], epochs


def test_a_short_training_shows_nothing_at_a_terminal():
    with Terminal([NNS, script('fit(dense(2), moons(40), epochs=2)\nprint("done")')]) as t:
        assert t.finish() == 0
    assert t.shown.all().split() == ["done"], t.shown.all()


def test_a_dumb_terminal_gets_lines():
    with Terminal([NNS, script(TRAINING % 5)], env={"TERM": "dumb"}) as t:
        assert t.finish() == 0
    assert "\x1b" not in t.raw, repr(t.raw)
    assert [line for line in t.screen().splitlines() if line.startswith("epoch")] == re.findall(r"epoch \d/5.*?(?=\r)", t.raw)
    assert t.raw.count("epoch ") == 5, t.raw


def test_colour_unless_refused():
    for env, colored in (({}, True), ({"NO_COLOR": "1"}, False)):
        with Terminal([NNS, script(TRAINING % 100)], env=env) as t:
            assert t.finish() == 0
        assert t.shown.colored == colored, env


def test_interrupt_leaves_a_clean_screen():
    with Terminal([NNS, script(ENDLESS)], rows=30) as t:
        t.wait_for(r"\* train   o validation")
        t.send("\x03")
        assert t.finish() == 0
    screen = t.screen()
    assert screen.splitlines()[-1].startswith("stopped by interrupted after"), screen
    assert "^C" not in screen and screen.count("/100000") == 1 and screen.count("* train") == 1, screen


def test_interrupts_end_a_training_then_the_program():
    with Terminal([NNS, script(ENDLESS + "while true { }")]) as t:
        t.wait_for("left")
        t.send("\x03")
        t.wait_for("stopped by interrupted")
        t.send("\x03")
        assert t.finish() == 130
    # Nothing of the terminal's state was changed, so nothing has to be put back.
    assert "\x1b[?" not in t.raw


def test_narrow_and_resized_terminals():
    with Terminal([NNS, script(ENDLESS)], columns=100, rows=30) as t:
        t.wait_for(r"\* train   o validation")
        for columns, rows in ((45, 30), (34, 40), (120, 40)):
            t.resize(columns, rows)
            drawn = len(t.raw)
            t.wait_until(lambda: t.raw.count("\x1b[J", drawn) > 3, "frames of the new size")
            # What stood higher up may have been broken anew, but the block is there once and fits.
            block = t.screen().splitlines()
            assert all(len(line) < columns for line in block), t.screen()
            assert len(re.findall(r"epoch \d+/100000", t.screen())) == 1, (columns, t.screen())
        t.send("\x03")
        assert t.finish() == 0


def test_what_a_metric_prints_stands_above():
    text = """
fn noted(net, data) {
    print("so far {len(data.x)}")
    0
}
run = fit(dense(512) >> tanh >> dense(2), moons(6000), epochs=30, metrics={noted})
print("done")
"""
    with Terminal([NNS, script(text)], rows=60) as t:
        assert t.finish() == 0
    lines = t.shown.all().splitlines()
    assert lines[:30] == ["so far 6000"] * 30 and lines[-1] == "done", t.shown.all()
    assert t.shown.all().count("/30") == 1


def test_an_error_stands_below_the_block():
    text = """
fn failing(net, data) = if training() or len(data.x) == 0 { 0 } else { error("enough") }
state = {}
fit(dense(64) >> tanh >> dense(64) >> tanh >> dense(2), moons(20000), epochs=3, metrics={failing})
"""
    with Terminal([NNS, script(text)], rows=40) as t:
        assert t.finish() == 1
    screen = t.screen()
    assert "error: enough" in screen and re.search(r"^error", screen, re.M), screen
