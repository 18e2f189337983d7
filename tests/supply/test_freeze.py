"""A local user must not be able to freeze key supply: from a su or sudo of his
own he stops, kills and limits the host and whatever of ours he may signal.
Other people's logins stay right and in time."""

import os
import random
import sys
import time


import hosts
from supply import LONG, Tally

ROUNDS = 1000 if LONG else 60
CA = "/etc/security/ca.pem"
TOKENS = "/etc/security/token"
TIMEOUT = 8         # seconds: a login without keys


def test_a_local_user_cannot_freeze_the_key_supply(host, provider):
    """Keys that are stale after a second, and a cache that goes cold now and
    then, so that every moment of the supply is met."""
    hosts.need("su", "sudo")
    probe = host.run(["setpriv", "--dump"], user="alice")
    if "no_new_privs: 1" in probe.out:
        raise hosts.Missing("no_new_privs is set here: su cannot work")
    host.write(CA, provider.authority.ca_text())
    host.config(provider.section(
        ca_file=CA, services="su sudo supply", min_ttl="1s", max_ttl="1s",
        default_ttl="1s"), timeout_cold=f"{TIMEOUT}s", timeout_stale="5s")
    for service in ("su", "sudo"):
        host.pam(service, "auth required {module}")
    token = provider.token("alice", expires_in=3600)
    host.write(TOKENS, token, 0o600)
    answers = [provider.token(user, expires_in=3600)
               for user in ("bob", "bob", "alice")] + [
        provider.token("bob", expires_in=3600, header={"kid": f"random-{i}"})
        for i in range(3)]
    seed = random.randrange(10**6)
    attack = host.spawn(
        [sys.executable, os.path.join(hosts.HERE, "freezer"), str(ROUNDS),
         str(seed)], user="alice", stdin=-1, stdout=-1, stderr=-1)
    attack.stdin.write("\n".join(answers).encode())
    attack.stdin.close()
    login = os.path.join(hosts.build_dir(), "tests/supply/login")
    counts, longest, colds = {}, 0.0, 0
    while attack.poll() is None:
        # Logins of somebody else, two at a time, for a second and a half.
        result = host.run([login, hosts.CONFIG, TOKENS, "for", "1500", "2"],
                          timeout=50)
        assert result.returncode == 0, result
        tally = Tally(result.out.splitlines())
        for reason, count in tally.counts.items():
            counts[reason] = counts.get(reason, 0) + count
        longest = max(longest, tally.longest)
        assert set(counts) == {"ok"}, (seed, counts, result, host.log()[-3000:])
        # A cold cache: the next login needs a helper that gets through.
        # (Not the temporary file of one that is at work.)
        folder = host.path("/var/cache/pam_jwks")
        for name in os.listdir(folder):
            if not name.startswith("."):
                os.unlink(os.path.join(folder, name))
                colds += 1
    out = attack.stdout.read()
    assert int(out) == ROUNDS, (seed, out, attack.stderr.read())
    assert counts["ok"] > 100 and colds > 0, (counts, colds)
    # The attacker's hosts did reach the module, and were stopped in it.
    reached = [a.service for a in host.take_attempts()]
    assert 0 < len(reached) < ROUNDS, len(reached)
    for service in ("su", "sudo") if LONG else ():
        assert reached.count(service) > 0, reached
    assert longest < 1000 * (TIMEOUT + 1), (seed, longest)
    # Nothing of ours is left, stopped or not.
    end = time.monotonic() + 2 * TIMEOUT
    while any("pam-jwks-fetch" in line for line in host.processes()):
        assert time.monotonic() < end, host.processes()
        time.sleep(0.2)
    print(f"{ROUNDS} rounds, {counts['ok']} logins, longest {longest:.0f} ms, "
          f"{colds} times cold, {provider.count()} requests, "
          f"{reached.count('su')} times su and {reached.count('sudo')} times "
          "sudo ended by itself")
