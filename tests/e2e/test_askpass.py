"""pam-jwks-askpass, run by stand-ins for ssh and sudo: to whom it gives a token,
in which pieces, and where it comes from.
"""

import json
import os
import re

import pytest

import hosts
from askpass import (AWKS, FIRST, HOST, PIECE, SHELLS, part, token, whole,
                     fixture_place, fixture_places)

__all__ = ["fixture_place", "fixture_places"]


# --- pieces -------------------------------------------------------------------

@pytest.mark.parametrize("shell", list(SHELLS))
def test_pieces(places, shell):
    """Tokens of every length arrive whole, fetched once, and nothing stays."""
    place = places(shell)
    caller = place.caller()
    lengths = (300, 510, 511, 512, 1022, 1023, 1500, 4095, 16000, 16384)
    for length in lengths:
        place.gives(token(length))
        assert whole(caller) == token(length)
        assert place.waiting() == []
    assert place.calls() == [HOST] * len(lengths)


@pytest.mark.parametrize("awk", list(AWKS))
def test_awks(places, awk):
    """Every awk understands a token, and what is none."""
    place = places()
    hosts.need(AWKS[awk].split()[0])
    place.write("bin/awk", f'#!/bin/sh\nexec {AWKS[awk]} "$@"\n', 0o755)
    place.gives(token())
    assert whole(place.caller()) == token()
    place.gives("e30.e30.x")
    assert place.caller().ask(FIRST).nothing


def test_asked_for_another_place(place):
    """What a host cut off is asked for next: the number in the prompt counts."""
    caller = place.caller()
    caller.ask(FIRST)
    for start in (100, 511, 1023, 1999):
        piece = caller.ask(f"(alice@{HOST}) Token (after character {start}): ")
        assert piece.piece == token()[start:start + PIECE]


@pytest.mark.parametrize("number", ["2000", "2001", "99999"])
def test_nothing_is_left(place, number):
    """Behind the end there is an empty answer."""
    caller = place.caller()
    caller.ask(FIRST)
    answer = caller.ask(f"(alice@{HOST}) Token (after character {number}): ")
    assert answer.piece == ""
    assert place.waiting() == []


def test_prompt_with_words(place):
    """The administrator's words before the prompt do not matter."""
    assert place.caller().ask(
        f"(alice@{HOST}) Corp: password or Token: ").piece == token()[:PIECE]


# --- who gets one -------------------------------------------------------------

GOOD = [
    ("*.example.org", "(alice@server.example.org) Token: "),
    ("*.example.org", "(alice@a.b.example.org) Token: "),
    ("other.test *.example.org", "(alice@x.example.org) Token: "),
    ("server.example.org", "(alice@corp.test@server.example.org) Token: "),
    ("server.example.org", "(CORP\\alice@server.example.org) Token: "),
    ("192.0.2.*", "(alice@192.0.2.7) Token: "),
    ("2001:db8::*", "(alice@2001:db8::1) Token: "),
    ("web[12].test", "(alice@web2.test) Token: "),
]
BAD = [
    ("*.example.org", "(alice@evil.example.org.attacker.net) Token: "),
    ("*.example.org", "(alice@example.org.attacker.net) Token: "),
    ("*.example.org", "(alice@evilexample.org) Token: "),
    ("*.example.org", "(alice@example.org) Token: "),
    ("server.example.org", "(alice@serverxexample.org) Token: "),
    ("*.example.org", "(alice@*.example.org) Token: "),
    ("*.example.org", "(alice@[a].example.org) Token: "),
    ("*.example.org", "(alice@a?.example.org) Token: "),
    ("*.example.org", "(alice@evil.net/x.example.org) Token: "),
    ("*.example.org", "(alice@evil.net x.example.org) Token: "),
    ("*.example.org", "(alice@evil.net\nx.example.org) Token: "),
    ("*.example.org", "(alice@evil.net\\x.example.org) Token: "),
    ("*.example.org", "(alice@evil.net$x.example.org) Token: "),
    ("*.example.org", "(alice@) Token: "),
    ("*", "(alice@-oProxyCommand=x.example.org) Token: "),
    ("*", "(alice@-x.example.org) Token: "),
    ("*", "(alice@) Token: "),
    # The words of a server come behind the prefix.
    ("*.example.org", "(alice@evil.net) (alice@server.example.org) Token: "),
    ("*.example.org", "(alice@evil.net) \n(alice@server.example.org) Token: "),
    # A name in a link that pretends to be the end of the prefix.
    ("*.example.org", "(x@server.example.org) (y@evil.net) Token: "),
    ("*.example.org", "(x@server.example.org) y@evil.net) Token: "),
    ("*.example.org", "(x@server.example.org)@evil.net) Token: "),
    ("*.example.org", "((x@server.example.org) Token: "),
    # No prefix: a client that does not say who asks.
    ("*.example.org", "Token: "),
    ("*", "Token: "),
    ("*", "alice@server.example.org Token: "),
    ("*", " (alice@server.example.org) Token: "),
    ("*", "(server.example.org) Token: "),
]


@pytest.mark.parametrize("shell", list(SHELLS))
def test_hosts(places, shell):
    """The host in ssh's own prefix must match, from its first character to its
    last; for others no token is even fetched."""
    place = places(shell)
    place.gives(token())
    caller = place.caller()
    for pattern, prompt in GOOD:
        answer = caller.ask(prompt, PAM_JWKS_HOSTS=pattern)
        assert answer.piece == token()[:PIECE], (prompt, answer)
    assert len(place.calls()) == len(GOOD)
    for pattern, prompt in BAD:
        answer = caller.ask(prompt, PAM_JWKS_HOSTS=pattern, PAM_JWKS_SUDO="yes")
        assert answer.nothing, (prompt, answer)
        assert "no token" in answer.err
    assert len(place.calls()) == len(GOOD)


def test_patterns_are_not_files(place):
    """A file in the current folder is no host."""
    place.write("evil.net", "")
    place.env["PAM_JWKS_HOSTS"] = "*l.net.example.org"
    caller = place.caller()
    place.write("source", token())
    script = f"cd {place.folder}; exec \"$@\""
    place.shell = ["sh", "-c", script, "sh", *place.shell]
    assert caller.ask("(alice@evil.net) Token: ",
                      PAM_JWKS_HOSTS="ev*l.net.example.org").nothing
    place.write("x.example.org", "")
    assert caller.ask(FIRST, PAM_JWKS_HOSTS="*.example.org").piece
    place.write("x.example.org.net", "")
    assert caller.ask("(alice@x.example.org.net) Token: ",
                      PAM_JWKS_HOSTS="*.example.org").nothing


@pytest.mark.parametrize("name", ["dbclient", "plink", "ssh-add", "sshd", "sh",
                                  "git", "ssh2"])
def test_other_programs_get_nothing(place, name):
    """Only OpenSSH's client can be believed, and only sudo is local."""
    caller = place.caller(name)
    for prompt in (FIRST, "Token: "):
        answer = caller.ask(prompt, PAM_JWKS_SUDO="yes")
        assert answer.nothing, answer
        assert name in answer.err
    assert place.calls() == []


@pytest.mark.parametrize("version,good", [
    ("OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.16", True),
    ("OpenSSH_8.5p1", True), ("OpenSSH_10.0p2", True),
    ("OpenSSH_9.8p1, LibreSSL 3.3.6", True),
    ("OpenSSH_8.4p1 Debian-5", False), ("OpenSSH_8.0p1, OpenSSL 1.1.1k", False),
    ("OpenSSH_7.10p1", False), ("Something else", False), ("", False)])
def test_version_of_ssh(place, version, good):
    """A client that is too old lets the server write the prefix."""
    place.env["VERSION"] = version
    answer = place.caller().ask(FIRST)
    assert answer.nothing != good, answer
    assert bool(place.calls()) == good


@pytest.mark.parametrize("prompt", ["--check", "--help", "-h"])
def test_prompt_that_looks_like_an_option(place, prompt):
    """A client that is too old passes on nothing but the server's words: they
    are a prompt, whatever they say."""
    place.env["VERSION"] = "OpenSSH_8.0p1"
    answer = place.caller().ask(prompt)
    assert answer.nothing, answer
    assert place.calls() == []


def test_sudo(place):
    """sudo's prompt needs PAM_JWKS_SUDO=yes; the host is this one."""
    caller = place.caller("sudo")
    assert caller.ask("Token: ").nothing
    assert caller.ask("Token: ", PAM_JWKS_SUDO="no").nothing
    assert place.calls() == []
    place.env["PAM_JWKS_SUDO"] = "yes"
    assert whole(caller, "") == token()
    assert place.calls() == [os.uname().nodename]


def test_unset_hosts_without_terminal(place):
    """Nobody can be asked: nothing is sent."""
    for value in (None, ""):
        assert place.caller().ask(FIRST, PAM_JWKS_HOSTS=value).nothing
    assert place.calls() == []


@pytest.mark.parametrize("reply,good", [
    ("y", True), ("yes", True), ("YES", True), ("", False), ("n", False),
    ("server.example.org", False)])
def test_unset_hosts_with_terminal(place, reply, good):
    """The person is shown the host and decides, once for a login."""
    place.env["PAM_JWKS_HOSTS"] = ""
    caller = place.caller(tty=True)
    caller.start(FIRST)
    caller.expect(f"Send a token to {HOST}? [y/N] ")
    caller.type(reply + "\n")
    if not good:
        caller.expect("Token: ")        # now for the person
        caller.type("typed\n")
        assert caller.finish().piece == "typed"
        assert place.calls() == []
        return
    assert caller.finish().piece == token()[:PIECE]
    assert caller.ask(f"(alice@{HOST}) Token (after character 511): "
                      ).piece == token()[PIECE:2 * PIECE]


# --- where it comes from ------------------------------------------------------

def test_sources_in_order(place):
    """The first that is set, and no other."""
    made = [token(600, number) for number in range(5)]
    place.write("run/bt_u" + str(os.getuid()), made[4])
    file1, file2 = place.write("f1", made[1]), place.write("f2", made[3])
    place.gives(made[0])
    settings = [("PAM_JWKS_TOKEN_COMMAND", place.env["PAM_JWKS_TOKEN_COMMAND"]),
                ("PAM_JWKS_TOKEN_FILE", file1), ("BEARER_TOKEN", made[2]),
                ("BEARER_TOKEN_FILE", file2)]
    place.env.update(settings)
    caller = place.caller()
    for i, expected in enumerate(made):
        assert whole(caller) == expected, i
        if i < len(settings):
            del place.env[settings[i][0]]


@pytest.mark.parametrize("around", ["\n", " {} ", "{}\r\n", "\t{}\n\n", "{}"])
def test_white_space(place, around):
    """What stands around a token does not count."""
    place.env["PAM_JWKS_TOKEN_COMMAND"] = None
    text = around.format(token(600)) if "{}" in around else token(600) + around
    place.env["PAM_JWKS_TOKEN_FILE"] = place.write("f", text)
    assert whole(place.caller()) == token(600)


NO_TOKENS = {
    "nothing": "", "password": "correct horse battery staple",
    "key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n",
    "dots": "a.b.c", "two": part('{"alg":"x"}') + ".e30",
    "empty signature": part('{"alg":"none"}') + ".e30.",
    "no alg": part('{"typ":"JWT"}') + ".e30.x",
    "inner alg": part('{"x":{"alg":"ES256"}}') + ".e30.x",
    "alg as text": part('{"x":"\\"alg\\":\\"y\\""}') + ".e30.x",
    "alg no string": part('{"alg":1}') + ".e30.x",
    "array": part('["alg"]') + ".e30.x",
    "encrypted": ".".join([part('{"alg":"dir"}')] + ["x"] * 4),
    "twice": token(600) + "\n" + token(600, 1),
    "bearer": "Bearer " + token(600), "json": json.dumps({"id_token": "x.y.z"}),
    "slash": part('{"alg":"x"}') + ".e3/0.x", "padding": token(600) + "=",
    "too long": token(16385),
}


@pytest.mark.parametrize("shell", list(SHELLS))
def test_what_is_no_token_is_never_sent(places, shell):
    """Whatever it is instead; and no word of it is shown."""
    place = places(shell)
    caller = place.caller()
    for name, text in NO_TOKENS.items():
        place.gives(text)
        answer = caller.ask(FIRST)
        assert answer.nothing, (name, answer)
        assert "PAM_JWKS_TOKEN_COMMAND" in answer.err, (name, answer)
        for word in re.findall(r"\w{4,}", text):
            assert word not in answer.err, (name, answer)
    assert place.waiting() == []


def test_command_fails(place):
    """Then there is no token, even if it printed one; no other place is tried."""
    place.env["PAM_JWKS_TOKEN_COMMAND"] += "; exit 3"
    place.env["BEARER_TOKEN"] = token()
    answer = place.caller().ask(FIRST)
    assert answer.nothing and "3" in answer.err


@pytest.mark.parametrize("variable", ["PAM_JWKS_TOKEN_FILE",
                                      "BEARER_TOKEN_FILE"])
def test_links_are_not_followed(place, variable):
    """Nor is anything read that is no file."""
    del place.env["PAM_JWKS_TOKEN_COMMAND"]
    target = place.write("target", token())
    link = os.path.join(place.folder, "link")
    os.symlink(target, link)
    fifo = os.path.join(place.folder, "fifo")
    os.mkfifo(fifo)
    caller = place.caller()
    for path in (link, fifo, place.folder, "/dev/null"):
        answer = caller.ask(FIRST, **{variable: path})
        assert answer.nothing and "links are not followed" in answer.err, path
    for path in ("/nonexistent", "relative", "-x"):
        answer = caller.ask(FIRST, **{variable: path})
        assert answer.nothing and "cannot be read" in answer.err, path
    assert caller.ask(FIRST, **{variable: target}).piece


@pytest.mark.parametrize("mode,kind", [
    (0o644, "file"), (0o640, "file"), (0o602, "file"), (0o600, "link"),
    (0o600, "foreign")])
def test_discovered_token_must_be_private(place, mode, kind):
    """bt_u$UID of somebody else, readable for others, or a link is not used."""
    del place.env["PAM_JWKS_TOKEN_COMMAND"]
    name = "run/bt_u" + str(os.getuid())
    if kind == "link":
        os.symlink(place.write("target", token()),
                   os.path.join(place.folder, name))
    else:
        path = place.write(name, token(), mode)
        if kind == "foreign":
            if os.getuid() != 0:
                raise hosts.Missing("only root can give files away")
            os.chown(path, 2002, 2002)
    assert place.caller().ask(FIRST).nothing


def test_pasted_at_the_terminal(place):
    """A paste of any length, which nobody sees."""
    del place.env["PAM_JWKS_TOKEN_COMMAND"]
    for length in (300, 4095, 4096, 16000):
        caller = place.caller(tty=True)
        caller.start(FIRST)
        caller.expect(f"Paste the token for {HOST}: ")
        caller.type(token(length) + "\r")
        got = caller.finish().piece
        if length > PIECE:
            got += "".join(
                caller.ask(f"(alice@{HOST}) Token (after character {at}): "
                           ).piece for at in range(PIECE, length + 1, PIECE))
        assert got == token(length)
        assert token(length)[:20] not in caller.screen
