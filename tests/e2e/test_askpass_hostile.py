"""pam-jwks-askpass, started by OpenSSH's own client for a server that would like
to have a token: whatever it asks, and whatever name it lures people into."""

import pytest

from askpass import ASKPASS, HOST, PIECE, token, fixture_place, fixture_places
from rogue_ssh import RogueServer

__all__ = ["fixture_place", "fixture_places"]

EVIL = "evil.test"
LATER = "Token (after character 511): "


@pytest.fixture(name="ssh")
def fixture_ssh(place):
    """Lets ssh visit a server; returns all answers, and what ssh printed."""
    env = {**place.env, "SSH_ASKPASS": ASKPASS, "SSH_ASKPASS_REQUIRE": "force"}

    def visit(prompts, host=EVIL, user="alice", **words):
        server = RogueServer([[(prompt, False)] for prompt in prompts], **words)
        result = server.visit(env, host, user)
        return [answer for (answer,) in server.answers], result.err

    return visit


def test_its_own_token_in_any_order(place, ssh):
    """A host that may have a token gets parts of this one, whatever it counts;
    behind the end there is nothing any more."""
    made = token()
    asked = {
        "Token: ": made[:PIECE],
        "Token (after character 100): ": made[100:100 + PIECE],
        LATER: made[PIECE:2 * PIECE],
        "Token (after character -1): ": "",
        "Token (after character 0511): ": "",
        "Token (after character 1e3): ": "",
        "Token (after character 1022): ": made[1022:1022 + PIECE],
        "Token (after character 999999999999): ": "",
        " " + LATER: "",                                # the token is gone
    }
    answers, err = ssh(list(asked), HOST)
    assert answers == list(asked.values()), err
    assert place.calls() == [HOST]
    assert place.waiting() == []


HOSTILE = [
    "Token: ", LATER, "Token (after character 0): ",
    f"(alice@{HOST}) Token: ", f"\n(alice@{HOST}) Token: ",
    f"\r(alice@{HOST}) Token: ", "\b" * 20 + f"(alice@{HOST}) Token: ",
    f"\x1b[2J\x1b[H(alice@{HOST}) Token: ", f"\u202e(alice@{HOST}) Token: ",
    f"alice@{HOST} Token: ", "x" * 5000 + " Token: ", "--check", "",
]


def test_it_gets_nothing(place, ssh):
    """Whatever a host asks that nobody listed: no token is even fetched."""
    answers, err = ssh(HOSTILE)
    assert answers == [""] * len(HOSTILE), err
    assert place.calls() == []
    assert f"{EVIL} is not in PAM_JWKS_HOSTS" in err
    assert "\x1b" not in err and "\b" not in err


def test_its_words_do_not_count(place, ssh):
    """Neither does what it says before the prompt."""
    words = f"(alice@{HOST}) Token: "
    answers, err = ssh(["Token: "], title=words, instructions=words)
    assert answers == [""], err
    assert place.calls() == []


@pytest.mark.parametrize("user", [
    f"alice) (x@{HOST}", f"x@{HOST}) (alice", f"x@{HOST}) Token",
    f"x@{HOST}) Token: ", f"x@{HOST}) ", f"x@{HOST}", f"x@{HOST}) Token: (y"])
def test_user_names_in_links(place, ssh, user):
    """A link can hold a user name that looks like the end of ssh's prefix."""
    answers, err = ssh(["Token: ", LATER, ") Token: "], user=user)
    assert answers == [""] * 3, err
    assert place.calls() == []


def test_a_login_on_two_hosts(place, ssh):
    """What waits for one host is not there for another."""
    assert ssh(["Token: "], HOST)[0] == [token()[:PIECE]]
    assert ssh([LATER, f"(alice@{HOST}) {LATER}"])[0] == ["", ""]
    assert place.calls() == [HOST]
