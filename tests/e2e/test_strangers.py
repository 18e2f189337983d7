"""Strangers learn nothing: whatever they try through a real OpenSSH server, they
see the same prompts, words and outcome for users that exist, that do not, that
are barred in any way, and for root."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import corp
import tokens
from ssh_client import converse

# Who is who: some accounts besides those of the host.
ACCOUNTS = {
    # name: uid, shell, password field
    "locked": (2011, "/bin/sh", "!$6$x$y"),
    "nologin": (2012, "/usr/sbin/nologin", "*"),
    "noshell": (2013, "/run/nothing", "*"),
    "old": (2014, "/bin/sh", "*"),
}
USERS = ("alice", "carol", "bob", "deploy", "locked", "nologin", "noshell",
         "old", "root", "daemon")
SSHD = {"DenyUsers": "bob", "PermitRootLogin": "no"}
STACKS = {
    "tokens": ["auth required {module}"],
    "both": ["auth sufficient {module} [prompt=Password or]",
             "auth required pam_unix.so use_first_pass nodelay"],
}


def token(user="mallory", key="k1", **members):
    """A token of somebody who has no account here, unless user says else."""
    return corp.token(user, key, **members)


# What strangers try; {user} is whom they try to be.
TRIES = {
    "nothing": lambda user: [""],
    "junk": lambda user: ["x"],
    "password": lambda user: ["not-the-password"],
    "somebody else's token": lambda user: [token()],
    "somebody else's expired token": lambda user: [token(expires_in=-600)],
    "forged token": lambda user: [token(user, "stranger")],
    "spoiled token": lambda user: [tokens.spoil_signature(token(user))],
    "unsigned token": lambda user: [tokens.unsigned_token(
        tokens.claims(corp.ISSUER, user, "ssh-login"))],
    "other service's token": lambda user: [token(user, aud="mail")],
    "two pieces": lambda user: ["a" * 511, "b" * 100],
    "three pieces": lambda user: ["a" * 511, "b" * 511, "c" * 100],
    "the same piece twice": lambda user: ["a" * 1023, "a" * 1023, "c"],
    "pieces of a forged token": lambda user: pieces(
        token(user, "stranger", padding="x" * 900)),
}


def pieces(text, size=511):
    return [text[i:i + size] for i in range(0, len(text), size)]


@pytest.fixture(scope="module", name="port")
def fixture_port(module_host):
    """One server for all tests, with accounts of every kind."""
    passwd = module_host.read("/etc/passwd").decode()
    shadow = module_host.read("/etc/shadow").decode()
    for name, (uid, shell, secret) in ACCOUNTS.items():
        passwd += f"{name}:x:{uid}:{uid}:{name}:/run/home/alice:{shell}\n"
        expires = "1" if name == "old" else ""
        shadow += f"{name}:{secret}:19000:0:99999:7::{expires}:\n"
    module_host.write("/etc/passwd", passwd)
    module_host.write("/etc/shadow", shadow, 0o600)
    module_host.pam("sshd", "auth required {module}")
    return module_host.sshd(
        PasswordAuthentication="yes",
        AuthenticationMethods="keyboard-interactive password", **SSHD)


@pytest.fixture(name="server")
def fixture_server(host, port):
    """The host with configuration and keys; use with port."""
    assert port
    corp.set_up(host, "sshd")
    return host


def look(port, answers_for, method="keyboard-interactive"):
    """What each of the users sees, with his name taken out."""
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(USERS, pool.map(
            lambda user: converse(port, user, answers_for(user), method),
            USERS)))


@pytest.mark.parametrize("name", list(TRIES))
@pytest.mark.parametrize("stack", list(STACKS))
def test_all_users_look_the_same(server, port, stack, name):
    """The same rounds, prompts, words and refusal for everybody."""
    server.pam("sshd", *STACKS[stack])
    seen = look(port, TRIES[name])
    first = seen["alice"]
    assert first.outcome.startswith("AuthenticationException"), first
    assert first.rounds and first.prompts()
    assert all(words == "" for title, text, _ in first.rounds
               for words in (title, text)), first
    differing = {user: what for user, what in seen.items() if what != first}
    assert not differing, (first, differing)
    assert all(a.verdict == "refused" for a in server.take_attempts())


@pytest.mark.parametrize("name", ["junk", "password", "forged token",
                                  "somebody else's token"])
def test_all_users_look_the_same_by_password_method(server, port, name):
    """The same where nobody can show a prompt."""
    seen = look(port, TRIES[name], "password")
    first = seen["alice"]
    assert first.outcome.startswith("AuthenticationException"), first
    assert all(what == first for what in seen.values()), seen


@pytest.mark.parametrize("user", USERS)
def test_without_keys_all_users_look_the_same(server, port, user):
    """Trouble on our side looks like a refusal, for everybody."""
    server.remove(corp.KEYS)
    broken = converse(port, user, [token(user)])
    assert broken.outcome.startswith("AuthenticationException")
    assert broken == converse(port, "nobody-at-all", ["x"])


def test_the_owner_of_a_token_is_told(server, port):
    """The one exception: whoever has a genuine token of this very user learns
    that it has expired, and it shows that this test can see a difference."""
    own = look(port, lambda user: [token(user, expires_in=-600)])
    words = [text for _, text, _ in own["alice"].rounds]
    assert any("expired" in text for text in words), own["alice"]
    for user in ("carol", "bob", "noshell", "root", "daemon"):
        assert "expired" not in str(own[user]), (user, own[user])


def test_a_good_token_gets_in(server, port):
    """The server does let people in."""
    assert converse(port, "alice", [token("alice")]).outcome == "in"
    assert server.take_attempt().verdict == "accepted"


def test_barred_users_do_not_get_in(server, port):
    """Nor does a good token help who is barred; and root is root."""
    for user in ("bob", "noshell", "root"):
        seen = converse(port, user, [token(user)])
        assert seen == converse(port, user, ["x" * len(token(user))])
        assert seen.outcome.startswith("AuthenticationException")
    assert all(a.verdict == "refused" for a in server.take_attempts())
