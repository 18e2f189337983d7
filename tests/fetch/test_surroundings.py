"""What the helper leaves behind of its caller's surroundings, what its worker
gives up, and what it does where that is impossible."""

import ast
import os
import re
import time

import pytest

import hosts
from fetching import is_sanitized
from provider import Provider

CA = "/etc/security/ca.pem"
FETCHER = hosts.find_built("pam-jwks-fetch")
NOBODY = "65534"

# Makes a caller's worst, then becomes the program in its arguments.
WORST = """
import ctypes, os, resource, signal, sys
libc = ctypes.CDLL(None)
libc.prctl(29, 4000000000, 0, 0, 0)             # PR_SET_TIMERSLACK
number = {"x86_64": 238, "aarch64": 237}.get(os.uname().machine, -1)
libc.syscall(number, 2, ctypes.byref(ctypes.c_ulong(1)), 64)    # set_mempolicy
os.nice(15)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGUSR1})
os.umask(0o777)
os.chdir("/run/home/root")
open("/proc/self/oom_score_adj", "w").write("1000")
for name, value in (("FSIZE", 10), ("CPU", 1000), ("NOFILE", 20),
                    ("CORE", 1 << 20)):
    what = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (value, hard))
os.setgroups([4, 20, 27])
os.environ["https_proxy"] = "http://127.0.0.1:1"
for number in range(5, 15):
    os.dup2(1, number, inheritable=True)
os.dup2(1, 3, inheritable=True)
for number in (0, 1, 2):
    os.close(number)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    host.write(CA, provider.authority.ca_text())
    host.config(provider.section(ca_file=CA), timeout_cold="8s",
                request_timeout="6s")
    return host


LOOK = """
import os, sys
def text(path):
    try:
        return open(path).read()
    except OSError as error:
        return str(error)
def link(path):
    try:
        return os.readlink(path)
    except OSError as error:
        return str(error)
for pid in os.listdir("/proc"):
    if not pid.isdigit() or text(f"/proc/{pid}/comm") != "pam-jwks-fetch\\n":
        continue
    fields = text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    print({
        "pid": int(pid), "parent": int(fields[1]), "session": int(fields[3]),
        "terminal": int(fields[4]), "nice": int(fields[16]),
        "status": dict(line.split(":\\t", 1) for line in
                       text(f"/proc/{pid}/status").splitlines()
                       if ":\\t" in line),
        "limits": {line[:26].strip(): line[26:].split()[:2] for line in
                   text(f"/proc/{pid}/limits").splitlines()},
        "slack": text(f"/proc/{pid}/timerslack_ns").strip(),
        "oom": text(f"/proc/{pid}/oom_score_adj").strip(),
        "memory": [line.split()[1] for line in
                   text(f"/proc/{pid}/numa_maps").splitlines()],
        "cwd": link(f"/proc/{pid}/cwd"),
        "fds": {int(fd): link(f"/proc/{pid}/fd/{fd}")
                for fd in os.listdir(f"/proc/{pid}/fd")},
    })
"""


@pytest.fixture(name="seen")
def fixture_seen(machine, provider):
    """(parent, worker): what /proc tells of the two while they fetch, started
    by a caller who did his worst."""
    provider.behave("keys", "hang")
    running = machine.spawn(
        ["/usr/bin/python3", "-c", WORST, FETCHER, "--cause", "forced",
         "--config", hosts.CONFIG, "--section", "corp", "--reply-fd", "3"])
    alarm = time.monotonic() + 6
    while provider.count("keys") == 0 and time.monotonic() < alarm:
        time.sleep(0.02)
    lines = machine.run(["/usr/bin/python3", "-c", LOOK]).out.splitlines()
    provider.close()
    running.wait(15)
    both = [ast.literal_eval(line) for line in lines]
    pids = {one["pid"]: one for one in both}
    workers = [one for one in both if one["parent"] in pids]
    assert len(both) == 2 and len(workers) == 1, both
    return pids[workers[0]["parent"]], workers[0]


def check_reset(one):
    """What both halves have in common.  That the caller's https_proxy did not
    count is shown by the request that came."""
    assert one["session"] == one["pid"]
    assert one["terminal"] == 0
    assert one["cwd"] == "/"
    assert one["nice"] == 0
    assert one["slack"] == "50000"
    assert one["oom"] == "0"
    assert not [word for word in one["memory"] if word.startswith("bind")]
    assert one["status"]["Umask"] == "0022"
    assert one["status"]["Groups"].strip() == ""
    assert one["limits"]["Max core file size"] == ["0", "0"]
    cores = len(os.sched_getaffinity(0))
    assert bin(int(one["status"]["Cpus_allowed"].replace(",", ""), 16)).count(
        "1") >= cores
    assert one["status"]["SigBlk"] == "0" * 16
    ignored = int(one["status"]["SigIgn"], 16)
    for number in (14, 15, 17):
        assert not ignored & 1 << (number - 1)
    for number in (0, 1, 2):
        assert one["fds"][number] == "/dev/null"


def test_the_privileged_half(seen):
    """It is root in every id, and nothing of its caller is left."""
    parent, _ = seen
    check_reset(parent)
    assert parent["status"]["Uid"].split() == ["0"] * 4
    assert parent["status"]["Gid"].split() == ["0"] * 4
    assert parent["limits"]["Max file size"][0] == "unlimited"
    assert parent["limits"]["Max cpu time"][0] == "30"
    assert parent["limits"]["Max open files"][0] == "256"
    # The reply, the lock, the pipe.
    others = {fd: name for fd, name in parent["fds"].items() if fd > 2}
    assert 3 in others and len(others) == 3, others
    assert sum(name.startswith("/run/pam_jwks/") and name.endswith(".lock")
               for name in others.values()) == 1


def test_the_worker(seen):
    """It is nobody, without a way back, and bounded."""
    _, worker = seen
    check_reset(worker)
    status = worker["status"]
    assert status["Uid"].split() == [NOBODY] * 4
    assert status["Gid"].split() == [NOBODY] * 4
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1"
    with open(os.path.join(hosts.build_dir(), "config.h"),
              encoding="ascii") as file:
        filtered = "#define HAVE_SECCOMP 1" in file.read()
    assert status["Seccomp"] == ("2" if filtered else "0")
    limits = worker["limits"]
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max cpu time"] == ["5", "5"]
    assert limits["Max open files"] == ["64", "64"]
    assert limits["Max processes"] == ["256", "256"]
    assert limits["Max address space"] == [
        "unlimited" if is_sanitized() else str(1 << 30)] * 2
    kinds = sorted(re.sub(r":.*", "", name)
                   for fd, name in worker["fds"].items() if fd > 2)
    assert [kind for kind in kinds if kind != "socket"] == ["pipe"]


def test_the_worker_dies_with_its_parent(machine, provider):
    """Nobody is left to end it: the kernel does."""
    provider.behave("keys", "hang")
    running = machine.spawn([FETCHER, "--cause", "forced", "--config",
                             hosts.CONFIG, "--section", "corp"])
    alarm = time.monotonic() + 6
    while provider.count("keys") == 0 and time.monotonic() < alarm:
        time.sleep(0.02)
    lines = machine.run(["/usr/bin/python3", "-c", LOOK]).out.splitlines()
    both = [ast.literal_eval(line) for line in lines]
    pids = {one["pid"] for one in both}
    parent, = (one for one in both if one["parent"] not in pids)
    assert len(both) == 2
    machine.run(["sh", "-c", f"kill -KILL {parent['pid']}"])
    running.wait(5)
    alarm = time.monotonic() + 3
    while machine.processes() and time.monotonic() < alarm:
        time.sleep(0.05)
    assert machine.processes() == []


def fetch(host, *before, cause="forced"):
    result = host.run([*before, FETCHER, "--cause", cause, "--config",
                       hosts.CONFIG, "--section", "corp"])
    match = re.fullmatch(r"pam-jwks-fetch 1 (\w+) ?(.*)\n", result.out)
    assert match, result
    return match.groups()


def test_capabilities_that_survive_a_change_of_ids(machine, provider):
    """With no_setuid_fixup set capabilities outlive setresuid: the worker drops
    them itself."""
    status, words = fetch(machine, "setpriv", "--securebits",
                          "+no_setuid_fixup")
    assert status == "ok", words
    assert provider.count("keys") == 1


def test_a_worker_that_cannot_change_its_ids(machine, provider):
    """Root without the right to change ids: nobody is asked."""
    status, words = fetch(machine, "setpriv", "--bounding-set", "-setuid",
                          "--inh-caps", "-setuid")
    assert (status, words) == (
        "fetch_failed", "becoming the user that fetches: Operation not "
        "permitted")
    assert provider.count() == 0


@pytest.mark.parametrize("what", ["seccomp", "seccomp-load"])
def test_confinement_that_fails(machine, provider, what):
    """A worker that cannot be filtered asks nobody, and check says so.  An
    outer filter refuses seccomp(2) and its forerunner here."""
    with open(os.path.join(hosts.build_dir(), "config.h"),
              encoding="ascii") as file:
        if "#define HAVE_SECCOMP 1" not in file.read():
            raise hosts.Missing("built without libseccomp")
    refuse = [hosts.find_built("tests/fetch/refuse"), what, "--"]
    status, words = fetch(machine, *refuse)
    assert status == "fetch_failed"
    assert words.startswith("filtering the fetching process's system calls:")
    assert provider.count() == 0
    checked = machine.run([*refuse, hosts.find_built("pam-jwks"), "check",
                           "-c", hosts.CONFIG])
    assert checked.returncode == 2
    assert "error    fetching cannot be confined, so no keys are fetched: " \
        "filtering the fetching process's system calls:" in checked.out


def test_confinement_that_fails_holds_nobody_back(machine, provider):
    """A service in which no worker can be confined asks nobody: what it cannot
    do is no failure of the provider, and no pause for all others."""
    with open(os.path.join(hosts.build_dir(), "config.h"),
              encoding="ascii") as file:
        if "#define HAVE_SECCOMP 1" not in file.read():
            raise hosts.Missing("built without libseccomp")
    refuse = [hosts.find_built("tests/fetch/refuse"), "seccomp", "--"]
    for _ in range(2):
        status, words = fetch(machine, *refuse, cause="cold")
        assert status == "fetch_failed", words
        assert words.startswith("filtering the fetching process's system")
    assert provider.count() == 0
    status, words = fetch(machine, cause="cold")
    assert status == "ok", words


@pytest.mark.parametrize("step", ["create", "rule", "restrict"])
def test_landlock_that_fails(machine, provider, step):
    """A worker that Landlock should confine, and does not, asks nobody."""
    tried = machine.run([FETCHER, "--try", "--config", hosts.CONFIG])
    if "by Landlock" not in tried.out:
        raise hosts.Missing("this kernel has no Landlock")
    status, words = fetch(machine, hosts.find_built("tests/fetch/refuse"),
                          "landlock-" + step, "--")
    assert status == "fetch_failed"
    assert words.startswith("confining the fetching process with Landlock:")
    assert provider.count() == 0


def test_a_kernel_without_landlock(machine, provider):
    """It fetches all the same, and check tells what is missing."""
    refuse = [hosts.find_built("tests/fetch/refuse"), "landlock", "--"]
    status, words = fetch(machine, *refuse)
    assert status == "ok", words
    checked = machine.run([*refuse, hosts.find_built("pam-jwks"), "check",
                           "-c", hosts.CONFIG])
    assert "no Landlock in this kernel" in checked.out


def test_check_tells_what_confines(machine, provider):
    """It runs a worker that asks nobody."""
    checked = machine.run([hosts.find_built("pam-jwks"), "check",
                           "--offline", "-c", hosts.CONFIG])
    assert "ok       fetching is confined: a user of its own, " in checked.out
    assert provider.count() == 0
    assert machine.processes() == []


def test_the_user_is_missing(machine, provider):
    """No fetch, one clear line, and check says how to mend it."""
    machine.config(provider.section(ca_file=CA), fetch_user="pam-jwks-x")
    status, words = fetch(machine)
    assert (status, words) == (
        "fetch_user_missing", "user pam-jwks-x does not exist, make it "
        "(systemd-sysusers or useradd --system) or name another as "
        "fetch_user")
    machine.pam("login-test", "auth required {module}")
    report = machine.authenticate("login-test", "alice",
                                  provider.token("alice"))
    attempt = machine.take_attempt()
    assert report["auth"] == "PAM_AUTHINFO_UNAVAIL"
    assert attempt["reason"] == "keys_unavailable"
    assert "user pam-jwks-x does not exist, make it (systemd-sysusers or " \
        "useradd --system)" in attempt.line
    checked = machine.run([hosts.find_built("pam-jwks"), "check", "-c",
                           hosts.CONFIG])
    assert checked.returncode == 2
    assert re.search("^error    the user pam-jwks-x that fetches keys does not "
                     "exist; make it: systemd-sysusers, or useradd --system "
                     "--no-create-home --shell /usr/sbin/nologin pam-jwks-x$",
                     checked.out, re.M), checked
    assert provider.count() == 0
    assert os.listdir(machine.path("/var/cache/pam_jwks")) == []


@pytest.mark.parametrize("user", ["root", "sync"])
def test_the_user_is_root(machine, provider, user):
    """Neither root nor a user of root's group fetches."""
    machine.write("/etc/passwd", machine.read("/etc/passwd").decode()
                  .replace("sync:x:4:65534:", "sync:x:4:0:"))
    machine.config(provider.section(ca_file=CA), fetch_user=user)
    status, words = fetch(machine)
    assert (status, words) == (
        "fetch_user_missing",
        f"fetch_user {user} is root, or in root's group")
    assert provider.count() == 0


def test_run_by_hand_it_explains_itself(machine, provider):
    """Without a word it says how it is used, and does nothing else."""
    result = machine.run([FETCHER])
    assert result.returncode == 2 and result.err == "", result
    assert result.out.startswith("usage: pam-jwks-fetch --cause CAUSE "), result
    result = machine.run([FETCHER, "--cause", "whim", "--section", "corp"])
    assert result.returncode == 2 and result.out == "", result
    assert result.err.startswith("usage: pam-jwks-fetch --cause CAUSE "), result
    assert provider.count() == 0


WRONG = (
    # Both of the ways to name a section, none, or half of one.
    "--cause cold", "--cause cold --config /x",
    "--cause cold --section corp --option issuer=https://a.test",
    "--cause cold --config /x --option issuer=https://a.test",
    "--section corp", "--option issuer=https://a.test",
    # What goes alone.
    "--all --try", "--all --section corp", "--all --cause cold",
    "--try --cause cold", "--all --option issuer=https://a.test",
    # No such word, and words beyond.
    "--everything", "--cause", "--cause cold --section corp more",
    # No descriptor that an answer could go to.
    "--cause cold --section corp --reply-fd 2",
    "--cause cold --section corp --reply-fd 1024",
    "--cause cold --section corp --reply-fd 900",
    "--cause cold --section corp --reply-fd x",
)


def test_wrong_arguments(machine, provider):
    """A wrong command line does nothing: usage on standard error, status 2."""
    for words in WRONG:
        result = machine.run([FETCHER, *words.split()])
        assert (result.returncode, result.out) == (2, ""), words
        assert result.err.startswith("usage: pam-jwks-fetch "), words
    assert provider.count() == 0


def test_a_service_of_its_own(machine, provider):
    """Run by an ordinary user there is nothing to give up, and the worker is
    confined all the same."""
    for folder in ("/run/home/alice/cache", "/run/home/alice/state"):
        os.mkdir(machine.path(folder), 0o700)
        os.chown(machine.path(folder), *[hosts.USERS["alice"][0]] * 2)
    machine.config(provider.section(ca_file=CA),
                   cache_dir="/run/home/alice/cache",
                   state_dir="/run/home/alice/state")
    result = machine.run([FETCHER, "--cause", "cold", "--config", hosts.CONFIG,
                          "--section", "corp"], user="alice")
    assert result.out.startswith("pam-jwks-fetch 1 ok new keys"), result
    result = machine.run([FETCHER, "--try", "--config", hosts.CONFIG],
                         user="alice")
    assert result.out.startswith("pam-jwks-fetch 1 ok the caller's user, "), \
        result
    assert (provider.count("discovery"), provider.count("keys")) == (1, 1)
