#!/usr/bin/python3
"""What a large fleet asks of its provider: a simulation of 24 hours.

    fleet.py [HOSTS]            prints the table of docs/fleet.md

Each host follows pam_jwks/keys/lifetime.c and pam_jwks/fetch/refresh.c: keys
are asked for by the first login that finds them due, discovery once in
discovery_ttl, and for an unknown key id once in a pause that grows.  All
numbers of the product are read from its sources (class Product).  What is
assumed of the fleet stands in DAY and FLEETS.

At REBOOT every host restarts, at ROTATION the provider signs with a key that
it has not announced, and during ATTACK every host gets a token with a made up
key id each second.
"""

import os
import random
import re
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))

HOSTS = 100000
SEED = 10
HOUR = 3600
DAY = 24 * HOUR
REBOOT = 6 * HOUR
DOWN = (60, 180)                # seconds until a host is back
ROTATION = 12 * HOUR
TOKEN = HOUR                    # tokens live that long, and are used again
ATTACK = (18 * HOUR, 19 * HOUR)
WARM_UP = 2 * HOUR              # before midnight, not counted

# Name, seconds between two logins of a host (mean), max-age, with the timer.
FLEETS = (
    ("a login an hour", 3600, None, False),
    ("a login in five minutes", 300, None, False),
    ("a login a minute", 60, None, False),
    ("max-age=60", 300, 60, False),
    ("max-age=86400", 300, 86400, False),
    ("with the timer", 300, None, True),
)


class Product:
    """The product's own numbers, in seconds."""

    def __init__(self, source=SOURCE):
        def text(name):
            with open(os.path.join(source, name), encoding="ascii") as file:
                return file.read()

        def found(pattern, name):
            match = re.search(pattern, text(name))
            assert match, (pattern, name)
            return match

        units = {"s": 1, "m": 60, "h": HOUR, "d": DAY}

        def option(key):
            number, unit = found(
                rf'ISSUER_TIME\({key}, "(\d+)([smhd])"',
                "pam_jwks/policy/options.c").groups()
            return int(number) * units[unit]

        def fixed(name):
            return int(found(rf"#define {name}\s+(\d+)\b",
                             "pam_jwks/keys/lifetime.h")[1])

        self.min_ttl = option("min_ttl")
        self.max_ttl = option("max_ttl")
        self.default_ttl = option("default_ttl")
        self.discovery_ttl = option("discovery_ttl")
        self.cooldown = option("kid_cooldown")
        self.cooldown_max = fixed("PJ_COOLDOWN_MAX")
        self.fruitless = fixed("PJ_COOLDOWN_FRUITLESS")
        self.last, self.whole = map(int, found(
            r"ttl \* \((\d+) - spread \+ "
            r"\(int64_t\)\(random % spread\)\) / (\d+)",
            "pam_jwks/keys/lifetime.c").groups())
        self.spread = tuple(map(int, found(
            r"spread = limited \? (\d+) : (\d+);",
            "pam_jwks/keys/lifetime.c").groups()))
        self.timer = 60 * int(found(
            r"OnCalendar=\*:0/(\d+)\n",
            "conf/systemd/pam-jwks-refresh.timer")[1])
        found(rf"RandomizedDelaySec={self.timer // 60}min\n"
              "FixedRandomDelay=yes", "conf/systemd/pam-jwks-refresh.timer")

    def ttl(self, max_age):
        """pj_ttl"""
        wanted = self.default_ttl if max_age is None else max_age
        return min(max(wanted, self.min_ttl), self.max_ttl)

    def refresh_after(self, ttl, limited, rand):
        """pj_refresh_after"""
        spread = self.spread[0 if limited else 1]
        return ttl * (self.last - spread + int(rand() * spread)) // self.whole

    def pause(self, level):
        """pj_cooldown"""
        return min(self.cooldown << min(level, 10), self.cooldown_max)


class Host:
    """One host's day."""

    def __init__(self, product, fleet, rng, requests):
        _, self.gap, max_age, self.timer = fleet
        self.product = product
        self.ttl = product.ttl(max_age)
        self.rand, self.expo = rng.random, rng.expovariate
        self.requests = requests
        self.back = REBOOT + DOWN[0] + self.rand() * (DOWN[1] - DOWN[0])
        self.offset = self.rand() * product.timer
        self.discovered = -WARM_UP - self.rand() * product.discovery_ttl
        self.fruitless = 0
        self.held = -WARM_UP            # no unknown key id before
        self.fetched = -WARM_UP - self.rand() * self.ttl
        self.due = self.fetched + product.refresh_after(
            self.ttl, False, self.rand)
        self.booted = False

    def login_after(self, now):
        """The first login behind a moment; logins come at random."""
        now += self.expo(1) * self.gap
        if REBOOT <= now < self.back:
            now = self.back + self.expo(1) * self.gap
        return now

    def new_key_after(self):
        """The first login with the rotation's key: tokens of the old one are
        used until they end, so that new ones come little by little."""
        effort = self.expo(1) * self.gap
        if effort < TOKEN / 2:
            return ROTATION + (2 * TOKEN * effort) ** 0.5
        return ROTATION + TOKEN / 2 + effort

    def stranger_after(self, now):
        """The first made up key id that is not held back, or never."""
        now = max(now, self.held, ATTACK[0]) + self.rand()
        return now if now < ATTACK[1] else float("inf")

    def timer_after(self, now):
        """The timer's next run."""
        every = self.product.timer
        runs = int((now - self.offset) / every + 1e-6) + 1
        now = self.offset + runs * every
        while REBOOT <= now < self.back:
            now += every
        return now

    def fetch(self, now, limited):
        """One attempt; the provider answers."""
        product = self.product
        if not self.booted and now >= self.back:
            self.booted = True          # the state was in /run
            self.fruitless, self.held = 0, now
        count = 1
        if now - self.discovered >= product.discovery_ttl or \
                (limited and self.fruitless >= product.fruitless):
            self.discovered = now
            count = 2
        changed = self.fetched < ROTATION <= now
        if limited:
            self.held = now + product.pause(self.fruitless)
        if changed:
            self.fruitless = 0
        elif limited:
            self.fruitless += 1
        self.fetched = now
        self.due = now + product.refresh_after(self.ttl, limited,
                                               self.rand)
        if 0 <= now < DAY:
            self.requests[int(now)] += count

    def run(self):
        """The day."""
        now = self.fetched
        new_key = self.new_key_after()
        while now < DAY:
            first = self.login_after(self.due)
            limited = False
            if self.timer:
                first = min(first, self.timer_after(now))
            if self.fetched < ROTATION and new_key < min(first, self.due):
                first, limited = new_key, True
            if now < ATTACK[1] and first > ATTACK[0]:
                stranger = self.stranger_after(now)
                if stranger < first:
                    first, limited = stranger, True
            now = first
            self.fetch(now, limited)


def simulate(fleet, hosts=HOSTS, product=None):
    """Requests in each second of the day."""
    product = product or Product()
    requests = [0] * DAY
    for number in range(hosts):
        Host(product, fleet, random.Random(f"{SEED} {fleet[0]} {number}"),
             requests).run()
    return requests


class Figures:
    """What the table says of one fleet, for 100,000 hosts."""

    def __init__(self, fleet, hosts=HOSTS):
        requests = simulate(fleet, hosts)
        scale = HOSTS / hosts

        def peak(begin, end):
            return max(requests[begin:end]) * scale

        calm = requests[:ATTACK[0]] + requests[ATTACK[1]:]
        self.name = fleet[0]
        self.mean = sum(calm) * scale / len(calm)
        self.usual = peak(0, REBOOT)
        self.reboot = peak(REBOOT, REBOOT + HOUR)
        self.rotation = peak(ROTATION, ROTATION + HOUR)
        self.attack_mean = sum(requests[slice(*ATTACK)]) * scale / HOUR
        self.attack = peak(*ATTACK)
        self.after = peak(ATTACK[1], DAY)
        self.ratio = max(calm) * scale / self.mean

    def row(self):
        """A line of the table."""
        return (f"| {self.name} | {self.mean:.0f} | {self.usual:.0f} | "
                f"{self.reboot:.0f} | {self.rotation:.0f} | "
                f"{self.after:.0f} | {self.ratio:.1f} | "
                f"{self.attack_mean:.0f} | {self.attack:.0f} |")


HEAD = """\
| fleet | mean | usual peak | reboot | rotation | behind the attack | \
peak to mean | attack: mean | attack: peak |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def main(argv):
    hosts = int(argv[1]) if len(argv) > 1 else HOSTS
    print(HEAD)
    for fleet in FLEETS:
        print(Figures(fleet, hosts).row(), flush=True)


if __name__ == "__main__":
    main(sys.argv)
