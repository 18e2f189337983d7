"""Many ssh logins at once against one sshd, while the provider rotates its
keys, is out of reach, and helpers are killed at random moments.

    with Storm(host, provider, at_once=50) as storm:
        storm.trouble()             # from now on, until the block ends
        storm.logins(1000)          # or storm.until(seconds)
        storm.verify()

What has a right to succeed: a good token whose key the host had when the login
began, whatever happens meanwhile; and one whose key is published, if no pause
was on that a stranger's key id, an outage or a killed helper has caused, and
none of these two happened meanwhile.  A key that was withdrawn by then gives no
right.
"""

import collections
import os
import random
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import hosts
import services
import tokens

CA = "/etc/security/ca.pem"
ASKPASS = "/run/askpass-storm"
CACHE, STATE = "/var/cache/pam_jwks", "/run/pam_jwks"
TTL = 4                         # seconds
KEPT = 5                        # keys beside a new one
COOLDOWN = 2                    # kid_cooldown, at first
CRASHED = 62                    # PJ_CRASHED_HOLD_MAX, and clocks of seconds
BAD = ("expired", "spoiled", "stranger", "audience", "other user")

Login = collections.namedtuple("Login", "kind kid cached held begun ended out")


class Storm:
    """See the head of this file."""

    def __init__(self, host, provider, at_once, seed=1, every=1.0):
        self.host, self.provider, self.at_once = host, provider, at_once
        self.random = random.Random(seed)
        self.every = every              # mean seconds between two troubles
        self.troubles = []              # (begun, ended), monotonic
        self.withdrawn = {}             # key id: when
        self.counts = collections.Counter()
        self.done = []
        self.begun = time.monotonic()
        self._stop = threading.Event()
        self._threads = []
        provider.cache_control = f"max-age={TTL}"
        provider.slow_seconds = 0.1
        for what in ("discovery", "keys"):
            provider.behave(what, "slow")
        host.write(CA, provider.authority.ca_text())
        host.config(provider.section(
            ca_file=CA, services="sshd", min_ttl=f"{TTL}s",
            kid_cooldown=f"{COOLDOWN}s"), helper=services.install(host))
        host.pam("sshd", "auth required {module}")
        host.write(ASKPASS, "#!/bin/sh\nprintf '%s\\n' \"$STORM_TOKEN\"\n",
                   0o755)
        self.helper = os.stat(host.path(services.PLACE + "/pam-jwks-fetch"))
        self.port = host.sshd(MaxStartups="1000", LogLevel="ERROR")
        provider.forget()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.calm()

    # --- trouble

    def trouble(self):
        """Begins."""
        for kinds in ((self.rotate, self._outage, self._timer),
                      (self._kill,)):
            self._threads.append(threading.Thread(
                target=self._run, args=(kinds,)))
            self._threads[-1].start()

    def calm(self):
        """Ends."""
        self._stop.set()
        while self._threads:
            self._threads.pop().join()

    def _run(self, kinds):
        while not self._stop.wait(self.random.expovariate(1 / self.every)):
            self.random.choice(kinds)()

    def rotate(self):
        """A new key, from now on in use, beside some of the last ones."""
        for key in self.provider.keys[KEPT:]:
            self.withdrawn[key["kid"]] = time.monotonic()
        self.provider.keys = self.provider.keys[:KEPT]
        self.provider.rotate(keep_old=True)
        self.counts["rotations"] += 1

    def down(self, how):
        """The provider answers like one that is down, until up()."""
        self.troubles.append((time.monotonic(), float("inf")))
        for what in ("discovery", "keys"):
            self.provider.behave(what, how)
        self.counts["outages"] += 1

    def up(self):
        """It is back.  What began before may hang until request_timeout."""
        for what in ("discovery", "keys"):
            self.provider.behave(what, "slow")
        for i, (begun, ended) in enumerate(self.troubles):
            if ended == float("inf"):
                self.troubles[i] = (begun, time.monotonic() + 6)

    def _outage(self):
        """One of these ways, for some time."""
        self.down(self.random.choice(("503", "close", "hang", "html")))
        self._stop.wait(self.random.uniform(0.5, 5))
        self.up()

    def _timer(self):
        """Root's timer, which may be killed as well."""
        self.counts["timers"] += 1
        self.host.spawn([services.PLACE + "/pam-jwks-fetch", "--all",
                         "--config", hosts.CONFIG], stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL)

    def _kill(self):
        """The next helper that shows itself, soon after it does."""
        alarm = time.monotonic() + 5
        while time.monotonic() < alarm and not self._stop.is_set():
            for pid in self.helpers():
                time.sleep(self.random.uniform(0, 0.2))
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                now = time.monotonic()
                self.troubles.append((now, now + CRASHED))
                self.counts["killed"] += 1
                return
            time.sleep(0.003)

    def helpers(self):
        """Process ids of this host's own helper."""
        found = []
        for name in os.listdir("/proc"):
            try:
                seen = name.isdigit() and os.stat(f"/proc/{name}/exe")
            except OSError:
                continue
            if seen and (seen.st_dev, seen.st_ino) == (
                    self.helper.st_dev, self.helper.st_ino):
                found.append(int(name))
        return found

    # --- logins

    def _cached(self):
        """The text of the keys that the host has."""
        for folder in (CACHE, STATE):
            for name in os.listdir(self.host.path(folder)):
                if name.endswith(".jwks") and not name.startswith("."):
                    return self.host.read(f"{folder}/{name}").decode(
                        errors="replace")
        return ""

    def _held(self):
        """True if the host's state has a pause for unknown key ids."""
        for name in os.listdir(self.host.path(STATE)):
            if name.endswith(".state") and not name.startswith("."):
                words = self.host.read(f"{STATE}/{name}").decode().split()
                until = [int(words[words.index(word) + 1])
                         for word in ("kid_until", "backoff_until")]
                return max(until) >= int(
                    time.clock_gettime(time.CLOCK_BOOTTIME))
        return False

    def _token(self, kind, key):
        make = self.provider.token
        if kind == "expired":
            return make(key=key, expires_in=-600)
        if kind == "spoiled":
            return tokens.spoil_signature(make(key=key))
        if kind == "stranger":
            return make(key=key, header={"kid": os.urandom(6).hex()})
        if kind == "audience":
            return make(key=key, audience="another-service")
        return make("bob" if kind == "other user" else "alice", key=key)

    def _one(self, number):
        kind = "good" if number % 3 else self.random.choice(BAD)
        # Tokens of old keys are in use until these are withdrawn.
        keys = self.provider.keys
        key = keys[0] if self.random.random() < 0.3 else keys[-1]
        token = self._token(kind, key)
        cached, held = f'"{key["kid"]}"' in self._cached(), self._held()
        begun = time.monotonic()
        result = self.host.run(
            ["ssh", "-F", "none", "-T", "-p", str(self.port), "-l", "alice",
             "-o", "UserKnownHostsFile=/run/known_hosts",
             "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR",
             "-o", "PreferredAuthentications=keyboard-interactive",
             "-o", "NumberOfPasswordPrompts=1", "127.0.0.1", "id -un"],
            timeout=120, env={
                "SSH_ASKPASS": ASKPASS, "SSH_ASKPASS_REQUIRE": "force",
                "DISPLAY": "none:0", "STORM_TOKEN": token})
        self.done.append(Login(
            kind, key["kid"], cached, held, begun, time.monotonic(),
            (result.returncode, result.out, result.err)))

    def logins(self, count):
        """So many."""
        with ThreadPoolExecutor(self.at_once) as pool:
            list(pool.map(self._one, range(count)))

    def until(self, seconds):
        """For so long."""
        end = time.monotonic() + seconds

        def keep(first):
            number = first
            while time.monotonic() < end:
                self._one(number)
                number += 1

        with ThreadPoolExecutor(self.at_once) as pool:
            list(pool.map(keep, range(self.at_once)))

    def fetch(self):
        """What root's timer does."""
        services.fetch_all(self.host)

    # --- what came of it

    def had_a_right(self, login):
        """See the head of this file."""
        if login.kind != "good" or login.ended > self.withdrawn.get(
                login.kid, float("inf")):
            return False
        return login.cached or not (
            login.held or any(begun < login.ended and ended > login.begun
                              for begun, ended in self.troubles))

    def budget(self):
        """The most key sets that the provider may be asked for: one fetch in
        half a ttl, one for unknown keys in each first pause (a
        rotation that is found makes pauses short again), one more for each
        rotation and each run of the timer, and what was killed on its way."""
        seconds = time.monotonic() - self.begun
        return int(2 + seconds / (0.5 * TTL) + seconds / COOLDOWN
                   + self.counts["rotations"] + self.counts["killed"]
                   + self.counts["timers"])

    def verify(self):
        """Nobody wrongly refused, nobody wrongly accepted, not asked too
        often, nothing left; returns a line of figures."""
        refused = []
        for login in self.done:
            inside = login.out[:2] == (0, "alice\n")
            assert inside or login.out[0] == 255, login
            assert login.kind == "good" or not inside, login
            if login.kind == "good" and not inside:
                refused.append(login)
        waiting = len(refused)
        refused = [login for login in refused if self.had_a_right(login)]
        assert not refused, (len(refused), refused[:3], self.line(),
                             self.host.log()[-3000:])
        asked = self.provider.count("keys"), self.provider.count("discovery")
        assert max(asked) <= self.budget(), (asked, self.budget())
        services.wait_for("helpers", lambda: not self.helpers(), 20)
        left = [name for folder in (CACHE, STATE)
                for name in os.listdir(self.host.path(folder))
                if name.rsplit(".")[-1] not in ("jwks", "state", "lock")]
        assert not left, left
        return self.line() + f"; {waiting} refused without a right"

    def line(self):
        """Figures."""
        good = sum(login.kind == "good" for login in self.done)
        fetched = sum(not login.cached and self.had_a_right(login)
                      for login in self.done)
        took = sorted(login.ended - login.begun for login in self.done)
        return (f"{len(self.done)} logins in "
                f"{time.monotonic() - self.begun:.0f} s, "
                f"{good} good, {len(self.done) - good} bad, {fetched} with a "
                f"right to a key that was not there; {dict(self.counts)}; "
                f"requests: keys {self.provider.count('keys')}, discovery "
                f"{self.provider.count('discovery')}, budget {self.budget()}; "
                f"median {took[len(took) // 2]:.2f} s, "
                f"longest {took[-1]:.2f} s")
