"""`pam-jwks verify --explain` says what the module decided: in every scenario
the tool is asked about the very answer that the module has just judged, and the
step that it marks has the reason of the module's log line.
"""

import json
import os
import sys

import pytest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import hosts  # noqa: E402
from scenario import parse  # noqa: E402
from stage import Stage, has_usual_path, needs_usual_path  # noqa: E402

NAMES = sorted(name[:-len(".scenario")] for name in os.listdir(HERE)
               if name.endswith(".scenario"))

# Reasons that arise around the decision, in the conversation for example.
AROUND = {"argument_invalid", "config_missing", "config_unsafe",
          "config_unreadable", "config_invalid", "conversation_failed",
          "token_truncated", "masked_answer", "no_memory", "system_error",
          "internal_error"}

# What the module's own attempt changes for the next one.
HELD_BACK = {"keys-unknown-kid-provider-down": "a second unknown kid waits"}


class ExplainingStage(Stage):
    """Asks the tool about each answer that the module has judged."""

    def __init__(self, *args):
        super().__init__(*args)
        self.compared = 0

    def check(self, login, report, lines):
        super().check(login, report, lines)
        attempts = [line for line in lines
                    if not line.text.startswith("debug: ")]
        options = login.step.options
        if len(attempts) != 1 or not self.is_ours() or "host" in options:
            return
        line = attempts[0].text
        reason = "ok"
        if not line.startswith("accepted "):
            reason = line.partition(" reason=")[2].split()[0]
        if reason in AROUND or not hosts_can_ask(login):
            return
        self.compare(login, options.get("service", "login"), reason)

    def is_ours(self):
        """False if calls fail in the module, or its stack or arguments name
        another configuration."""
        return (not self.library and "config=" not in self.stack
                and not self.arguments and not self.usual_path
                and self.stack.count("pam_jwks") == 1)

    def compare(self, login, service, reason):
        done = self.host.run(
            [hosts.find_built("pam-jwks", self.host.builddir), "verify",
             "--explain", "--json", "-c", hosts.CONFIG, "-s", service,
             "-u", login.user], input="".join(
                self.answers.make(words, login.user)
                for verb, words in login.steps if verb == "answer"))
        told = json.loads(done.out)
        self.check_secrets(done.out, login, service)
        assert told["reason"] == reason, done.out
        marked = [step for step in told["steps"] if step["decides"]]
        if reason == "ok":
            assert marked == []
            assert all(step["result"] != "failed" for step in told["steps"])
        else:
            assert [step["reason"] for step in marked] == [reason], done.out
            before = told["steps"][:told["steps"].index(marked[0])]
            assert all(step["result"] != "failed" for step in before)
        self.compared += 1


def hosts_can_ask(login):
    """True if making the answers again gives the same ones."""
    return all(words.split()[0] in ("again", "piece", "text", "word")
               for verb, words in login.steps if verb == "answer") or \
        sum(verb == "answer" for verb, _ in login.steps) == 1


@pytest.fixture(scope="module", name="clients")
def fixture_clients(module_host):
    assert module_host
    clients = {}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module", name="compared")
def fixture_compared():
    """How many answers were compared in all scenarios; not too few."""
    count = {}
    yield count
    if len(count) == len(NAMES):
        assert sum(count.values()) >= 100, count


@pytest.mark.parametrize("name", NAMES)
def test_explanation(module_host, clients, compared, name):
    """The tool's reason, and the step it marks, are the module's."""
    with open(os.path.join(HERE, name + ".scenario"),
              encoding="utf-8") as file:
        steps = parse(file.read(), name)
    if needs_usual_path(steps) and not has_usual_path(module_host):
        pytest.skip("configured with another built-in path")
    stage = (Stage if name in HELD_BACK else ExplainingStage)(
        module_host, clients, False)
    stage.run(steps)
    compared[name] = getattr(stage, "compared", 0)
