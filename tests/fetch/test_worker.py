"""The worker that has gone bad: tests/fetch/rogue is pam-jwks-fetch, but its
worker does something else instead of a GET.  The confinement stops it, and the
cache stays as it was."""

import ctypes
import os
import re
import socket
import time

import pytest

import hosts
from fetching import is_sanitized
from provider import Provider

CA = "/etc/security/ca.pem"
CACHE = "/var/cache/pam_jwks"
STATE = "/run/pam_jwks"
FETCHER = hosts.find_built("pam-jwks-fetch")
ROGUE = hosts.find_built("tests/fetch/rogue")

KILLED = "the fetching process was stopped by the kernel: a forbidden " \
    "system call"


def has_filter():
    with open(os.path.join(hosts.build_dir(), "config.h"),
              encoding="ascii") as file:
        return "#define HAVE_SECCOMP 1" in file.read()


def tried(host):
    """What pam-jwks-fetch --try says of this machine."""
    return host.run([FETCHER, "--try", "--config", hosts.CONFIG]).out


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    host.write(CA, provider.authority.ca_text())
    configure(host, provider, provider.issuer + "/keys.json")
    return host


def configure(host, provider, jwks_uri, seconds="5s"):
    host.config(provider.section(ca_file=CA, jwks_uri=jwks_uri),
                timeout_cold=seconds, timeout_stale="2s",
                request_timeout=seconds, connect_timeout="2s")


def fetch(host, program):
    """One fetch: the status and the words of the reply."""
    result = host.run([program, "--cause", "forced", "--config", hosts.CONFIG,
                       "--section", "corp"])
    match = re.fullmatch(r"pam-jwks-fetch 1 (\w+) (.*)\n", result.out)
    assert match and not result.err, result
    return match.groups()


def cache(host):
    """The names and bytes of the data files."""
    return {name: host.read(f"{CACHE}/{name}")
            for name in os.listdir(host.path(CACHE))}


def workers(host):
    return [line for line in host.processes() if "fetch" in line
            or "rogue" in line]


def do(host, provider, deed, seconds="5s"):
    """Fetches well, then with a worker that does the deed; returns what the
    reply says.  Nothing of the cache may have changed, and nothing is left
    behind."""
    path = "/rogue/" + deed
    provider.aliases = {path.partition("?")[0]: "keys"}
    configure(host, provider, provider.issuer + path, seconds)
    assert fetch(host, FETCHER)[0] == "ok"
    before = cache(host)
    assert before
    status, words = fetch(host, ROGUE)
    assert cache(host) == before
    assert workers(host) == []
    return status, words


REFUSED_BY_LANDLOCK = {
    "list": "EACCES",           # a folder of that kind
    "open": "EACCES",           # a file that is no business of a fetch
    "serve": "EACCES",          # a TCP server
}

REFUSED_BY_FILTER = {
    "write": "ENOSYS",          # a new file
    "clone3": "ENOSYS",
    "listen": "ENOSYS",
    "outlive": "ENOSYS",        # undoing PR_SET_PDEATHSIG
    "limit": "ENOSYS",          # changing a limit
    "write-execute": "ENOSYS",  # memory that is written and executed
    "executable": "ENOSYS",
    "io-uring": "ENOSYS",       # system calls past the filter
    "packet": "ENOSYS",         # another family of sockets
    "multipath": "ENOSYS",      # TCP past Landlock's ports
    "tgkill": "ENOSYS",         # a signal to a thread of the parent
    "owner": "ENOSYS",          # a signal by way of a socket's owner
}

ENDED_BY_FILTER = ("exec", "fork", "kill", "ptrace", "readv", "setuid",
                   "unshare")


@pytest.mark.parametrize("deed", list(REFUSED_BY_LANDLOCK))
def test_out_of_reach(machine, provider, deed):
    """Landlock refuses, whatever the files' modes allow."""
    if "by Landlock" not in tried(machine):
        raise hosts.Missing("this kernel has no Landlock")
    status, words = do(machine, provider, deed)
    assert (status, words) == (
        "fetch_failed",
        f"rogue {deed}: refused: {REFUSED_BY_LANDLOCK[deed]}")


@pytest.mark.parametrize("deed", list(REFUSED_BY_FILTER))
def test_refused_by_the_filter(machine, provider, deed):
    """The filter answers as if the kernel could not do it."""
    if not has_filter():
        raise hosts.Missing("built without libseccomp")
    status, words = do(machine, provider, deed)
    assert (status, words) == (
        "fetch_failed", f"rogue {deed}: refused: {REFUSED_BY_FILTER[deed]}")


@pytest.mark.parametrize("deed", ENDED_BY_FILTER)
def test_ended_by_the_filter(machine, provider, deed):
    """What no honest worker does ends it, and the reply says so."""
    if not has_filter():
        raise hosts.Missing("built without libseccomp")
    status, words = do(machine, provider, deed)
    assert (status, words) == ("fetch_failed", KILLED)


@pytest.mark.parametrize("deed", ["change", "map", "odd"])
def test_no_way_past_the_filter(machine, provider, deed):
    """Each of several ways to do the same is refused."""
    if not has_filter():
        raise hosts.Missing("built without libseccomp")
    _, words = do(machine, provider, deed)
    assert words == f"rogue {deed}: done: 0"


def test_another_mode_of_the_processor(machine, provider):
    """The numbers of x32 are other calls: the filter would judge them by the
    wrong names."""
    if not has_filter() or os.uname().machine != "x86_64":
        raise hosts.Missing("no filter, or one mode alone")
    status, words = do(machine, provider, "mode")
    assert (status, words) == ("fetch_failed", KILLED)


def test_connect_elsewhere(machine, provider):
    """TCP goes to the provider's port and nowhere else; not by fast open
    either, which needs no connect."""
    if "ports by Landlock" not in tried(machine):
        raise hosts.Missing("this kernel has no Landlock for ports")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        other.settimeout(0)
        port = other.getsockname()[1]
        status, words = do(machine, provider, f"connect?{port}")
        assert (status, words) == ("fetch_failed",
                                   "rogue connect: refused: EACCES")
        if has_filter():
            _, words = do(machine, provider, f"fast-open?{port}")
            assert words == "rogue fast-open: refused: ENOSYS"
            _, words = do(machine, provider, f"fast-open-message?{port}")
            assert words == "rogue fast-open-message: refused: ENOSYS"
        with pytest.raises(BlockingIOError):
            other.accept()
    _, words = do(machine, provider, f"connect?{provider.port}")
    assert words == "rogue connect: done: 0"


def test_udp_goes_anywhere(machine, provider):
    """What the threat model says is open is open: DNS needs it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(5)
        _, words = do(machine, provider, f"udp?{other.getsockname()[1]}")
        assert words == "rogue udp: done: 1"
        assert other.recv(10) == b"x"


def test_abstract_sockets(machine, provider):
    """Sockets without a name in the file system are out of reach."""
    # landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)
    if ctypes.CDLL(None).syscall(444, None, 0, 1) < 6:
        raise hosts.Missing("this kernel's Landlock is older than version 6")
    number = int.from_bytes(os.urandom(3), "big")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"\0pam_jwks-test-{number}")
        other.listen(1)
        status, words = do(machine, provider, f"abstract?{number}")
        assert (status, words) == ("fetch_failed",
                                   "rogue abstract: refused: EPERM")


def test_the_parents_memory(machine, provider):
    """/proc of the parent is closed."""
    _, words = do(machine, provider, "memory")
    assert words == "rogue memory: refused: EACCES"


def test_descriptors(machine, provider):
    """The worker has the pipe and /dev/null; whatever its caller left open is
    closed."""
    _, words = do(machine, provider, "fds")
    assert words == "rogue fds: done: 0"


def test_grow(machine, provider):
    """The address space ends at 1 GiB."""
    if is_sanitized():
        raise hosts.Missing("the sanitizer needs all of the address space")
    _, words = do(machine, provider, "grow")
    match = re.fullmatch(r"rogue grow: done: (\d+)", words)
    assert match and 256 <= int(match[1]) <= 1024, words


def test_threads(machine, provider):
    """The number of threads is bounded."""
    _, words = do(machine, provider, "threads")
    match = re.fullmatch(r"rogue threads: done: (\d+)", words)
    assert match and 16 <= int(match[1]) <= 256, words


def test_spin(machine, provider):
    """A worker that does not end is ended at the deadline."""
    begin = time.monotonic()
    status, words = do(machine, provider, "spin", "2s")
    assert (status, words) == (
        "fetch_timeout", "the fetching process did not end in time")
    assert time.monotonic() - begin < 10


def test_spin_in_threads(machine, provider):
    """Processor time is bounded as well: 8 threads for 4 seconds are ended by
    the limit or, on a slow machine, by the deadline."""
    status, words = do(machine, provider, "spin-threads?8", "20s")
    assert status in ("fetch_failed", "fetch_timeout"), words
    assert "rogue" not in words


def test_hide(machine, provider):
    """A worker that closes its pipe and goes on is ended with the fetch."""
    status, words = do(machine, provider, "hide")
    assert (status, words) == (
        "fetch_failed", "the fetching process ended without an answer")


def test_too_much(machine, provider):
    """A worker that writes without end is not read for ever."""
    status, words = do(machine, provider, "too-much")
    assert (status, words) == ("fetch_failed",
                               "the fetching process wrote too much")


@pytest.mark.parametrize("time_", range(3))
def test_garbage(machine, provider, time_):
    """Bytes that are no answer are none."""
    status, words = do(machine, provider, "garbage")
    assert (status, words) == ("fetch_failed",
                               "the fetching process gave a malformed answer")


def test_an_answer_of_a_worker_that_was_ended(machine, provider):
    """What a worker wrote before a signal ended it does not count."""
    status, words = do(machine, provider, "abort")
    assert (status, words) == (
        "fetch_failed",
        "the fetching process was stopped by the kernel: Aborted")


def test_honest_again(machine, provider):
    """After all of it an honest worker fetches."""
    do(machine, provider, "exec")
    assert fetch(machine, FETCHER)[0] == "ok"
