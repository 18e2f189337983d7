"""What pam-jwks-askpass keeps between two prompts, and what nobody sees."""

import os
import shutil
import signal
import stat
import subprocess
import time

import pytest

import hosts
from askpass import (ASKPASS, FIRST, HOST, SHELLS, token, whole,
                     fixture_place, fixture_places)

__all__ = ["fixture_place", "fixture_places"]


# --- what waits ---------------------------------------------------------------

def test_waiting_file_is_private(place):
    """A folder of mode 0700 and a file of mode 0600, both here and in TMPDIR."""
    for base, name in ((place.run, "pam-jwks-askpass"),
                       (place.env["TMPDIR"],
                        f"pam-jwks-askpass-{os.getuid()}")):
        place.caller().ask(FIRST)
        folder = os.path.join(base, name)
        assert stat.S_IMODE(os.lstat(folder).st_mode) == 0o700
        names = os.listdir(folder)
        assert len(names) == 1
        status = os.lstat(os.path.join(folder, names[0]))
        assert stat.S_ISREG(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o600
        os.chmod(place.run, 0o755)      # no longer private: TMPDIR is next


def _as_link(path, place):
    os.mkdir(os.path.join(place.folder, "elsewhere"), 0o700)
    os.symlink(os.path.join(place.folder, "elsewhere"), path)


def _as_open(path, _):
    os.mkdir(path, 0o700)
    os.chmod(path, 0o777)


def _as_foreign(path, _):
    if os.getuid() != 0:
        raise hosts.Missing("only root can give folders away")
    os.mkdir(path, 0o700)
    os.chown(path, 2002, 2002)


def _as_file(path, _):
    with open(path, "w", encoding="utf-8"):
        pass


@pytest.mark.parametrize("prepare", [_as_link, _as_open, _as_foreign, _as_file],
                         ids=lambda f: f.__name__.lstrip("_"))
def test_folder_of_somebody_else(place, prepare):
    """What others prepared is not used."""
    del place.env["XDG_RUNTIME_DIR"]
    prepare(os.path.join(place.env["TMPDIR"],
                         f"pam-jwks-askpass-{os.getuid()}"), place)
    answer = place.caller().ask(FIRST)
    assert answer.nothing and "not private" in answer.err
    assert place.calls() == []


def test_two_logins_at_once(place):
    """Two programs, two hosts, new tokens all the time: nothing is mixed."""
    made = {}
    place.env["PAM_JWKS_TOKEN_COMMAND"] = f"cat {place.folder}/of-$PAM_JWKS_HOST"
    callers = {}
    for number, name in enumerate(("a.example.org", "b.example.org")):
        made[name] = token(1500, number)
        place.write("of-" + name, made[name])
        callers[name] = place.caller()
    got = dict.fromkeys(made, "")
    for prompt in ("Token: ", "Token (after character 511): ",
                   "Token (after character 1022): "):
        for name, caller in callers.items():
            got[name] += caller.ask(f"(alice@{name}) {prompt}").piece
    assert got == made
    assert place.waiting() == []


def test_new_token_every_time(place):
    """One login has one token, the next one another."""
    for number in range(3):
        place.write(f"t{number}", token(1500, number))
    place.env["PAM_JWKS_TOKEN_COMMAND"] = (
        f"cd {place.folder}; for t in t0 t1 t2; do "
        "[ -f $t ] && cat $t && rm $t && break; done")
    caller = place.caller()
    for number in range(3):
        assert whole(caller) == token(1500, number)


LATER = "Token (after character 511): "


@pytest.mark.parametrize("prompt", [
    f"(alice@other.example.org) {LATER}", f"(bob@{HOST}) {LATER}",
    f"(alice@evil.net) {LATER}", LATER,
    f"(alice@evil.net) (alice@{HOST}) {LATER}"])
def test_token_stays_with_its_login(place, prompt):
    """Another host, another user, a server that pretends: they get nothing."""
    caller = place.caller()
    assert caller.ask(FIRST).piece
    assert caller.ask(prompt).nothing
    assert len(place.calls()) == 1


def test_later_prompt_alone(place):
    """Without a first prompt nothing is fetched: it would be another token."""
    assert place.caller().ask(f"(alice@{HOST}) {LATER}").nothing
    assert place.calls() == []
    first = place.caller()
    first.ask(FIRST)
    assert place.caller().ask(f"(alice@{HOST}) {LATER}").nothing
    assert first.ask(f"(alice@{HOST}) {LATER}").piece


def test_waits_a_minute_at_most(place):
    """An old one is not given, and is removed."""
    caller = place.caller()
    caller.ask(FIRST)
    (path,) = place.waiting()
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for made in (int(lines[0]) - 62, int(lines[0]) + 100, "x", ""):
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join([str(made)] + lines[1:]))
        assert caller.ask(f"(alice@{HOST}) {LATER}").nothing
        assert place.waiting() == []
        caller.ask(FIRST)
        (path,) = place.waiting()


def left_behind(place):
    """What waits in the end, given some time."""
    alarm = time.monotonic() + 20
    while place.waiting() and time.monotonic() < alarm:
        time.sleep(0.1)
    return place.waiting()


def test_removed_if_nobody_asks(place):
    """A login that ends early leaves nothing behind for long.  (The minute is
    two seconds here.)"""
    with open(ASKPASS, encoding="utf-8") as file:
        text = file.read()
    assert "PATIENCE=60" in text
    place.program = place.write(
        "askpass", text.replace("PATIENCE=60", "PATIENCE=2"), 0o755)
    caller = place.caller()
    caller.ask(FIRST)
    assert place.waiting()
    assert left_behind(place) == []


def test_removed_when_the_login_ends(place):
    """Who interrupts ssh leaves nothing behind, and need not wait."""
    caller = place.caller()
    caller.ask(FIRST)
    assert place.waiting()
    caller.process.kill()
    caller.process.wait()
    assert left_behind(place) == []


@pytest.mark.parametrize("shell", list(SHELLS))
def test_removed_when_everything_is_ended(places, shell):
    """timeout(1) sends its signal to every process of the login; who removes
    the token is among them."""
    place = places(shell)
    place.gives(token())
    caller = place.caller()
    caller.ask(FIRST)
    assert place.waiting()
    os.killpg(caller.process.pid, signal.SIGTERM)
    caller.process.wait()
    assert left_behind(place) == []


def test_removed_by_the_next_one(place):
    """What a process left that was killed the next one removes; but not what
    waits for others."""
    others = place.caller()
    others.ask(FIRST)
    (waits,) = place.waiting()
    folder = os.path.dirname(waits)
    for name, text in (("1.1", f"{int(time.time()) - 62}\nx\ny\n"),
                       ("2.2", f"{int(time.time()) + 99}\nx\ny\n"),
                       ("3.3", "")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    assert whole(place.caller()) == token()
    assert sorted(place.waiting()) == sorted([waits, folder + "/3.3"])
    assert others.ask(f"(alice@{HOST}) {LATER}").piece


def test_no_room(place):
    """If the token cannot wait nothing is given, and nothing is left."""
    folder = os.path.join(place.run, "pam-jwks-askpass")
    os.mkdir(folder, 0o700)
    script = "ulimit -f 1; trap '' XFSZ; exec \"$@\""
    place.shell = ["bash", "-c", script, "bash", *place.shell]
    place.gives(token(16000))
    assert place.caller().ask(FIRST).nothing
    assert place.waiting() == []


@pytest.mark.parametrize("shell", list(SHELLS))
def test_command_that_leaves_a_process(places, shell):
    """An agent that the command starts does not inherit ssh's pipe; else ssh
    would wait for its end."""
    place = places(shell)
    place.gives(token())
    ready = os.path.join(place.folder, "pid")
    place.env["PAM_JWKS_TOKEN_COMMAND"] += (
        f"; sleep 60 >/dev/null 2>&1 & echo $! >{ready}")
    try:
        assert whole(place.caller()) == token()
    finally:
        with open(ready, encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)


def test_octal_number(place):
    """08 is no number of bytes."""
    caller = place.caller()
    caller.ask(FIRST)
    for number in ("08", "0511", "00"):
        answer = caller.ask(f"(alice@{HOST}) Token (after character {number}): ")
        assert answer.nothing and "there is no terminal" in answer.err


def test_second_try_fetches_anew(place):
    """ssh's next try begins with a new token, and the old one is gone."""
    caller = place.caller()
    caller.ask(FIRST)
    place.gives(token(1500, 7))
    assert whole(caller) == token(1500, 7)
    assert place.waiting() == []


# --- what nobody sees ---------------------------------------------------------

PROGRAMS = ("awk", "cat", "cut", "date", "dd", "find", "fold", "id", "mkdir",
            "ps", "rm", "sh", "sleep", "ssh", "stty", "tr", "uname")


@pytest.mark.parametrize("shell", list(SHELLS))
def test_no_program_is_told_the_token(places, shell):
    """Neither the arguments nor the environment of any program that it starts
    hold a part of the token; the variables it uses may have been exported."""
    place = places(shell)
    place.gives(token())
    log = os.path.join(place.folder, "log")
    caller = place.caller()
    for name in PROGRAMS:
        real = shutil.which(name, path=hosts.PATH)
        if name != "ssh":
            place.write("bin/" + name, "#!/bin/bash\n{ printf '%s\\n' \"$0\" "
                        f"\"$@\"; /usr/bin/env; }} >>{log}\n"
                        f"exec {real} \"$@\"\n", 0o755)
    place.env.update(PATH=os.path.join(place.folder, "bin"), token="x",
                     piece="x", line="x", facts="x", payload="x", made="x",
                     whose="x", rest="x", expires="x")
    place.shell = [shutil.which(place.shell[0], path=hosts.PATH),
                   *place.shell[1:]]
    assert whole(caller) == token()
    with open(log, encoding="utf-8") as file:
        text = file.read()
    assert "bin/awk" in text and "bin/cut" in text
    for at in range(0, len(token()) - 30, 30):
        assert token()[at:at + 30] not in text
    assert "padding" not in text


@pytest.mark.parametrize("shell", list(SHELLS))
def test_no_trace_shows_the_token(places, shell):
    """Not even with sh -x, or with tracing in the environment."""
    place = places(shell)
    place.gives(token())
    place.shell = place.shell + ["-x"]
    caller = place.caller()
    assert whole(caller) == token()
    place.shell = place.shell[:-1]
    place.env["SHELLOPTS"] = "xtrace:allexport"
    assert whole(caller) == token()


def test_no_here_document():
    """Some shells write those to a file."""
    with open(ASKPASS, encoding="utf-8") as file:
        assert "<<" not in file.read()


def test_shellcheck():
    """Clean POSIX sh."""
    hosts.need("shellcheck")
    checked = subprocess.run(["shellcheck", "-s", "sh", ASKPASS], check=False,
                             stdout=subprocess.PIPE)
    assert checked.returncode == 0, checked.stdout.decode()
