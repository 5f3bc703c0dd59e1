"""A program in a real pseudo-terminal, and the screen it draws: what the sessions beside it talk to.

    with Terminal([nns, "train.nns"], columns=80, rows=24) as t:
        t.wait_for("epoch")            # until the screen shows it
        t.send("\\x03")                 # Ctrl-C
        t.resize(50, 24)
        status = t.finish()            # the exit status
        print(t.screen())              # the lines, without blanks at their ends
"""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata


NNS = os.environ.get("NNS", str(pathlib.Path(__file__).resolve().parents[2] / ".build/release/nns"))


class Screen:
    """What of a terminal (ECMA-48) programs here use: printing, moving the cursor, erasing, scrolling, colours."""

    SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z@])")

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[]]  # with what has scrolled away
        self.top = 0  # the screen's first line
        self.row = self.column = 0  # row: an index of lines
        self.pending = ""
        self.colored = False
        self.unknown = []  # sequences that it does not know

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])
        self.top = max(self.top, self.row + 1 - self.rows)

    def put(self, character):
        if unicodedata.combining(character) and self.column > 0:
            self.lines[self.row][self.column - 1] += character
            return
        if self.column >= self.columns:
            self.column = 0
            self.down()
        line = self.lines[self.row]
        line.extend(" " * (self.column + 1 - len(line)))
        line[self.column] = character
        self.column += 1

    def resize(self, columns, rows):
        """As terminals do that break lines anew: what is too long goes on in the next line."""
        lines, row = [], 0
        for i, line in enumerate(self.lines):
            line = list("".join(line).rstrip())
            if i == self.row:
                row = len(lines) + (self.column // columns)
            lines += [line[at:at + columns] for at in range(0, max(len(line), 1), columns)]
        self.lines, self.row, self.columns, self.rows = lines, min(row, len(lines) - 1), columns, rows
        self.column = min(self.column, columns - 1)
        self.top = max(len(lines) - rows, 0)

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        at = 0
        while at < len(text):
            character = text[at]
            if character == "\x1b":
                found = self.SEQUENCE.match(text, at)
                if not found:
                    if len(text) - at < 20:  # the rest is still to come
                        self.pending = text[at:]
                        return
                    self.unknown.append(text[at:at + 4])
                    at += 1
                    continue
                self.sequence(found.group(1), found.group(2))
                at = found.end()
                continue
            at += 1
            if character == "\r":
                self.column = 0
            elif character == "\n":
                self.down()
            elif character == "\b":
                self.column = max(self.column - 1, 0)
            elif character >= " ":
                self.put(character)

    def sequence(self, parameters, letter):
        number = int(parameters) if parameters.isdigit() else 0
        line = self.lines[self.row]
        if letter == "A":
            self.row = max(self.row - max(number, 1), self.top)
        elif letter == "B":
            self.row = min(self.row + max(number, 1), len(self.lines) - 1)
        elif letter == "C":
            self.column = min(self.column + max(number, 1), self.columns - 1)
        elif letter == "D":
            self.column = max(self.column - max(number, 1), 0)
        elif letter == "G":
            self.column = max(number, 1) - 1
        elif letter == "K" and number == 0:
            del line[self.column:]
        elif letter == "K":
            line.clear()
        elif letter == "J" and number == 0:
            del line[self.column:]
            del self.lines[self.row + 1:]
        elif letter == "@":
            line[self.column:self.column] = [" "] * max(number, 1)
        elif letter == "P":
            del line[self.column:self.column + max(number, 1)]
        elif letter in "hl" and parameters.startswith("?"):
            pass  # a mode, such as marking what is pasted
        elif letter == "m":
            self.colored = self.colored or parameters not in ("", "0")
        else:
            self.unknown.append(parameters + letter)

    def text(self):
        """The screen as lines without blanks at their ends, as one string."""
        return "\n".join("".join(line).rstrip() for line in self.lines[self.top:]).rstrip("\n")

    def all(self):
        """The same with what has scrolled away."""
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip("\n")


class Terminal:
    def __init__(self, command, columns=80, rows=24, env=None, stdout=None):
        """`env`: changes to the environment (None takes a variable away). `stdout`: a file for standard output."""
        self.shown = Screen(columns, rows)
        self.raw = ""
        self.status = None
        self.bytes = b""
        surroundings = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "NNS_PLOT", "COLUMNS", "LINES")}
        surroundings["TERM"] = "xterm-256color"
        for name, value in (env or {}).items():
            surroundings.pop(name, None)
            if value is not None:
                surroundings[name] = value
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            # The size is there before the program asks for it.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            if stdout:
                os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
            os.execvpe(command[0], command, surroundings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def read(self, seconds):
        """Takes in what comes within so many seconds; False at the program's end."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # how Linux says that nobody writes any more
            data = b""
        self.bytes += data
        text = self.bytes.decode("utf-8", "ignore") if self.complete() else ""
        if text:
            self.bytes = b""
            self.raw += text
            self.shown.feed(text)
        return bool(data)

    def complete(self):
        try:
            self.bytes.decode("utf-8")
            return True
        except UnicodeDecodeError as error:
            return len(self.bytes) - error.start >= 4

    def wait_for(self, pattern, seconds=20):
        """Waits until the screen matches the regular expression; an AssertionError shows the screen where it does not."""
        return self.wait_until(lambda: re.search(pattern, self.shown.text()), f"`{pattern}`", seconds)

    def wait_until(self, holds, what, seconds=20):
        end = time.monotonic() + seconds
        while not (found := holds()):
            if time.monotonic() > end or not self.read(0.05):
                if found := holds():
                    break
                raise AssertionError(f"{what} did not come; the screen:\n{self.shown.text()}")
        return found

    def send(self, text):
        os.write(self.descriptor, text.encode())

    def resize(self, columns, rows):
        self.shown.resize(columns, rows)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def finish(self, seconds=30):
        """Waits for the program's end and gives its exit status (negative: the signal that ended it)."""
        end = time.monotonic() + seconds
        while self.read(0.05):
            if time.monotonic() > end:
                raise AssertionError(f"no end after {seconds} s; the screen:\n{self.shown.text()}")
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def screen(self):
        return self.shown.text()
