#!/usr/bin/python3
"""Runs every scenario of this folder against the built module, as it stands and
with `debug`: what is said, returned and logged must be exactly what the
scenario says, and nothing that is secret may be seen anywhere.

    test_scenarios.py NAME...   as a program (by root) prints what happens, in
                                the words of a scenario
"""

import os
import re
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import hosts  # noqa: E402
from answers import Answers  # noqa: E402
from scenario import Mistake, parse  # noqa: E402
from stage import Stage, has_usual_path, needs_usual_path  # noqa: E402

NAMES = sorted(name[:-len(".scenario")] for name in os.listdir(HERE)
               if name.endswith(".scenario"))


def read(name):
    with open(os.path.join(HERE, name + ".scenario"),
              encoding="utf-8") as file:
        return parse(file.read(), name)


@pytest.fixture(scope="module", name="clients")
def fixture_clients(module_host):
    assert module_host
    clients = {}
    yield clients
    for client in clients.values():
        client.close()


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("name", NAMES)
def test_scenario(module_host, clients, name, debug):
    """What the scenario says is what happens."""
    steps = read(name)
    if needs_usual_path(steps) and not has_usual_path(module_host):
        pytest.skip("configured with another built-in path")
    Stage(module_host, clients, debug).run(steps)


# --- the runner itself: what must be seen is seen --------------------------------

GOOD = """login alice
    answer token
    result PAM_SUCCESS
    log info accepted user=alice identity="alice"
        rule=claim:preferred_username issuer=corp kid=k1 token=<token>
"""


def test_a_good_scenario_is_good(module_host, clients):
    """What the next test spoils passes as it is."""
    Stage(module_host, clients, False).run(parse(GOOD, "good"))


@pytest.mark.parametrize("old,new", [
    ("PAM_SUCCESS", "PAM_AUTH_ERR"), ("issuer=corp", "issuer=other"),
    ("log info", "log notice"), ("token=<token>", "token=<hex>g"),
    ("    log", "    told Hello.\n    log"), ("    log", "    env A=b\n    log"),
    ("    log", "    log info accepted\n    log"),
    ("    answer token\n", "    answer token\n    answer again\n"),
    ("    answer", '    prompt "Password: "\n    answer'),
    ("answer token", "answer token bob"), ("    log", "    debug no\n    log"),
])
def test_a_wrong_scenario_fails(module_host, clients, old, new):
    """Whatever does not happen, or happens besides, is a failure."""
    with pytest.raises(AssertionError):
        Stage(module_host, clients, True).run(
            parse(GOOD.replace(old, new), "wrong"))


def test_secrets_are_found():
    """The search knows tokens, passwords and claims that nobody named."""
    answers = Answers()
    token = answers.make('token groups=["wheel-people"]', "alice")
    answers.make('text "hunter2-hunter2"', "alice")
    claims = answers.issued[0][1]
    hidden = answers.secrets("", {"alice"})
    assert {claims["canary"], claims["cage"]["of"][0], claims["sub"],
            "wheel-people", "hunter2-hunter2"} <= hidden
    assert any(part in token[300:] for part in hidden)
    assert "wheel-people" not in answers.secrets(
        "require = groups any x", {"alice"})


def test_the_command_of_the_readme_prints_a_scenario(module_host):
    """As it stands there, NAME being one of them."""
    assert module_host
    with open(os.path.join(HERE, "README"), encoding="utf-8") as file:
        command, = re.findall(r"^\t(tests/\S+) NAME$", file.read(), re.M)
    told = subprocess.run(
        [os.path.join(HERE, os.pardir, os.pardir, command), "expired"],
        capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told
    assert told.stdout.startswith("--- expired\n"), told
    assert " reason=expired " in told.stdout, told


def main(names):
    with hosts.Host() as host:
        clients = {}
        for name in names:
            print(f"--- {name}")
            stage = Stage(host, clients, False, True)
            try:
                stage.run(read(name))
            except (Mistake, AssertionError) as error:
                print(error)
            print("\n\n".join(stage.recorded))
        for client in clients.values():
            client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
