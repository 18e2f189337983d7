"""A real saslauthd that asks PAM: it takes so little that hardly a token fits;
what it does with those that do, and with all others."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import hosts
import limits
import services
import tokens
from provider import Provider

USER = "anna"
SERVICE = "imap"
LOG = "/run/saslauthd.log"
SOCKET = "/run/saslauthd/mux"


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(scope="module", name="server")
def fixture_server(module_host):
    """One server with two processes for all tests."""
    hosts.need("saslauthd", "testsaslauthd")
    os.mkdir(module_host.path(os.path.dirname(SOCKET)))
    module_host.write(LOG, "")
    with open(module_host.path(LOG), "ab") as log:
        module_host.spawn(
            ["/usr/sbin/saslauthd", "-d", "-a", "pam", "-n", "2",
             "-m", os.path.dirname(SOCKET)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    services.wait_for("saslauthd", lambda: os.path.exists(
        module_host.path(SOCKET)))
    return module_host


@pytest.fixture(name="sasl")
def fixture_sasl(host, server, provider):
    """The server with tokens first, then passwords; a cold cache."""
    assert server is host
    services.configure(host, provider, SERVICE)
    services.stack(host, SERVICE, "auth sufficient pam_jwks.so",
                   "auth required pam_unix.so use_first_pass nodelay",
                   "account required pam_permit.so")
    provider.forget()
    yield host
    provider.behave("keys", "ok")


def log_in(host, user, password):
    """True if saslauthd lets this user in."""
    result = host.run(["testsaslauthd", "-u", user, "-p", password,
                       "-s", SERVICE, "-f", SOCKET])
    assert result.out.startswith(
        ('0: OK "Success."', '0: NO "authentication failed"')), result
    return result.out.startswith("0: OK")


def tiny_token(provider, user, **members):
    """A token with a short name for its longest claim."""
    return services.short_token(provider, user, preferred_username=None,
                                name=user, **members)


@pytest.fixture(name="tiny")
def fixture_tiny(sasl, provider):
    """Short names, so that there are tokens that saslauthd takes."""
    services.configure(sasl, provider, SERVICE, user_claim="name")
    return sasl


def test_login(tiny, provider):
    """A token of less than 256 bytes logs in."""
    token = tiny_token(provider, USER)
    assert len(token) <= 256
    assert log_in(tiny, USER, token)
    attempt = tiny.take_attempt()
    assert attempt.verdict == "accepted"
    assert (attempt.service, attempt["user"]) == (SERVICE, USER)


@pytest.mark.parametrize("length", [n for n in services.LENGTHS if n < 8000])
def test_what_saslauthd_does_not_take(sasl, provider, length):
    """It refuses longer ones by itself, before PAM, and says so."""
    before = len(sasl.read(LOG))
    assert not log_in(sasl, USER, services.token_of(provider, USER, length))
    assert not sasl.take_attempts()
    assert b"password exceeded MAX_REQ_LEN: 256" in sasl.read(LOG)[before:]


@pytest.mark.parametrize("reason", ["expired", "signature_invalid",
                                    "user_mismatch"])
def test_refused(tiny, provider, reason):
    """A bad token: one line with the reason, and pam_unix refuses, too."""
    token = {
        "expired": lambda: tiny_token(provider, USER, expires_in=-600),
        "signature_invalid": lambda: tokens.spoil_signature(
            tiny_token(provider, USER)),
        "user_mismatch": lambda: tiny_token(provider, "mary"),
    }[reason]()
    assert len(token) <= 256
    assert not log_in(tiny, USER, token)
    attempt = tiny.take_attempt()
    assert (attempt.verdict, attempt["reason"]) == ("refused", reason)


def test_a_local_password(sasl):
    """A password is left for pam_unix."""
    assert log_in(sasl, "alice", "alice-password")
    assert not log_in(sasl, "alice", "bob-password")
    assert [a["reason"] for a in sasl.take_attempts()] == ["not_a_jwt"] * 2


def test_no_keys(tiny, provider):
    """Without keys it says no; the log says why."""
    provider.behave("keys", "503")
    assert not log_in(tiny, USER, tiny_token(provider, USER))
    attempt = tiny.take_attempt()
    assert attempt["reason"] == "keys_unavailable"
    assert attempt.level == "warning"


def test_many_at_once_leave_nothing(tiny, provider):
    """Twenty at once, then a hundred more: the processes hold no more
    descriptors and hardly more memory."""
    token = tiny_token(provider, USER)
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: log_in(tiny, USER, token), range(20)))
    workers = services.pids(tiny, "saslauthd -d")
    assert len(workers) == 2
    before = [services.usage(tiny, pid) for pid in workers]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: log_in(tiny, USER, token), range(100)))
    after = [services.usage(tiny, pid) for pid in workers]
    for old, new in zip(before, after):
        assert new[0] <= old[0] + 1     # the first line opens syslog's socket
        assert new[1] - old[1] < 128, (before, after)
    assert (provider.count("discovery"), provider.count("keys")) == (1, 1)
    assert not services.pids(tiny, "defunct")


def test_limits(sasl):
    """The longest answer of any kind, with a password as long as that."""
    def arrives(length):
        log_in(sasl, "alice", "x" * length)
        return len(sasl.take_attempts()) == 1

    length = services.longest(arrives, 100, 3000)
    limits.measured("saslauthd", "testsaslauthd", length, "none",
                    services.said_beyond(sasl, arrives, length))
