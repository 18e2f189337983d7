"""An SSH client that writes down what a server says, word by word.

    seen = converse(port, "alice", ["x"])
    seen.rounds     each request for information: title, instructions, and
                    the prompts with their echo
    seen.outcome    "in", or the words of the refusal
"""

import warnings

import hosts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")     # paramiko's own, about old ciphers
    try:
        import paramiko
    except ImportError:
        paramiko = None

TIMEOUT = 20


class Seen:
    """What one attempt at a login has shown."""

    def __init__(self):
        self.rounds = []
        self.outcome = None

    def __eq__(self, other):
        return (self.rounds, self.outcome) == (other.rounds, other.outcome)

    def __repr__(self):
        return f"{self.rounds} -> {self.outcome}"

    def prompts(self):
        """The prompts of all rounds."""
        return [prompt for _, _, prompts in self.rounds
                for prompt, _ in prompts]


def converse(port, user, answers, method="keyboard-interactive"):
    """One connection, one attempt; missing answers are empty ones."""
    if paramiko is None:
        raise hosts.Missing("python3-paramiko is not installed")
    left = list(answers)
    seen = Seen()

    def answer(title, instructions, prompts):
        seen.rounds.append((title, instructions, list(prompts)))
        return [left.pop(0) if left else "" for _ in prompts]

    transport = paramiko.Transport(("127.0.0.1", port))
    transport.banner_timeout = transport.auth_timeout = TIMEOUT
    try:
        transport.start_client(timeout=TIMEOUT)
        try:
            if method == "password":
                transport.auth_password(user, answers[0], fallback=False)
            else:
                transport.auth_interactive(user, answer)
            seen.outcome = "in"
        except paramiko.SSHException as error:
            allowed = getattr(error, "allowed_types", None)
            seen.outcome = f"{type(error).__name__}: {error} {allowed}"
    finally:
        transport.close()
    return seen
