"""Tokens of every length through sudo, su, login and pamtester: typed in pieces
at a real terminal, through a pipe, and by a helper program."""

import pytest

import hosts
import long_tokens
import tokens
from long_tokens import (CASES, FEW, LONGEST, at_terminal, pieces, prompts_of,
                         token)

SERVICES = ("sudo", "sudo-i", "su", "su-l", "login", "tester")


@pytest.fixture(name="machine")
def fixture_machine(host):
    """Nothing but pam_jwks in every stack."""
    hosts.need("sudo", "su", "login", "pamtester")
    long_tokens.need_set_id()
    return long_tokens.machine(host, *SERVICES)


@pytest.fixture(name="sudoers")
def fixture_sudoers(machine):
    """Adds lines to sudoers, for one test."""
    before = machine.read("/etc/sudoers").decode()
    machine.remove("/run/sudo")
    yield lambda text: machine.write("/etc/sudoers", before + text, 0o440)
    machine.write("/etc/sudoers", before, 0o440)
    machine.remove("/run/sudo")


def sudo_s(machine, answers, *options):
    """sudo -S with the answers on its input."""
    return machine.run(["sudo", "-S", *options, "id", "-un"], user="alice",
                       input="".join(text + "\n" for text in answers))


def got_in(machine, kind):
    attempt = machine.take_attempt()
    assert attempt.verdict == "accepted", attempt
    assert attempt["kid"] == kind
    return True


# --- sudo ------------------------------------------------------------------------

@pytest.mark.parametrize("kind,length", CASES)
def test_sudo_pieces_from_a_pipe(machine, kind, length):
    """sudo -S reads piece by piece."""
    answers = pieces(token(length, kind))
    result = sudo_s(machine, answers)
    assert result.out == "root\n", (result, machine.log())
    assert got_in(machine, kind)
    assert all(prompt in result.err for prompt in prompts_of(answers))


@pytest.mark.parametrize("kind,length", CASES)
def test_sudo_pieces_at_a_terminal(machine, kind, length):
    """What pam-jwks-askpass --split 511 prints, pasted line by line; nothing is
    entered where a piece was full and the last."""
    answers = long_tokens.split(machine, token(length, kind))
    typed = at_terminal(machine, ["sudo", "echo", "got", "in"], answers)
    assert typed.returncode == 0, (typed, machine.log())
    assert "got in" in typed.out
    assert typed.prompts == prompts_of(pieces(token(length, kind)))
    assert got_in(machine, kind)


@pytest.mark.parametrize("kind,length", CASES)
def test_sudo_askpass(machine, kind, length):
    """sudo -A asks the helper prompt by prompt, and shows it the module's
    words as they are."""
    text = token(length, kind)
    result = machine.run(["sudo", "-A", "id", "-un"], user="alice",
                         env=long_tokens.askpass(machine, text))
    assert result.out == "root\n", (result, machine.log())
    assert long_tokens.askpass_prompts(machine) == prompts_of(pieces(text))
    assert got_in(machine, kind)


WAYS = [sudo_s, lambda machine, answers: at_terminal(
    machine, ["sudo", "id", "-un"], answers)]


@pytest.mark.parametrize("way", WAYS, ids=["pipe", "terminal"])
def test_sudo_one_byte_too_many(machine, way):
    """16,385 bytes are refused with that reason."""
    result = way(machine, pieces(token(LONGEST + 1)))
    assert result.returncode == 1
    attempt = machine.take_attempts()[0]
    assert attempt["reason"] == "token_too_long"
    assert attempt["detail"] == f"{LONGEST + 1} bytes"


@pytest.mark.parametrize("way", WAYS, ids=["pipe", "terminal"])
def test_sudo_answer_that_is_too_long(machine, way):
    """One answer of 512 bytes ends it; the log says so."""
    result = way(machine, [token(512)])
    assert result.returncode == 1
    attempt = machine.take_attempts()[0]
    assert attempt["reason"] == "conversation_failed"
    assert attempt["detail"] == "PAM_CONV_ERR"


@pytest.mark.parametrize("defaults", ["", "Defaults noninteractive_auth\n"])
def test_sudo_n(machine, sudoers, defaults):
    """sudo -n asks nobody and fails at once, also where it may ask PAM."""
    sudoers(defaults)
    result = machine.run(["sudo", "-n", "id"], user="alice", timeout=5)
    assert (result.returncode, result.out) == (1, "")
    assert "a password is required" in result.err
    assert "Token" not in result.err
    assert all(a["reason"] == "conversation_failed"
               for a in machine.take_attempts())


def test_sudo_timestamps(machine, sudoers):
    """A token counts as long as a password would: sudo asks once, and again
    after sudo -k."""
    sudoers("Defaults timestamp_timeout=5, timestamp_type=global\n")
    again = ["sudo", "-n", "id", "-un"]
    assert machine.run(again, user="alice").returncode == 1
    assert sudo_s(machine, pieces(token(1500))).out == "root\n"
    assert got_in(machine, "ES256")
    assert machine.run(again, user="alice").out == "root\n"
    assert not machine.take_attempts()
    assert machine.run(["sudo", "-k"], user="alice").returncode == 0
    assert machine.run(again, user="alice").returncode == 1


def test_sudo_passwd_tries(machine, sudoers):
    """The third try is the last; each is a token of its own, in pieces."""
    sudoers("Defaults passwd_tries=3\n")
    bad = pieces(tokens.spoil_signature(token(1500)))
    result = sudo_s(machine, bad * 3 + pieces(token(1500)))
    assert result.returncode == 1
    assert "3 incorrect password attempts" in result.err
    assert [a["reason"] for a in machine.take_attempts()] == \
        ["signature_invalid"] * 3
    result = sudo_s(machine, bad * 2 + pieces(token(1500)))
    assert result.out == "root\n"
    assert [a.verdict for a in machine.take_attempts()] == \
        ["refused", "refused", "accepted"]


# --- su, login, pamtester -----------------------------------------------------------

@pytest.mark.parametrize("kind,length", FEW)
@pytest.mark.parametrize("size", [511, 4095])
def test_su(machine, kind, length, size):
    """su takes pieces of any size that the terminal lets through."""
    answers = pieces(token(length, kind, "bob"), size)
    typed = at_terminal(machine, ["su", "bob", "-c", "id -un"], answers)
    assert typed.returncode == 0, (typed, machine.log())
    assert "bob" in typed.out
    assert typed.prompts == prompts_of(answers)
    assert got_in(machine, kind)


@pytest.mark.parametrize("kind,length", FEW)
def test_login(machine, kind, length):
    """login on a terminal of its own, as getty would start it."""
    answers = pieces(token(length, kind))
    typed = at_terminal(machine, ["script", "-qec", "login alice",
                                  "/dev/null"], answers, "root")
    assert got_in(machine, kind), typed
    assert typed.prompts == prompts_of(answers)


@pytest.mark.parametrize("kind,length", CASES)
def test_pamtester(machine, kind, length):
    """misc_conv without a terminal."""
    answers = pieces(token(length, kind))
    result = machine.pamtester("tester", "alice", "\n".join(answers))
    assert result.returncode == 0, (result, machine.log())
    assert got_in(machine, kind)


def test_one_byte_too_many(machine):
    """16,385 bytes are refused with that reason, however they come."""
    long = token(LONGEST + 1, user="bob")
    for size in (511, 4095):
        typed = at_terminal(machine, ["su", "bob", "-c", "id -un"],
                            pieces(long, size))
        assert typed.returncode == 1
        assert machine.take_attempt()["reason"] == "token_too_long"
    result = machine.pamtester("tester", "bob", "\n".join(pieces(long)))
    assert result.returncode == 1
    assert machine.take_attempt()["reason"] == "token_too_long"
