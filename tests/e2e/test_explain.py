"""`pam-jwks verify` as people and programs read it: --explain, --json, a paste
at a terminal.  That it says what the module decides is shown for every scenario
in tests/scenarios/test_explained.py.
"""

import json
import os
import pty
import re
import shlex
import subprocess
import time

import pexpect
import pytest

import pages
import tokens
from hosts import CONFIG, find_built
from services import source_file

ISSUER = "https://login.provider.test"
AUDIENCE = "ssh-login"


@pytest.fixture(name="key", scope="module")
def fixture_key():
    return tokens.shared_key("ES256", "k1")


@pytest.fixture(name="argv")
def fixture_argv(tmp_path, key):
    (tmp_path / "keys.json").write_text(json.dumps(tokens.key_set(key)))
    return [find_built("pam-jwks"), "verify", "-o", f"issuer={ISSUER}",
            "-o", f"audience={AUDIENCE}", "-o", "user_claim=sub",
            "-o", f"jwks_file={tmp_path}/keys.json", "--no-account",
            "-u", "alice"]


def make(key, sub="alice", aud=AUDIENCE, **members):
    return tokens.make_token(key, "ES256", {
        **tokens.claims(ISSUER, "nobody", aud, **members), "sub": sub})


def ask(argv, token, *more):
    data = token if isinstance(token, bytes) else token.encode()
    return subprocess.run([*argv, *more], input=data, capture_output=True,
                          timeout=30)


def explain(argv, token, *more):
    """The steps by name; the output must be one JSON text."""
    done = ask(argv, token, "--explain", "--json", *more)
    told = json.loads(done.stdout)
    assert done.stdout.isascii() and done.stdout.count(b"\n") == 1
    assert (told["verdict"] == "accepted") == (done.returncode == 0)
    return told, {step["step"]: step for step in told["steps"]}


def test_every_step_is_told(argv, key):
    """A good token passes them all, in their order."""
    told, steps = explain(argv, make(key))
    assert list(steps) == ["form", "header", "section", "allowed", "keys",
                           "signature", "purpose", "times", "identity",
                           "account"]
    assert {step["result"] for step in told["steps"][:-1]} == {"passed"}
    assert steps["account"]["detail"] == "--no-account"
    assert told["pam"] == "PAM_SUCCESS" and told["reason"] == "ok"
    assert told["identity"] == "alice" and told["rule"] == "claim:sub"


def test_the_first_failing_step_is_marked_and_later_ones_are_shown(argv, key):
    """Everything that is wrong is told at once; one thing decides."""
    token = make(key, sub="bob", aud="mail", expires_in=-600,
                 groups=["staff"])
    told, steps = explain(argv, token, "-o", "require=groups any admins")
    failed = {name: step["reason"] for name, step in steps.items()
              if step["result"] == "failed"}
    assert failed == {"section": "audience_mismatch",
                      "purpose": "audience_mismatch", "times": "expired",
                      "identity": "user_mismatch",
                      "require": "require_unmet"}
    assert [step["step"] for step in told["steps"] if step["decides"]] == \
        ["section"]
    assert told["reason"] == "audience_mismatch"
    assert steps["require"]["wanted"] == "groups any admins"
    assert steps["require"]["seen"] == [
        {"name": "groups", "value": ["staff"]}]


def test_nothing_is_believed_before_the_signature(argv, key):
    """A forged token's claims are not shown, whatever is asked for."""
    token = tokens.spoil_signature(make(key, sub="alice", canary="a-canary"))
    told, steps = explain(argv, token, "--all-claims")
    assert told["reason"] == steps["signature"]["reason"] == \
        "signature_invalid"
    for name in ("purpose", "times", "identity", "require", "account"):
        assert steps[name]["result"] == "not_taken"
        assert "believed" in steps[name]["detail"]
        assert steps[name]["seen"] == []
    assert not steps["section"]["verified"]
    assert "a-canary" not in json.dumps(told)


def test_names_of_the_keys_at_hand(argv, key):
    """Beside the name that the token has."""
    token = tokens.make_token(tokens.make_key("ES256", "other"), "ES256",
                              tokens.claims(ISSUER, "alice", AUDIENCE))
    told, steps = explain(argv, token)
    assert told["reason"] == "key_unknown"
    assert {"name": "kid", "value": "other"} in steps["header"]["seen"]
    assert {"name": "kid", "value": "k1"} in steps["keys"]["seen"]


def test_only_claims_that_matter_are_shown(argv, key):
    """The others with --all-claims."""
    token = make(key, canary="a-canary", groups=["admins"])
    for more, shown in (([], False), (["--all-claims"], True)):
        done = ask(argv, token, "--explain", *more)
        assert (b"a-canary" in done.stdout) == shown
    _, steps = explain(argv, token, "--all-claims")
    assert {"name": "canary", "value": "a-canary"} in steps["claims"]["seen"]
    assert ask(argv, token, "--all-claims").returncode == 2


def test_the_token_is_never_printed(argv, key):
    """Neither whole nor in part, in no form of output."""
    for token in (make(key), make(key, sub="bob"),
                  tokens.spoil_signature(make(key)), make(key)[:-9]):
        for more in (["--explain"], ["--json"], ["--explain", "--json"],
                     ["--explain", "--all-claims"]):
            done = ask(argv, token, *more)
            text = (done.stdout + done.stderr).decode()
            assert not any(token[i:i + 12] in text
                           for i in range(0, len(token) - 12, 4))


def test_thumbprints_of_a_certificate_are_shown(argv, key):
    """They choose a key where there is no kid."""
    token = tokens.make_token(
        key, "ES256", {**tokens.claims(ISSUER, "x", AUDIENCE), "sub": "alice"},
        {"x5t": "AAAA", "x5t#S256": "BBBB"})
    _, steps = explain(argv, token)
    seen = steps["header"]["seen"]
    assert {"name": "x5t", "value": "AAAA"} in seen
    assert {"name": "x5t#S256", "value": "BBBB"} in seen


def test_a_payload_cannot_move_the_cursor(argv, key):
    """Only at a terminal it is not printed as it is."""
    payload = '{"a":"\u202e"}\x1b[2J'
    token = tokens.sign(key, {"alg": "ES256", "kid": "k1"}, payload)
    argv = [word for word in argv if word not in ("--no-account", "-u",
                                                  "alice")]
    done = ask(argv, token, "--signature-only")
    assert done.stdout.decode() == payload
    ours, its = pty.openpty()
    done = subprocess.run([*argv, "--signature-only"], input=token.encode(),
                          stdout=its, timeout=30)
    os.close(its)
    shown = os.read(ours, 4096)
    os.close(ours)
    assert done.returncode == 0
    assert b"[2J" in shown and b"\x1b" not in shown
    assert b"\\u202e" in shown and shown.isascii()


def test_claims_cannot_move_the_cursor(argv, key):
    """Control characters and marks of direction stay written out."""
    token = make(key, sub="al\u202eice\x1b[2J\x9b\x7f")
    text = ask(argv, token, "--explain").stdout
    assert text.isascii() and b"\x1b" not in text and b"\x7f" not in text
    # A control character spoils the identity; the claim shows why.
    assert b"al\\u202eice\\u001b[2J\\u009b\\u007f" in text


def test_text_for_people(argv, key):
    """The lines that an administrator reads."""
    done = ask(argv, make(key, expires_in=-600), "--explain")
    lines = done.stdout.decode().splitlines()
    assert "   ok  signature" in lines
    assert "   ok  section (not verified yet)" in lines
    where = lines.index("=> no  times")
    assert re.fullmatch(r" +exp +\d+ \(60\d s ago\)", lines[where + 1])
    assert lines[-1] == "the module would answer PAM_AUTH_ERR"
    assert any(line.startswith("refused: expired: ") for line in lines)
    assert sum(line.startswith("=>") for line in lines) == 1


def test_explanation_fits_80_columns(argv, key, tmp_path):
    """At a terminal; in a file every fact is one line."""
    (tmp_path / "token").write_text(make(key, groups=["of the north"] * 9))
    line = f"{shlex.join(argv)} -o 'require=groups any x' --explain " \
        f"<{tmp_path}/token"
    shell = pexpect.spawn("/bin/sh", ["-c", line], timeout=30,
                          encoding="utf-8", dimensions=(60, 80))
    shell.expect(pexpect.EOF)
    shown = shell.before.splitlines()
    # A word that is longer stays whole.
    assert not [text for text in shown if len(text) > 80
                and str(tmp_path) not in text]
    at = shown.index("   ok  allowed")
    assert shown[at + 1].startswith(" " * 9 + "wanted:        algorithms RS256")
    assert shown[at + 2].endswith(" Ed448")
    assert shown[at + 2].startswith(" " * 24 + "E")
    piped = ask(argv, make(key), "--explain").stdout.decode()
    assert re.search("(?m)wanted: +algorithms RS256 .* Ed448$", piped)


def example():
    """The lines of pam-jwks(8)."""
    with open(source_file("man/pam-jwks.8"), encoding="ascii") as file:
        part = file.read().split(".Sh EXPLANATIONS\n")[1]
    return part.split(".Bd -literal -offset indent\n")[1].split(
        ".Ed\n")[0].splitlines()


def test_example_of_the_manual(host):
    """It is what the tool prints of such a token."""
    keys = [tokens.shared_key("RS256", kid) for kid in ("k1", "k2")]
    issuer = "https://login.example.org"
    host.config(f"[issuer corp]\nissuer = {issuer}\n"
                "services = sshd sudo sudo-i\naudience = ssh-login\n"
                "user_claim = preferred_username\nalgorithms = RS256 ES256\n")
    host.write("/run/keys.json", json.dumps(tokens.key_set(*keys)))
    tool = find_built("pam-jwks")
    done = host.run([tool, "import", "-c", CONFIG, "corp", "/run/keys.json"])
    assert done.returncode == 0, done
    token = tokens.make_token(keys[0], "RS256", tokens.claims(
        issuer, "alice", "ssh-login", expires_in=-500,
        iat=int(time.time()) - 1400))
    done = host.run([tool, "verify", "-c", CONFIG, "--explain", "--offline",
                     "-u", "alice"], input=token)
    # The manual's keys were fetched, these are from a file.
    shown = done.out.replace('from           "import"',
                             f'from           "{issuer}/keys"')
    assert re.fullmatch(pages.pattern(example()), shown), done.out


def test_json_without_steps(argv, key):
    """For monitoring: the verdict alone."""
    done = ask(argv, make(key, aud="mail"), "--json")
    told = json.loads(done.stdout)
    assert "steps" not in told
    assert (told["verdict"], told["reason"], told["pam"]) == \
        ("refused", "audience_mismatch", "PAM_AUTH_ERR")
    assert re.fullmatch("[0-9a-f]{12}", told["token"])


def test_bug_byte_order_mark_has_words(argv, key):
    """A file saved by an editor that puts one there."""
    done = ask(argv, b"\xef\xbb\xbf" + make(key).encode())
    assert done.returncode == 2 and b"byte order mark" in done.stderr


def paste(argv, text, more=()):
    """What a terminal shows of a paste, and how it ended."""
    child = pexpect.spawn(argv[0], [*argv[1:], *more], timeout=30,
                          encoding="utf-8", dimensions=(40, 200))
    child.expect("Token: ")
    child.waitnoecho(10)
    child.send(text)
    child.expect(pexpect.EOF)
    child.close()
    return child


@pytest.mark.parametrize("end", ["\n", "\r", "\x04"])
def test_bug_terminal_paste_of_any_length(argv, key, end):
    """Longer than a terminal's line, and not echoed."""
    token = make(key, padding="x" * 6000)
    assert len(token) > 8000
    child = paste(argv, token + end)
    assert child.exitstatus == 0
    assert "accepted: user=alice" in child.before
    assert token[:40] not in child.before


def test_mistakes_at_a_terminal_can_be_mended(argv, key):
    """Backspace takes a byte back, and Ctrl-U all."""
    child = paste(argv, "nonsense\x15" + make(key) + "x\x7f\n")
    assert child.exitstatus == 0, child.before


def test_a_terminal_has_its_echo_back(argv):
    """After Ctrl-C, too."""
    shell = pexpect.spawn("/bin/sh", ["-c", f"{' '.join(argv)}; stty -a"],
                          timeout=30, encoding="utf-8")
    shell.expect("Token: ")
    shell.waitnoecho(10)
    os.kill(child_of(shell.pid), 2)
    shell.expect(r"(?<![-\w])echo ")
    shell.expect(pexpect.EOF)


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def test_bug_signature_only_keeps_utf8(tmp_path, key, argv):
    """A payload's letters arrive as they are, in a pipe."""
    claims = {"name": "Zo\u00eb"}
    token = tokens.make_token(key, "ES256", claims)
    done = subprocess.run(
        [argv[0], "verify", "--signature-only", "-o",
         f"jwks_file={tmp_path}/keys.json"], input=token.encode(),
        capture_output=True, timeout=30)
    assert json.loads(done.stdout) == claims


def test_options_that_do_not_go_together(argv, key):
    """They are refused and not ignored."""
    binary = argv[0]
    for words in (["verify", "--signature-only", "--explain"],
                  ["verify", "--signature-only", "--json"],
                  ["keys", "--explain"], ["reason", "--json"]):
        done = subprocess.run([binary, *words], input=b"", timeout=30,
                              capture_output=True)
        assert done.returncode == 2, words
