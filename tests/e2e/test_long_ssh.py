"""Tokens of every length through real SSH: OpenSSH's client with a helper that
answers its prompts and at a terminal, through a jump host, over a shared
connection, as scp, sftp and Git use it; and other clients, which have other
limits or none."""

import hashlib

import pytest

import hosts
import libssh_client
import long_tokens
import tokens
from long_tokens import (CASES, FEW, FULL, LONGEST, at_terminal, pieces,
                         prompts_of, token)
from ssh_client import converse

SERVER, JUMP = "server.example.org", "jump.example.org"
OTHER = "server.example.net"
CONFIG = "/run/ssh_config"
HOME = "/run/home/alice"


@pytest.fixture(scope="module", name="ports")
def fixture_ports(module_host):
    """Two servers with names of their own; the client's configuration."""
    host = module_host
    host.write("/etc/hosts", f"127.0.0.1 localhost {SERVER} {JUMP} {OTHER}\n")
    ports = {SERVER: host.sshd(Subsystem="sftp internal-sftp"),
             JUMP: host.sshd()}
    ports[OTHER] = ports[SERVER]
    key = host.read("/run/known_hosts").decode().split(" ", 1)[1]
    host.write("/run/known_hosts", "".join(
        f"[{name}]:{port} {key}" for name, port in ports.items()))
    host.write(CONFIG, "".join(
        f"Host {name}\n    Port {port}\n" for name, port in ports.items())
        + "Host *\n    User alice\n    UserKnownHostsFile /run/known_hosts\n"
        "    StrictHostKeyChecking yes\n    ConnectTimeout 10\n"
        "    LogLevel ERROR\n    NumberOfPasswordPrompts 1\n")
    return ports


@pytest.fixture(name="machine")
def fixture_machine(host, ports):
    """Nothing but pam_jwks in sshd's stack."""
    assert ports
    return long_tokens.machine(host, "sshd")


def ssh(machine, text, *words, name=SERVER, options=()):
    """alice's ssh with the helper and with this token."""
    return machine.run(["ssh", "-F", CONFIG, "-T", *options, name,
                        *(words or ("id", "-un"))], user="alice",
                       env=long_tokens.askpass(machine, text))


def accepted(machine, kind="ES256"):
    """One attempt, and it got in."""
    attempt = machine.take_attempt()
    assert attempt.verdict == "accepted", attempt
    assert attempt["kid"] == kind
    return True


# --- OpenSSH's client --------------------------------------------------------------

@pytest.mark.parametrize("kind,length", CASES)
def test_askpass(machine, kind, length):
    """The helper answers prompt by prompt."""
    result = ssh(machine, token(length, kind))
    assert result.out == "alice\n", (result, machine.log())
    assert accepted(machine, kind)
    assert long_tokens.nothing_waits(machine)


def test_askpass_one_byte_too_many(machine):
    """The helper says so and gives nothing."""
    result = ssh(machine, token(LONGEST + 1))
    assert (result.returncode, result.out) == (255, "")
    assert f"has {LONGEST + 1} bytes" in result.err
    assert all(a["reason"] == "token_empty" for a in machine.take_attempts())


def test_other_hosts_get_nothing(machine):
    """A server that is not listed asks in vain."""
    result = ssh(machine, token(), name=OTHER)
    assert (result.returncode, result.out) == (255, "")
    assert f"{OTHER} is not in PAM_JWKS_HOSTS" in result.err
    assert all(a["reason"] == "token_empty" for a in machine.take_attempts())
    assert long_tokens.nothing_waits(machine)


@pytest.mark.parametrize("kind,length", FEW)
@pytest.mark.parametrize("size", [511, 1023])
def test_at_a_terminal(machine, kind, length, size):
    """Pieces, pasted one by one."""
    answers = pieces(token(length, kind), size)
    typed = at_terminal(machine, ["ssh", "-F", CONFIG, SERVER, "echo got in"],
                        answers)
    assert "got in" in typed.out, (typed, machine.log())
    assert typed.prompts == prompts_of(answers)
    assert accepted(machine, kind)


def test_typed_whole(machine):
    """A client that cuts: what is missing is asked for next."""
    text = token(1500)
    typed = at_terminal(machine, ["ssh", "-F", CONFIG, SERVER, "echo got in"],
                        [text, text[1023:]])
    assert typed.prompts == ["Token: ", "Token (after character 1023): "]
    assert accepted(machine)
    typed = at_terminal(machine, ["ssh", "-F", CONFIG, SERVER, "echo got in"],
                        [text])
    assert "got in" not in typed.out
    attempt = machine.take_attempt()
    assert attempt["reason"] == "token_truncated"
    assert "the OpenSSH client passes on, and no more came" \
        in attempt["detail"]


def test_jump(machine):
    """Two servers in a row; each gets all pieces of a token of its own."""
    made = {JUMP: token(3000, jti="1"), SERVER: token(2000, jti="2")}
    for name, text in made.items():
        machine.write(f"{HOME}/for-{name}", text, 0o600, "alice")
    env = long_tokens.askpass(machine,
                              PAM_JWKS_TOKEN_COMMAND=f"cat {HOME}/for-"
                              "$PAM_JWKS_HOST")
    result = machine.run(["ssh", "-F", CONFIG, "-T", "-J", JUMP, SERVER,
                          "id", "-un"], user="alice", env=env)
    assert result.out == "alice\n", (result, machine.log())
    attempts = machine.take_attempts()
    assert [a.verdict for a in attempts] == ["accepted"] * 2
    assert [a["token"] for a in attempts] == [
        hashlib.sha256(text.encode()).hexdigest()[:12]
        for text in made.values()]
    assert long_tokens.nothing_waits(machine)


def test_shared_connection(machine):
    """ControlMaster: one login, three commands."""
    control = ["-o", f"ControlPath={HOME}/control", "-o", "ControlMaster=auto",
               "-o", "ControlPersist=30"]
    result = ssh(machine, token(3000), options=control)
    assert result.out == "alice\n", (result, machine.log())
    try:
        for _ in range(2):
            result = ssh(machine, "no token", options=control)
            assert result.out == "alice\n", result
    finally:
        ssh(machine, "no token", options=control + ["-O", "exit"])
    assert accepted(machine)


def test_copying(machine):
    """scp, sftp and Git, which start ssh themselves."""
    hosts.need("scp", "sftp", "git")
    machine.write(HOME + "/file", "content", 0o644, "alice")
    made = machine.run(["git", "init", "-q", "--bare", HOME + "/git"],
                       user="alice")
    assert made.returncode == 0, made
    env = long_tokens.askpass(machine, token(3000))
    env["GIT_SSH_COMMAND"] = "ssh -F " + CONFIG
    for argv, typed in (
            (["scp", "-F", CONFIG, f"{SERVER}:file", HOME + "/by-scp"], None),
            (["sftp", "-F", CONFIG, SERVER], f"get file {HOME}/by-sftp\n"),
            (["git", "clone", "-q", f"ssh://alice@{SERVER}{HOME}/git",
              HOME + "/by-git"], None)):
        result = machine.run(argv, user="alice", input=typed, env=env)
        assert result.returncode == 0, (result, machine.log())
        assert accepted(machine)
    for name in ("by-scp", "by-sftp"):
        assert machine.read(f"{HOME}/{name}") == b"content"
    assert machine.read(HOME + "/by-git/.git/HEAD")


@pytest.mark.parametrize("settings,prompts,tries", [
    ({}, 3, 3), ({"MaxAuthTries": "2"}, 9, 2)], ids=["client", "server"])
def test_tries_end(machine, ports, settings, prompts, tries):
    """The client gives up after three tries, or the server before; each has all
    of its pieces."""
    text = tokens.spoil_signature(token(1500))
    options = ["-o", f"NumberOfPasswordPrompts={prompts}"]
    if settings:
        known = machine.read("/run/known_hosts").decode()
        port = machine.sshd(**settings)
        machine.write("/run/known_hosts", known + known.replace(
            str(ports[SERVER]), str(port)))
        options += ["-p", str(port)]
    result = ssh(machine, text, options=options)
    assert (result.returncode, result.out) == (255, ""), result
    attempts = machine.take_attempts()
    assert [a["reason"] for a in attempts] == ["signature_invalid"] * tries
    assert len(long_tokens.askpass_prompts(machine)) == 3 * tries
    assert long_tokens.nothing_waits(machine)


# --- clients that send everything at once ------------------------------------------

@pytest.mark.parametrize("kind,length", CASES)
def test_paramiko(machine, ports, kind, length):
    """One answer holds all of it; where it might be a piece an empty one
    follows."""
    seen = converse(ports[SERVER], "alice", [token(length, kind)])
    assert seen.outcome == "in", (seen, machine.log())
    assert seen.prompts() == ["Token: "] + [
        f"Token (after character {length}): "] * (length in FULL)
    assert accepted(machine, kind)


@pytest.mark.parametrize("kind,length", FEW)
@pytest.mark.parametrize("size", [511, 4095])
def test_paramiko_in_pieces(machine, ports, kind, length, size):
    """Pieces that no terminal could pass on arrive as well."""
    answers = pieces(token(length, kind), size)
    seen = converse(ports[SERVER], "alice", answers)
    assert seen.outcome == "in", (seen, machine.log())
    assert seen.prompts() == prompts_of(answers)
    assert accepted(machine, kind)


@pytest.mark.parametrize("kind,length", CASES)
def test_libssh(machine, ports, kind, length):
    """All at once by libssh."""
    good, prompts = libssh_client.log_in(ports[SERVER], "alice",
                                         [token(length, kind)])
    assert good, (prompts, machine.log())
    assert len(prompts) == 1 + (length in FULL)
    assert accepted(machine, kind)


@pytest.mark.parametrize("kind,length", FEW)
def test_curl(machine, ports, kind, length):
    """curl answers every prompt with the whole token."""
    hosts.need("curl")
    if "sftp" not in machine.run(["curl", "-V"]).out:
        raise hosts.Missing("this curl has no sftp")
    machine.write(HOME + "/curlrc", f'user = "alice:{token(length, kind)}"\n',
                  0o600, "alice")
    machine.write(HOME + "/file", "content", 0o644, "alice")
    result = machine.run(
        ["curl", "-q", "-s", "-S", "-k", "-K", HOME + "/curlrc",
         f"sftp://127.0.0.1:{ports[SERVER]}{HOME}/file"], user="alice")
    assert result.out == "content", (result, machine.log())
    assert accepted(machine, kind)


def test_one_byte_too_many(machine, ports):
    """16,385 bytes are refused with that reason, however they come."""
    text = token(LONGEST + 1)

    def too_long():
        attempt = machine.take_attempt()
        return (attempt["reason"], attempt["detail"]) == (
            "token_too_long", f"{LONGEST + 1} bytes")

    for answers in ([text], pieces(text), pieces(text, 4095)):
        assert converse(ports[SERVER], "alice", answers).outcome != "in"
        assert too_long()
        assert not libssh_client.log_in(ports[SERVER], "alice", answers)[0]
        assert too_long()


# --- the method that shows no prompt ------------------------------------------------

@pytest.fixture(name="password_port")
def fixture_password_port(machine):
    """A server that has the `password` method alone."""
    return machine.sshd(PasswordAuthentication="yes",
                        KbdInteractiveAuthentication="no",
                        AuthenticationMethods="password")


def by_password(machine, port, text):
    """OpenSSH's client with a helper that says the whole token."""
    return machine.ssh(port, "alice", text,
                       PreferredAuthentications="password")


def test_password_method(machine, password_port):
    """What fits into one answer works, whatever its length."""
    for length in (300, 510, 511, 512, 1022, 1023):
        assert by_password(machine, password_port,
                           token(length)).out == "alice\n"
        assert accepted(machine)
    for length in (511, 1024):
        assert converse(password_port, "alice", [token(length)],
                        "password").outcome == "in"
        assert accepted(machine)


def test_password_method_with_a_long_token(machine, password_port):
    """The client cuts it; the log names the limit and what to change.  What
    another client does not cut sshd refuses by itself."""
    assert by_password(machine, password_port,
                       token(1500)).returncode == 255
    attempt = machine.take_attempt()
    assert attempt["reason"] == "token_truncated"
    assert attempt["detail"].startswith("1023 bytes")
    assert "the OpenSSH client" in attempt["detail"]
    assert "KbdInteractiveAuthentication yes" in attempt["detail"]
    assert converse(password_port, "alice", [token(1025)],
                    "password").outcome != "in"
    assert not machine.take_attempts()
