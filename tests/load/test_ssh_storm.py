"""A thousand logins by real ssh, fifty at a time, through rotations, outages
and killed helpers: nobody is refused who had a right to get in, nobody gets in
who had none, and the provider is not asked too often.  In `make check` they are
200, ten at a time; PJ_SOAK_SECONDS says how long check-long's soak is."""

import os
import time

import pytest

from provider import Provider
from storm import TTL, Storm

LONG = os.environ.get("PJ_LONG") == "1"
LOGINS, AT_ONCE = (1000, 50) if LONG else (200, 10)
SOAK = int(os.environ.get("PJ_SOAK_SECONDS", "1800"))


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


def first_logins(storm):
    """With a cold cache, right behind a rotation, and with keys whose end comes
    while the provider is away."""
    for _ in range(2):
        storm.logins(AT_ONCE)
        storm.rotate()
    storm.logins(AT_ONCE)
    storm.down("503")
    time.sleep(TTL + 1)
    storm.logins(AT_ONCE)
    storm.up()


def last_logins(storm):
    """Behind all trouble everything is as before."""
    storm.calm()
    storm.rotate()
    storm.fetch()
    storm.logins(AT_ONCE)
    print(storm.verify())


@pytest.mark.seconds(900)
def test_logins_through_all_trouble(host, provider):
    with Storm(host, provider, AT_ONCE, every=1 if LONG else 0.5) as storm:
        first_logins(storm)
        storm.trouble()
        storm.logins(LOGINS - 5 * AT_ONCE)
        last_logins(storm)


@pytest.mark.seconds(SOAK + 600)
def check_soak(host, provider):
    """Half an hour, five at a time."""
    with Storm(host, provider, 5, every=5) as storm:
        storm.trouble()
        storm.until(SOAK)
        last_logins(storm)


if LONG:
    test_soak = check_soak
