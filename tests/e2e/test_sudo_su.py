"""Real sudo and su, run by alice, with tokens and with nothing but pam_jwks in
their auth stacks."""

import json
import os

import pytest

import hosts
import tokens
from provider import Provider

ISSUER = "https://login.example.test/realms/corp"
KEYS = "/etc/security/keys.json"
SERVICES = ("sudo", "sudo-i", "su", "su-l")


def key():
    return tokens.shared_key("EdDSA", "k1")


def token(user="alice", **members):
    made = tokens.make_token(key(), "EdDSA", tokens.claims(
        ISSUER, user, "ssh-login", **members))
    return made


@pytest.fixture(name="machine")
def fixture_machine(host):
    """sudo and su with pam_jwks alone, keys from a file."""
    hosts.need("sudo", "su")
    probe = host.run(["setpriv", "--dump"], user="alice")
    if "no_new_privs: 1" in probe.out:
        raise hosts.Missing("no_new_privs is set here: sudo cannot work")
    host.config(
        f"[issuer corp]\nissuer = {ISSUER}\nservices = {' '.join(SERVICES)}\n"
        "audience = ssh-login\nuser_claim = preferred_username\n"
        f"jwks_file = {KEYS}\n")
    host.write(KEYS, json.dumps(tokens.key_set(key())))
    for service in SERVICES:
        host.pam(service, "auth required {module}")
    return host


def sudo(host, answer, *argv, env=None):
    """alice runs a command as root; the answer goes to sudo's input."""
    return host.run(["sudo", "-S", *(argv or ("id", "-un"))], user="alice",
                    input=answer + "\n", env=env)


def su(host, user, answer, *options, env=None):
    """alice becomes another user for one command."""
    return host.run(["su", *options, user, "-c", "id -un; exit 5"],
                    user="alice", input=answer + "\n", env=env)


def test_sudo(machine):
    """sudo -S runs the command for a good token; the log says who."""
    result = sudo(machine, token())
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (0, "root\n"), (result, attempt)
    assert "Token: " in result.err
    assert attempt.verdict == "accepted"
    assert attempt.service == "sudo"
    assert (attempt["user"], attempt["identity"]) == ("alice", "alice")


def test_sudo_askpass(machine):
    """sudo -A asks its helper program."""
    machine.write("/run/home/alice/answer", token(), 0o600, "alice")
    machine.write("/run/home/alice/askpass",
                  "#!/bin/sh\ncat /run/home/alice/answer\necho\n", 0o755, "alice")
    result = machine.run(["sudo", "-A", "sh", "-c", "id -un; exit 9"],
                         user="alice",
                         env={"SUDO_ASKPASS": "/run/home/alice/askpass"})
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (9, "root\n"), (result, attempt)
    assert attempt.verdict == "accepted"


def test_sudo_login_shell(machine):
    """sudo -i is the service sudo-i."""
    result = sudo(machine, token(), "-i", "id", "-un")
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (0, "root\n"), (result, attempt)
    assert attempt.service == "sudo-i"


def test_su(machine):
    """su takes a token of the user that alice wants to be."""
    result = su(machine, "bob", token("bob"))
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (5, "bob\n"), (result, attempt)
    assert attempt.verdict == "accepted"
    assert (attempt.service, attempt["user"]) == ("su", "bob")


def test_su_login_shell(machine):
    """su - is the service su-l."""
    result = su(machine, "bob", token("bob"), "-")
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (5, "bob\n"), (result, attempt)
    assert attempt.service == "su-l"


BAD = {
    "expired": lambda user: token(user, expires_in=-600),
    "signature_invalid": lambda user: tokens.spoil_signature(token(user)),
    "user_mismatch": lambda _: token("deploy"),
    "not_a_jwt": lambda user: user + "-password",
    "token_empty": lambda _: "",
}


@pytest.mark.parametrize("reason", list(BAD))
def test_sudo_refuses(machine, reason):
    """sudo runs nothing for a bad token."""
    result = sudo(machine, BAD[reason]("alice"))
    attempts = machine.take_attempts()
    assert result.returncode == 1, (result, attempts)
    assert result.out == ""
    assert attempts and all(a.verdict == "refused" for a in attempts)
    assert attempts[0]["reason"] == reason
    assert attempts[0]["user"] == "alice"


@pytest.mark.parametrize("reason", list(BAD))
def test_su_refuses(machine, reason):
    """su runs nothing for a bad token."""
    result = su(machine, "bob", BAD[reason]("bob"))
    attempt = machine.take_attempt()
    assert result.returncode == 1, (result, attempt)
    assert result.out == ""
    assert attempt.verdict == "refused"
    assert attempt["reason"] == reason
    assert attempt["user"] == "bob"


def test_su_to_root_by_claim(machine):
    """A claim that says root does not make root."""
    result = su(machine, "root", token("root"))
    attempt = machine.take_attempt()
    assert result.returncode == 1
    assert attempt["reason"] == "user_is_root"


def test_longer_than_sudo_can_take(machine):
    """sudo's conversation fails above 511 bytes; the log says so, and sudo
    does not hang."""
    answer = token(padding="x" * 300)
    assert 511 < len(answer) < 1023
    result = sudo(machine, answer)
    attempts = machine.take_attempts()
    assert result.returncode == 1
    assert attempts and all(a.verdict == "refused" for a in attempts)
    assert attempts[0]["reason"] in ("conversation_failed", "token_truncated")


def test_sudo_without_configuration(machine):
    """A missing configuration ends sudo; it does not ask again."""
    machine.remove("/etc/security/pam_jwks.conf")
    result = sudo(machine, token())
    attempt = machine.take_attempt()
    assert result.returncode == 1
    assert attempt["reason"] == "config_missing"
    assert attempt.level == "err"


@pytest.mark.parametrize("program", ["sudo", "su"])
def test_fetch_for_a_caller_with_tricks(machine, program):
    """A cold cache under the caller's real uid and environment: keys are
    fetched, the files are root's, and the caller's settings have no effect."""
    with Provider("EdDSA") as provider:
        machine.write("/etc/security/ca.pem", provider.authority.ca_text())
        machine.config(provider.section(ca_file="/etc/security/ca.pem"))
        tricks = {"https_proxy": "http://127.0.0.1:1",
                  "HTTPS_PROXY": "http://127.0.0.1:1",
                  "ALL_PROXY": "http://127.0.0.1:1",
                  "SSLKEYLOGFILE": "/run/home/alice/keylog",
                  "SSL_CERT_FILE": "/dev/null", "CURL_HOME": "/run/home/alice",
                  "OPENSSL_CONF": "/run/home/alice/openssl.cnf",
                  "XDG_CONFIG_HOME": "/run/home/alice",
                  "TMPDIR": "/run/home/alice"}
        machine.write("/run/home/alice/.curlrc",
                      "proxy = http://127.0.0.1:1\n", 0o644, "alice")
        if program == "sudo":
            result = sudo(machine, provider.token("alice"), env=tricks)
        else:
            result = su(machine, "bob", provider.token("bob"), env=tricks)
        attempt = machine.take_attempt()
        assert attempt.verdict == "accepted", (attempt, result)
        assert result.out == ("root\n" if program == "sudo" else "bob\n")
        assert (provider.count("discovery"), provider.count("keys")) == (1, 1)
    assert not os.path.exists(machine.path("/run/home/alice/keylog"))
    for folder in ("/var/cache/pam_jwks", "/run/pam_jwks"):
        names = os.listdir(machine.path(folder))
        assert names
        for name in names:
            status = os.lstat(os.path.join(machine.path(folder), name))
            assert (status.st_uid, status.st_gid) == (0, 0), name
            assert status.st_mode & 0o022 == 0, name
