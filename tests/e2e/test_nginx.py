"""A real nginx that asks PAM for HTTP basic authentication: workers without
root that live long, and a limit for header lines."""

import base64
import http.client
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import hosts
import limits
import services
import tokens
from provider import Provider

USER = "anna"
LOG = "/run/nginx.log"
MODULE = "/usr/lib/nginx/modules/ngx_http_auth_pam_module.so"

# What a test needs around the lines of docs/services.md.
SURROUNDINGS = """
load_module %s;
user www-data;
worker_processes 1;
daemon off;
pid /run/nginx.pid;
error_log stderr notice;
events { worker_connections 128; }
http {
    access_log off;
    client_body_temp_path /run/nginx;
    proxy_temp_path /run/nginx;
    fastcgi_temp_path /run/nginx;
    uwsgi_temp_path /run/nginx;
    scgi_temp_path /run/nginx;
    keepalive_requests 100000;
    server {
        listen 127.0.0.1:%d;
        root /run/www;
        %s
    }
}
"""


class Nginx:
    """A server with one worker that asks for a token everywhere."""

    def __init__(self, host, recipe):
        hosts.need("nginx")
        if not os.path.exists(MODULE):
            raise hosts.Missing("libnginx-mod-http-auth-pam is not installed")
        self.host = host
        host.write(LOG, "")
        host.write("/run/www/page", "welcome\n")
        host.write("/run/www/index.html", "welcome\n")

        def command(port):
            host.write("/etc/nginx-test.conf",
                       SURROUNDINGS % (MODULE, port, recipe))
            return ["/usr/sbin/nginx", "-e", "stderr",
                    "-c", "/etc/nginx-test.conf"]

        self.port = host.serve(command, log=LOG)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, user, password, path="/page", connection=None):
        """The status of one request; the connection stays, if it is given."""
        client = connection or self.connect()
        answer = base64.b64encode(f"{user}:{password}".encode()).decode()
        client.request("GET", path,
                       headers={"Authorization": "Basic " + answer})
        response = client.getresponse()
        text = response.read()
        if connection is None:
            client.close()
        assert (response.status == 200) == (text == b"welcome\n")
        return response.status

    def log(self):
        return self.host.read(LOG).decode(errors="replace")


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        services.other_keys(provider)
        yield provider


@pytest.fixture(scope="module", name="server")
def fixture_server(module_host):
    return Nginx(module_host, services.recipe("nginx"))


@pytest.fixture(name="web")
def fixture_web(host, server, provider):
    """The server with the stack that is shipped and with warm keys."""
    services.configure(host, provider, "nginx")
    services.shipped_stack(host, "nginx")
    services.fetch_all(host)
    provider.forget()
    yield server
    provider.behave("keys", "ok")


@pytest.mark.parametrize("kind,length", services.CASES)
def test_request(web, host, provider, kind, length):
    """Every length arrives as a whole, also those at which others cut."""
    status = web.get(USER, services.token_of(provider, USER, length, kind))
    attempt = host.take_attempt()
    assert status == 200, attempt
    assert attempt.verdict == "accepted"
    assert (attempt.service, attempt["user"]) == ("nginx", USER)
    assert attempt["rhost"] == "127.0.0.1"
    assert provider.count() == 0


@pytest.mark.parametrize("reason", list(services.BAD))
def test_refused(web, host, provider, reason):
    """A bad token: one line with the reason, 401 for the client, PAM_AUTH_ERR
    for the server."""
    before = len(web.log())
    status = web.get(USER, services.BAD[reason](provider, USER))
    attempt = host.take_attempt()
    assert status == 401, attempt
    assert (attempt.verdict, attempt["reason"]) == ("refused", reason)
    assert attempt.level == "notice"
    assert "not authenticated: Authentication failure" in web.log()[before:]


def test_a_password_is_no_token(web, host):
    """What is no token is refused; nothing in the stack takes it."""
    assert web.get("alice", "alice-password") == 401
    assert host.take_attempt()["reason"] == "not_a_jwt"


def test_an_index_is_two_logins(web, host, provider):
    """docs/services.md says so."""
    assert web.get(USER, services.short_token(provider, USER), "/") == 200
    assert [a.verdict for a in host.take_attempts()] == ["accepted"] * 2


def test_provider_down(web, host, provider):
    """With root's keys nobody needs the provider."""
    provider.behave("keys", "503")
    assert web.get(USER, services.short_token(provider, USER)) == 200
    assert host.take_attempt().verdict == "accepted"
    assert provider.count() == 0


def test_no_keys(web, host, provider):
    """Without a cache the log says who has to fetch; the worker does not wait
    for anybody."""
    host.remove("/var/cache/pam_jwks")
    before = len(web.log())
    assert web.get(USER, services.short_token(provider, USER)) == 401
    attempt = host.take_attempt()
    assert attempt["reason"] == "keys_unavailable"
    assert attempt.level == "warning"
    assert "let root's timer run pam-jwks-fetch --all" in attempt["detail"]
    assert "cannot retrieve authentication info" in web.log()[before:]
    assert provider.count() == 0


def test_twenty_at_once(web, host, provider):
    """Requests at the same time get their own answers."""
    good = services.token_of(provider, USER, 4096)
    bad = tokens.spoil_signature(good)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(
            lambda i: web.get(USER, bad if i % 4 == 3 else good), range(20)))
    assert answers == [401 if i % 4 == 3 else 200 for i in range(20)]
    verdicts = [a.verdict for a in host.take_attempts()]
    assert sorted(verdicts) == ["accepted"] * 15 + ["refused"] * 5


def test_many_requests_in_one_worker(web, host, provider):
    """A worker that has served hundreds of logins, good and bad, holds no more
    descriptors and hardly more memory."""
    good = services.token_of(provider, USER, 4000)
    answers = [good, tokens.spoil_signature(good), "password",
               services.short_token(provider, USER, expires_in=-600)]
    connection = web.connect()

    def rounds(count):
        for _ in range(count):
            assert [web.get(USER, a, "/page", connection)
                    for a in answers] == [200, 401, 401, 401]

    try:
        rounds(50)
        before_pids = services.pids(host, "worker process")
        assert len(before_pids) == 1
        before = services.usage(host, before_pids[0])
        rounds(100)
        after_pids = services.pids(host, "worker process")
        after = services.usage(host, after_pids[0])
    finally:
        connection.close()
    assert before_pids == after_pids
    assert after[0] <= before[0]
    assert after[1] - before[1] < 128, (before, after)
    assert not services.pids(host, "defunct")


def test_no_token_in_any_log(web, host, provider):
    """Neither nginx's log nor the system's shows a part of a token, also where
    the line is too long for nginx."""
    sent = [services.short_token(provider, USER)]
    sent += [make(provider, USER) for make in services.BAD.values()]
    sent.append(services.short_token(provider, USER, "x" * 40000))
    statuses = [web.get(USER, token) for token in sent]
    assert (statuses[0], statuses[-1]) == (200, 400)
    for log in (host.log(), web.log()):
        for token in sent:
            for part in token.split("."):
                assert part[:30] not in log and part[-30:] not in log
                coded = base64.b64encode(f"{USER}:{token}".encode()).decode()
                assert coded[:30] not in log


def test_limits(web, host, provider):
    """The longest token, with nginx's own limit and with a larger one."""
    def search(server):
        def works(length):
            return server.get(USER, services.token_of(
                provider, USER, length)) == 200

        length = services.longest(works, 4096, 20000)
        return length, services.said_beyond(host, works, length)

    length, beyond = search(web)
    limits.measured("nginx", "Basic, 4 32k", length,
                    "none", beyond)
    plain = Nginx(host, re.sub("large_client_header_buffers.*", "",
                               services.recipe("nginx")))
    length, beyond = search(plain)
    limits.measured("nginx", "Basic with name",
                    len(USER) + length, "none", beyond)
