"""pam-jwks keys and refresh."""

import re
import time


import hosts
import tokens
from provider import Provider
from supply import skipped_keys


def test_keys_shows_what_is_known(machine, provider):
    """State, ages, next refresh, cooldown, last error, and of each key kid,
    kty, alg, bits, thumbprint, or why it was skipped."""
    rsa = tokens.shared_key("RS256", "big")
    provider.keys += [rsa] + [key for key in skipped_keys()
                              if isinstance(key, dict)]
    machine.accept()
    text = "\n".join(machine.tool("keys"))
    assert re.search(r"fresh, fetched \d+ s ago, ttl 900 s, due after \d+ s",
                     text), text
    assert re.search(r"next refresh at the first login in \d+ s", text)
    assert re.search(r"address was discovered \d+ s ago", text)
    assert re.search(r"last attempt \d+ s ago: ok", text)
    assert f"from {provider.issuer}/keys.json" in text
    thumb = rsa.thumbprint()
    assert re.search(rf"big +RSA +any alg +2048 bits +{thumb}", text), text
    assert re.search(r"k1 +OKP Ed25519 +any alg +255 bits", text), text
    for kid, reason in (("secret", "key_private"),
                        ("pq", "key_type_unsupported"),
                        ("enc", "key_not_for_signing"),
                        ("small", "key_size_refused"),
                        ("unsound", "key_size_refused"),
                        ("private", "key_private")):
        assert re.search(rf" {kid} +skipped: {reason}: \w+", text), (kid, text)


def test_keys_shows_the_last_day_of_certificates(machine, provider):
    """A certificate in x5c holds a key; its dates are shown, never enforced."""
    first, second = (tokens.shared_key("RS256", name) for name in ("c1", "c2"))
    provider.keys = [tokens.x5c_key(first, only_certificate=True, days=-0.5),
                     tokens.x5c_key(second, days=100)]
    machine.accept(machine.token(key=first, alg="RS256"))
    machine.accept(machine.token(key=second, alg="RS256"))
    text = "\n".join(machine.tool("keys"))

    def day(days):
        return time.strftime("%F", time.gmtime(time.time() + days * 86400))

    assert re.search(rf"c1 .*  from x5c ended {day(-0.5)}  ", text), text
    assert re.search(rf"c2 .*  x5c until {day(100)}  ", text), text


def test_keys_shows_cooldown_and_last_error(machine, provider):
    """What the administrator asks at two in the morning."""
    machine.accept()
    machine.login(machine.token(header={"kid": "unknown"}))
    text = "\n".join(machine.tool("keys"))
    assert re.search(r"an unknown key id asks again in \d+ s", text), text
    provider.behave("keys", "503")
    assert "fetch_failed" in machine.fetch()
    text = "\n".join(machine.tool("keys"))
    assert re.search(r"last attempt \d+ s ago: fetch_failed: GET .*HTTP 503",
                     text), text
    assert re.search(r"last success \d+ s ago", text), text
    assert re.search(r"after 1 failure in a row asking again in \d+ s", text)


def test_keys_of_a_cold_cache(machine):
    """There is nothing, and the exit code says so."""
    process = machine.start([hosts.find_built("pam-jwks"), "keys", "-c",
                             machine.conf])
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 3
    assert "  no keys yet; the next login asks for them" in out, out


def test_refresh_waits_for_a_running_fetch(machine, provider):
    """It begins when the other has ended, and reports what happened."""
    provider.slow_seconds = 1
    provider.behave("keys", "slow")
    first = machine.start([machine.helper, "--cause", "forced", "--config",
                           machine.conf, "--section", "corp"])
    machine.until(lambda: provider.count("keys") == 1)
    begin = time.monotonic()
    lines = machine.tool("refresh")
    assert time.monotonic() - begin > 1
    assert re.match(r"corp: the same keys from https://.*, asking again "
                    r"after \d+ s", lines[0]), lines
    assert "new keys" in machine.finish(first)[0]
    assert provider.count("keys") == 2


def test_refresh_reports_each_issuer(machine, provider):
    """One line for each, whatever happens to the others."""
    with Provider("EdDSA", provider.authority) as other:
        other.behave("discovery", "503")
        machine.configure(provider.section(ca_file=machine.ca)
                          + other.section("down", ca_file=machine.ca))
        lines = machine.tool("refresh")
        assert lines[0].startswith("corp: new keys from "), lines
        assert lines[1].startswith("down: fetch_failed: "), lines
        assert "HTTP 503" in lines[1]


def test_refresh_ignores_pauses(machine, provider):
    """Timer and administrator may ask at any time."""
    provider.behave("discovery", "503")
    assert machine.login().reason == "keys_unavailable"
    asked = provider.count()
    assert "asking again in" in machine.login().detail
    assert provider.count() == asked
    provider.behave("discovery", "ok")
    assert machine.tool("refresh")[0].startswith("corp: new keys")
    machine.accept()


def test_sections_that_share_keys_are_fetched_once(machine, provider):
    """A timer asked once for each section, however many share a key set."""
    names = ("corp", "corp-sudo", "corp-su")
    machine.configure("".join(provider.section(name, ca_file=machine.ca)
                              for name in names))
    provider.behave("keys", "503")
    every = [machine.helper, "--all", "--config", machine.conf]
    for argv in (every, [hosts.find_built("pam-jwks"), "refresh", "-c",
                         machine.conf]):
        provider.forget()
        lines = machine.run(argv, may_die=True)
        assert provider.count("keys") == 1, lines
        assert len(lines) == 3 and "HTTP 503" in lines[0], lines
        for line, name in zip(lines[1:], names[1:]):
            assert f"{name}: see [issuer corp]" in line, lines
    assert "fetch_failed corp-sudo" in machine.run(every, may_die=True)[1]
    # One that differs in what decides trust is another.
    machine.configure(provider.section("corp", ca_file=machine.ca)
                      + provider.section("own", ca_file=machine.ca,
                                         ip_resolve="4"))
    provider.behave("keys", "ok")
    provider.forget()
    machine.run(every)
    assert provider.count("keys") == 2
