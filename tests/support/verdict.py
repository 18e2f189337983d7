"""Asks the product for its verdict on tokens: tests/hostile/verdict behind two
pipes, so that thousands of cases cost one process.

    with Verdict() as verdict:
        verdict.setup(key_set, algorithms="RS256", now=1700000000)
        reason, detail = verdict.login(token)

Tokens and key sets are bytes or text; a key set may also be a dictionary.
PJ_WRAPPER in the environment names a program that runs it (valgrind).
"""

import json
import os
import shlex
import subprocess
import tempfile

from hosts import find_built

ISSUER = "https://id.example"
AUDIENCE = "ssh-login"
USER = "alice"
NOW = 1700000000
OPTIONS = {"issuer": ISSUER, "services": "sshd", "audience": AUDIENCE,
           "user_claim": "preferred_username"}


def to_bytes(value):
    if isinstance(value, dict):
        value = json.dumps(value)
    return value.encode() if isinstance(value, str) else bytes(value)


class Verdict:
    """One running tests/hostile/verdict, or another program that is one."""

    def __init__(self, program=None):
        self.folder = tempfile.TemporaryDirectory(prefix="pj-verdict.")
        self.keys = os.path.join(self.folder.name, "keys.json")
        self.last = None
        self.process = subprocess.Popen(
            shlex.split(os.environ.get("PJ_WRAPPER", ""))
            + [program or find_built("tests/hostile/verdict"), self.keys],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        code = self.process.wait(50)
        self.process.stdout.close()
        self.folder.cleanup()
        assert code == 0, f"verdict ended with {code}"

    def _say(self, word, argument=""):
        self.process.stdin.write(f"{word} {argument}\n".encode())

    def _ask(self, word, argument=b""):
        self._say(word, to_bytes(argument).hex())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), "verdict died"
        return line[:-1].decode()

    def setup(self, keys, now=NOW, **options):
        """The key set, and options of the section beside OPTIONS; a value of
        None removes one, a list writes it several times."""
        values = dict(OPTIONS, jwks_file=self.keys, **options)
        lines = ["[issuer test]"]
        for name, value in values.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    lines.append(f"{name} = {one}")
        text = "\n".join(lines) + "\n"
        state = (to_bytes(keys), now, text)
        if state == self.last:
            return
        self.last = state
        self._say("config", text.encode().hex())
        self._say("now", str(now))
        self._say("keys", to_bytes(keys).hex())

    def login(self, token):
        """(reason, detail) of a login as alice."""
        return tuple(self._ask("login", token).split("\t")[:2])

    def signature(self, token):
        """(reason, detail, payload) of the signature alone."""
        reason, detail, payload = self._ask("signature", token).split("\t")
        return reason, detail, bytes.fromhex(payload)

    def mutate(self, token):
        """(variants, accepted) of all small changes of a token."""
        variants, accepted = self._ask("mutate", token).split()
        return int(variants), int(accepted)

    def threads(self, token):
        """How many of 100 threads' 20 logins each were accepted."""
        return int(self._ask("threads", token))

    def errors(self, token):
        """(kept, others) of a full error queue after a login."""
        kept, others = self._ask("errors", token).split()
        return int(kept), int(others)

    def list(self):
        """A reason for each key of the set."""
        return self._ask("list").split()
