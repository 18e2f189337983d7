"""Tokens of every length, and the machine that they are to log in to: what the
tests of real hosts with long tokens share.

    machine(host, "sudo", "su")     configuration, keys and stacks
    token(1023, "RS256")            a good one of exactly this length
    CASES                           (kind, length) to try; all with PJ_LONG=1
    at_terminal(...)                somebody who types at prompts
"""

import json
import os
import re

import pexpect

import hosts
import tokens

ISSUER = "https://id.test"
AUDIENCE = "ssh-login"
KEYS = "/etc/security/keys.json"

# A kind of key, and the shortest token that the lengths below have of it.
KINDS = {"ES256": 300, "RS256": 600, "RS4096": 950}
LENGTHS = (300, 511, 512, 1023, 1024, 1500, 4095, 4096, 8000, 16000)
LONGEST = 16384
PIECE = 511
FULL = (511, 512, 1023, 1024, 4095)     # lengths that make the module ask on

LONG = os.environ.get("PJ_LONG") == "1"
ALL_CASES = [(kind, length) for kind, shortest in KINDS.items()
             for length in LENGTHS + (LONGEST,) if length >= shortest]
CASES = ALL_CASES if LONG else [
    case for case in ALL_CASES if case[0] == "ES256" or case in (
        ("RS256", 1500), ("RS4096", 1024))]
FEW = ALL_CASES if LONG else [
    ("ES256", 511), ("ES256", 1023), ("RS256", 1500), ("RS4096", 4095),
    ("ES256", LONGEST)]


def key(kind):
    """The private key of a kind, made once."""
    if kind == "RS4096":
        return _big_key()
    return tokens.shared_key(kind, kind)


def _big_key(made=[]):  # pylint: disable=dangerous-default-value
    if not made:
        made.append(tokens.make_key("RS256", "RS4096", size=4096))
    return made[0]


def token(length=2000, kind="ES256", user="alice", **members):
    """A good token of exactly this length."""
    claims = tokens.claims(ISSUER, user, AUDIENCE, sub=None, iat=None,
                           **members)
    return tokens.token_of_length(
        length, key(kind), "ES256" if kind == "ES256" else "RS256", claims,
        {"typ": None})


def pieces(text, size=PIECE):
    """The text in pieces, and an empty one where the last one is full."""
    parts = [text[i:i + size] for i in range(0, len(text), size)]
    return parts + [""] if len(parts[-1]) in FULL else parts


def machine(host, *services):
    """The host trusts the issuer for these services, and asks for nothing but
    tokens."""
    host.config(
        f"[issuer corp]\nissuer = {ISSUER}\nservices = {' '.join(services)}\n"
        f"audience = {AUDIENCE}\nuser_claim = preferred_username\n"
        f"jwks_file = {KEYS}\n")
    host.write(KEYS, json.dumps(tokens.key_set(*map(key, KINDS))))
    for service in services:
        host.pam(service, "auth required {module}")
    return host


# --- somebody at a terminal -----------------------------------------------------

class Typed:
    """What a command left that was answered at a terminal."""

    def __init__(self, status, screen, prompts):
        self.returncode = status
        self.out = screen
        self.prompts = prompts

    def __repr__(self):
        return f"exit {self.returncode} after {self.prompts}\n{self.out}"


PROMPT = re.compile(rb"Token(?: \(after character \d+\))?: ")
SHELL = re.compile(rb"\n[$#] ")
AGAIN = re.compile(rb"\n\S+ login: ")


def at_terminal(host, argv, answers, user="alice", env=None):
    """Types one answer at each prompt, and nothing at those that come after.

    Who is asked all over again interrupts, and a shell is left.
    """
    child = host.terminal(argv, user, env)
    left, prompts, screen = list(answers), [], b""
    while child.expect([PROMPT, SHELL, AGAIN, pexpect.EOF]) != 3:
        screen += child.before + child.after
        if child.match.re is SHELL:
            child.sendline("exit")
        elif child.match.re is AGAIN or child.after == b"Token: " and prompts:
            child.sendintr()
        else:
            prompts.append(child.after.decode())
            child.sendline(left.pop(0) if left else "")
    screen += child.before
    child.close()
    return Typed(child.exitstatus, screen.decode(errors="replace"), prompts)


def prompts_of(answers):
    """What is asked for these answers."""
    prompts, total = ["Token: "], 0
    for answer in answers[:-1]:
        total += len(answer)
        prompts.append(f"Token (after character {total}): ")
    return prompts


def need_set_id():
    """Skips where programs do not become root."""
    with open("/proc/self/status", encoding="ascii") as file:
        if "NoNewPrivs:\t1" in file.read():
            raise hosts.Missing("no_new_privs is set here: sudo cannot work")


# --- pam-jwks-askpass -------------------------------------------------------------

PROGRAM = "/run/pam-jwks-askpass"
HELPER = "/run/askpass-of-alice"
FOLDER = "/run/home/alice"
WAITING = FOLDER + "/runtime/pam-jwks-askpass"


def install_askpass(host):
    """Puts the program where alice can run it."""
    with open(hosts.ASKPASS, encoding="ascii") as file:
        host.write(PROGRAM, file.read(), 0o755)


def askpass(host, text=None, **changes):
    """Environment in which pam-jwks-askpass gives alice's ssh and sudo this
    token, unless the changes say otherwise."""
    install_askpass(host)
    host.write(HELPER, f"#!/bin/sh\nprintf '%s\\n' \"$1\" >>{FOLDER}/prompts\n"
               f'exec {PROGRAM} "$1"\n', 0o755)
    if text is not None:
        host.write(FOLDER + "/token", text, 0o600, "alice")
    host.remove(FOLDER + "/prompts")
    if not os.path.isdir(host.path(FOLDER + "/runtime")):
        os.mkdir(host.path(FOLDER + "/runtime"), 0o700)
        os.chown(host.path(FOLDER + "/runtime"),
                 *hosts.USERS["alice"][:1] * 2)
    return {"SSH_ASKPASS": HELPER, "SSH_ASKPASS_REQUIRE": "force",
            "SUDO_ASKPASS": HELPER, "XDG_RUNTIME_DIR": FOLDER + "/runtime",
            "PAM_JWKS_HOSTS": "*.example.org 127.0.0.1",
            "PAM_JWKS_SUDO": "yes",
            "PAM_JWKS_TOKEN_FILE": FOLDER + "/token", **changes}


def askpass_prompts(host):
    """What pam-jwks-askpass has been asked since askpass."""
    return host.read(FOLDER + "/prompts").decode().splitlines()


def nothing_waits(host):
    """No piece of a token is left for a prompt that may come."""
    return not os.path.isdir(host.path(WAITING)) or \
        os.listdir(host.path(WAITING)) == []


def split(host, text, size=PIECE):
    """What pam-jwks-askpass prints for pasting."""
    install_askpass(host)
    made = host.run([PROGRAM, "--split", str(size)], user="alice", input=text)
    assert made.returncode == 0, made
    return made.out.splitlines()
