"""A token in several answers, in a real PAM stack: the prompts, what is made of
the answers, and what the log says if something is missing.

What is asked next depends on the lengths of the answers alone: sshd replaces
the answers for accounts that it bars by junk of the same lengths.
"""

import ctypes
import json

import pytest

import tokens

ISSUER = "https://id.test"
SERVICE = "login-test"
KEYS = "/etc/security/keys.json"
LENGTHS = (511, 512, 1023, 1024, 4095)
LONGEST = 16384
CONV_AGAIN, CONV_ERR, ABORT = 30, 19, 26


def token(length=None, user="alice", kind="EdDSA", **members):
    """A good token, of exactly this length if one is asked for."""
    key = tokens.shared_key(kind, kind)
    claims = tokens.claims(ISSUER, user, "ssh-login", sub=None, iat=None,
                           **members)
    if length is None:
        return tokens.make_token(key, kind, claims)
    return tokens.token_of_length(length, key, kind, claims)


def junk(length):
    """What sshd puts in the place of an answer of this length."""
    return (b"\b\n\r\x7fINCORRECT" * (length // 13 + 1))[:length]


def pieces(text, size):
    """The text in pieces, with an empty one behind a last full one."""
    parts = [text[i:i + size] for i in range(0, len(text), size)]
    if len(parts[-1]) in LENGTHS:
        parts.append("")
    return parts


def prompts_of(answers):
    """What is asked for these answers."""
    prompts, total = ["Token: "], 0
    for answer in answers[:-1]:
        total += len(answer)
        prompts.append(f"Token (after character {total}): ")
    return prompts


@pytest.fixture(name="login")
def fixture_login(host):
    host.config(f"[issuer corp]\nissuer = {ISSUER}\nservices = any\n"
                "audience = ssh-login\nuser_claim = preferred_username\n"
                f"jwks_file = {KEYS}\n")
    host.write(KEYS, json.dumps(tokens.key_set(
        *(tokens.shared_key(kind, kind) for kind in ("EdDSA", "RS256")))))
    host.pam(SERVICE, "auth required {module}")
    return host


def attempt_of(host, answers, user="alice", **options):
    report = host.authenticate(SERVICE, user, answers, **options)
    return report, host.take_attempt()


# --- tokens that arrive ---------------------------------------------------------

@pytest.mark.parametrize("size", LENGTHS)
def test_pieces(login, size):
    """Pieces of every special size make tokens of every length."""
    for length in (300, 511, 512, 1023, 1024, 1500, 4095, 4096, 8000, 16000,
                   LONGEST):
        answers = pieces(token(length), size)
        report, attempt = attempt_of(login, answers)
        assert report["auth"] == "PAM_SUCCESS", (length, attempt)
        assert report["prompts"] == prompts_of(answers)


@pytest.mark.parametrize("length", LENGTHS + (600, 2000, 8000, 16000, LONGEST))
def test_everything_at_once(login, length):
    """A client without limits needs one prompt, or one more and an empty
    answer where the length might be that of a piece."""
    answers = pieces(token(length), length)
    report, attempt = attempt_of(login, answers)
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert report["prompts"] == prompts_of(answers)


@pytest.mark.parametrize("length", LENGTHS)
def test_everything_to_every_prompt(login, length):
    """A host that answers every prompt alike logs in with a token of a special
    length as well."""
    report, attempt = attempt_of(login, token(length), blind=True)
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert len(report["prompts"]) == LONGEST // length + 1


def test_one_byte_too_many(login):
    """16 KiB and no more, whichever way they come."""
    long = token(LONGEST + 1)
    for answers in [[long]] + [pieces(long, size) for size in LENGTHS]:
        report, attempt = attempt_of(login, answers)
        assert report["auth"] == "PAM_AUTH_ERR"
        assert attempt["reason"] == "token_too_long", attempt
        assert attempt["detail"] == f"{LONGEST + 1} bytes"


def test_pieces_that_begin_alike(login):
    """The first two pieces may be the same; only if all are is a host blind."""
    report, attempt = attempt_of(login, ["x" * 511, "x" * 511, "y"])
    assert report["auth"] == "PAM_AUTH_ERR"
    assert len(report["prompts"]) == 3
    assert attempt["reason"] == "not_a_jwt"


def test_prompt_argument(login):
    """The administrator's text stands before the first prompt alone."""
    login.pam(SERVICE, "auth required {module} [prompt=Password or]")
    report, attempt = attempt_of(login, pieces(token(1500), 511))
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert report["prompts"] == [
        "Password or Token: ", "Token (after character 511): ",
        "Token (after character 1022): "]


# --- passwords ------------------------------------------------------------------

@pytest.fixture(name="long_password")
def fixture_long_password(login):
    """alice with a password of 511 bytes, for this test alone."""
    password = "correct horse " * 36 + "staples"
    assert len(password) == 511
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    hashed = crypt(password.encode(), b"$6$pjtest$").decode()
    before = login.read("/etc/shadow").decode()
    lines = [f"alice:{hashed}:19000:0:99999:7:::"
             if line.startswith("alice:") else line
             for line in before.splitlines()]
    login.write("/etc/shadow", "\n".join(lines) + "\n", 0o600)
    yield password
    login.write("/etc/shadow", before, 0o600)


def test_ordinary_password(login):
    """One prompt, and it is there for the next module."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay use_first_pass")
    report, attempt = attempt_of(login, ["alice-password"])
    assert attempt["reason"] == "not_a_jwt"
    assert report["auth"] == "PAM_SUCCESS"
    assert report["prompts"] == ["Token: "]


@pytest.mark.parametrize("blind", [False, True])
def test_password_of_511_bytes(login, long_password, blind):
    """It is asked on, since lengths are all that is known, and then it is there
    as it was entered."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay use_first_pass")
    report, attempt = attempt_of(login, [long_password, ""], blind=blind)
    assert attempt["reason"] == "not_a_jwt", attempt
    assert report["auth"] == "PAM_SUCCESS", "the password was lost"
    assert report["prompts"][:2] == ["Token: ", "Token (after character 511): "]


# --- tokens that do not arrive ----------------------------------------------------

LIMITS = {511: "sudo", 512: "PAM_MAX_RESP_SIZE", 1023: "OpenSSH client",
          1024: "sshd's password method", 4095: "su, login"}


@pytest.mark.parametrize("length", LENGTHS)
def test_cut_and_blind(login, length):
    """The same cut answer to every prompt: the reason names the limit, and what
    to change in sshd."""
    cut = token(length + 200)[:length]
    report, attempt = attempt_of(login, cut, blind=True)
    assert report["auth"] == "PAM_AUTH_ERR"
    assert attempt["reason"] == "token_truncated", attempt
    assert attempt["detail"].startswith(f"{length} bytes")
    assert LIMITS[length] in attempt["detail"]
    assert "KbdInteractiveAuthentication" in attempt["detail"]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("argument", ["use_first_pass", "try_first_pass"])
def test_cut_by_an_earlier_module(login, length, argument):
    """Nothing is asked, and the reason names the limit."""
    login.pam(SERVICE, "auth [default=ignore] pam_unix.so nodelay",
              "auth required {module} " + argument)
    report, attempt = attempt_of(login, token(length + 200)[:length])
    assert len(report["prompts"]) == 1
    assert attempt["reason"] == "token_truncated", attempt
    assert LIMITS[length] in attempt["detail"]
    assert "earlier module" in attempt["detail"]
    assert "KbdInteractive" not in attempt["detail"]
    report, attempt = attempt_of(login, token(length))
    assert report["auth"] == "PAM_SUCCESS", attempt


@pytest.mark.parametrize("kind", ["EdDSA", "RS256"])
@pytest.mark.parametrize("length,size", [
    (900, 511), (1024, 1023), (1060, 1023), (1061, 1023)])
def test_gave_up_too_early(login, kind, length, size):
    """A piece and then nothing: cut in the payload, or in the signature, there
    also where what is left is base64url (1061)."""
    report, attempt = attempt_of(login, [token(length, kind=kind)[:size], ""])
    assert report["auth"] == "PAM_AUTH_ERR"
    assert attempt["reason"] == "token_truncated", attempt
    assert LIMITS[size] in attempt["detail"]
    assert "no more came" in attempt["detail"]
    assert "KbdInteractive" not in attempt["detail"]


def test_missing_behind_the_second_piece(login):
    """The limit is that of the last piece, not of the sum."""
    report, attempt = attempt_of(
        login, [token(3000)[:1023], token(3000)[1023:2046], ""])
    assert report["auth"] == "PAM_AUTH_ERR"
    assert attempt["reason"] == "token_truncated", attempt
    assert attempt["detail"].startswith("2046 bytes; an answer of 1023")


def test_other_reasons_keep_their_names(login):
    """A whole token of a special length is refused for what it is."""
    for answer, reason in (
            (token(511, expires_in=-600), "expired"),
            (token(1023, user="bob"), "user_mismatch"),
            (tokens.spoil_signature(token(511)), "signature_invalid"),
            ("p" * 511, "not_a_jwt")):
        _, attempt = attempt_of(login, [answer, ""])
        assert attempt["reason"] == reason, attempt
    _, attempt = attempt_of(login, [token(900)[:513]])
    assert attempt["reason"] == "not_a_jwt", attempt


def test_beginning_of_a_token_is_not_handed_down(login):
    """What came through of a token is not there for the next module, however
    little it is worth."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay try_first_pass")
    for answers in ([token(900)[:511], ""], pieces(token(
            1500, expires_in=-600), 511)):
        report, _ = attempt_of(login, answers + ["alice-password"])
        assert report["auth"] == "PAM_SUCCESS"
        assert len(report["prompts"]) == len(answers) + 1


# --- hosts that fail in between ---------------------------------------------------

@pytest.mark.parametrize("failure,code,name", [
    (CONV_ERR, "PAM_CONV_ERR", "PAM_CONV_ERR"), (None, "PAM_CONV_ERR",
                                                 "PAM_CONV_ERR"),
    ([], "PAM_CONV_ERR", "PAM_CONV_ERR"),
    (CONV_AGAIN, "PAM_INCOMPLETE", "PAM_CONV_AGAIN"),
    (ABORT, "PAM_ABORT", "PAM_ABORT"), (25, "PAM_CONV_ERR", "unusual")])
def test_later_prompt_fails(login, failure, code, name):
    """Whoever gives up at a later prompt does not log in, even if what has come
    is a whole token; and nothing of it is left for the next module."""
    good = token(511)
    report, attempt = attempt_of(login, [good, failure])
    assert attempt["reason"] == "conversation_failed", attempt
    assert report["auth"] == code
    assert name in attempt["detail"]
    assert "after character 511" in attempt["detail"]
    login.pam(SERVICE, "auth [default=ignore] {module}",
              "auth required pam_unix.so nodelay try_first_pass")
    if failure != CONV_AGAIN:
        report, _ = attempt_of(login, [good, failure, "alice-password"])
        assert report["auth"] == "PAM_SUCCESS"
        assert len(report["prompts"]) == 3


def test_first_answer_missing(login):
    """A host that says it asked and has no answer."""
    report, attempt = attempt_of(login, [[]])
    assert report["auth"] == "PAM_CONV_ERR"
    assert attempt["detail"] == "PAM_CONV_ERR"


# --- what strangers can see -------------------------------------------------------

@pytest.mark.parametrize("lengths", [
    [20], [511, 3], [511, 511, 511, 0], [1023, 1023, 400], [512, 1024, 0],
    [4095] * 5, [511] * 33], ids=str)
def test_same_prompts_for_everybody(login, lengths):
    """Existing, unknown and barred accounts, good pieces, bad ones, equal ones
    and sshd's junk: the prompts and texts are the same."""
    good = token(LONGEST + 1)
    seen = []
    for user in ("alice", "carol"):
        for kind in ("good", "alike", "junk"):
            answers, at = [], 0
            for length in lengths:
                answers.append({"good": good[at:at + length],
                                "alike": "x" * length,
                                "junk": junk(length)}[kind])
                at += length
            report, attempt = attempt_of(login, answers, user)
            assert attempt.verdict == "refused"
            if kind == "junk":
                assert attempt["reason"] == "masked_answer", attempt
            seen.append((report["prompts"], report["texts"], report["auth"]))
    assert all(entry == seen[0] for entry in seen), seen
    assert len(seen[0][0]) == len(lengths)


def test_nothing_is_read_before_the_end(login):
    """Without a configuration everything is asked just the same."""
    answers = pieces(token(2000), 511)
    login.remove("/etc/security/pam_jwks.conf")
    report, attempt = attempt_of(login, answers)
    assert attempt["reason"] == "config_missing"
    assert report["prompts"] == prompts_of(answers)


def test_pieces_many_times(login):
    """A long-lived host: no descriptor stays open."""
    answers = pieces(token(8000), 511)
    once = login.authenticate(SERVICE, "alice", answers)
    many = login.authenticate(SERVICE, "alice", answers, again=10)
    assert many["auth"] == "PAM_SUCCESS"
    assert many["fds"] == once["fds"]
    assert len(login.take_attempts()) == 12
