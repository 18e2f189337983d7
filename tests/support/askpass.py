"""Stand-ins for ssh and sudo that start pam-jwks-askpass for each prompt.

    place = Place(folder, SHELLS["dash"])   a folder and an environment
    place.gives(token(1500))                what the token command prints
    place.caller("ssh").ask(FIRST).piece    the answer to a prompt
"""

import functools
import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

import hosts
import tokens
from hosts import ASKPASS

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"],
          "busybox": ["busybox", "ash"]}
AWKS = {"mawk": "mawk", "gawk": "gawk", "busybox": "busybox awk"}
HOST = "server.example.org"
FIRST = f"(alice@{HOST}) Token: "
PIECE = 511

# A caller: its name is what the kernel calls it, so that of its file.  Like ssh
# it lets the program inherit the pipe itself, and reads until nobody has it.
CALLER = f"""#!{sys.executable}
import json, os, select, subprocess, sys
if "-V" in sys.argv:
    print(os.environ.get("VERSION", "OpenSSH_9.2p1 Debian-2"), file=sys.stderr)
    sys.exit()
for line in sys.stdin:
    order = json.loads(line)
    back, pipe = os.pipe()
    run = subprocess.run(order["argv"], env=order["env"], timeout=40,
                         stdin=subprocess.DEVNULL, stdout=pipe,
                         stderr=subprocess.PIPE, pass_fds=[pipe])
    os.close(pipe)
    out = []
    while not out or out[-1]:
        if not select.select([back], [], [], 10)[0]:
            sys.exit("somebody holds the pipe")
        out.append(os.read(back, 65536))
    os.close(back)
    print(json.dumps([run.returncode, b"".join(out).decode("latin-1"),
                      run.stderr.decode("latin-1")]), flush=True)
"""


def part(text):
    """A part of a token."""
    return tokens.b64url(text.encode())


def make(length, number=0, **members):
    """A token of exactly this length; another number makes another one."""
    claims = tokens.claims("https://id.test", "alice", "x", jti=str(number),
                           sub=None, iat=None, **members)
    return tokens.token_of_length(length, tokens.shared_key("EdDSA", "k1"),
                                  "EdDSA", claims, {"typ": None})


@functools.lru_cache(maxsize=None)
def token(length=2000, number=0):
    """The same, made once."""
    return make(length, number)


class Answer:
    """What the program left."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def piece(self):
        """The one line of an answer."""
        assert self.code == 0, self
        assert self.out.endswith("\n") and self.out.count("\n") == 1, self
        return self.out[:-1]

    @property
    def nothing(self):
        """It gave nothing at all."""
        return self.code != 0 and self.out == ""

    def __repr__(self):
        return f"exit {self.code}, out {self.out[:99]!r}, err {self.err!r}"


class Caller:
    """A process called ssh or sudo that starts the program for each prompt."""

    def __init__(self, place, name="ssh", tty=False):
        self.place = place
        path = os.path.join(place.folder, "bin", name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(CALLER)
        os.chmod(path, 0o755)
        self.master = slave = None
        if tty:
            self.master, slave = pty.openpty()

        def prepare():
            os.setsid()
            if slave is not None:
                os.close(os.open(os.ttyname(slave), os.O_RDWR))

        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=prepare, pass_fds=[] if slave is None else [slave])
        if slave is not None:
            os.close(slave)
        self.screen = ""

    def start(self, *argv, **changes):
        """Starts the program with these arguments."""
        env = dict(self.place.env, **changes)
        order = {"argv": self.place.shell + [self.place.program, *argv],
                 "env": {k: v for k, v in env.items() if v is not None}}
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def finish(self):
        """Waits for it; no part of a token is ever on stderr."""
        answer = Answer(*json.loads(self.process.stdout.readline()))
        assert not re.search("[A-Za-z0-9_-]{100}", answer.err), answer
        return answer

    def ask(self, *argv, **changes):
        self.start(*argv, **changes)
        return self.finish()

    def expect(self, text):
        """Waits until the terminal shows it."""
        alarm = time.monotonic() + 15
        while text not in self.screen:
            assert time.monotonic() < alarm, (text, self.screen)
            if select.select([self.master], [], [], 0.5)[0]:
                self.screen += os.read(self.master, 65536).decode("latin-1")

    def type(self, text):
        """Types, as fast as the terminal takes it."""
        data = text.encode()
        while data:
            sent = os.write(self.master, data[:1024])
            data = data[sent:]
            while select.select([self.master], [], [], 0)[0]:
                self.screen += os.read(self.master, 65536).decode("latin-1")

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        if self.master is not None:
            os.close(self.master)


class Place:
    """A folder with the program, an environment, and callers."""

    def __init__(self, folder, shell):
        self.folder = str(folder)
        self.shell = shell
        self.program = ASKPASS
        self.callers = []
        for name, mode in (("bin", 0o755), ("run", 0o700), ("tmp", 0o700)):
            os.mkdir(os.path.join(self.folder, name), mode)
        self.run = os.path.join(self.folder, "run")
        self.env = {
            "PATH": os.path.join(self.folder, "bin") + ":" + hosts.PATH,
            "HOME": self.folder, "XDG_RUNTIME_DIR": self.run,
            "TMPDIR": os.path.join(self.folder, "tmp"),
            "PAM_JWKS_HOSTS": "*.example.org",
        }

    def caller(self, name="ssh", tty=False):
        self.callers.append(Caller(self, name, tty))
        return self.callers[-1]

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def gives(self, text):
        """Lets a command print this, and count that it ran."""
        path = self.write("source", text + "\n")
        self.env["PAM_JWKS_TOKEN_COMMAND"] = (
            f"echo \"$PAM_JWKS_HOST\" >>{self.folder}/calls; cat {path}")

    def calls(self):
        """The hosts for which the command was run."""
        path = os.path.join(self.folder, "calls")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def waiting(self):
        """The tokens that wait for a prompt."""
        folder = os.path.join(self.run, "pam-jwks-askpass")
        return [os.path.join(folder, name) for name in os.listdir(folder)] \
            if os.path.isdir(folder) else []

    def close(self):
        for caller in self.callers:
            caller.close()


@pytest.fixture(name="places")
def fixture_places(tmp_path):
    """Makes places; one for each shell that a test wants."""
    made = []

    def make(shell="dash"):
        hosts.need(SHELLS[shell][0])
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Place(folder, SHELLS[shell]))
        return made[-1]

    yield make
    for place in made:
        place.close()


@pytest.fixture(name="place")
def fixture_place(places):
    place = places()
    place.gives(token())
    return place


def whole(caller, prefix="(alice@server.example.org) ", limit=40):
    """What the module would have in the end."""
    got, prompt = "", prefix + "Token: "
    for _ in range(limit):
        piece = caller.ask(prompt).piece
        assert len(piece) <= PIECE
        got += piece
        if len(piece) < PIECE:
            return got
        prompt = f"{prefix}Token (after character {len(got)}): "
    raise AssertionError("no end")
