"""The prompt, key by key: entries, editing, completion, pasting, commands, help, Ctrl-C."""
import random
import re
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from terminal import NNS, Terminal

UP, TAB, ESCAPE = "\x1b[A", "\t", "\x1b"
PROMPT = r"nns \d+> *$"


class Prompt(Terminal):
    """A session in a home of its own."""

    def __init__(self, home=None):
        self.folder = None if home else tempfile.TemporaryDirectory()
        self.home = home or self.folder.name
        super().__init__([NNS], columns=100, rows=40, env={"HOME": self.home, "XDG_STATE_HOME": f"{self.home}/state",
                                                           "EDITOR": f"{self.home}/editor", "VISUAL": None, "LC_ALL": "C.UTF-8"})
        self.begin = 0  # the line where the last entry stands
        self.wait(PROMPT)

    def __exit__(self, *error):
        super().__exit__(*error)
        if self.folder:
            self.folder.cleanup()

    def entry(self):
        """What the screen shows from the last entry on."""
        return "\n".join("".join(line).rstrip() for line in self.shown.lines[self.begin:])

    def wait(self, pattern, seconds=20):
        """Waits for a pattern in what the screen shows from the last entry on."""
        return self.wait_until(lambda: re.search(pattern, self.entry(), re.M), f"`{pattern}`", seconds)

    def enter(self, text):
        self.begin = self.shown.row
        self.send(text + "\r")

    def expect(self, text, pattern, seconds=20):
        """Enters something, waits for what it shows and the next prompt."""
        self.enter(text)
        self.wait_for_prompt(seconds)
        return self.wait(pattern, 1)

    def wait_for_prompt(self, seconds=20):
        """Waits until a prompt stands below the last entry."""
        self.wait(r"\n" + PROMPT, seconds)

    def do(self, text, seconds=20):
        self.expect(text, "", seconds)


def test_entries_and_echo():
    with Prompt() as p:
        p.do("x = 3")
        p.expect("x + 1", r"\n4\n")
        p.expect("ans * 2", r"\n8\n")
        p.enter("x * 100;")
        p.wait(r"\* 100;\nnns 5> *$")
        p.expect("zeros(30, 30)", r"f32 \[30, 30\], 0 to 0, mean 0, sd 0\n\[\[0, 0, 0, \.\.\., 0, 0, 0\]")
        p.expect("build(dense(3) >> relu, ones(2, 4)); dense(3) >> relu", r"0  dense\(3\)  W not made yet, b \[3\]\n  1  relu")
        p.expect("{rate: 0.1}", r"\{rate: 0\.1\}")
        p.expect("{run: {loss: map(i => \"{i / 3}\", 1..9), epoch: list(1..9)}}",
                 r'\{\n  run: \{\n    loss: \("0.3333333333333333", .*, \.\.\., "3"\),\n    epoch: \(1, 2, 3, 4, 5, 6, 7, 8, 9\)\n  \}\n\}')
        p.expect("list(0..<50)", r"\(0, 1, 2, \.\.\., 49\)  # 50 items")


def test_echoes_fit_the_width():
    with Prompt() as p:
        p.do("d = blobs(40, centers=2); run = fit(dense(2), d, validate=d, epochs=12);")
        p.expect("run", r"\n    loss: \(([\d.]+, ){3}\.\.\., [\d.]+\),\n")
        p.resize(40, 40)
        p.expect("run", r"\n    loss: \([\d.]+, \.\.\.,\n +[\d.]+\),\n(.*\n)* +validation_loss:\n +\([\d.]+, \.\.\.,\n +[\d.]+\),\n")
        p.expect("(pi, -pi, pi / 3, 0.5)", r"\n\(3.141592653589793, -3.141592653589793,\n 1.0471975511965976, 0.5\)\n")


def test_continuation_and_recall():
    with Prompt() as p:
        p.do("total = 0")
        p.enter("for i in 1..3 {")
        p.wait(r"^  \.\.\.>$")
        p.enter("total += i")
        p.wait(r"^  \.\.\.>$")
        p.do("}")
        p.expect("total", r"\n6\n")
        # The loop comes back as one entry.
        p.send(UP + UP)
        p.wait(r"nns 4> for i in 1\.\.3 \{\ntotal \+= i\n\}")
        p.do("")
        p.expect("total", r"\n12\n")


def test_keys_of_editing():
    with Prompt() as p:
        p.expect("3\x011 + ", r"\n4\n")                # Ctrl-A: to the beginning
        p.expect("1 + 2\x01\x05 + 3", r"\n6\n")        # Ctrl-E: to the end
        p.expect("2 + 5 * 9\x17" + "10", r"\n52\n")    # Ctrl-W: a word away
        p.expect("nonsense\x15" + "7", r"\n7\n")       # Ctrl-U: the line away
        p.expect("40 + 2\x01\x0b\x19", r"\n42\n")      # Ctrl-K and Ctrl-Y: away and back
        p.expect("\x122 + 5", r"\n52\n")               # Ctrl-R: search


def test_completion():
    with Prompt() as p:
        Path(p.home, "weights.npz").write_bytes(b"")
        p.do("r = {alpha: 1, beta: 2}")
        p.send("soft_th" + TAB)
        p.wait(r"soft_threshold")
        p.send("\x15fit(1, 2, ep" + TAB)
        p.wait(r"epochs=")
        p.send("\x15r.al" + TAB)
        p.wait(r"r\.alpha")
        p.send(f'\x15read("{p.home}/wei' + TAB)
        p.wait(r"weights\.npz")
        p.send("\x15:sa" + TAB)
        p.wait(r":save")
        p.expect("\x15\\lambda" + TAB + " = 5", r"λ = 5")
        p.do("x\\hat" + TAB + " = 6")
        p.expect("λ + x\\hat" + TAB, r"\n11\n")
        p.send("soft" + TAB)
        p.wait(r"soft_threshold +softmax +softplus")


def test_after_an_error():
    with Prompt() as p:
        p.do("net = dense(3) >> relu")
        p.do("net")
        p.expect("run = fit(net, digits())", r"layer 1 is `net\[0\]`")
        p.expect("run", r"unknown name `run`")


def test_pasting():
    with Prompt() as p:
        p.send("\x1b[200~total = 0\rfor i in 1..3 {\r\ttotal += i\r}\rtotal\r\x1b[201~")
        time.sleep(0.2)
        p.expect("", r"\n6\n")
        p.send("\x1b[200~nns 3> y = 10\rnns 4> y + 1\r11\rnns 5> fn g(a) {\r  ...> a * y\r  ...> }\rnns 6> g(3)\r30\r\x1b[201~")
        time.sleep(0.2)
        p.enter("")
        p.wait(r"nns 2> y = 10\nnns 3> y \+ 1\n11\n")
        p.wait(r"nns 5> g\(3\)\n30\nnns 6> *$")


def test_help_on_names():
    with Prompt() as p:
        p.expect("?softmax", r"softmax\(x")
        p.expect("relu?", r"relu\(x")
        p.expect("??fit", r"fn fit\(net, data")
        p.expect("?weight decay", r"Weight decay")
        p.expect("?train a network", r"train a network\nfit +Trains a network")
        p.expect("?", r"A first network:\n")
        p.expect("?running average", r"\n\w+ .*\n")
        p.expect(":help", r":save FILE")
        p.expect(":sav", r"did you mean `:save`")
        p.do(":vars")


def test_commands():
    with Prompt() as p:
        script, saved = Path(p.home, "part.nns"), Path(p.home, "saved.nns")
        script.write_text("fn double(a) = 2 * a\nten = double(5)\n")
        p.do(f":load {script}")
        p.expect("ten", r"\n10\n")
        p.do("net = dense(2); build(net, ones(1, 3))")
        p.do("ans + 1")
        p.do("broken = normal(2); error(\"no\")")
        p.do("w = net.W + normal(2, 3)")
        p.do("lost = normal(1)")
        p.expect(":undo", r"taken back: lost")
        shown = p.expect("print(sum(w), broken, normal(3), ten)", r"\n(.+)\nnns").group(1)
        p.expect(f":save {saved}", r"saved")
        again = subprocess.run([NNS, saved], capture_output=True, text=True)
        if again.returncode or again.stdout.strip() != shown:
            raise AssertionError(f"the saved session shows {again.stdout!r} {again.stderr!r}, the session itself {shown!r}")
        p.expect(":time 1 + 1", r"\n2\n[0-9.]+ .s, (at most|less than) [0-9.]+ MB of memory in use")
        p.expect(":time x = ones(9, 9) @ ones(9, 9);", r"\n +\d+%  +[0-9.]+ .s +1×  (matmul|ones)\n")
        p.expect("time(() => grad(x => sum(x * x))(ones(5)), repeats=30);", r"\(median of 27\), at most .*\n( .*\n)* .*1×  gradient of sum\n")
        editor = Path(p.home, "editor")
        editor.write_text("#!/bin/sh\necho 'edited = 77; edited' > \"$1\"\n")
        editor.chmod(0o700)
        p.expect(":edit", r"\n77\n")
        p.expect(":reset", r"forgotten")
        p.expect("ten", r"unknown name `ten`")


def test_long_entries_tell_their_time():
    with Prompt() as p:
        p.expect("i = 0; while i < 1.5e8 { i += 1 }", r"[0-9.]+ s, (at most|less than) [0-9.]+ MB of memory in use", 60)


def test_history_is_kept():
    with tempfile.TemporaryDirectory() as home:
        with Prompt(home) as p:
            p.do("first = 41")
            p.send("\x04")
            if p.finish() != 0:
                raise AssertionError("Ctrl-D does not leave with 0")
        path = Path(home, "state/nns/history")
        if stat.S_IMODE(path.stat().st_mode) != 0o600:
            raise AssertionError(f"the history has mode {stat.S_IMODE(path.stat().st_mode):o}")
        with Prompt(home) as p:
            p.send(UP)
            p.wait(r"first = 41")
            p.enter("")
            p.expect("first + 1", r"\n42\n")
            p.enter("exit(3)")
            if p.finish() != 3:
                raise AssertionError("exit(3) does not leave with 3")


def test_keys_of_vi():
    with tempfile.TemporaryDirectory() as home:
        Path(home, ".editrc").write_text("bind -v\n")
        with Prompt(home) as p:
            p.send("soft_th" + TAB)
            p.wait(r"soft_threshold")
            p.send(ESCAPE)
            time.sleep(0.7)
            p.send("dd")
            p.send("i12" + ESCAPE)
            time.sleep(0.7)
            p.expect("x", r"\n1\n")  # the character under the cursor away


def test_interrupts():
    """Ctrl-C clears an entry and ends what runs; training keeps the best network and its history."""
    with Prompt() as p:
        p.send("half an entry")
        p.wait("half an entry")
        p.send("\x03")
        p.wait(r"^nns 1> *$")
        p.do("data = digits(); net = flatten >> dense(32) >> relu >> dense(10)")
        p.enter("run = fit(net, data, epochs=100000)")
        p.wait(r"epoch \d\d")
        p.send("\x03")
        p.wait(r"^nns 3> *$")
        p.expect("run.stopped", r'"interrupted"')
        p.expect("len(run.history.loss) > 0 and accuracy(net, data) > 0.3", r"\ntrue\n")


def test_interrupts_at_random_moments():
    """Two hundred of them: the prompt is back, variables are whole, the next result is right."""
    moments = random.Random(0)
    works = [
        "a = 0; b = 0; while true { a += 1; b += 1 }",
        "while true { x = x @ eye(64); n += 1 }",
        "while true { l = append(l, len(l)) }",
        "while true { {value, grads} = value_and_grad(objective)(net, data.x, data.y); opt.step(net, grads) }",
        "while true { s = s + \"ab\" }",
        "ones(1200, 1200) @ ones(1200, 1200) @ ones(1200, 1200);",
        "sort(normal(3000000));",
    ]
    whole = ("(a - b) in (0, 1) and shape(x) == [64, 64] and all(x == ones(64, 64)) and l == list(0..<len(l)) and len(s) % 2 == 0"
             " and all(isfinite(net(data.x)))")
    with Prompt() as p:
        p.do("a = 0; b = 0; x = ones(64, 64); n = 0; l = list(); s = \"\"; data = moons(64); net = dense(16) >> tanh >> dense(2);"
             " opt = sgd(0.01); fn objective(net, x, y) = cross_entropy(net(x), y)")
        for i in range(200):
            if i % 20 == 0:
                p.do("l = list(); s = \"\"")
            p.enter(works[i % len(works)])
            time.sleep(0.01 + moments.random() * 0.06)
            p.send("\x03")
            p.wait_for_prompt(10)
            answer = p.expect(f"({whole}, {i} + 1)", r"^\((true|false), (\d+)\)|^error.*")
            if answer.group(1) != "true" or answer.group(2) != str(i + 1):
                p.do("print(a, b, shape(x), sum(x), len(l), len(s), net(data.x)[0])")
                raise AssertionError(f"after interrupt {i + 1} in {works[i % len(works)]!r}: {answer.group(0)!r}\n{p.entry()}")
