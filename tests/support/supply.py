"""A machine for the key supply: private folders, the real helper and the real
tool, logins in real processes, and clocks that a test moves.

    with Machine(provider) as machine:
        machine.login()                 # one Login: reason, ms, detail
        machine.logins(200)             # at once
        machine.pass_time(900)          # wall and boot clock
        machine.helpers()               # process ids of running helpers

Its helper and its logins are built with a clock that the file "clock" beside
the program shifts (tests/supply/hooks.c); all else in them is what is shipped.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time

import hosts
import tokens

LONG = os.environ.get("PJ_LONG") == "1"


class Login:
    """How a login ended: the module's reason, its milliseconds, its detail."""

    def __init__(self, line):
        self.reason, ms, self.detail = (line.split(" ", 2) + [""])[:3]
        self.ms = float(ms)

    def __repr__(self):
        return f"{self.reason} after {self.ms:.0f} ms: {self.detail}"


class Tally:
    """Many logins: how many ended for each reason, and times in ms."""

    def __init__(self, lines):
        self.counts, self.longest, self.mean = {}, 0.0, {}
        for line in lines:
            reason, count, longest, mean = line.split()
            self.counts[reason] = self.counts.get(reason, 0) + int(count)
            self.longest = max(self.longest, float(longest))
            self.mean[reason] = float(mean)

    def __repr__(self):
        return f"{self.counts}, longest {self.longest:.0f} ms, {self.mean}"


class Machine:
    """See the head of this file."""

    def __init__(self, provider, **module):
        if os.geteuid() != 0:
            raise hosts.Missing("the key supply's tests need root")
        self.provider = provider
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="pj-supply."))
        os.chmod(self.base, 0o755)
        self.cache = self.base + "/cache"
        self.state = self.base + "/state"
        self.bin = self.base + "/bin"
        self.conf = self.base + "/conf"
        self.ca = self.base + "/ca.pem"
        os.mkdir(self.bin, 0o755)
        for name, source in (("login", "tests/supply/login"),
                             ("pam-jwks-fetch", "tests/supply/fetch")):
            shutil.copy(os.path.join(hosts.build_dir(), source),
                        os.path.join(self.bin, name))
        self.helper = self.bin + "/pam-jwks-fetch"
        self.offset = (0, 0, "-")
        self.started = []
        if provider is not None:
            self.put(self.ca, provider.authority.ca_text())
            self.configure(provider.section(ca_file=self.ca), **module)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends what still runs of this machine and removes its folder."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
        for _ in range(100):
            left = self.helpers()
            if not left:
                break
            for pid in left:
                _signal(pid, signal.SIGKILL)
            time.sleep(0.02)
        shutil.rmtree(self.base, ignore_errors=True)

    # --- files

    def put(self, path, text, mode=0o644):
        """Writes a file anew."""
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def configure(self, sections, **module):
        """Writes the configuration."""
        settings = {"fetch_user": "nobody", "helper": self.helper,
                    "cache_dir": self.cache, "state_dir": self.state}
        settings.update(module)
        self.put(self.conf, "[module]\n" + "".join(
            f"{k} = {v}\n" for k, v in settings.items()) + sections)

    def data(self):
        """The path of the one data file; None if there is none."""
        return self._file(self.cache, ".jwks")

    def state_text(self):
        """The one state file's lines as a dictionary."""
        path = self._file(self.state, ".state")
        if path is None:
            return {}
        with open(path, encoding="ascii") as file:
            return dict(line.rstrip("\n").split(" ", 1)
                        for line in file if " " in line)

    @staticmethod
    def _file(folder, suffix):
        try:
            names = [n for n in os.listdir(folder)
                     if n.endswith(suffix) and not n.startswith(".")]
        except FileNotFoundError:
            return None
        assert len(names) <= 1, names
        return os.path.join(folder, names[0]) if names else None

    def forget(self):
        """A cold cache, no state."""
        for folder in (self.cache, self.state):
            shutil.rmtree(folder, ignore_errors=True)

    # --- clocks

    def set_clock(self, wall, boot, boot_id="-"):
        """Shifts the clocks of everything that starts from now on."""
        self.offset = (int(wall), int(boot), boot_id)
        self.put(self.bin + "/clock.put", "%d %d %s\n" % self.offset)
        os.rename(self.bin + "/clock.put", self.bin + "/clock")

    def pass_time(self, seconds):
        """Both clocks go on."""
        wall, boot, boot_id = self.offset
        self.set_clock(wall + seconds, boot + seconds, boot_id)

    def read_clock(self):
        """Takes over where `login kids` has moved the clocks to."""
        with open(self.bin + "/clock", encoding="ascii") as file:
            wall, boot, boot_id = file.read().split()
        self.offset = (int(wall), int(boot), boot_id)

    def now(self):
        """The shifted wall clock."""
        return int(time.time()) + self.offset[0]

    # --- logins

    def token(self, user="alice", provider=None, **members):
        """A good token by the shifted clock."""
        return (provider or self.provider).token(user, now=self.now(),
                                                 **members)

    def command(self, token, *mode):
        """The words that start logins with a token."""
        fd, path = tempfile.mkstemp(prefix="token.", dir=self.base)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(token if token is not None else self.token())
        return [self.bin + "/login", self.conf, path, *map(str, mode)]

    def start(self, argv, input_=subprocess.DEVNULL, **kwargs):
        """Starts a program of this machine."""
        process = subprocess.Popen(
            argv, stdin=input_, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **kwargs)
        self.started.append(process)
        return process

    def finish(self, process, timeout=50, may_die=False):
        """Waits for it; returns its lines."""
        out, err = process.communicate(timeout=timeout)
        assert may_die or process.returncode == 0, (process.returncode, err)
        return out.splitlines()

    def run(self, argv, timeout=50, may_die=False, **kwargs):
        """Both."""
        return self.finish(self.start(argv, **kwargs), timeout, may_die)

    def logins(self, count, token=None):
        """count processes that log in at once."""
        lines = self.run(self.command(token, "at-once", count))
        assert len(lines) == count, lines
        return [Login(line) for line in lines]

    def login(self, token=None, mode="once", **kwargs):
        """One login."""
        lines = self.run(self.command(token, mode), **kwargs)
        assert len(lines) == 1, lines
        return Login(lines[0])

    def begin(self, token=None, mode="once", **kwargs):
        """Starts one login; end it with result()."""
        return self.start(self.command(token, mode), **kwargs)

    def result(self, process):
        """How a login ended that begin() started."""
        lines = self.finish(process)
        assert len(lines) == 1, lines
        return Login(lines[0])

    def flood(self, count, seconds, good=0, token=None):
        """count logins with random key ids, one after the other, while the
        clocks go on by some seconds; two Tallies: theirs, and that of the good
        logins, one for each good of them."""
        lines = self.run(self.command(token, "kids", count, seconds * 1000,
                                      good))
        self.read_clock()
        cut = lines.index("good")
        return Tally(lines[:cut]), Tally(lines[cut + 1:])

    def accept(self, token=None, **kwargs):
        """A login that must work."""
        login = self.login(token, **kwargs)
        assert login.reason == "ok", login
        return login

    # --- the helper and the tool

    def fetch(self, cause="forced"):
        """Runs the helper as a timer does; its line."""
        return self.run([self.helper, "--cause", cause, "--config", self.conf,
                         "--section", "corp"], may_die=True)[0]

    def tool(self, *words):
        """Runs pam-jwks; its lines."""
        return self.run([hosts.find_built("pam-jwks"), *words, "-c",
                         self.conf], may_die=True)

    def helpers(self):
        """Process ids of running helpers, {pid: parent}."""
        found = {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                if os.readlink(f"/proc/{name}/exe") != self.helper:
                    continue
                with open(f"/proc/{name}/stat", encoding="ascii") as file:
                    text = file.read()
            except OSError:
                continue
            state, parent = text.rsplit(") ", 1)[1].split()[:2]
            if state != "Z":
                found[int(name)] = int(parent)
        return found

    def fetching(self, timeout=10):
        """Waits until a helper has a worker; the helper's process id."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            running = self.helpers()
            for pid, parent in running.items():
                if parent in running and running[parent] not in running:
                    return parent
            time.sleep(0.005)
        raise AssertionError("no helper is fetching")

    def until(self, condition, timeout=15):
        """Waits until it holds."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.005)

    def idle(self, timeout=20):
        """Waits until no helper runs, nor is about to: what a login has just
        made has another name for some moments."""
        time.sleep(0.3)
        end = time.monotonic() + timeout
        while self.helpers():
            assert time.monotonic() < end, "a helper runs on"
            time.sleep(0.01)

    def slack(self, processes):
        """Seconds that a deadline may be late on this machine, now: one, or
        twice what it takes to start that many helpers that do nothing."""
        begin = time.monotonic()
        self.run(["/bin/sh", "-c", f'i=0; while [ $i -lt {processes} ]; do '
                  f'{self.helper} >/dev/null & i=$((i+1)); done; wait'])
        return max(1.0, 2 * (time.monotonic() - begin))


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def stop(pid, number=signal.SIGSTOP):
    """Sends a signal to a process that may be gone."""
    _signal(pid, number)


def skipped_keys():
    """Keys that no token can be verified with, each for another reason."""
    good = tokens.public(tokens.shared_key("ES256", "x"))
    return [
        "a string", 7, None, [], {},
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        {"kty": "AKP", "kid": "pq", "alg": "ML-DSA-44", "pub": "AAAA"},
        dict(good, kid="enc", use="enc"),
        dict(good, kid="ops", key_ops=["sign"]),
        dict(good, kid="off", x=good["y"]),
        dict(tokens.public(tokens.shared_key("RS256", "y")), kid="small",
             n="AQAB" * 40),
        # 2^2048 - 1, a multiple of 3
        {"kty": "RSA", "kid": "unsound", "e": "AQAB", "n": "_" * 341 + "w"},
        dict(good, kid="private", d=good["x"]),
    ]
