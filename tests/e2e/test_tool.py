"""pam-jwks as a person or a script uses it: words, exit codes, and that it says
what the module would say."""

import json
import os
import re
import subprocess

import pytest

import tokens
from hosts import find_built
from provider import AUDIENCE, Provider

ISSUER = "https://login.provider.test"
OK, REFUSED, USAGE, NO_KEYS = 0, 1, 2, 3


def tool(*argv, token="", cwd=None, timeout=30):
    """Runs pam-jwks with a token on its input."""
    result = subprocess.run([find_built("pam-jwks"), *argv],
                            input=token.encode(), capture_output=True,
                            timeout=timeout, cwd=cwd)
    result.text = (result.stdout + result.stderr).decode()
    return result


@pytest.fixture
def key():
    return tokens.shared_key("ES256", "k1")


@pytest.fixture
def folder(tmp_path, key):
    (tmp_path / "keys.json").write_text(json.dumps(tokens.key_set(key)))
    return tmp_path


def options(**more):
    """-o for each setting; a key file in the working folder."""
    settings = {"issuer": ISSUER, "audience": AUDIENCE,
                "user_claim": "preferred_username", "jwks_file": "keys.json"}
    settings.update(more)
    words = []
    for name, value in settings.items():
        if value is not None:
            words += ["-o", f"{name}={value}"]
    return words


def good(key, user="alice", **members):
    return tokens.make_token(key, "ES256",
                             tokens.claims(ISSUER, user, AUDIENCE, **members))


def verify(folder, token, *more, **settings):
    return tool("verify", *options(**settings), "-u", "alice", "--no-account",
                *more, token=token, cwd=folder)


def test_accepts_with_options_alone(folder, key):
    result = verify(folder, good(key))
    assert result.returncode == OK, result.text
    assert result.stdout.startswith(b"accepted: user=alice ")


def test_a_newline_behind_the_token_is_fine(folder, key):
    assert verify(folder, good(key) + "\n").returncode == OK


@pytest.mark.parametrize("reason, change", [
    ("user_mismatch", {"user": "bob"}),
    ("expired", {"expires_in": -60}),
])
def test_refusals_name_their_reason(folder, key, reason, change):
    result = verify(folder, good(key, **change))
    assert result.returncode == REFUSED
    assert result.stdout.startswith(f"refused: {reason}: ".encode())


def test_wrong_audience(folder, key):
    result = verify(folder, good(key), audience="somebody-else")
    assert result.returncode == REFUSED
    assert b"audience_mismatch" in result.stdout


def test_now_is_the_time_that_counts(folder, key):
    result = verify(folder, good(key), "--now", "4000000000")
    assert result.returncode == REFUSED and b"expired" in result.stdout


def test_an_account_is_needed_unless_told_otherwise(folder, key):
    words = ["verify", *options(), "-u", "no-such-user-here"]
    token = good(key, "no-such-user-here")
    result = tool(*words, token=token, cwd=folder)
    assert result.returncode == REFUSED and b"user_unknown" in result.stdout
    result = tool(*words, "--no-account", token=token, cwd=folder)
    assert result.returncode == OK


@pytest.mark.parametrize("content", [None, "", "<html>", '{"keys": []}', "{}"])
def test_a_key_file_without_usable_keys(folder, key, content):
    file = folder / "keys.json"
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert verify(folder, good(key)).returncode == NO_KEYS


def test_offline_never_asks(folder, key):
    with Provider() as provider:
        ca = folder / "ca.pem"
        ca.write_text(provider.authority.ca_text())
        os.chmod(folder, 0o755)
        result = tool(
            "verify", "--offline", "-u", "alice", "--no-account",
            *options(issuer=provider.issuer, jwks_file=None, ca_file=str(ca),
                     cache_dir=str(folder / "cache"),
                     state_dir=str(folder / "state")),
            token=provider.token("alice"))
        assert result.returncode == NO_KEYS, result.text
        assert provider.count("discovery") == 0


def test_fetches_refreshes_and_shows_keys(folder):
    """The whole way with -o alone: fetch, cache, keys, refresh."""
    with Provider() as provider:
        (folder / "ca.pem").write_text(provider.authority.ca_text())
        os.chmod(folder, 0o755)
        words = options(issuer=provider.issuer, jwks_file=None,
                        ca_file="ca.pem", fetch_user="nobody",
                        helper=find_built("pam-jwks-fetch"),
                        cache_dir=str(folder / "cache"),
                        state_dir=str(folder / "state"))
        for _ in range(2):
            result = tool("verify", *words, "-u", "alice", "--no-account",
                          token=provider.token("alice"), cwd=folder)
            assert result.returncode == OK, result.text
        assert provider.count("keys") == 1
        result = tool("refresh", *words, cwd=folder)
        assert result.returncode == OK, result.text
        assert provider.count("keys") == 2
        result = tool("keys", *words, cwd=folder)
        assert result.returncode == OK, result.text
        assert b"fresh" in result.stdout and b"thumbprint" not in result.stderr
        provider.behave("keys", "503")
        result = tool("refresh", *words, cwd=folder)
        assert result.returncode == NO_KEYS, result.text
        assert "503" in result.text


def test_signature_only_prints_the_payload(folder, key):
    token = good(key, expires_in=-1000)
    result = tool("verify", "--signature-only", "-o", "jwks_file=keys.json",
                  token=token, cwd=folder)
    assert result.returncode == OK, result.text
    assert json.loads(result.stdout)["preferred_username"] == "alice"


def test_signature_only_prints_nothing_of_a_forgery(folder, key):
    token = tokens.spoil_signature(good(key))
    result = tool("verify", "--signature-only", "-o", "jwks_file=keys.json",
                  token=token, cwd=folder)
    assert result.returncode == REFUSED
    assert result.stdout == b""
    assert b"signature_invalid" in result.stderr


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["verify"], ["verify", "-u"], ["verify", "--nonsense"],
    ["verify", "-u", "alice", "-o", "nonsense=1"],
    ["verify", "-u", "alice", "-o", "issuer"],
    ["verify", "-u", "alice", "-c", "/nonexistent/pam_jwks.conf"],
    ["verify", "-u", "alice", "--now", "tomorrow", "-o", "issuer=https://x"],
    ["refresh", "a", "b"],
])
def test_wrong_usage_is_2(words):
    result = tool(*words)
    assert result.returncode == USAGE, result.text
    assert result.stderr


def test_an_answer_that_is_no_token(folder):
    for text in ("", "correct horse battery staple", "x" * 100000):
        assert verify(folder, text).returncode == REFUSED


def test_check_names_every_mistake_with_its_line(tmp_path):
    file = tmp_path / "pam_jwks.conf"
    file.write_text("[issuer corp]\n"
                    "issuer = https://login.provider.test\n"
                    "services = sshd\n"
                    "audiense = ssh\n"
                    "leeway = 30\n"
                    "user_claim = sub\n")
    result = tool("check", "--syntax", "-c", str(file))
    assert result.returncode == USAGE
    for line in (f"{file}:4: unknown key audiense",
                 f"{file}:5: leeway:",
                 f"{file}:1: [issuer corp]: audience is missing"):
        assert line in result.text
    file.write_text(file.read_text().replace("audiense", "audience")
                    .replace("= 30", "= 30s"))
    result = tool("check", "--syntax", "-c", str(file))
    assert result.returncode == OK, result.text


def test_check_finds_what_stands_in_the_way(tmp_path):
    file = tmp_path / "pam_jwks.conf"
    file.write_text("[module]\n"
                    "fetch_user = no-such-user-here\n"
                    "helper = /nonexistent/pam-jwks-fetch\n"
                    "[issuer corp]\n"
                    "issuer = https://login.provider.test\n"
                    "services = sshd\n"
                    "audience = ssh\n"
                    "user_claim = sub\n")
    os.chmod(file, 0o666)
    result = tool("check", "-c", str(file))
    assert result.returncode == USAGE
    for words in ("no-such-user-here", "useradd", "/nonexistent/pam-jwks-fetch",
                  "would not read this file"):
        assert words in result.text, result.text


def test_the_sample_configuration_is_valid():
    sample = os.path.join(os.environ.get("PJ_SRCDIR", "."), "conf",
                          "pam_jwks.conf")
    result = tool("check", "--syntax", "-c", sample)
    assert result.returncode in (OK, REFUSED), result.text
    assert ":" not in result.stderr.decode()


def test_the_token_never_appears_in_what_is_printed(folder, key):
    token = good(key)
    for text in (token, tokens.spoil_signature(token), token[:-2]):
        result = verify(folder, text)
        for part in text.split("."):
            assert part not in result.text


def test_reason_explains_every_name():
    """What the manual says of a reason is what the tool says."""
    listed = tool("reason")
    assert listed.returncode == OK
    names = re.findall(r"^([a-z]\w+)  ", listed.text, re.MULTILINE)
    assert len(names) > 60 and "expired" in names
    assert max(len(line) for line in listed.text.splitlines()) < 80
    for name in names:
        one = tool("reason", name)
        assert one.returncode == OK
        assert one.text.startswith(name + ": ")
        assert len(one.text.split("\n\n")[1]) > 20
    assert ("Get a new one. If it is new, compare the clocks."
            in tool("reason", "expired").text)


def test_reason_without_meaning():
    """A name that is none is an error of usage and says where to look."""
    result = tool("reason", "expried")
    assert result.returncode == USAGE
    assert "`pam-jwks reason' lists them all" in result.text


@pytest.mark.parametrize("said, meant", [
    ("expried", ["expired"]),
    ("Expired", ["expired"]),
    ("audience-mismatch", ["audience_mismatch"]),
    ("reason=user_mismatch", ["user_mismatch"]),
    ("invalid_signature", ["signature_invalid"]),
    ("audience", ["audience_mismatch"]),
    ("typ_not", ["typ_not_allowed"]),
    ("user", ["fetch_user_missing", "user_invalid", "user_is_root",
              "user_mismatch", "user_not_granted", "user_unknown"]),
    ("xyzzy", []),
    ("ab", []),
    ("", []),
    ("x" * 100, []),
])
def test_a_reason_that_was_meant_is_offered(said, meant):
    """Misspelt, pasted with more, half remembered: with what it means."""
    result = tool("reason", said)
    assert result.returncode == USAGE and result.stdout == b""
    offered = re.findall(r"^([a-z]\w+)  ", result.text, re.MULTILINE)
    assert sorted(offered) == meant, result.text
    assert ("Did you mean" in result.text) == bool(meant)
    for name in meant:
        sentence = tool("reason", name).text.split(": ", 1)[1]
        assert sentence.split("\n")[0][:40] in result.text


@pytest.mark.parametrize("name, words", [
    ("not_a_jwt", "line break"),        # at a prompt it ends the answer
    ("base64_invalid", "line break"),
    ("fetch_failed", "clock"),          # "certificate is not yet valid"
])
def test_reason_names_the_cause(name, words):
    """What has been met on a host, and what was not in the text."""
    assert words in " ".join(tool("reason", name).text.split())


def complete(*words):
    """What bash offers behind these words."""
    script = os.path.join(os.path.dirname(__file__), "..", "..", "conf",
                          "bash-completion", "pam-jwks")
    code = ('. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pam_jwks; '
            'printf "%s\\n" "${COMPREPLY[@]}"')
    path = os.path.dirname(find_built("pam-jwks"))
    done = subprocess.run(
        ["bash", "-c", code, script, *words], capture_output=True, text=True,
        timeout=30, check=True, stdin=subprocess.DEVNULL,
        env=dict(os.environ, PATH=path + ":" + os.environ["PATH"]))
    return done.stdout.split()


def test_completion():
    """bash completes commands, options and the names of reasons."""
    assert complete("pam-jwks", "pu") == ["purge"]
    assert complete("pam-jwks", "re") == ["reason", "refresh"]
    assert complete("pam-jwks", "check", "--s") == ["--syntax"]
    assert complete("pam-jwks", "reason", "token_tr") == ["token_truncated"]
    assert "root" in complete("pam-jwks", "verify", "-u", "ro")
