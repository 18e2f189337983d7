"""The helper is started from inside a host that watches its signals, children,
descriptors and limits, and notices nothing."""

import hashlib
import os
import threading
import time

import pytest

import hosts

CONDITIONS = ("plain", "ignored", "blocked", "threads", "closed", "few",
              "nofiles", "reaping")
FETCH = ("--cause", "cold", "--reply-fd", "3", "--config")


@pytest.fixture(name="machine")
def fixture_machine(machine, provider):
    configure(machine, provider)
    services = machine.base + "/pam.d"
    os.mkdir(services)
    module = hosts.find_built("pam_jwks.so")
    machine.put(services + "/supply",
                f"auth required {module} config={machine.conf}\n")
    machine.put(services + "/nothing", "auth required pam_deny.so\n")
    return machine


def configure(machine, provider, **module):
    machine.configure(provider.section(
        ca_file=machine.ca, account="none", services="supply"), **module)


def foreign(machine, condition, token=None, before=(), **kwargs):
    """One transaction in a watching host: its PAM code, what it noticed."""
    path = machine.put(machine.base + "/answer", token or machine.token())
    with open(path, encoding="ascii") as answer:
        lines = machine.run(
            [*before, os.path.join(hosts.build_dir(), "tests/supply/foreign"),
             machine.base + "/pam.d", "supply", "alice", condition],
            input_=answer, **kwargs)
    return lines[-1], lines[:-1]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_host_notices_nothing(machine, provider, condition):
    """A cold login in a host of each kind."""
    assert foreign(machine, condition) == ("0", [])
    assert (provider.count("discovery"), provider.count("keys")) == (1, 1)
    assert machine.login(mode="offline").reason == "ok"


@pytest.mark.parametrize("condition", ("plain", "reaping", "ignored"))
def test_host_notices_nothing_at_the_deadline(machine, provider, condition):
    """The same where the helper is killed, or finds nobody."""
    configure(machine, provider, timeout_cold="2s", request_timeout="2s")
    provider.behave("keys", "hang")
    code, noticed = foreign(machine, condition)
    assert (code, noticed) == ("9", [])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_host_notices_nothing_of_a_detached_refresh(machine, provider,
                                                    condition):
    """Keys that are due are fetched behind the host's back."""
    machine.accept()
    path = machine.data()
    begun = time.time_ns()
    make_due(machine)
    before = provider.count("keys")
    assert foreign(machine, condition) == ("0", [])
    machine.idle()
    assert provider.count("keys") == before + 1
    assert os.stat(path).st_mtime_ns > begun


def test_the_first_process_of_a_container_inherits_nothing(machine, provider):
    """There an orphan is a child of the host.  Keys that are due are left to
    the first login that finds them stale, which waits for its helper."""
    machine.accept()
    make_due(machine)
    before = provider.count("keys")
    first = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    assert foreign(machine, "plain", before=first) == ("0", [])
    machine.idle()
    assert provider.count("keys") == before
    machine.forget()
    assert foreign(machine, "plain", before=first) == ("0", [])
    assert provider.count("keys") == before + 1


def make_due(machine):
    """Rewrites the data file: keys that are due at once.  The module's clock
    is the machine's own."""
    with open(machine.data(), "rb") as file:
        text = file.read()
    head, rest = text.split(b"\n", 2)[0], text.split(b"\n", 2)[2]
    lines = rest.split(b"\n")
    lines = [b"refresh_after 0" if line.startswith(b"refresh_after ")
             else line for line in lines]
    rest = b"\n".join(lines)
    machine.put(machine.data(), head + b"\nsha256 "
                + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


def test_command_line_and_environment_tell_nothing(machine, provider):
    """The helper's words are fixed, its environment is empty: nothing of the
    token is in either."""
    provider.behave("keys", "slow")
    token = machine.token()
    seen = []

    def look():
        pid = machine.fetching()
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", "rb") as file:
                seen.append(file.read())

    watcher = threading.Thread(target=look)
    watcher.start()
    assert foreign(machine, "plain", token,
                   env={"LD_LIBRARY_PATH": "", "https_proxy": "http://x:1",
                        "SSLKEYLOGFILE": machine.base + "/secrets",
                        "PATH": "/usr/bin:/bin"}) == ("0", [])
    watcher.join()
    assert seen[0].split(b"\0")[:-1] == [word.encode() for word in (
        machine.helper, *FETCH, machine.conf, "--section", "corp")]
    assert seen[1] == b""
    assert not os.path.exists(machine.base + "/secrets")


@pytest.mark.parametrize("trouble, word", [
    ("missing", "No such file or directory"),
    ("not executable", "Permission denied"),
    ("no program", "Exec format error"),
])
def test_a_refused_exec_is_its_own_reason(machine, provider, trouble, word):
    """What SELinux, AppArmor or a missing file refuses is said as that."""
    if trouble == "missing":
        os.unlink(machine.helper)
    elif trouble == "not executable":
        os.chmod(machine.helper, 0o644)
    else:
        machine.put(machine.helper, "no program\n", 0o755)
    login = machine.login()
    assert login.reason == "keys_unavailable"
    assert "helper_not_started" in login.detail and word in login.detail
    assert login.ms < 3000
    assert provider.count() == 0


def test_signal_alarm_ends_the_first_process_of_a_container(machine, provider):
    """SIGALRM ends a helper that is the first process of its namespace, where
    signals without a handler are ignored."""
    provider.behave("keys", "hang")
    process = machine.start(
        ["unshare", "--pid", "--fork", "--kill-child", machine.helper,
         "--cause", "forced", "--config", machine.conf, "--section", "corp"])
    pid = machine.fetching()
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        inner = [line for line in file if line.startswith("NSpid:")][0]
    assert inner.split()[-1] == "1"
    os.kill(pid, 14)
    process.wait(5)
    machine.idle(2)
