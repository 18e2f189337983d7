"""A real PostgreSQL server that asks PAM for the password: it runs as postgres,
reads root's key cache and cannot fetch; its roles are no Unix users."""

import glob
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pexpect
import pytest

import hosts
import limits
import services
import tokens
from provider import Provider

ROLE = "anna"
OWN_CONFIG = "/etc/security/pam_jwks-postgresql.conf"
TIMER = "let root's timer run pam-jwks-fetch --all"


class Postgres:
    """A PostgreSQL server that asks PAM, run by postgres; TLS on loopback."""

    FOLDER = "/run/pg"
    LOG = "/run/pg.log"

    def __init__(self, host, authority, hba, roles):
        found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
        if not found:
            raise hosts.Missing("PostgreSQL's server is not installed")
        self.bin = os.path.dirname(max(
            found, key=lambda path: float(path.split("/")[4])))
        self.host = host
        self.authority = authority
        host.write(self.LOG, "")
        self._make(hba)
        self.port = host.serve(lambda port: [
            self.bin + "/postgres", "-D", self.FOLDER + "/data",
            "-p", str(port)], user="postgres", log=self.LOG)
        # It listens a moment before it takes anybody.
        services.wait_for("PostgreSQL", lambda: host.run(
            [self.bin + "/pg_isready", "-h", self.FOLDER,
             "-p", str(self.port)]).returncode == 0)
        for role in roles:
            self.admin(f'CREATE ROLE {role}')

    def _make(self, hba):
        host = self.host
        folder = host.path(self.FOLDER)
        os.mkdir(folder, 0o755)
        shutil.chown(folder, "postgres", "postgres")
        made = host.run([self.bin + "/initdb", "-D", self.FOLDER + "/data",
                         "-A", "reject", "--no-sync", "--no-locale",
                         "-E", "UTF8"], user="postgres")
        assert made.returncode == 0, made
        self._own("server.key", self.authority.server_key, 0o600)
        self._own("server.pem", self.authority.server_cert, 0o644)
        host.write(self.FOLDER + "/ca.pem", self.authority.ca_text())
        host.write(self.FOLDER + "/data/pg_hba.conf",
                   "local all postgres trust\n" + hba, 0o644)
        with open(folder + "/data/postgresql.conf", "a",
                  encoding="ascii") as file:
            file.write(
                "listen_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self.FOLDER}'\n"
                "ssl = on\n"
                f"ssl_cert_file = '{self.FOLDER}/server.pem'\n"
                f"ssl_key_file = '{self.FOLDER}/server.key'\n"
                "fsync = off\nmax_connections = 60\n"
                "logging_collector = off\nlog_connections = on\n")

    def _own(self, name, source, mode):
        path = self.host.path(f"{self.FOLDER}/{name}")
        shutil.copy(source, path)
        os.chmod(path, mode)
        shutil.chown(path, "postgres", "postgres")

    def admin(self, sql):
        """A command of the database's administrator."""
        result = self.host.run(
            [self.bin + "/psql", "-XAtq", "-h", self.FOLDER,
             "-p", str(self.port), "-c", sql, "postgres"], user="postgres")
        assert result.returncode == 0, result
        return result.out

    def line(self, role, sql):
        """psql's command line for a login over TLS."""
        return [self.bin + "/psql", "-XAtq", "-c", sql,
                f"host=127.0.0.1 port={self.port} user={role} "
                f"dbname=postgres sslmode=verify-full "
                f"sslrootcert={self.FOLDER}/ca.pem connect_timeout=15"]

    def psql(self, role, password, sql="SELECT session_user"):
        """psql with the password in PGPASSWORD, without a terminal."""
        return self.host.run(self.line(role, sql) + ["-w"], user="alice",
                             env={"PGPASSWORD": password})

    def log(self):
        """What the server has printed so far."""
        return self.host.read(self.LOG).decode(errors="replace")


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        services.other_keys(provider)
        yield provider


@pytest.fixture(scope="module", name="server")
def fixture_server(module_host, provider):
    """One server for all tests, with the line of docs/services.md."""
    services.install(module_host)
    return Postgres(module_host, provider.authority,
                    services.recipe("pg_hba"),
                    [ROLE + " LOGIN", "boss SUPERUSER LOGIN"])


@pytest.fixture(name="database")
def fixture_database(host, server, provider):
    """The server with the stack that is shipped and with warm keys."""
    services.configure(host, provider, "postgresql")
    services.shipped_stack(host, "postgresql")
    services.fetch_all(host)
    provider.forget()
    yield server
    provider.behave("keys", "ok")


def accepted(result, role=ROLE):
    return (result.returncode, result.out) == (0, role + "\n")


def refused(result, role=ROLE):
    """Every refusal looks the same to the client."""
    return (result.returncode, result.out) == (2, "") and \
        f'FATAL:  PAM authentication failed for user "{role}"' in result.err


@pytest.mark.parametrize("kind,length", services.CASES)
def test_login(database, host, provider, kind, length):
    """Every length arrives as a whole, also those at which others cut."""
    result = database.psql(ROLE, services.token_of(provider, ROLE, length,
                                                   kind))
    attempt = host.take_attempt()
    assert accepted(result), (result, attempt)
    assert attempt.verdict == "accepted"
    assert (attempt.service, attempt["user"]) == ("postgresql", ROLE)
    assert attempt["rhost"] == "127.0.0.1"
    assert provider.count() == 0


@pytest.mark.parametrize("reason", list(services.BAD))
def test_refused(database, host, provider, reason):
    """A bad token: one line with the reason, the usual words for the client,
    PAM_AUTH_ERR for the server."""
    before = len(database.log())
    result = database.psql(ROLE, services.BAD[reason](provider, ROLE))
    attempt = host.take_attempt()
    assert refused(result), (result, attempt)
    assert (attempt.verdict, attempt["reason"]) == ("refused", reason)
    assert attempt.level == "notice"
    assert "pam_authenticate failed: Authentication failure" \
        in database.log()[before:]
    assert provider.count() == 0


@pytest.mark.parametrize("password", ["correct horse", "a.b.c", ""])
def test_a_password_is_no_token(database, host, password):
    """What is no token is refused; nothing in the stack takes it."""
    result = database.psql(ROLE, password)
    assert result.returncode == 2
    assert all(a.verdict == "refused" for a in host.take_attempts())


def test_a_role_that_is_missing(database, host, provider):
    """The token is good for a role that the database does not have: PAM lets
    it pass, the database does not."""
    result = database.psql("nobody_here",
                           services.short_token(provider, "nobody_here"))
    assert host.take_attempt().verdict == "accepted"
    assert result.returncode == 2
    assert 'role "nobody_here" does not exist' in result.err


def test_at_the_prompt(database, host, provider):
    """Without a password psql connects once for nothing; then it asks."""
    child = host.terminal(database.line(ROLE, "SELECT session_user"), "alice")
    child.expect("Password for user anna: ")
    child.sendline(services.short_token(provider, ROLE))
    child.expect(pexpect.EOF)
    assert child.before.decode().split() == [ROLE]
    first, second = host.take_attempts()
    assert first["reason"] == "conversation_failed"
    assert second.verdict == "accepted"


# --- keys -----------------------------------------------------------------------

def test_provider_down(database, host, provider):
    """With root's keys nobody needs the provider."""
    provider.behave("keys", "503")
    assert accepted(database.psql(ROLE, services.short_token(provider, ROLE)))
    assert "detail" not in host.take_attempt()
    assert provider.count() == 0


def test_no_keys(database, host, provider):
    """Without a cache the log says who has to fetch; nobody is started for
    nothing."""
    host.remove("/var/cache/pam_jwks")
    before = len(database.log())
    result = database.psql(ROLE, services.short_token(provider, ROLE))
    attempt = host.take_attempt()
    assert refused(result), (result, attempt)
    assert attempt["reason"] == "keys_unavailable"
    assert attempt.level == "warning"
    assert "no cached keys: " in attempt["detail"]
    assert TIMER in attempt["detail"], attempt
    assert "cannot retrieve authentication info" in database.log()[before:]
    assert provider.count() == 0


def test_stale_keys_serve_and_say_so(database, host, provider):
    """Keys that nobody keeps fresh serve for a day; each line says so."""
    services.age_cache(host, 4000)
    assert accepted(database.psql(ROLE, services.short_token(provider, ROLE)))
    attempt = host.take_attempt()
    assert attempt["detail"].startswith("stale keys are in use: fetch_offline")
    assert TIMER in attempt["detail"], attempt
    assert provider.count() == 0


def test_keys_that_are_too_old(database, host, provider):
    """After a day they do not."""
    services.age_cache(host, 90000)
    result = database.psql(ROLE, services.short_token(provider, ROLE))
    attempt = host.take_attempt()
    assert refused(result), (result, attempt)
    assert attempt["reason"] == "keys_unavailable"
    assert TIMER in attempt["detail"], attempt
    services.fetch_all(host)
    assert accepted(database.psql(ROLE, services.short_token(provider, ROLE)))


def test_a_new_key_of_the_provider(database, host, provider):
    """A key that root has not fetched yet is unknown and causes no fetch."""
    old = provider.keys
    provider.rotate()
    try:
        token = services.short_token(provider, ROLE)
        assert refused(database.psql(ROLE, token))
        attempt = host.take_attempt()
        assert attempt["reason"] == "key_unknown"
        assert TIMER in attempt["detail"], attempt
        assert provider.count() == 0
        services.fetch_all(host)
        assert accepted(database.psql(ROLE, token))
    finally:
        provider.keys = old


def test_a_configuration_for_root_alone(database, host, provider):
    """A file that the server may not read is named."""
    os.chmod(host.path(hosts.CONFIG), 0o600)
    assert refused(database.psql(ROLE, services.short_token(provider, ROLE)))
    attempt = host.take_attempt()
    assert attempt["reason"] == "config_unreadable"
    assert attempt.level == "err"


def test_folders_of_its_own(database, host, provider):
    """With folders of its own the server fetches, as postgres; twenty logins at
    once cost one fetch, a new key one more."""
    for name, mode in (("cache", 0o755), ("state", 0o700)):
        path = host.path(f"{database.FOLDER}/{name}")
        os.mkdir(path, mode)
        shutil.chown(path, "postgres", "postgres")
    services.configure(host, provider, "postgresql",
                       cache_dir=database.FOLDER + "/cache",
                       state_dir=database.FOLDER + "/state")
    os.rename(host.path(hosts.CONFIG), host.path(OWN_CONFIG))
    services.shipped_stack(host, "postgresql", OWN_CONFIG)
    token = services.short_token(provider, ROLE)
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda _: database.psql(ROLE, token),
                                range(20)))
    assert all(map(accepted, results)), (results, host.take_attempts())
    assert (provider.count("discovery"), provider.count("keys")) == (1, 1)
    old = provider.keys
    provider.rotate()
    try:
        result = database.psql(ROLE, services.short_token(provider, ROLE))
        assert accepted(result), host.take_attempts()
        assert (provider.count("discovery"), provider.count("keys")) == (1, 2)
    finally:
        provider.keys = old
    folder = host.path(database.FOLDER + "/cache")
    assert os.listdir(folder)
    for name in os.listdir(folder):
        assert os.stat(os.path.join(folder, name)).st_uid \
            == os.stat(folder).st_uid


# --- what is left behind ------------------------------------------------------------

def test_twenty_at_once(database, host, provider):
    """Logins at the same time do not disturb each other."""
    good = services.token_of(provider, ROLE, 4096)
    bad = tokens.spoil_signature(good)
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(
            lambda i: database.psql(ROLE, bad if i % 4 == 3 else good),
            range(20)))
    assert [accepted(r) for r in results] == [i % 4 != 3 for i in range(20)]
    verdicts = [a.verdict for a in host.take_attempts()]
    assert sorted(verdicts) == ["accepted"] * 15 + ["refused"] * 5


def test_nothing_stays_in_the_backend(database, host, provider):
    """The process that serves the client holds no more descriptors and threads
    than with a module that does nothing but log, and has no children."""
    sql = ("SELECT count(*) FROM pg_ls_dir('/proc/self/fd'); "
           "SELECT count(*) FROM pg_ls_dir('/proc/self/task')")
    token = services.short_token(provider, "boss")
    services.stack(host, "postgresql", "auth required pam_warn.so",
                   "auth required pam_permit.so",
                   "account required pam_permit.so")
    plain = [database.psql("boss", token, sql).out for _ in range(2)][1]
    assert plain and not host.take_attempts()
    services.shipped_stack(host, "postgresql")
    result = database.psql("boss", token, sql)
    assert host.take_attempt().verdict == "accepted"
    assert result.out == plain
    assert not services.pids(host, "pam-jwks-fetch")
    assert not services.pids(host, "defunct")


def test_no_token_in_any_log(database, host, provider):
    """Neither the server's log nor the system's shows a part of a token."""
    sent = [services.short_token(provider, ROLE)]
    sent += [make(provider, ROLE) for make in services.BAD.values()]
    for token in sent:
        database.psql(ROLE, token)
    for log in (host.log(), database.log()):
        for token in sent:
            for part in token.split("."):
                assert part[:30] not in log and part[-30:] not in log


def test_limits(database, host, provider):
    """The longest token, in PGPASSWORD and at the prompt."""
    def works(length):
        return accepted(database.psql(
            ROLE, services.token_of(provider, ROLE, length)))

    def typed(length):
        child = host.terminal(database.line(ROLE, "SELECT session_user"),
                              "alice", {"TERM": "dumb"})
        child.expect("Password for user anna: ")
        child.sendline(services.token_of(provider, ROLE, length))
        child.expect(pexpect.EOF)
        child.close()
        return child.exitstatus == 0

    length = services.longest(works, 8000, 20000)
    limits.measured("PostgreSQL", "psql, PGPASSWORD", length, "none",
                    services.said_beyond(host, works, length))
    length = services.longest(typed, 3900, 4300)
    limits.measured("PostgreSQL", "psql, typed", length, "none",
                    services.said_beyond(host, typed, length))
