"""`:save`: the script does again what the session did, Ctrl-C and errors included."""
import re
import subprocess
import time
from pathlib import Path

from prompt_session import Prompt
from terminal import NNS


def saved(p, path, cwd=None):
    """Saves the session and runs what is saved."""
    p.expect(f":save {path}", r"saved")
    return subprocess.run([NNS, path], capture_output=True, text=True, timeout=60, cwd=cwd)


def test_a_saved_session_ends_as_the_session_did():
    """Trainings that Ctrl-C ended end at the same epoch; values are shown."""
    with Prompt() as p:
        path = f"{p.home}/saved.nns"
        p.do("data = moons(400); net = dense(16) >> tanh >> dense(2)")
        p.enter("run = fit(net, data, epochs=100000)")
        p.wait(r"epoch \d\d")
        p.send("\x03")
        p.wait_for_prompt()
        epochs = p.expect("len(run.history.loss)", r"\n(\d+)\nnns").group(1)
        p.do("run2 = fit(net, data, epochs=2)")
        weights = p.expect("print(sum(net[0].W), normal(2))", r"\n(.+)\nnns").group(1)
        again = saved(p, path)
        assert again.returncode == 0 and again.stdout.splitlines() == [epochs, weights], (again, epochs, weights)


def test_a_saved_session_finds_its_files():
    with Prompt() as p:
        inner = Path(p.home, "inner")
        inner.mkdir()
        (inner / "helper.nns").write_text('print("it runs")\nfn f(x) = 2 * x\n')
        (inner / "part.nns").write_text('import "helper.nns"\nz = helper.f(4)\n')
        p.expect(f":load {inner}/part.nns", "it runs")
        # Taken back, a module runs again.
        p.expect(":undo", "taken back")
        p.expect(f":load {inner}/part.nns", "it runs")
        p.do("z")
        Path(p.home, "other").mkdir()
        for path in ("saved.nns", "other/saved.nns", "inner/saved.nns"):
            again = saved(p, f"{p.home}/{path}", cwd="/")
            assert again.returncode == 0 and again.stdout.splitlines() == ["it runs", "8"], (path, again)


def stop(p, text, seconds=0.4):
    """Enters something endless and stops it."""
    p.enter(text)
    time.sleep(seconds)
    p.send("\x03")
    p.wait_for_prompt()


def shows(p, lines, **rest):
    """Saves the session; what is saved must run and show these lines at its end. Gives the script."""
    p.begin = p.shown.row
    again = saved(p, f"{p.home}/saved.nns", **rest)
    script = Path(p.home, "saved.nns").read_text()
    assert again.returncode == 0 and (again.stdout.splitlines()[-len(lines):] if lines else []) == lines, (again, lines, script)
    return script


def test_what_was_stopped_is_told():
    with Prompt() as p:
        stop(p, "few = 7; many = zeros(40, 40); while true { few = 7 }")
        p.do("few + 1")
        p.do("sum(many); few")
        p.do("many = ones(2)")
        p.do("ans")
        p.do("many")
        script = shows(p, ["8", "7", "[1, 1]"])
        assert "few = 7\n" in script and "# sum(many); few\n" in script, script
        p.wait(r"warning: Ctrl-C stopped entry 1, which cannot be done again: (.*\n?.*) many\n")
        p.wait(r"warning: entry 3 needs what is missing, many: it is a comment too")


def test_a_stopped_script_with_other_line_ends_is_a_comment():
    with Prompt() as p:
        Path(p.home, "endless.nns").write_bytes(b'x = 1\r\nprint("ran")\r\nwhile true { x = 2 }\r\n')
        stop(p, f":load {p.home}/endless.nns", 1)
        p.do("if true { show = 3 }")
        p.do("show + 1")
        script = shows(p, ["4"])
        assert '\n# print("ran")\n' in script, script


def test_an_interrupted_answer():
    with Prompt() as p:
        p.do("3")
        stop(p, "5 + 5; while true { }")
        p.do("ans + 1")
        shows(p, ["3", "11"])


def test_the_streams_go_on_behind_what_was_stopped():
    with Prompt() as p:
        p.do("normal(2)")
        stop(p, "precision(f64); net = dense(2); x = normal(2); while true { }")
        lines = [p.expect(text, r"\n(.+)\nnns").group(1) for text in ("normal(2)", "build(dense(1), ones(1)); ones(1) / 3")]
        weights = p.expect("other = dense(1); other([1])", r"\n(.+)\nnns").group(1)
        shows(p, lines + [weights])


def test_networks_changed_in_place_are_told():
    with Prompt() as p:
        p.do("m = blobs(60); net = dense(3); build(net, m.x); opt = sgd(0.1, momentum=0.9); fn g(x) = net(x); fn h(x) = g(x)")
        stop(p, "while true { opt.step(net, grad(net => cross_entropy(net(m.x), m.y))(net)) }", 0.8)
        p.do("h(m.x[0])")
        p.do("1 + 1")
        p.do("net = dense(3); h(m.x[0])")
        script = shows(p, [])
        assert re.search(r"missing here: net, opt\.", script) and "# h(m.x[0])" in script and "\nnet = dense(3); show(h(m.x[0]))" in script, script
        p.wait(r"missing there: net, opt\n")
        # A training that Ctrl-C ended in an entry that ended later is not done again.
    with Prompt() as p:
        p.do("m = blobs(200); n1 = dense(3); n2 = dense(3)")
        p.enter("r = fit(n1, m, epochs=50000); while true { }")
        p.wait(r"epoch \d\d")
        p.send("\x03")
        time.sleep(1)
        p.send("\x03")
        p.wait_for_prompt()
        p.do("for i in 1..2 { r = fit(n2, m, epochs=3) }; len(r.history.loss)")
        script = shows(p, ["3"])
        assert "_interrupt_after" not in script, script


def test_saved_as_it_was_meant():
    """Functions that read `ans`, blocks, errors, another `show`."""
    with Prompt() as p:
        p.do("fn u() = ans")
        p.do("e = 5")
        for text in ("5", "u()", "7", "u() + 1", "{ a = 3; { b = 4; a } }", "{ a = 3; a }"):
            p.do(text)
        p.do("layer one() { fn forward(x) = x }; a = 1; error(\"x\")")
        p.do("e")
        p.do("one()(e) + u()")
        shows(p, ["5", "5", "7", "8", "3", "3", "5", "10"])
    with Prompt() as p:
        p.do("1 + 1")
        p.do("show = 3")
        p.do("show + 1")
        p.do("5")
        shows(p, ["2", "4", "5"])
