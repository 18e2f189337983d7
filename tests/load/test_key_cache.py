"""Fifty hosts behind a cache: docs/fleet.md's nginx as it stands there, between
a provider and fifty folders that are a host each to the module, with a
configuration, a cache and a state of its own."""

import os
import subprocess
import time

import pytest

import hosts
import services
from provider import KEYS, Provider

COUNT = 50
FLEET = "/run/fleet"
LOG = "/run/nginx.log"
SEEN = "/run/nginx.seen"
TOKENS = "/run/tokens"

# What a test needs around the lines of docs/fleet.md.
SURROUNDINGS = """
user www-data;
worker_processes 2;
daemon off;
pid /run/nginx.pid;
error_log stderr notice;
events { worker_connections 512; }
http {
    access_log /run/nginx.seen;
    client_body_temp_path /run/nginx;
    proxy_temp_path /run/nginx;
    fastcgi_temp_path /run/nginx;
    uwsgi_temp_path /run/nginx;
    scgi_temp_path /run/nginx;
    %s
}
"""


def nginx(host, provider):
    """Runs docs/fleet.md's cache; its port."""
    hosts.need("nginx")
    text = services.recipe("nginx", "docs/fleet.md")
    for name, path in (("certs/keys.example.org.pem",
                        provider.authority.server_cert),
                       ("private/keys.example.org.key",
                        provider.authority.server_key)):
        with open(path, encoding="ascii") as file:
            host.write("/etc/test/" + name, file.read(), 0o600)

    def command(port):
        here = text
        for old, new in (
                ("listen 443 ", f"listen 127.0.0.1:{port} "),
                ("https://login.example.org/keys.json",
                 f"https://provider.test:{provider.port}{KEYS}"),
                ("/etc/ssl/certs/ca-certificates.crt", services.CA),
                ("server_name keys.example.org", "server_name provider.test"),
                ("/etc/ssl/", "/etc/test/")):
            assert old in here, old
            here = here.replace(old, new)
        host.write("/etc/nginx-test.conf", SURROUNDINGS % here)
        return ["/usr/sbin/nginx", "-e", "stderr",
                "-c", "/etc/nginx-test.conf"]

    host.write(LOG, "")
    return host.serve(command, log=LOG)


class Fleet:
    """The hosts, each with a process that logs in."""

    def __init__(self, host, provider):
        self.host, self.provider = host, provider
        host.write(services.CA, provider.authority.ca_text())
        port = nginx(host, provider)
        helper = services.install(host)
        self.processes = []
        for number in range(COUNT):
            self.add(f"host-{number:02}", port, helper)
        self.figures = []

    def add(self, name, port, helper):
        """One host."""
        root = f"{FLEET}/{name}"
        for folder in ("etc/security", "var/cache/pam_jwks", "run/pam_jwks"):
            os.makedirs(self.host.path(f"{root}/{folder}"), mode=0o755)
        config = root + "/etc/security/pam_jwks.conf"
        self.host.write(config, (
            f"[module]\nfetch_user = nobody\nhelper = {helper}\n"
            f"cache_dir = {root}/var/cache/pam_jwks\n"
            f"state_dir = {root}/run/pam_jwks\n"
            + self.provider.section(
                ca_file=services.CA, services=name, min_ttl="1s",
                kid_cooldown="2s",
                jwks_uri=f"https://provider.test:{port}/corp")))
        services.stack(self.host, name, "auth required pam_jwks.so",
                       "account required pam_permit.so", config=config)
        self.processes.append(self.host.spawn(
            [hosts.find_built("tests/load/age"), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE))

    def at_nginx(self):
        """Requests so far."""
        return self.host.read(SEEN).count(b"GET /corp")

    def logins(self, kind, token):
        """One of each host, all at once; each must end as it should."""
        self.host.write(TOKENS, f"{kind} {token}\n", 0o600)
        for process in self.processes:
            process.stdin.write(f"run {TOKENS} 1 1\n".encode())
            process.stdin.flush()
        right = [process.stdout.readline().split()[kind == "bad"]
                 for process in self.processes]
        assert right == [b"1"] * COUNT, (
            right, self.host.log()[-3000:], self.host.read(LOG)[-2000:])

    def during(self, what, seconds, kind, make):
        """Logins for so long; the provider is asked once a second."""
        begun, rounds = time.monotonic(), 0
        nginx_before, before = self.at_nginx(), self.provider.count()
        while rounds == 0 or time.monotonic() < begun + seconds:
            self.logins(kind, make())
            rounds += 1
            time.sleep(0.2)
        took = time.monotonic() - begun
        asked = self.provider.count() - before
        self.figures.append(
            f"| {what}, {took:.0f} s | {rounds * COUNT} | "
            f"{self.at_nginx() - nginx_before} | {asked} |")
        assert asked <= took + 2, self.figures
        return asked


@pytest.mark.seconds(120)
def test_fifty_hosts_behind_nginx(host):
    with Provider("EdDSA") as provider:
        provider.name = "provider.test"
        provider.cache_control = "max-age=2"
        fleet = Fleet(host, provider)
        assert fleet.during("all at once without keys", 0, "good",
                            provider.token) >= 1
        before = fleet.at_nginx()
        assert before == COUNT
        fleet.during("logins, keys that are due", 4, "good", provider.token)
        assert fleet.at_nginx() - before >= COUNT
        provider.rotate()
        time.sleep(1.1)
        before = fleet.at_nginx()
        fleet.during("a rotation, all at once", 0, "good", provider.token)
        assert fleet.at_nginx() > before
        before = fleet.at_nginx()
        fleet.during("made up key ids", 4, "bad", lambda: provider.token(
            header={"kid": os.urandom(6).hex()}))
        assert fleet.at_nginx() - before >= COUNT
        provider.behave("keys", "503")
        fleet.during("the provider is away", 2, "good", provider.token)
        assert provider.count("discovery") == 0
        print("\n".join(fleet.figures))
        for process in fleet.processes:
            process.stdin.close()
            process.wait(10)
