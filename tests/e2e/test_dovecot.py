"""A real Dovecot IMAP server with PAM as its password database: virtual
mailboxes, AUTH PLAIN and LOGIN, and workers that live long."""

import base64
import imaplib
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

import hosts
import limits
import services
import tokens
from provider import Provider

USER = "anna@a.test"
LOG = "/run/dovecot.log"
AUTH_SOCKET = "/run/dovecot/auth-client"

# What a test needs around the lines of docs/services.md.
SURROUNDINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = /run/dovecot
state_dir = /run/dovecot-state
log_path = /dev/stderr
auth_verbose = yes
ssl = no
mail_location = maildir:~/mail
auth_failure_delay = 0
auth_worker_max_count = {workers}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service auth {{
  unix_listener auth-client {{
    mode = 0600
  }}
}}
"""


class Dovecot:
    """A server that runs the recipe; workers is how many ask PAM at once."""

    def __init__(self, host, workers=30, requests=""):
        hosts.need("dovecot")
        if not os.path.exists("/usr/lib/dovecot/imap"):
            raise hosts.Missing("Dovecot's IMAP server is not installed")
        self.host = host
        mail = host.path("/run/vmail")
        os.makedirs(mail, exist_ok=True)
        os.chown(mail, *hosts.USERS["deploy"][:1] * 2)
        recipe = services.recipe("dovecot") \
            .replace("vmail gid=vmail", "deploy gid=deploy") \
            .replace("/var/vmail", "/run/vmail") \
            .replace("args = dovecot", f"args = {requests}dovecot")
        host.write(LOG, "")

        def command(port):
            host.write("/etc/dovecot-test.conf", recipe + SURROUNDINGS.format(
                port=port, workers=workers))
            return ["/usr/sbin/dovecot", "-F", "-c", "/etc/dovecot-test.conf"]

        self.port = host.serve(command, log=LOG)

    def log_in(self, user, password, by_command=False):
        """One IMAP session; returns what the server said to the login."""
        try:
            client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
            try:
                if by_command:
                    answer = client.login(user, password)
                else:
                    answer = client.authenticate(
                        "PLAIN", lambda _: f"\0{user}\0{password}".encode())
                assert client.select()[0] == "OK"
                return answer[1][0].decode()
            finally:
                client.shutdown()
        except (imaplib.IMAP4.error, OSError) as error:
            return str(error)

    def log(self):
        return self.host.read(LOG).decode(errors="replace")


class AuthClient:
    """Talks to Dovecot's auth service as its own login processes do, without a
    mail session for every login."""

    def __init__(self, host):
        self.number = 0
        # It listens a moment after the IMAP port does.
        self.socket = services.wait_for("the auth service",
                                        lambda: self._connect(host))
        self.file = self.socket.makefile("rwb")
        self._send(f"VERSION\t1\t2\nCPID\t{os.getpid()}")
        while self.file.readline() != b"DONE\n":
            pass

    @staticmethod
    def _connect(host):
        """The socket, or None if nobody listens yet."""
        if not os.path.exists(host.path(AUTH_SOCKET)):
            return None
        folder = os.open(host.path(os.path.dirname(AUTH_SOCKET)),
                         os.O_PATH | os.O_DIRECTORY)
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(20)
        try:
            link.connect(f"/proc/self/fd/{folder}/"
                         + os.path.basename(AUTH_SOCKET))
        except ConnectionRefusedError:
            link.close()
            return None
        finally:
            os.close(folder)
        return link

    def _send(self, text):
        self.file.write(text.encode() + b"\n")
        self.file.flush()

    def log_in(self, user, passwords):
        """How often the service lets this user in, once for each password."""
        accepted = 0
        # All at once: Dovecot holds a refusal back for half a second.
        for password in passwords:
            self.number += 1
            answer = base64.b64encode(f"\0{user}\0{password}".encode())
            self._send(f"AUTH\t{self.number}\tPLAIN\tservice=imap\t"
                       f"resp={answer.decode()}")
        for _ in passwords:
            accepted += self.file.readline().startswith(b"OK\t")
        return accepted

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        services.other_keys(provider)
        yield provider


@pytest.fixture(scope="module", name="server")
def fixture_server(module_host):
    services.install(module_host)
    return Dovecot(module_host)


@pytest.fixture(name="mail")
def fixture_mail(host, server, provider):
    """The server with the stack that is shipped and a cold cache."""
    services.configure(host, provider, "dovecot")
    services.shipped_stack(host, "dovecot")
    provider.forget()
    yield server
    provider.behave("keys", "ok")


IN = "Logged in"
OUT = "[AUTHENTICATIONFAILED] Authentication failed."


@pytest.mark.parametrize("kind,length", [
    case for case in services.CASES if case[1] < 6000])
def test_login(mail, host, provider, kind, length):
    """Every length arrives as a whole."""
    answer = mail.log_in(USER, services.token_of(provider, USER, length, kind))
    attempt = host.take_attempt()
    assert answer == IN, attempt
    assert attempt.verdict == "accepted"
    assert (attempt.service, attempt["user"]) == ("dovecot", USER)
    assert attempt["rhost"] == "127.0.0.1"
    assert provider.count() == 2


@pytest.mark.parametrize("length", [n for n in services.LENGTHS if n > 6000])
def test_what_dovecot_does_not_take(mail, host, provider, length):
    """Dovecot refuses longer answers by itself, and goes on."""
    token = services.token_of(provider, USER, length)
    assert mail.log_in(USER, token) not in (IN, OUT)
    assert not host.take_attempts()
    assert mail.log_in(USER, services.short_token(provider, USER)) == IN


@pytest.mark.parametrize("reason", [r for r in services.BAD
                                    if r != "token_too_long"])
def test_refused(mail, host, provider, reason):
    """A bad token: one line with the reason, the usual words for the client,
    PAM_AUTH_ERR for the server."""
    before = len(mail.log())
    answer = mail.log_in(USER, services.BAD[reason](provider, USER))
    attempt = host.take_attempt()
    assert answer == OUT, attempt
    assert (attempt.verdict, attempt["reason"]) == ("refused", reason)
    assert attempt.level == "notice"
    services.wait_for("Dovecot's line", lambda: "Authentication failure"
                      in mail.log()[before:])


def test_a_local_password_beside_tokens(mail, host, provider):
    """With pam_unix below, a password is left for it, and a token is not."""
    services.stack(host, "dovecot", "auth sufficient pam_jwks.so",
                   "auth required pam_unix.so use_first_pass",
                   "account required pam_permit.so")
    assert mail.log_in("alice", "alice-password") == IN
    assert host.take_attempt()["reason"] == "not_a_jwt"
    assert mail.log_in("alice", "bob-password") == OUT
    assert mail.log_in("alice", services.short_token(provider, "alice")) == IN
    refused, accepted = host.take_attempts()
    assert (refused["reason"], accepted.verdict) == ("not_a_jwt", "accepted")


def test_no_keys(mail, host, provider):
    """Without keys the client sees what it always sees; the logs know more."""
    provider.behave("keys", "503")
    before = len(mail.log())
    answer = mail.log_in(USER, services.short_token(provider, USER))
    attempt = host.take_attempt()
    assert answer == OUT, attempt
    assert attempt["reason"] == "keys_unavailable"
    assert "HTTP 503" in attempt["detail"]
    assert attempt.level == "warning"
    services.wait_for("Dovecot's line", lambda: "cannot retrieve"
                      in mail.log()[before:])


def test_provider_down(mail, host, provider):
    """With keys nobody needs the provider."""
    assert mail.log_in(USER, services.short_token(provider, USER)) == IN
    provider.behave("keys", "503")
    assert mail.log_in(USER, services.short_token(provider, USER)) == IN
    assert [a.verdict for a in host.take_attempts()] == ["accepted"] * 2
    assert provider.count() == 2


def test_twenty_at_once(mail, host, provider):
    """Twenty logins with a cold cache: one fetch, and each gets its answer."""
    good = services.short_token(provider, USER)
    bad = tokens.spoil_signature(good)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(
            lambda i: mail.log_in(USER, bad if i % 4 == 3 else good),
            range(20)))
    assert answers == [OUT if i % 4 == 3 else IN for i in range(20)], \
        host.take_attempts()
    verdicts = [a.verdict for a in host.take_attempts()]
    assert sorted(verdicts) == ["accepted"] * 15 + ["refused"] * 5
    assert (provider.count("discovery"), provider.count("keys")) == (1, 1)


def test_many_logins_in_one_worker(provider):
    """A worker that has served hundreds of logins, good and bad, with a fetch
    among them, holds no more descriptors and hardly more memory."""
    with hosts.Host() as host:
        services.configure(host, provider, "dovecot")
        services.shipped_stack(host, "dovecot")
        Dovecot(host, workers=1, requests="max_requests=100000 ")
        client = AuthClient(host)
        good = services.token_of(provider, USER, 4000)
        answers = [good, tokens.spoil_signature(good), "password",
                   services.short_token(provider, USER, expires_in=-600)]

        def rounds(count):
            assert client.log_in(USER, answers * count) == count

        try:
            rounds(50)
            before_pids = services.pids(host, "auth -w")
            assert len(before_pids) == 1, host.processes()
            before = services.usage(host, before_pids[0])
            rounds(50)
            host.remove("/var/cache/pam_jwks")      # the next one fetches
            rounds(50)
            after_pids = services.pids(host, "auth -w")
            after = services.usage(host, after_pids[0])
        finally:
            client.close()
        assert before_pids == after_pids
        assert after[0] <= before[0]
        assert after[1] - before[1] < 128, (before, after)
        assert not services.pids(host, "defunct")
        assert len(host.take_attempts()) == 600


def test_no_token_in_any_log(mail, host, provider):
    """Neither Dovecot's log nor the system's shows a part of a token."""
    sent = [services.short_token(provider, USER)]
    sent += [make(provider, USER) for make in services.BAD.values()]
    for token in sent:
        mail.log_in(USER, token)
    for log in (host.log(), mail.log()):
        for token in sent:
            for part in token.split("."):
                assert part[:30] not in log and part[-30:] not in log


def test_limits(mail, host, provider):
    """The longest token by AUTH PLAIN, where name and token share the room, and
    by LOGIN."""
    def plain(length):
        return mail.log_in(USER, services.token_of(provider, USER, length)) \
            == IN

    def login(length):
        return mail.log_in(USER, services.token_of(provider, USER, length),
                           True) == IN

    length = services.longest(plain, 4096, 20000)
    limits.measured("Dovecot", "PLAIN with name",
                    len(USER) + length, "none",
                    services.said_beyond(host, plain, length))
    length = services.longest(login, 512, 4096)
    limits.measured("Dovecot", "LOGIN", length, "none",
                    services.said_beyond(host, login, length))
