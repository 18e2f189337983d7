"""What systemd gets: the user, the folders, the service that fetches for hosts
without root, and its timer.  There is no systemd to run them here: its own
tools read the files, and the service's line runs under those restrictions that
can be had without it (tests/support/confined)."""

import datetime
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import hosts
import services
from provider import Provider

UNIT = "pam-jwks-refresh.service"
TIMER = "pam-jwks-refresh.timer"
CONFINED = os.path.join(hosts.HERE, "confined")


def built(name):
    return os.path.join(hosts.build_dir(), "units", name)


def run(*argv):
    """One of systemd's tools, as (exit status, all that it printed)."""
    hosts.need(argv[0])
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=30, check=False, text=True,
        env=dict(hosts.environment("root"), HOME="/"))
    return done.returncode, done.stdout


@pytest.fixture(name="unit")
def fixture_unit(tmp_path):
    """The service as it was built, with a program that exists here."""
    with open(built(UNIT), encoding="ascii") as file:
        text = file.read()
    program = hosts.find_built("pam-jwks-fetch")
    text, count = re.subn(r"(?m)^ExecStart=\S+/pam-jwks-fetch --all$",
                          f"ExecStart={program} --all", text)
    assert count == 1
    assert not re.search("@[a-z]+@", text), "not everything was substituted"
    path = tmp_path / UNIT
    path.write_text(text)
    return path


# --- what systemd's tools say --------------------------------------------------------

def test_units_are_correct(unit, tmp_path):
    """systemd finds no mistake, not even a word that it does not know."""
    timer = tmp_path / TIMER
    timer.write_bytes(open(services.source_file("conf/systemd/" + TIMER),
                           "rb").read())
    code, said = run("systemd-analyze", "verify", "--man=no", str(unit),
                     str(timer))
    mine = [line for line in said.splitlines() if "pam-jwks" in line]
    assert (code, mine) == (0, []), said


def test_exposure(unit):
    """`systemd-analyze security` gives 2.0 or less."""
    code, said = run("systemd-analyze", "security", "--offline=true",
                     "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", said)
    assert found, (code, said)
    print(found[0])
    assert float(found[1]) <= 2.0, said


def test_timer_is_quicker_than_keys_age():
    """The distance of two runs is below the shortest life of keys by default,
    300 seconds, and every host keeps its own delay."""
    with open(services.source_file("conf/systemd/" + TIMER),
              encoding="ascii") as file:
        timer = dict(re.findall(r"(?m)^(\w+)=(.*)$", file.read()))
    code, said = run("systemd-analyze", "calendar", "--iterations=20",
                     timer["OnCalendar"])
    assert code == 0, said
    times = [datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") for text in
             re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", said)]
    assert len(times) >= 20, said
    times = sorted(set(times))
    assert max((b - a).seconds for a, b in zip(times, times[1:])) < 300
    assert timer["FixedRandomDelay"] == "yes"
    assert timer["RandomizedDelaySec"]


@pytest.fixture(name="installed")
def fixture_installed(tmp_path):
    """What `make install` puts into its places, below a scratch folder."""
    makefile = os.path.join(hosts.build_dir(), "Makefile")
    with open(makefile, encoding="utf-8") as file:
        places = dict(re.findall(
            r"(?m)^(systemdsystemunitdir|sysusersdir|tmpfilesdir) = (.*)$",
            file.read()))
    if "no" in places.values():
        raise hosts.Missing("configured without systemd's folders")
    hosts.need("make", "systemd-sysusers", "systemd-tmpfiles")
    done = subprocess.run(
        ["make", "-s", "-C", hosts.build_dir(), f"DESTDIR={tmp_path}",
         "install-systemdsystemunitDATA", "install-sysusersDATA",
         "install-tmpfilesDATA"], env=hosts.environment("root"), text=True,
        capture_output=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    for kind, name in (("systemdsystemunitdir", UNIT),
                       ("systemdsystemunitdir", TIMER),
                       ("sysusersdir", "pam-jwks.conf"),
                       ("tmpfilesdir", "pam-jwks.conf")):
        assert os.path.isfile(f"{tmp_path}{places[kind]}/{name}"), kind
    return tmp_path, places


def test_user(installed):
    """systemd-sysusers makes a system user without a shell or a home."""
    root, places = installed
    (root / "etc").mkdir()
    code, said = run("systemd-sysusers", f"--root={root}",
                     f"{root}{places['sysusersdir']}/pam-jwks.conf")
    assert code == 0, said
    lines = {name: (root / "etc" / name).read_text().split(":")
             for name in ("passwd", "group", "shadow")}
    user = lines["passwd"]
    assert (user[0], lines["group"][0]) == ("pam-jwks", "pam-jwks")
    assert 0 < int(user[2]) < 1000 and int(user[3]) != 0
    assert user[6].strip().endswith("nologin")
    assert lines["shadow"][1][0] in "!*"


def test_folders(installed):
    """systemd-tmpfiles makes the folders with the modes that the key supply
    wants."""
    if os.geteuid() != 0:
        raise hosts.Missing("systemd-tmpfiles needs root to give files away")
    root, places = installed
    code, said = run("systemd-tmpfiles", f"--root={root}", "--create",
                     f"{root}{places['tmpfilesdir']}/pam-jwks.conf")
    assert code == 0, said
    with open(built("pam-jwks.conf"), encoding="ascii") as file:
        wanted = dict(re.findall(r"(?m)^d (\S+) (\d+)", file.read()))
    assert sorted(wanted.values()) == ["0700", "0755"]
    for path, mode in wanted.items():
        status = os.stat(f"{root}{path}")
        assert oct(status.st_mode) == "0o4" + mode, path
        assert (status.st_uid, status.st_gid) == (0, 0), path


# --- the service's line --------------------------------------------------------------

@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


def start(host, command=None):
    """Runs the service, or another command, under its restrictions."""
    hosts.need("unshare", "systemd-analyze")
    with open(built(UNIT), encoding="ascii") as file:
        text = file.read()
    line = command or (services.PLACE + "/pam-jwks-fetch --all --config "
                       + hosts.CONFIG)
    text = re.sub(r"(?m)^ExecStart=.*$", "ExecStart=" + line, text)
    host.write("/run/" + UNIT, text)
    return host.run(["unshare", "--mount", "--propagation", "private",
                     sys.executable, CONFINED, "/run/" + UNIT])


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    services.configure(host, provider, "postgresql")
    return host


def test_service_fetches(machine, provider):
    """A host without any folder of ours has keys after one run, with the right
    owners and modes, and a service without root logs in with them."""
    machine.remove("/var/cache/pam_jwks")
    machine.remove("/run/pam_jwks")
    done = start(machine)
    assert done.returncode == 0, done
    assert re.match(r"pam-jwks-fetch 1 ok corp", done.out), done
    assert provider.count("keys") == 1
    for folder, mode in (("/var/cache/pam_jwks", "0755"),
                         ("/run/pam_jwks", "0700")):
        assert oct(os.stat(machine.path(folder)).st_mode) == "0o4" + mode
    folder = machine.path("/var/cache/pam_jwks")
    (name,) = [n for n in os.listdir(folder) if n.endswith(".jwks")]
    status = os.stat(os.path.join(folder, name))
    assert (status.st_uid, oct(status.st_mode)) == (0, "0o100644")
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    assert boot in machine.read(f"/var/cache/pam_jwks/{name}").decode()


def test_service_again(machine, provider):
    """Every run asks, also if the keys are fresh; new keys replace old ones."""
    assert start(machine).returncode == 0
    provider.rotate()
    assert start(machine).returncode == 0
    assert provider.count("keys") == 2
    services.shipped_stack(machine, "postgresql")
    report = machine.authenticate("postgresql", "anna", services.short_token(
        provider, "anna"))
    assert report["auth"] == "PAM_SUCCESS", machine.take_attempts()
    assert provider.count("keys") == 2


def test_service_tells_what_failed(machine, provider):
    """A failure is one line for the journal, and the exit status."""
    provider.behave("keys", "503")
    done = start(machine)
    assert done.returncode == 1, done
    assert "fetch_failed" in done.out and "HTTP 503" in done.out, done


def test_service_ends_a_worker_that_hangs(machine, provider):
    """A worker that does not end by itself is ended at the time limit, although
    the service may not signal other users' processes."""
    provider.behave("keys", "hang")
    machine.write(hosts.CONFIG, machine.read(hosts.CONFIG).replace(
        b"[module]\n", b"[module]\ntimeout_cold = 4s\n"))

    def worker():
        listed = machine.run(["ps", "-eo", "pid=,user=,args="]).out
        return re.findall(r"(?m)^ *(\d+) nobody +\S*/pam-jwks-fetch", listed)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(start, machine)
        (pid,) = services.wait_for("the worker", worker)
        services.wait_for("its request", lambda: provider.count("keys"))
        assert machine.run(["kill", "-STOP", pid]).returncode == 0
        done = running.result()
    assert done.returncode == 1, done
    assert "fetch_timeout" in done.out, done
    assert not services.pids(machine, "pam-jwks-fetch")


def test_restrictions_are_in_force(machine):
    """What the service does not need it cannot do: this is no empty frame."""
    machine.write("/run/try", """#!/bin/sh

try() { if "$@"; then echo "yes: $*"; else echo "no: $*"; fi; }
try touch /var/cache/pam_jwks/x
try touch /run/pam_jwks/x
try touch /etc/x
try touch /run/x
try chown 1:1 /run/pam_jwks/x
try mount -t tmpfs tmpfs /var/cache/pam_jwks
try kill -0 %d
try python3 -c 'import os; os.setgroups([]); os.setresuid(8, 8, 8)'
try python3 -c 'import os; os.nice(1)'
try python3 -c 'import socket; socket.socket(socket.AF_INET)'
try python3 -c 'import socket; socket.socket(socket.AF_VSOCK)'
""".replace("python3", sys.executable) % machine.spawn(["sleep", "30"], user="alice").pid, 0o755)
    done = start(machine, "/bin/sh /run/try")
    told = [line.split(":")[0] for line in done.out.splitlines()]
    assert told == ["yes", "yes", "no", "no", "no", "no", "no", "yes", "no",
                    "yes", "no"], done
