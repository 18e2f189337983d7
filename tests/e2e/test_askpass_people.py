"""pam-jwks-askpass and people: other prompts, warnings, --check and --split."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time

import pexpect
import pytest

import hosts
from askpass import (ASKPASS, FIRST, HOST, SHELLS, make, part, token,
                     fixture_place, fixture_places)

__all__ = ["fixture_place", "fixture_places"]


# --- expiry -------------------------------------------------------------------

@pytest.mark.parametrize("seconds,words", [
    (300, None), (40, "expires in"), (-100, "expired"), (None, None)])
def test_expiry(place, seconds, words):
    """Warns when there is little time left; the server decides."""
    now = int(time.time())
    place.gives(make(900, exp=None if seconds is None else now + seconds,
                     other={"exp": 1}))
    answer = place.caller().ask(FIRST)
    assert answer.piece
    if words is None:
        assert answer.err == ""
    else:
        assert words in answer.err


# --- other prompts ------------------------------------------------------------

OTHERS = ["alice@host's password: ", "Enter passphrase for key '/x/id': ",
          "[sudo] password for alice: ", "Token:", "Token : ", "Your token: ",
          f"(alice@{HOST}) Verification code: ",
          f"(alice@{HOST}) Token (after character x): ",
          f"(alice@{HOST}) Token (after character ): ",
          f"(alice@{HOST}) Token (after character -1): ",
          f"(alice@{HOST}) Token: \n"]


@pytest.mark.parametrize("prompt", OTHERS)
def test_other_prompts(place, prompt):
    """They go to the ordinary askpass, with everything it needs."""
    place.env["PAM_JWKS_FALLBACK_ASKPASS"] = place.write(
        "other", "#!/bin/sh\nprintf '<%s>' \"$1\"\nexit 5\n", 0o755)
    answer = place.caller().ask(prompt)
    assert (answer.code, answer.out) == (5, f"<{prompt}>")
    assert place.calls() == []


def test_other_prompts_without_anybody(place):
    """No terminal: no answer; itself as the other one: no endless loop."""
    for other in (None, ASKPASS, ""):
        answer = place.caller().ask(OTHERS[0], PAM_JWKS_FALLBACK_ASKPASS=other)
        assert answer.nothing
    assert place.calls() == []


def test_other_prompts_at_the_terminal(place):
    """A password is not shown, a yes is; control characters are taken out."""
    caller = place.caller(tty=True)
    caller.start("Pass\x1b[2Jword: ")
    caller.expect("Pass[2Jword: ")
    caller.type("secret word\n")
    assert caller.finish().piece == "secret word"
    assert "secret" not in caller.screen
    caller.start("(alice@evil.net) Password (yes/no/[fingerprint])? ")
    caller.expect("fingerprint")
    caller.type("secret word\n")
    assert caller.finish().piece == "secret word"
    assert "secret" not in caller.screen
    caller.screen = ""
    caller.start("The authenticity of host 'x' can't be established.\n"
                 "Are you sure (yes/no/[fingerprint])? ")
    caller.expect("fingerprint")
    caller.type("yes\n")
    caller.expect("yes\r\n")
    assert caller.finish().piece == "yes"
    caller.start("Allow?", SSH_ASKPASS_PROMPT="confirm")
    caller.expect("Allow?")
    caller.type("no\n")
    assert caller.finish().piece == "no"
    caller.start("Password: ")
    caller.expect("Password: ")
    caller.type("\x04")
    answer = caller.finish()
    assert answer.nothing and "nothing was entered" in answer.err


# --- for people ---------------------------------------------------------------

@pytest.mark.parametrize("shell", list(SHELLS))
def test_check(places, shell):
    """It tells everything but the token."""
    place = places(shell)
    made = make(900, name="J\u00fcrgen\u202e", bell="\x07")
    place.gives(made)
    answer = place.caller("shell").ask("--check", VERSION=None)
    assert answer.code == 0, answer
    assert "PAM_JWKS_TOKEN_COMMAND" in answer.out
    assert "900 bytes" in answer.out
    assert '"preferred_username":"alice"' in answer.out
    assert re.search(r"expires: in \d+ s", answer.out)
    assert answer.out.replace("\n", "").isprintable()
    for piece in made.split("."):
        assert piece[:30] not in answer.out + answer.err
        assert piece[-30:] not in answer.out + answer.err


def test_check_makes_bytes_visible(place):
    """Raw control characters and anything beyond ASCII."""
    place.gives(".".join([part('{"alg":"x"}'),
                          part('{"a":"\x1b[2J\u00fc\u202e\r\n"}'), "x"]))
    out = place.caller("shell").ask("--check").out
    assert "\\x1b[2J\\xc3\\xbc\\xe2\\x80\\xae  " in out
    assert "it does not say" in out


@pytest.mark.parametrize("text", ["no token", "", "a.b.c"])
def test_check_of_no_token(place, text):
    """And not what is none."""
    place.gives(text)
    answer = place.caller("shell").ask("--check")
    assert answer.code == 1 and "no JWT" in answer.err
    assert text == "" or text not in answer.out + answer.err


def test_check_of_an_expired_token(place):
    """It is no use: the exit status says so as well."""
    place.gives(make(900, exp=int(time.time()) - 77))
    answer = place.caller("shell").ask("--check")
    assert answer.code == 1 and "s ago" in answer.out


def split(size, text, shell="dash"):
    return subprocess.run(SHELLS[shell] + [ASKPASS, "--split", str(size)],
                          input=text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=20, check=False)


@pytest.mark.parametrize("shell", list(SHELLS))
def test_split(shell):
    """Pieces, one a line, that make the token."""
    hosts.need(SHELLS[shell][0])
    for size in (511, 512, 1023, 1024, 4095):
        for length in (300, 511, 2000, 16000):
            made = split(size, token(length) + "\n", shell)
            lines = made.stdout.decode().splitlines()
            assert "".join(lines) == token(length)
            assert all(len(line) == size for line in lines[:-1])


@pytest.mark.parametrize("size", ["0", "510", "1000", "x", "", "-511"])
def test_split_sizes(size):
    """A piece of another size would end the asking."""
    made = split(size, token())
    assert made.returncode == 1 and made.stdout == b""
    assert b"4095" in made.stderr


def test_split_of_no_token():
    """Only tokens are cut up."""
    assert split(511, "x" * 2000).returncode == 1


def test_usage(place):
    """Help on demand, and for a wrong number of arguments."""
    caller = place.caller("shell")
    assert caller.ask("--help").code == 0
    assert "SSH_ASKPASS" in caller.ask("--help").out
    for argv in ([], ["a", "b"], ["--split"], ["--split", "511", "x"]):
        answer = caller.ask(*argv, PAM_JWKS_FALLBACK_ASKPASS="/bin/false")
        assert answer.code != 0 and answer.out == ""


# --- the terminal -------------------------------------------------------------

def modes(fd):
    return termios.tcgetattr(fd)[:6]


def is_reading(session):
    """Whether somebody in the session waits for the terminal."""
    return subprocess.run(["pgrep", "-s", str(session), "-x", "dd"],
                          stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("shell", list(SHELLS))
@pytest.mark.parametrize("how", ["interrupt", "quit", "TERM", "HUP"])
def test_terminal_after_an_interruption(shell, how, tmp_path):
    """Its modes are what they were, however it ends."""
    hosts.need(SHELLS[shell][0])
    for argv, env in ((["--split", "511"], {}),
                      ([OTHERS[0]], {"PATH": hosts.PATH})):
        master, slave = pty.openpty()
        before = modes(slave)
        run = subprocess.Popen(
            SHELLS[shell] + [ASKPASS, *argv], stdin=slave, cwd=tmp_path,
            env={"PATH": hosts.PATH, **env}, stdout=subprocess.PIPE,
            preexec_fn=lambda tty=os.ttyname(slave): (
                os.setsid(), os.close(os.open(tty, os.O_RDWR))))
        alarm = time.monotonic() + 15
        while not is_reading(run.pid) and time.monotonic() < alarm:
            time.sleep(0.02)
        assert not modes(slave)[3] & termios.ECHO
        if how in ("interrupt", "quit"):
            os.write(master, b"half a tok" +
                     (b"\x03" if how == "interrupt" else b"\x1c"))
        else:
            os.killpg(run.pid, getattr(signal, "SIG" + how))
        assert run.wait(20) != 0
        assert run.stdout.read() == b""
        run.stdout.close()
        assert modes(slave) == before
        os.close(master)
        os.close(slave)


def asking(shell, place):
    """An interactive shell whose job asks for a password; like ssh it ends at
    Ctrl-C, before the modes of the terminal can change: that is slow here."""
    place.write("bin/stty", "#!/bin/sh\ncase $1 in *:*) sleep 0.3 ;; esac\n"
                f"exec {shutil.which('stty', path=hosts.PATH)} \"$@\"\n", 0o755)
    place.write("bin/job", f"#!{sys.executable}\nimport signal, subprocess\n"
                "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
                f"subprocess.run({SHELLS[shell] + [ASKPASS, 'Password:']})\n"
                "print('asks for something else', flush=True)\n", 0o755)
    child = pexpect.spawn("dash", ["-i"], timeout=15, env={
        **place.env, "PS1": "ready> ", "TERM": "dumb"})
    child.expect("ready> ")
    child.sendline("job")
    child.expect("\nPassword:")
    return child


def has_echo(child):
    """Whether the terminal shows what is typed, in the end."""
    alarm = time.monotonic() + 5
    while time.monotonic() < alarm:
        if modes(child.child_fd)[3] & termios.ECHO:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("shell", list(SHELLS))
def test_echo_before_the_shell_comes_back(places, shell):
    """Ctrl-C ends ssh at once, and its shell takes the terminal: nobody else
    can change the modes then, so they are restored before."""
    child = asking(shell, places(shell))
    child.send("half\x03")
    child.expect("ready> ")
    assert has_echo(child)
    assert b"half" not in child.before
    # Who asked was to be ended, not to be told that nothing was entered.
    assert b"asks for something else" not in child.before
    child.close()


@pytest.mark.parametrize("shell", list(SHELLS))
def test_key_that_stops(places, shell):
    """Ctrl-Z does nothing: a shell whose job goes on afterwards would have
    restored the echo."""
    child = asking(shell, places(shell))
    child.send("half\x1a")
    assert child.expect(["ready> ", pexpect.TIMEOUT], timeout=1) == 1
    assert not modes(child.child_fd)[3] & termios.ECHO
    child.send("\x03")
    child.expect("ready> ")
    child.close()


def test_wrapped_paste(place):
    """A token that was copied in several lines arrives whole, and nothing of it
    is left for the program that reads next."""
    del place.env["PAM_JWKS_TOKEN_COMMAND"]
    caller = place.caller(tty=True)
    caller.start(FIRST)
    caller.expect("Paste the token")
    text = token(600)
    caller.type("\n".join(text[i:i + 79] for i in range(0, 600, 79)) + "\n")
    got = caller.finish().piece
    got += caller.ask(f"(alice@{HOST}) Token (after character 511): ").piece
    assert got == text
    assert text[:20] not in caller.screen
    assert text[-20:] not in caller.screen
