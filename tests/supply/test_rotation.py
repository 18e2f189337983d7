"""Keys that change, and strangers who pretend that they do.  The clocks are
simulated; the logins, the helper and the provider are real."""

import json

import pytest

import tokens
from provider import KEYS

FLOOD = 10000


def asked(provider):
    return provider.count("discovery"), provider.count("keys")


def seconds_until_accepted(machine, token, limit, step=5):
    """Logs in again and again while the simulated time passes."""
    for passed in range(0, limit + 1, step):
        login = machine.login(token())
        if login.reason == "ok":
            return passed
        assert login.reason == "key_unknown", login
        machine.pass_time(step)
    raise AssertionError(f"not accepted within {limit} s: {login}")


def test_unannounced_rotation_is_accepted_at_the_first_login(machine, provider):
    """A new key without any warning."""
    machine.accept()
    for _ in range(3):
        machine.pass_time(31)
        provider.rotate()
        provider.forget()
        machine.accept()
        assert asked(provider) == (0, 1)


def test_a_retired_key_is_refused_in_the_first_login_after_ttl(machine,
                                                               provider):
    """Nobody asked in between, and nobody has to."""
    old = provider.keys[0]
    machine.accept()
    provider.rotate()
    machine.pass_time(890)
    machine.accept(machine.token(key=old), mode="offline")
    machine.pass_time(11)
    provider.forget()
    login = machine.login(machine.token(key=old))
    assert login.reason == "key_unknown"
    assert provider.count("keys") == 1


@pytest.mark.parametrize("seconds, fetches", [(60, 3), (3600, 20)])
def test_10000_random_kids(machine, provider, seconds, fetches):
    """In a minute at most 3 fetches, in an hour at most 20; every good login
    succeeds meanwhile, at its usual speed."""
    provider.cache_control = "max-age=3600"
    token = machine.token(expires_in=2 * 3600)
    machine.accept(token)
    usual = machine.flood(100, 0, 1, token)[1].mean["ok"]
    machine.pass_time(400)
    provider.forget()
    bad, good = machine.flood(FLOOD, seconds, 50, token)
    assert set(bad.counts) == {"key_unknown"}, bad
    assert bad.counts["key_unknown"] == FLOOD
    assert good.counts == {"ok": FLOOD // 50}, good
    assert good.mean["ok"] < 5 * usual + 5, (good, usual)
    assert provider.count("keys") <= fetches
    assert provider.count("discovery") <= fetches
    if seconds == 60:
        assert provider.count("keys") >= 2
    print(f"{provider.count('keys')} fetches, {provider.count('discovery')} "
          f"of discovery; good logins {good}, usually {usual:.2f} ms")


def test_a_set_that_is_written_anew_each_time_has_no_new_keys(machine,
                                                              provider):
    """Another order, another date in it: such bytes ended the long pauses, and
    strangers had the provider asked every 30 s."""
    provider.keys.append(tokens.make_key("EdDSA", "other"))

    def write_anew(handler):
        count = provider.count("keys")
        keys = provider.keys if count % 2 else provider.keys[::-1]
        handler.answer(200, json.dumps(
            dict(tokens.key_set(*keys), date=count)).encode())

    provider.scripts["keys"] = write_anew
    token = machine.token(expires_in=2 * 3600)
    machine.accept(token)
    machine.pass_time(31)
    provider.forget()
    bad, good = machine.flood(400, 3600, 50, token)
    assert set(bad.counts) == {"key_unknown"} and set(good.counts) == {"ok"}
    assert 10 <= provider.count("keys") <= 20
    assert "the same keys" in machine.fetch()


def test_a_rotation_during_the_attack_is_accepted_within_330_seconds(machine,
                                                                     provider):
    """The longest cooldown and a little more."""
    token = machine.token(expires_in=2 * 3600)
    machine.accept(token)
    # The attack has been going on long enough for the longest pause.
    bad, _ = machine.flood(600, 1300, 0, token)
    assert set(bad.counts) == {"key_unknown"}
    new = provider.rotate(keep_old=True)
    good = machine.token(key=new, expires_in=3600)
    for passed in range(0, 331, 10):
        if machine.login(good).reason == "ok":
            break
        machine.flood(20, 10, 0, token)
    else:
        raise AssertionError("not accepted within 330 s")
    assert passed <= 330


def test_behind_an_attack_discovery_is_left_alone(machine, provider):
    """It was read again by every refresh, for as long as no key changed."""
    token = machine.token(expires_in=2 * 3600)
    machine.accept(token)
    machine.flood(100, 400, 0, token)
    assert provider.count("discovery") > 1
    provider.forget()
    machine.pass_time(890)
    machine.accept(token)
    machine.until(lambda: provider.count("keys") == 1)
    machine.idle()
    assert asked(provider) == (0, 1)


def test_hosts_that_strangers_met_at_once_part_again(machine, provider):
    """What an unknown key id fetched is due at another age each time, from
    half the ttl on."""
    machine.accept()
    ages = set()
    for _ in range(8):
        machine.pass_time(331)
        machine.login(machine.token(header={"kid": "nobody's"}))
        with open(machine.data(), "rb") as file:
            line = next(x for x in file if x.startswith(b"refresh_after "))
        ages.add(int(line.split()[1]))
    assert len(ages) > 4
    assert 450 <= min(ages) < 675 and max(ages) < 855, ages


def test_a_known_kid_with_new_material(machine, provider):
    """Keys that are younger than 300 s are believed, older ones are asked
    for."""
    machine.accept()
    provider.keys = [tokens.make_key("EdDSA", "k1")]
    provider.forget()
    assert machine.login().reason == "signature_invalid"
    assert provider.count() == 0
    machine.pass_time(301)
    machine.accept()
    assert asked(provider) == (0, 1)


def test_a_wrong_signature_under_a_known_kid_does_not_hammer(machine,
                                                             provider):
    """It has the budget of an unknown kid."""
    machine.accept()
    machine.pass_time(301)
    provider.forget()
    bad = tokens.spoil_signature(machine.token())
    for _ in range(10):
        assert machine.login(bad).reason == "signature_invalid"
    assert asked(provider) == (0, 1)
    machine.accept()


def test_a_provider_that_serves_the_old_set_for_a_minute(machine, provider):
    """Its servers do not change at once."""
    machine.accept()
    old = json.dumps(tokens.key_set(*provider.keys)).encode()
    provider.rotate()
    end = machine.now() + 60

    def lag(handler):
        if machine.now() < end:
            handler.answer(200, old)
        else:
            handler.document_answer("keys")

    provider.scripts["keys"] = lag
    assert seconds_until_accepted(machine, machine.token, 120) >= 60


def test_a_jwks_uri_that_moved(machine, provider):
    """404 at the old place: discovery is read again in the same login."""
    machine.accept()
    provider.rotate()
    provider.members["jwks_uri"] = \
        f"https://127.0.0.1:{provider.port}/moved.json"
    provider.aliases.update({"/moved.json": "keys", KEYS: "gone"})
    provider.scripts["gone"] = lambda handler: handler.answer(404, b"gone")
    provider.forget()
    machine.accept()
    assert asked(provider) == (1, 1)


def test_a_jwks_uri_that_moved_while_the_old_place_answers(machine, provider):
    """After two fruitless fetches discovery is read again."""
    machine.accept()
    old = json.dumps(tokens.key_set(*provider.keys)).encode()
    provider.rotate()
    provider.members["jwks_uri"] = \
        f"https://127.0.0.1:{provider.port}/moved.json"
    provider.aliases.update({"/moved.json": "keys", KEYS: "old"})
    provider.scripts["old"] = lambda handler: handler.answer(200, old)
    assert seconds_until_accepted(machine, machine.token, 180) <= 100


def test_logins_at_once_after_a_rotation_are_all_accepted(machine, provider):
    """The first one asks; those that come meanwhile wait for its answer.  They
    were refused once, for the pause that the first had written down."""
    machine.accept()
    machine.pass_time(31)
    provider.rotate()
    provider.behave("keys", "slow")
    provider.slow_seconds = 1
    provider.forget()
    counts = {}
    for login in machine.logins(40):
        counts[login.reason] = counts.get(login.reason, 0) + 1
    assert counts == {"ok": 40}
    assert asked(provider) == (0, 1)


def test_strangers_meanwhile_wait_for_one_fetch_at_most(machine, provider):
    """Whoever joins a running fetch does not begin another; behind it the
    pause refuses at once."""
    machine.accept()
    machine.pass_time(31)
    provider.behave("keys", "slow")
    provider.slow_seconds = 1
    provider.forget()
    stranger = machine.token(header={"kid": "nobody's"})
    assert {login.reason for login in machine.logins(20, stranger)} == \
        {"key_unknown"}
    assert asked(provider) == (0, 1)
    login = machine.login(stranger)
    assert login.reason == "key_unknown" and login.ms < 500, login
    assert asked(provider) == (0, 1)


def test_a_304_does_not_hide_a_new_key(machine, provider):
    """A provider whose ETag stays the same although the keys changed kept new
    keys away for a day: an unknown key id asks for the whole set."""
    provider.etag = '"always"'
    machine.accept()
    machine.pass_time(31)
    provider.rotate()
    provider.forget()
    machine.accept()
    assert asked(provider) == (0, 1)


def test_a_rotation_that_was_found_ends_long_pauses(machine, provider):
    """Strangers make the pauses longer; once the key set has changed they are
    short again, for the next rotation as for the next stranger."""
    machine.accept()
    stranger = machine.token(header={"kid": "nobody's"})
    for pause in (31, 61, 121):
        assert machine.login(stranger).reason == "key_unknown"
        machine.pass_time(pause)
    provider.rotate()
    machine.accept()
    machine.pass_time(31)
    provider.rotate()
    machine.accept()
    machine.pass_time(31)
    assert machine.login(stranger).reason == "key_unknown"
    machine.pass_time(31)
    provider.rotate()
    machine.accept()
