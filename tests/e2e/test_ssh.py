"""A real OpenSSH server and client: logins with a token over
keyboard-interactive, and their refusals by the same server."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import hosts
import tokens

ISSUER = "https://login.example.test/realms/corp"
KEYS = "/etc/security/keys.json"


def token(user="alice", kind="EdDSA", header=None, **members):
    return tokens.make_token(
        tokens.shared_key(kind, "of-" + kind), kind,
        tokens.claims(ISSUER, user, "ssh-login", **members), header)


@pytest.fixture(scope="module", name="port")
def fixture_port(module_host):
    """One server for all tests; nothing but pam_jwks in its auth stack."""
    module_host.pam("sshd", "auth required {module}")
    return module_host.sshd()


@pytest.fixture(name="server")
def fixture_server(host, port):
    """The host with configuration and keys; use with port."""
    assert port
    host.config(
        f"[issuer corp]\nissuer = {ISSUER}\nservices = sshd\n"
        "audience = ssh-login\nuser_claim = preferred_username\n"
        f"jwks_file = {KEYS}\n")
    host.write(KEYS, json.dumps(tokens.key_set(
        *(tokens.shared_key(kind, "of-" + kind)
          for kind in ("EdDSA", "ES256", "RS256")))))
    return host


@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256"])
def test_login(server, port, kind):
    """ssh runs a command as the user; output and exit status come back."""
    result = server.ssh(port, "alice", token(kind=kind),
                        "id -un; echo from the other side >&2; exit 7")
    attempt = server.take_attempt()
    assert result.returncode == 7, (result, attempt)
    assert result.out == "alice\n"
    assert result.err == "from the other side\n"
    assert attempt.verdict == "accepted"
    assert (attempt.service, attempt.phase) == ("sshd", "auth")
    assert attempt.level == "info"
    assert attempt["user"] == "alice"
    assert attempt["identity"] == "alice"
    assert attempt["issuer"] == "corp"
    assert attempt["kid"] == "of-" + kind
    assert attempt["rhost"] == "127.0.0.1"


BAD = {
    "expired": lambda: token(expires_in=-600),
    "signature_invalid": lambda: tokens.spoil_signature(token()),
    "user_mismatch": lambda: token("bob"),
    "audience_mismatch": lambda: token(aud="another-service"),
    "key_unknown": lambda: token(header={"kid": "nobody's"}),
    "alg_unsupported": lambda: tokens.unsigned_token(
        tokens.claims(ISSUER, "alice", "ssh-login")),
    "not_a_jwt": lambda: "alice-password",
    "token_empty": lambda: "",
}


@pytest.mark.parametrize("reason", list(BAD))
def test_refused_then_accepted(server, port, reason):
    """The server refuses with a clear reason, and then lets a good token in."""
    result = server.ssh(port, "alice", BAD[reason]())
    attempt = server.take_attempt()
    assert result.returncode == 255, (result, attempt)
    assert result.out == ""
    assert "Permission denied" in result.err
    assert attempt.verdict == "refused"
    assert attempt["reason"] == reason, attempt
    assert attempt["user"] == "alice"
    assert attempt["rhost"] == "127.0.0.1"
    assert attempt.level == "notice"

    result = server.ssh(port, "alice", token())
    assert result.out == "alice\n", result
    assert server.take_attempt().verdict == "accepted"


def test_unknown_user_looks_the_same(server, port):
    """A stranger cannot tell whether a user exists: same prompt, same words,
    same status, with good tokens of others and with bad ones."""
    for answer in (token("bob"), tokens.spoil_signature(token()), "password"):
        seen = []
        for user in ("alice", "carol"):
            server.remove("/run/askpass-prompts")
            result = server.ssh(port, user, answer)
            prompts = server.read("/run/askpass-prompts").decode()
            attempt = server.take_attempt()
            assert attempt.verdict == "refused"
            assert attempt["user"] == user
            seen.append(tuple(text.replace(user, "USER") for text in (
                result.out, result.err, prompts, str(result.returncode))))
        assert seen[0] == seen[1]
        assert attempt["reason"] == "masked_answer", attempt


def test_good_token_of_unknown_user(server, port):
    """sshd masks the answer for an account that does not exist; the log says
    that, and the login fails."""
    result = server.ssh(port, "carol", token("carol"))
    attempt = server.take_attempt()
    assert result.returncode == 255
    assert attempt.verdict == "refused"
    assert attempt["reason"] == "masked_answer", attempt


def test_root_needs_a_literal_rule(server, port):
    """A claim that says root does not make root."""
    result = server.ssh(port, "root", token("root"))
    attempt = server.take_attempt()
    assert result.returncode == 255
    assert attempt["reason"] == "user_is_root", attempt


def test_longest_answer(server, port):
    """The OpenSSH client hands over up to 1023 bytes: 1022 log in; of a longer
    token a part arrives, which is refused."""
    result = server.ssh(port, "alice", tokens.pad_to(
        1022, lambda text: token(padding=text)))
    assert result.out == "alice\n", (result, server.take_attempts())
    assert server.take_attempt().verdict == "accepted"
    result = server.ssh(port, "alice", token(padding="x" * 1000))
    assert result.returncode == 255
    attempts = server.take_attempts()
    assert attempts and all(a.verdict == "refused" for a in attempts)


def test_token_that_expires_in_between(server, port):
    """The same token is refused once it has expired."""
    server.write(hosts.CONFIG, server.read(hosts.CONFIG) + b"leeway = 0s\n")
    short = token(expires_in=4)
    assert server.ssh(port, "alice", short).out == "alice\n"
    time.sleep(5)
    assert server.ssh(port, "alice", short).returncode == 255
    first, second = server.take_attempts()
    assert (first.verdict, second["reason"]) == ("accepted", "expired")
    assert first["token"] == second["token"]


def test_no_token_in_the_log(server, port):
    """No line of the log, of sshd or of the module, shows a part of a token."""
    answers = [token(), token(expires_in=-600), tokens.spoil_signature(token())]
    for answer in answers:
        server.ssh(port, "alice", answer)
    assert len(server.take_attempts()) == len(answers)
    log = server.log()
    for answer in answers:
        for part in answer.split("."):
            assert part[:30] not in log and part[-30:] not in log


def test_several_sessions_at_once(server, port):
    """Logins at the same time do not disturb each other."""
    hosts.need("sshpass")
    server.ssh(port, "alice", token())          # writes the askpass files
    server.take_attempts()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(
            lambda _: server.run(
                ["sshpass", "-f", "/run/askpass-answer", "-P", "Token", "ssh",
                 "-F", "none", "-T", "-p", str(port), "-o",
                 "UserKnownHostsFile=/run/known_hosts", "-o",
                 "NumberOfPasswordPrompts=1", "alice@127.0.0.1", "id -un"]),
            range(8)))
    assert [r.out for r in results] == ["alice\n"] * len(results), results
    assert len(server.take_attempts()) == len(results)


def test_password_method(server):
    """sshd's `password` method works as well, up to its own limit."""
    second = server.sshd(PasswordAuthentication="yes",
                         KbdInteractiveAuthentication="no",
                         AuthenticationMethods="password")
    result = server.ssh(second, "alice", token(),
                        PreferredAuthentications="password")
    assert result.out == "alice\n", (result, server.take_attempts())
    result = server.ssh(second, "alice", token("bob"),
                        PreferredAuthentications="password")
    assert result.returncode == 255
    accepted, refused = server.take_attempts()
    assert accepted.verdict == "accepted"
    assert refused["reason"] == "user_mismatch"
