"""How the provider is reached: proxy, address family, names, and what happens
when one of them is dead."""

import json
import os
import re
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

import hosts
import tokens
from connect_proxy import ConnectProxy
from fetching import CA, Machine
from provider import Provider


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    return Machine(host, provider)


# --- proxy ------------------------------------------------------------------------

@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_proxy(machine, provider, tls):
    """Both requests go through it, in a tunnel, without a credential; a https
    proxy's certificate is checked like the provider's."""
    with ConnectProxy(provider.authority if tls else None) as proxy:
        machine.configure(proxy=proxy.url)
        machine.ask()
        assert machine.asked() == (1, 1, 0)
        assert proxy.connections == 1
        (line, fields), = proxy.requests
        assert line == b"CONNECT 127.0.0.1:%d HTTP/1.1" % provider.port
        assert set(fields) <= {"host", "user-agent", "proxy-connection"}


def test_proxy_with_another_ca(machine, provider, tmp_path):
    """A https proxy that nobody vouches for is not used."""
    other = tokens.Authority(str(tmp_path))
    with ConnectProxy(other) as proxy:
        machine.configure(proxy=proxy.url)
        status, words = machine.fetch()
        assert status == "fetch_failed"
        assert "certificate verify failed: " in words
        assert proxy.requests == []
    assert provider.count() == 0


def test_proxy_with_the_systems_ca(machine, provider, tmp_path):
    """Nor one that the system's authorities vouch for, where there is a
    ca_file: it takes their place."""
    other = tokens.Authority(str(tmp_path))
    digest = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash", "-in", other.ca],
        check=True, capture_output=True, text=True).stdout.strip()
    name = f"/etc/ssl/certs/{digest}.0"
    machine.host.write(name, other.ca_text())
    try:
        with ConnectProxy(other) as proxy:
            machine.configure(proxy=proxy.url)
            status, words = machine.fetch()
            assert status == "fetch_failed"
            assert "certificate verify failed: " in words
            assert proxy.requests == []
    finally:
        machine.host.remove(name)
    assert provider.count() == 0


def test_proxy_with_another_name(machine, provider, tmp_path):
    """Nor is one whose certificate is for another name."""
    other = tokens.Authority(str(tmp_path), names=("other.test",))
    machine.host.write(CA, other.ca_text() + provider.authority.ca_text())
    with ConnectProxy(other) as proxy:
        machine.configure(proxy=proxy.url)
        status, words = machine.fetch()
        assert status == "fetch_failed"
        assert "certificate verify failed: " in words
        assert proxy.requests == []
    assert provider.count() == 0


def test_proxy_with_old_tls(machine, provider):
    """Nor one that speaks nothing newer than TLS 1.1, on a machine whose
    OpenSSL would take it."""
    def old(context):
        context.set_ciphers("ALL@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    settings = machine.host.read("/etc/ssl/openssl.cnf")
    machine.host.write("/etc/ssl/openssl.cnf",
                       "openssl_conf = a\n[a]\nssl_conf = b\n[b]\n"
                       "system_default = c\n[c]\nMinProtocol = TLSv1\n"
                       "CipherString = ALL:@SECLEVEL=0\n")
    try:
        with ConnectProxy(provider.authority, adjust=old) as proxy:
            machine.configure(proxy=proxy.url)
            status, words = machine.fetch()
            assert (status, "TLS: " in words) == ("fetch_failed", True), words
            assert proxy.requests == []
    finally:
        machine.host.write("/etc/ssl/openssl.cnf", settings)
    assert provider.count() == 0


@pytest.mark.parametrize("answer", [
    b"407 Proxy Authentication Required", b"403 Forbidden", b"502 Bad Gateway",
    b"301 Moved"])
def test_proxy_that_refuses(machine, provider, answer):
    """A failure with its status in the words; no other way is tried."""
    with ConnectProxy(status=answer) as proxy:
        machine.configure(proxy=proxy.url)
        status, words = machine.fetch()
        assert status == "fetch_failed"
        assert answer.split()[0].decode() in words, words
        assert all("proxy-authorization" not in fields
                   for _, fields in proxy.requests)
        assert proxy.connections == 1
    assert provider.count() == 0


def test_proxy_that_is_dead(machine, provider):
    """Nothing listens there: the provider is not asked directly."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    machine.configure(proxy=f"http://127.0.0.1:{port}")
    status, words = machine.fetch()
    assert status == "fetch_failed" and str(port) in words, words
    assert provider.count() == 0


def test_proxy_needs_no_other_port(machine, provider):
    """Keys at another port are asked for through the proxy by the same worker:
    one tunnel for each."""
    with ConnectProxy() as proxy, \
            Provider("EdDSA", key=provider.keys[0]) as other:
        provider.members = {"jwks_uri": other.issuer + "/keys.json"}
        machine.configure(proxy=proxy.url)
        machine.ask()
        assert [line.split()[1] for line, _ in proxy.requests] == [
            b"127.0.0.1:%d" % provider.port, b"127.0.0.1:%d" % other.port]


# --- address families ----------------------------------------------------------------

def listen_v6(port, backlog=64):
    listening = socket.socket(socket.AF_INET6)
    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("::1", port))
    except OSError as error:
        listening.close()
        raise hosts.Missing(f"no IPv6 on loopback: {error}") from None
    listening.listen(backlog)
    return listening


@pytest.fixture(name="named")
def fixture_named(host, provider):
    """The provider under a name with an address of each family."""
    provider.name = "provider.test"
    host.write("/etc/hosts", "::1 provider.test\n127.0.0.1 provider.test\n")
    host.write("/etc/gai.conf", "precedence ::/0 100\n")
    return Machine(host, provider)


@pytest.mark.parametrize("family,used", [("4", "127.0.0.1"), ("6", "::1")])
def test_ip_resolve(named, provider, family, used):
    """One family alone is used."""
    with Provider("EdDSA", key=provider.keys[0],
                  listening=listen_v6(provider.port)) as other:
        other.name = "provider.test"
        named.configure(ip_resolve=family)
        named.ask()
        clients = [request.client for request in
                   provider.requests + other.requests]
        assert clients == [used, used]


def test_both_families(named, provider):
    """Without a choice one of them answers, and one connection serves both
    requests."""
    with Provider("EdDSA", key=provider.keys[0],
                  listening=listen_v6(provider.port)) as other:
        other.name = "provider.test"
        named.ask()
        assert len({request.client for request in
                    provider.requests + other.requests}) == 1


class Deaf:
    """A TCP port whose queue is full: the kernel drops what comes, silently,
    as a router would."""

    def __init__(self, port):
        self.listening = listen_v6(port, 0)
        self.waiting = []

    def __enter__(self):
        while True:
            client = socket.socket(socket.AF_INET6)
            client.setblocking(False)
            client.connect_ex(self.listening.getsockname())
            self.waiting.append(client)
            if not select.select([], [client], [], 0.3)[1]:
                return self
            assert len(self.waiting) < 100

    def __exit__(self, *_):
        for one in self.waiting + [self.listening]:
            one.close()


def test_dead_ipv6_beside_good_ipv4(named, provider):
    """An IPv6 address that swallows everything costs a moment, not the
    login."""
    with Deaf(provider.port):
        begin = time.monotonic()
        named.ask()
        assert time.monotonic() - begin < 4
    assert named.asked() == (1, 1, 0)


def test_dead_ipv6_alone(named, provider):
    """If only IPv6 may be used the connection's deadline ends it."""
    named.configure({"connect_timeout": "1s"}, ip_resolve="6")
    with Deaf(provider.port):
        begin = time.monotonic()
        status, words = named.fetch()
        assert status == "fetch_timeout", words
        assert time.monotonic() - begin < 5
    assert provider.count() == 0


def test_refused_ipv6_beside_good_ipv4(named, provider):
    """The same with an address that refuses."""
    named.ask()
    assert named.asked() == (1, 1, 0)


# --- names ---------------------------------------------------------------------------

# A name server that hangs: a network of its own, and a socket that is never
# read on port 53.  Then it becomes the program in its arguments.
SILENT = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
    name = struct.pack("16sh14x", b"lo", 0x1 | 0x40)    # IFF_UP, RUNNING
    fcntl.ioctl(up, 0x8914, name)                       # SIOCSIFFLAGS
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
silent.setblocking(False)
queries = 0
try:
    while silent.recv(4096):
        queries += 1
except BlockingIOError:
    pass
print("queries", queries)
sys.exit(code)
"""


@pytest.fixture(name="unnamed")
def fixture_unnamed(host, provider):
    """The provider under a name that only a silent name server knows."""
    hosts.need("unshare")
    provider.name = "idp.provider.test"
    host.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"
               "hosts: files dns\n")
    host.write("/etc/resolv.conf", "nameserver 127.0.0.1\n"
               "options timeout:30 attempts:5\n")
    yield Machine(host, provider)
    host.write("/etc/resolv.conf", "")
    host.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"
               "hosts: files\n")


def test_dns_that_hangs(unnamed, provider):
    """The deadline for a connection holds though the resolver does not know
    it, and no process is left behind."""
    unnamed.configure({"connect_timeout": "1s", "request_timeout": "2s"})
    begin = time.monotonic()
    result = unnamed.host.run(
        ["unshare", "--net", "/usr/bin/python3", "-c", SILENT,
         unnamed.fetcher, "--cause", "forced", "--config", hosts.CONFIG,
         "--section", "corp"])
    seconds = time.monotonic() - begin
    match = re.match(r"pam-jwks-fetch 1 (\w+) (.*)\n(queries [1-9])",
                     result.out)
    assert match, result
    assert match[1] == "fetch_timeout", result
    assert match[2].startswith(f"GET {provider.issuer}/.well-known/"), result
    assert seconds < 6
    assert unnamed.host.processes() == []


def test_dns_that_hangs_in_a_login(unnamed, provider):
    """The same in a login: its own deadline, and the code that says that no
    keys are there."""
    unnamed.configure({"timeout_cold": "2s"})
    unnamed.host.pam("login-test", "auth required {module}")
    order = {"service": "login-test", "user": "alice", "phases": ["auth"],
             "answers": [provider.token("alice")]}
    begin = time.monotonic()
    result = unnamed.host.run(
        ["unshare", "--net", "/usr/bin/python3", "-c", SILENT,
         "/usr/bin/python3", hosts.HERE + "/pamclient"],
        input=json.dumps(order))
    seconds = time.monotonic() - begin
    assert '"PAM_AUTHINFO_UNAVAIL"' in result.out, result
    assert unnamed.host.take_attempt()["reason"] == "keys_unavailable"
    assert seconds < 6
    assert unnamed.host.processes() == []


def test_a_name_that_is_not_there(machine, provider):
    """The resolver says so at once; the words name the host."""
    provider.name = "no-such-host.provider.test"
    machine.configure()
    status, words = machine.fetch()
    assert status == "fetch_failed"
    assert "no-such-host.provider.test" in words and "resolve" in words, words


def test_names_from_a_daemon(machine, provider):
    """nscd and systemd-resolved are asked by a Unix socket: the confinement
    lets the worker reach it.  This one hangs up, so the files answer."""
    provider.name = "provider.test"
    machine.host.write("/etc/hosts", "127.0.0.1 provider.test\n")
    machine.configure()
    folder = machine.host.path("/run") + "/nscd"
    os.mkdir(folder, 0o755)
    uids = set()

    def serve(daemon):
        while True:
            try:
                peer, _ = daemon.accept()
            except OSError:
                return
            uids.add(struct.unpack("3i", peer.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
            peer.close()

    with socket.socket(socket.AF_UNIX) as daemon:
        fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        daemon.bind(f"/proc/self/fd/{fd}/socket")
        os.close(fd)
        os.chmod(folder + "/socket", 0o666)
        daemon.listen(16)
        thread = threading.Thread(target=serve, args=(daemon,))
        thread.start()
        status, words = machine.fetch()
        daemon.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    machine.host.remove("/run/nscd")
    assert status == "ok", words
    assert 65534 in uids, uids


def test_a_hanging_nscd_does_not_hide_the_fetching_user(machine):
    """The user of the fetch is looked for in /etc/passwd first.  The library
    asks nscd before that file, and waits 10 s for one that does not answer:
    longer than a login without keys."""
    folder = machine.host.path("/run/nscd")
    os.mkdir(folder, 0o755)
    with socket.socket(socket.AF_UNIX) as daemon:
        fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        daemon.bind(f"/proc/self/fd/{fd}/socket")
        os.close(fd)
        os.chmod(folder + "/socket", 0o666)
        daemon.listen(16)
        machine.configure({"timeout_cold": "4s"})
        try:
            status, words = machine.fetch()
        finally:
            machine.host.remove("/run/nscd")
    assert status == "ok", words
