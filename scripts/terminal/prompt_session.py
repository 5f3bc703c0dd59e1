"""The prompt, key by key: entries, editing, completion, pasting, commands, help, Ctrl-C."""
import os
import random
import re
import signal
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

    def __init__(self, home=None, columns=100, stdout=None, **env):
        self.folder = None if home else tempfile.TemporaryDirectory()
        self.home = home or self.folder.name
        super().__init__([NNS], columns=columns, rows=40, stdout=stdout, env={
            "HOME": self.home, "XDG_STATE_HOME": f"{self.home}/state", "EDITOR": f"{self.home}/editor", "VISUAL": None, "LC_ALL": "C.UTF-8"} | env)
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

    def paste(self, text):
        """As terminals send what is pasted."""
        self.begin = self.shown.row
        self.send("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def do(self, text, seconds=20):
        self.expect(text, "", seconds)


def test_entries_and_echo():
    with Prompt() as p:
        p.do("x = 3")
        p.expect("x + 1", r"\n4\n")
        p.expect("ans * 2", r"\n8\n")
        p.enter("x * 100;")
        p.wait(r"\* 100;\nnns 5> *$")
        p.expect("ans", r"\n300\n")
        p.expect("(x => x + 1, (a: [n]) => { a })", r"\(x => x \+ 1, \(a: \[n\]\) => \{ a \}\)")
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
        p.expect("run", r"\n    loss: \([\d.]+(,( |\n +)[\d.]+)+\),\n(.*\n)* +validation_loss: \([\d.]+, \.\.\.,\n +[\d.]+\),\n")
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


def test_keys_that_are_sequences():
    """Those that mean nothing type nothing; words, ends and the lines of an entry are reached."""
    with Prompt() as p:
        p.expect("\x1b[5~\x1b[6~\x1b[15~\x1b[24;2~\x1bOP\x1b[[A\x1b[<0;10;10M\x1b[M !!\x1b[201~\x1b[I40 + 2", r"\n42\n")
        p.expect("\x1b[[A\x1b[[B7", r"> 7\n7\n")
        p.expect("12 + 345\x1b[1;5D\x1b[1;3D9\x1b[1;5C8\x1b[1;2C\x1b[1;2C\x1b[1;2C1\x1b[HX\x1b[D\x1b[3~\x1b[F0", r"> 9128 \+ 13450\n22578\n")
        # A key ends a search and does what it does.
        p.expect("\x1228\x1b[H1 + \x1b[F", r"> 1 \+ 9128 \+ 13450\n22579\n")
        p.expect("nonsense + 1\x1bOH\x1b[3;5~2", r"\n3\n")
        p.paste("total = 0\nfor i in 1..3 {\n    total += i\n}\ntotal")
        p.wait("^total$")
        p.expect("", r"\n6\n")
        # Up and Down within the entry that comes back: 3 becomes 34, total begins with 0.5.
        p.send(UP + UP + UP + UP + "\x1b[F\x1b[D\x1b[D4")
        p.wait(r"for i in 1\.\.34 \{")
        p.send(UP + "\x1b[F.5" + "\x1b[B\x1b[B\x1b[B\x1b[B")
        p.wait(r"total = 0\.5$")
        p.expect("", r"\n595\.5\n")
        p.send(UP + UP + UP + UP + UP + UP)
        p.wait(r"nns \d+> total = 0\nfor")
        p.expect("\x1b[F", "")


def test_completion():
    with Prompt() as p:
        Path(p.home, "weights.npz").write_bytes(b"")
        p.do('odd = {plain: 1, "1.W": 2, "with blank": 3}')
        for typed, shown in ((":time acc", r":time accura"), (f':load "{p.home}/wei', r'weights\.npz'), ('odd["1', r'odd\["1\.W'),
                             ('odd["', r'odd\["\n1\.W +plain +with blank|plain +1\.W +with blank'), ("odd.", r"odd\.plain"), ('"\\\\lambda', '"λ'),
                             ("fn f(learning_speed) = lear", r"= learning_speed")):
            p.send("\x15" + typed.replace("\\\\", "\\") + TAB)
            p.wait(shown)
        p.send("\x15# soft_th" + TAB + "z")
        p.wait(r"# soft_thz")
        p.send("\x15")
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


def test_completion_of_arguments():
    """Keywords stand where an argument begins, each once; a name that others begin with is offered beside them."""
    with Prompt() as p:
        p.send("layernorm(" + TAB + TAB + TAB + "1" + TAB)
        p.wait(r"> layernorm\(eps=1$")
        p.send("\x15cross_entropy(1, smoothing=" + TAB + TAB + "0, " + TAB)
        p.wait(r"smoothing=0, l$")
        assert "smoothing= " not in p.entry(), p.entry()
        p.send("\x15" + "sgd" + TAB)
        p.wait(r"^sgd +sgd_\w+")
        p.send("\x15" + "layer a() { param" + TAB)
        p.wait(r"^param +params$")
        p.send("\x15")
        p.do('r = {"a": {alpha: 1}}; net = flatten >> dense(2); build(net, ones(1, 3)); z = 1')
        p.send('r["a"].al' + TAB)
        p.wait(r'r\["a"\]\.alpha$')
        p.send('\x15net["1' + TAB)
        p.wait(r'^1\.W +1\.b|net\["1\.$')
        # A letter with its mark is one character where there is one.
        p.send("\x15y\\hat" + TAB + " = 3")
        p.wait("> \u0177 = 3$")


def test_echoes_end():
    """Of parts that are held many times over the prompt shows some."""
    with Prompt() as p:
        p.do("b = (1,)")
        p.do("for i in 1..1000 { b = (b, b) }")
        p.expect("b", r"\.\.\.", 5)
        p.do("d = {a: 1}; for i in 1..60 { d = {l: d, r: d} }")
        p.enter("d;")
        p.wait_for_prompt(5)
        p.enter("print(d)")
        time.sleep(0.5)
        p.send("\x03")
        p.wait(r"error: interrupted|nns \d+> *$", 3)


def test_editing_an_entry():
    with Prompt() as p:
        editor = Path(p.home, "editor")
        editor.write_text("#!/bin/sh\nsed -i s/ttotal/total/ \"$1\"\n")
        editor.chmod(0o700)
        p.do("total = 4")
        p.expect("ttotal + 1", "unknown name")
        p.expect(":edit", r"\ntotal \+ 1\n5\n")
        p.send(UP)
        p.wait(r"nns 4> total \+ 1$")
        p.expect("", r"\n5\n")
        p.expect(":edit", "nothing was changed, so nothing runs")


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
        # The banner, a result or blanks may come first.
        p.paste("nns: ?name explains a name\n  nns 1> z = 4\n  nns 2> z + 1\n  5\n")
        p.wait("5")
        p.enter("")
        p.wait(r"nns 7> z \+ 1\n5\nnns 8> *$")
        # All results of a paste are shown, and a line may go on with the one above, marked as pasted or not.
        p.paste("1 + 1\n10; q = [4, 9]\n    |> sqrt\nq\n2 * 3;\nans + 1")
        p.wait(r"ans \+ 1")
        p.expect("", r"\n2\n\[2, 3\]\n7\nnns 9> *$")
        p.begin = p.shown.row
        p.send("[16, 25]\r  |> sqrt\r  |> sum\r")
        p.wait(r"\n9\n")
        # A tab within a string stays one.
        p.paste('t = "a\tb"\t# "\tc\nlen(t)')
        p.wait("len")
        p.expect("", r"\n3\n")


def test_help_on_names():
    with Prompt() as p:
        p.expect("?softmax", r"softmax\(x")
        p.expect("relu?", r"relu\(x")
        p.expect("??fit", r"fn fit\(net, data")
        p.expect("?weight decay", r"Weight decay")
        p.expect("?train a network", r"train a network\nfit +Trains a network")
        p.expect("?", r"A first network:\n")
        p.expect("?running average", r"\n\w+ .*\n")
        for name, form in (("while", "while CONDITION"), ("|>", r"x \|> f"), ("'", "A'"), ("..", r"a\.\.b"), ("syntax", "- words: and ans as ")):
            p.expect(f"?{name}", form)
        p.expect("?ans", "the value of the last entry")
        p.expect("?zz", "nothing is known about `zz`")
        for question in ("?relu()", "relu()?", "relu ?"):
            p.expect(question, r"\nrelu\(x\)")
        p.expect("?:save", ":save FILE +write the session as a script")
        p.do("m = {k: 3}")
        p.expect("m.k?", r"\nm\.k = 3\n")
        p.enter("## Adds one.")
        p.wait(r"\.\.\.>$")
        p.do("fn inc(x: [n], by=1) -> [n] = x + by")
        p.expect("?inc", r"\ninc\(x: \[n\], by=1\) -> \[n\]\n\nAdds one\.\n")
        for word in ("quit", "quit()", "exit"):
            p.expect(word, r":quit or Ctrl-D")
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
        if again.returncode or again.stdout.splitlines()[-1] != shown:
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


def test_sessions_share_the_history():
    with tempfile.TemporaryDirectory() as home:
        with Prompt(home) as p, Prompt(home) as q:
            p.do("one = 1")
            q.do("two = 2")
            p.do("three = 3")
        with Prompt(home) as p:
            p.send(UP + UP)
            p.wait(r"two = 2")
            p.send(UP)
            p.wait(r"one = 1")


def test_surroundings():
    """A locale that knows no Greek, a relative folder for the history, a narrow terminal, standard output in a file."""
    with tempfile.TemporaryDirectory() as home:
        out = f"{home}/out.txt"
        with Prompt(home, columns=50, stdout=out, LC_ALL="C", XDG_STATE_HOME="state") as p:
            p.do("λ = 5")
            p.do("λ + 1")
            p.enter(":quit")
            assert p.finish() == 0
            assert all(len(line.rstrip()) < 50 for line in p.shown.all().splitlines()[:2]), p.shown.all()
        assert Path(out).read_text() == "6\n", Path(out).read_text()
        assert Path(home, ".local/state/nns/history").exists() and not Path("state").exists()
        with Prompt(home, columns=50) as p:
            p.do(":help")
            assert all(len(line.rstrip()) <= 50 for line in p.entry().splitlines()), p.entry()
        with Prompt(home, columns=20) as p:
            p.expect(":help", r"^:time ENTRY\n  run an entry, tell\n  its time and\n  memory$")


def test_another_size_while_typing():
    with Prompt(columns=60) as p:
        p.send("x = 1000000 + 2000000 + 3000000 + 4000000 + 5000000 + 6000000")
        p.wait("6000000")
        p.resize(30, 40)
        time.sleep(0.3)
        p.send("\x01\x05 + 7")
        p.wait(r"6000000 \+ 7|\+ 7")
        assert p.entry().replace("\n", "").count("x = 1000000 + 2000000 + 3000000 + 4000000 + 5000000 + 6000000 + 7") == 1, p.entry()
        p.enter("")
        p.expect("x", r"\n21000007\n")


def test_typing_while_it_computes():
    """What is typed while a training runs shows at the next prompt, not in the picture of the training."""
    with Prompt() as p:
        p.enter("run = fit(dense(48) >> tanh >> dense(2), moons(4000), epochs=300)")
        p.wait(r"epoch \d")
        p.send("40 + 2\r\r\r1 +")
        p.wait(r"^nns 2> 40 \+ 2\n42\nnns 3>\nnns 3>\nnns 3> 1 \+$")
        assert len(re.findall(r"epoch \d+/300", p.entry())) == 1, p.entry()


def test_stopped_and_continued():
    with Prompt() as p:
        p.send("12 + 30")
        p.wait(r"12 \+ 30")
        os.kill(p.pid, signal.SIGSTOP)
        p.begin = p.shown.row + 1
        p.shown.feed("\r\n$ fg\r\n")
        os.kill(p.pid, signal.SIGCONT)
        p.wait(r"^nns 1> 12 \+ 30$")
        p.expect("", r"\n42\n")


def test_an_interrupt_ends_a_search():
    with Prompt() as p:
        p.do("first = 1")
        p.send("\x12fir")
        p.wait("bck:fir")
        p.send("\x03")
        p.wait(r"^nns 2> first = 1\nnns 2> *$")
        assert "bck" not in p.entry(), p.entry()


def test_keys_of_vi():
    with tempfile.TemporaryDirectory() as home:
        Path(home, ".editrc").write_text("bind -v\n")
        with Prompt(home) as p:
            p.paste("1 +\n\t1")
            p.expect("", r"\n2\n")
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
