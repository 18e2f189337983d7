"""The module in a real PAM stack with keys from a file: codes, log lines,
arguments, phases, and what it does with bad input.

Codes and levels are those of the table in docs (return codes are interface).
"""

import hashlib
import json
import os
import stat
import tempfile
import time

import pytest

import hosts
import tokens
from provider import Provider

ISSUER = "https://login.example.test/realms/corp"
SERVICE = "login-test"
KEYS = "/etc/security/keys.json"
CONFIG = "/etc/security/pam_jwks.conf"
REFUSED = "PAM_AUTH_ERR"


def section(**settings):
    """The [issuer corp] section with a key file; settings change it."""
    values = {"issuer": ISSUER, "services": "any", "audience": "ssh-login",
              "user_claim": "preferred_username", "jwks_file": KEYS}
    values.update(settings)
    return "[issuer corp]\n" + "".join(
        f"{key} = {value}\n" for key, value in values.items()
        if value is not None)


def key():
    return tokens.shared_key("EdDSA", "k1")


def token(user="alice", header=None, audience="ssh-login", issuer=ISSUER,
          **members):
    """A token that would be accepted, but for what the arguments change."""
    return tokens.make_token(
        key(), "EdDSA", tokens.claims(issuer, user, audience, **members),
        header)


@pytest.fixture(name="login")
def fixture_login(host):
    """The host with a working configuration and service."""
    host.config(section())
    host.write(KEYS, json.dumps(tokens.key_set(key())))
    host.pam(SERVICE, "auth required {module}")
    return host


def attempt_of(host, answers, user="alice", service=SERVICE, **options):
    """One transaction: the client's report and the attempt in the log."""
    report = host.authenticate(service, user, answers, **options)
    return report, host.take_attempt()


def check_refused(host, answers, reason, code=REFUSED, level="notice",
                  user="alice", **options):
    """The attempt was refused with this code, reason and level."""
    report, attempt = attempt_of(host, answers, user, **options)
    assert attempt.verdict == "refused", attempt
    assert attempt["reason"] == reason, attempt
    assert report["auth"] == code, attempt
    assert attempt["user"] == user, attempt
    assert attempt.level == level, attempt
    return report, attempt


# --- success ------------------------------------------------------------------

def test_accepted(login):
    """A good token logs in; the line says who, by what rule, with which token."""
    good = token()
    report, attempt = attempt_of(login, good, rhost="192.0.2.7",
                                 phases=("auth", "setcred"))
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert report["setcred"] == "PAM_SUCCESS"
    assert report["prompts"] == ["Token: "]
    assert attempt.verdict == "accepted"
    assert attempt.level == "info"
    assert (attempt.service, attempt.phase) == (SERVICE, "auth")
    assert attempt["user"] == "alice"
    assert attempt["identity"] == "alice"
    assert attempt["rule"] == "claim:preferred_username"
    assert attempt["issuer"] == "corp"
    assert attempt["kid"] == "k1"
    assert attempt["token"] == hashlib.sha256(good.encode()).hexdigest()[:12]
    assert attempt["rhost"] == "192.0.2.7"
    assert "reason" not in attempt


def test_the_host_may_change_the_user_while_it_is_asked(login):
    """Some hosts let people correct their name at the prompt.  The token is for
    whom PAM_USER names then, not for whom it named before."""
    report, attempt = attempt_of(login, token("alice"), "alice",
                                 becomes="bob")
    assert report["auth"] == "PAM_AUTH_ERR" and report["user"] == "bob"
    assert attempt["reason"] == "user_mismatch" and attempt["user"] == "bob"
    report, attempt = attempt_of(login, token("bob"), "alice", becomes="bob")
    assert report["auth"] == "PAM_SUCCESS" and attempt["user"] == "bob"
    # Also where the conversation fails behind it.
    report, attempt = attempt_of(login, [None], "alice", becomes="bob")
    assert attempt["reason"] == "conversation_failed", attempt


def test_without_a_user_no_token_is_asked_for(login):
    """A host that does not know whom it is about asks first; if that fails
    nobody is asked for more."""
    report, attempt = attempt_of(login, [None, token()], None)
    assert report["auth"] == "PAM_CONV_ERR"
    assert len(report["prompts"]) == 1, report
    assert attempt["reason"] == "conversation_failed", attempt


def test_with_too_little_memory_nothing_is_begun(login):
    """libc and OpenSSL die of a failing allocation in the wrong moment, and the
    caller of su chooses the moment by a limit.  No signal ends a host; where a
    decision was begun it had room enough."""
    good, ends = token(), set()
    for kib in range(6000, 60000, 2000):
        login.take_attempts()
        result = login.run(["/bin/sh", "-c", f"ulimit -v {kib}; exec "
                            f"pamtester {SERVICE} alice authenticate"],
                           input=good + "\n")
        for attempt in login.take_attempts():
            ends.add(attempt.fields.get("reason", "ok"))
            # Its own 8 MB and what must be there besides.
            assert attempt.verdict == "refused" or kib > 20000, (kib, attempt)
        assert 0 <= result.returncode < 128, (kib, result)
    assert ends == {"no_memory", "ok"}, ends


def test_fields_in_order(login):
    """The line's fields stand in the promised order."""
    order = ["user", "reason", "identity", "rule", "issuer", "kid", "token",
             "rhost", "detail"]
    for answer in (token(), token(expires_in=-600), token("bob"), "nonsense"):
        _, attempt = attempt_of(login, answer, rhost="192.0.2.7")
        names = list(attempt.fields)
        assert names == sorted(names, key=order.index), attempt


@pytest.mark.parametrize("kind", list(tokens.KINDS))
def test_algorithms(login, kind):
    """Every algorithm of the table is accepted, with and without alg in the key."""
    alg = "EdDSA" if kind == "Ed448" else kind
    signer = tokens.shared_key(kind, "of-" + kind)
    for members in ({}, {"alg": alg, "use": "sig"}):
        login.write(KEYS, json.dumps(tokens.key_set(
            key(), tokens.public(signer, **members))))
        answer = tokens.make_token(signer, alg, tokens.claims(
            ISSUER, "alice", "ssh-login"))
        report, attempt = attempt_of(login, answer)
        assert report["auth"] == "PAM_SUCCESS", attempt


@pytest.mark.parametrize("kind", ["RS256", "ES256"])
@pytest.mark.parametrize("only_certificate", [True, False])
def test_x5c(login, kind, only_certificate):
    """A key comes from its certificate, alone or beside equal members."""
    signer = tokens.shared_key(kind, "x5c")
    login.write(KEYS, json.dumps(tokens.key_set(
        tokens.x5c_key(signer, only_certificate))))
    report, attempt = attempt_of(login, tokens.make_token(
        signer, kind, tokens.claims(ISSUER, "alice", "ssh-login")))
    assert report["auth"] == "PAM_SUCCESS", attempt


def test_pamtester_with_a_long_token(login):
    """misc_conv hands over up to 4095 bytes; a token of 4 KiB logs in.  (4094,
    since an answer of exactly 4095 might have been cut.)"""
    answer = tokens.pad_to(4094, lambda text: token(padding=text))
    result = login.pamtester(SERVICE, "alice", answer,
                             "authenticate", "setcred")
    attempt = login.take_attempt()
    assert result.returncode == 0, (result, attempt)
    assert attempt.verdict == "accepted"


# --- refusals of tokens ---------------------------------------------------------

def _other_key():
    return tokens.shared_key("EdDSA", "stranger")


def _secret_of_public_key():
    """The classic confusion: HS256 with the public key as the secret."""
    secret = tokens.jwk.JWK(kty="oct", kid="k1", k=tokens.b64url(
        key().export_to_pem()))
    return tokens.make_token(secret, "HS256", tokens.claims(
        ISSUER, "alice", "ssh-login"))


BAD_TOKENS = {
    "expired": lambda: token(expires_in=-600),
    "not_yet_valid": lambda: token(nbf=int(time.time()) + 600),
    "issued_in_future": lambda: token(iat=int(time.time()) + 600),
    "audience_mismatch": lambda: token(audience="another-service"),
    "audience_mismatch/list": lambda: token(audience=["a", "b"]),
    "audience_mismatch/case": lambda: token(audience="SSH-login"),
    "issuer_unknown": lambda: token(issuer=ISSUER + "/"),
    "signature_invalid": lambda: tokens.spoil_signature(token()),
    "signature_invalid/payload": lambda: tokens.swap_payload(
        token("bob"), preferred_username="alice"),
    "signature_invalid/key": lambda: tokens.make_token(
        _other_key(), "EdDSA", tokens.claims(ISSUER, "alice", "ssh-login"),
        {"kid": "k1"}),
    "user_mismatch": lambda: token("bob"),
    "user_mismatch/case": lambda: token("Alice"),
    "user_mismatch/space": lambda: token("alice "),
    "key_unknown": lambda: tokens.make_token(
        _other_key(), "EdDSA", tokens.claims(ISSUER, "alice", "ssh-login")),
    "key_unfit": lambda: tokens.make_token(
        tokens.shared_key("ES256", "k1"), "ES256",
        tokens.claims(ISSUER, "alice", "ssh-login")),
    "alg_unsupported": lambda: tokens.unsigned_token(
        tokens.claims(ISSUER, "alice", "ssh-login"), {"kid": "k1"}),
    "alg_unsupported/hmac": _secret_of_public_key,
    "claim_missing/exp": lambda: token(exp=None),
    "claim_missing/user": lambda: token(preferred_username=None),
    "claim_type/exp": lambda: token(exp="4000000000"),
    "claim_type/user": lambda: token(preferred_username=["alice"]),
    "identity_invalid/empty": lambda: token(preferred_username=""),
    "token_bound": lambda: token(cnf={"jkt": "x"}),
    "token_is_event": lambda: token(events={
        "http://schemas.openid.net/event/backchannel-logout": {}}),
    "identity_is_client": lambda: token(azp="alice"),
    "typ_not_allowed": lambda: token(header={"typ": "at+jwt"}),
    "crit_present": lambda: token(header={"crit": ["exp"]}),
    "kid_invalid": lambda: token(header={"kid": 7}),
    "token_encrypted": lambda: "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0"
                               "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
    "base64_invalid": lambda: token() + "=",
    "not_a_jwt": lambda: "correct horse battery staple",
    "not_a_jwt/dots": lambda: "a.b.c.d",
    "token_empty": lambda: "",
}


@pytest.mark.parametrize("name", list(BAD_TOKENS))
def test_refused(login, name):
    """Every wrong token is PAM_AUTH_ERR with its own reason, at notice."""
    answer = BAD_TOKENS[name]()
    report, attempt = check_refused(login, answer, name.split("/")[0])
    assert len(report["prompts"]) == 1
    assert "rule" not in attempt
    if len(answer) > 40:
        for part in answer.split("."):
            assert len(part) < 20 or part not in login.log()


@pytest.mark.parametrize("name", [
    "expired", "signature_invalid", "key_unknown", "audience_mismatch",
    "alg_unsupported/hmac"])
def test_identity_only_after_verification(login, name):
    """A token that has not verified gives no identity to the log."""
    _, attempt = attempt_of(login, BAD_TOKENS[name]())
    if name != "expired":
        assert "identity" not in attempt, attempt
    assert attempt.get("issuer", "corp") == "corp"


def test_service_not_served(login):
    """A section for other services refuses."""
    login.config(section(services="sshd sudo"))
    check_refused(login, token(), "service_not_served")


def test_email_unverified(login):
    """An identity from email needs email_verified."""
    login.config(section(user_claim="email", user_strip_domain="example.test"))
    mail = "alice@example.test"
    check_refused(login, token(email=mail), "email_unverified")
    check_refused(login, token(email=mail, email_verified=False),
                  "email_unverified")
    report, attempt = attempt_of(login, token(email=mail, email_verified=True))
    assert report["auth"] == "PAM_SUCCESS", attempt
    check_refused(login, token(email="alice@example.test.evil",
                               email_verified=True), "identity_foreign")


def test_root_and_system_accounts(login):
    """Root and accounts of the system do not log in by claim."""
    check_refused(login, token("root"), "user_is_root", user="root")
    check_refused(login, token("daemon"), "uid_refused", user="daemon")
    check_refused(login, token("nobody"), "uid_refused", user="nobody")


def test_user_unknown(login):
    """A good token for an account that does not exist is PAM_USER_UNKNOWN."""
    check_refused(login, token("carol"), "user_unknown", "PAM_USER_UNKNOWN",
                  user="carol")


def test_strangers_learn_nothing(login):
    """Without a good token known and unknown users look the same."""
    for answer in ("password", token("dave", expires_in=-600),
                   tokens.spoil_signature(token()), ""):
        seen = []
        for user in ("alice", "carol"):
            report, attempt = attempt_of(login, answer, user)
            seen.append((report["auth"], report["prompts"], report["texts"],
                         attempt["reason"]))
        assert seen[0] == seen[1]


# --- no keys --------------------------------------------------------------------

@pytest.mark.parametrize("content", [
    None, "", "{}", "<html>", '{"keys":[]}', '{"keys":{}}', "[]",
    '{"keys":[{"kty":"oct","kid":"k1","k":"AAAA"}]}'])
def test_key_file_without_keys(login, content):
    """A key file that is missing or has no usable key: keys_unavailable."""
    if content is None:
        login.remove(KEYS)
    else:
        login.write(KEYS, content)
    check_refused(login, token(), "keys_unavailable", "PAM_AUTHINFO_UNAVAIL",
                  "warning")


def test_key_file_unsafe(login):
    """A key file that others could write is not used."""
    text = json.dumps(tokens.key_set(key()))
    for mode, owner in ((0o666, None), (0o664, None), (0o644, "bob")):
        login.write(KEYS, text, mode, owner)
        if mode == 0o664:
            os.chown(login.path(KEYS), 0, 2002)
        check_refused(login, token(), "keys_unavailable",
                      "PAM_AUTHINFO_UNAVAIL", "warning")


# --- configuration --------------------------------------------------------------

def test_config_missing(login):
    """No configuration is a service error, not an open door."""
    login.remove(CONFIG)
    _, attempt = check_refused(login, token(), "config_missing",
                               "PAM_SERVICE_ERR", "err")
    assert CONFIG in attempt.line


@pytest.mark.parametrize("mode,owner", [(0o666, None), (0o646, None),
                                        (0o644, "bob")])
def test_config_unsafe(login, mode, owner):
    """A configuration that somebody else could write is not read."""
    login.write(CONFIG, login.read(CONFIG), mode, owner)
    _, attempt = check_refused(login, token(), "config_unsafe",
                               "PAM_SERVICE_ERR", "err")
    assert CONFIG in attempt.line


def test_config_behind_link_of_bob(login):
    """A symbolic link in the place of the configuration does not help."""
    login.write("/run/home/bob/own.conf", login.read(CONFIG), 0o644, "bob")
    login.remove(CONFIG)
    os.symlink("/run/home/bob/own.conf", login.path(CONFIG))
    report, attempt = attempt_of(login, token())
    assert report["auth"] == "PAM_SERVICE_ERR", attempt
    assert attempt["reason"] in ("config_unsafe", "config_missing")


@pytest.mark.parametrize("mistake", [
    "colour = blue", "audience", "leeway = 5", "leeway = 5s # comment",
    "user_claim = sub", "algorithms = HS256", "algorithms = none",
    "require_kid = true", "[issuer corp]", "[unknown]", "min_uid = 0x10"])
def test_config_mistake(login, mistake):
    """A mistake anywhere is a service error that names file and line."""
    good = login.read(CONFIG).decode()
    login.write(CONFIG, good + mistake + "\n")
    line = good.count("\n") + 1
    _, attempt = check_refused(login, token(), "config_invalid",
                               "PAM_SERVICE_ERR", "err")
    assert f"{CONFIG}:{line}" in attempt["detail"], attempt


@pytest.mark.parametrize("missing", ["issuer", "services", "audience",
                                     "user_claim"])
def test_config_required_key(login, missing):
    """A section without a required key is a mistake."""
    login.config(section(**{missing: None}))
    check_refused(login, token(), "config_invalid", "PAM_SERVICE_ERR", "err")


def test_config_argument(login):
    """config=FILE is read instead, with the same checks."""
    login.write("/etc/security/other.conf", login.read(CONFIG))
    login.remove(CONFIG)
    login.pam(SERVICE, "auth required {module} config=/etc/security/other.conf")
    report, attempt = attempt_of(login, token())
    assert report["auth"] == "PAM_SUCCESS", attempt
    os.chmod(login.path("/etc/security/other.conf"), 0o666)
    check_refused(login, token(), "config_unsafe", "PAM_SERVICE_ERR", "err")


# --- arguments ------------------------------------------------------------------

@pytest.mark.parametrize("argument", ["nullok", "debug=1", "config=relative",
                                      "QUIET", "leeway=1h"])
def test_unknown_argument(login, argument):
    """An argument that the module does not know is a service error."""
    login.pam(SERVICE, "auth required {module} " + argument)
    report, attempt = attempt_of(login, token())
    assert attempt["reason"] == "argument_invalid"
    assert report["auth"] == "PAM_SERVICE_ERR"
    assert attempt.level == "err"
    assert argument.split("=")[-1] in attempt.line


def test_prompt_argument(login):
    """prompt=TEXT stands before the fixed prompt."""
    login.pam(SERVICE, "auth required {module} [prompt=Corp login.]")
    report, _ = attempt_of(login, token())
    assert len(report["prompts"]) == 1
    assert report["prompts"][0].startswith("Corp login.")
    assert report["prompts"][0].endswith("Token: ")


def test_told_and_quiet(login):
    """The owner of an expired token is told so; quiet and strangers are not."""
    report, _ = check_refused(login, token(expires_in=-600), "expired")
    assert len(report["texts"]) == 1 and "expired" in report["texts"][0]
    report, _ = check_refused(login, token("bob", expires_in=-600), "expired")
    assert report["texts"] == []
    for bad in ("signature_invalid", "key_unknown", "audience_mismatch",
                "not_a_jwt"):
        report, _ = attempt_of(login, BAD_TOKENS[bad]())
        assert report["texts"] == [], bad
    login.pam(SERVICE, "auth required {module} quiet")
    report, _ = check_refused(login, token(expires_in=-600), "expired")
    assert report["texts"] == []


# Of these the signature is good, and only the clock stands in the way: whoever
# has such a token for the very user is told so.
TOLD = ("expired", "not_yet_valid", "issued_in_future")


def test_refusals_look_the_same(login):
    """Whatever is wrong with it: code, prompts and words are those of a wrong
    password, and nothing else comes out."""
    seen = {}
    for name, make in BAD_TOKENS.items():
        if name not in TOLD:
            report, _ = attempt_of(login, make())
            seen[name] = (report["auth"], report["prompts"], report["texts"])
    expected = seen["not_a_jwt"]
    assert expected == (REFUSED, ["Token: "], [])
    assert {name for name in seen if seen[name] != expected} == set()
    assert len(seen) >= 25


def test_debug_shows_no_token(login):
    """debug adds lines, but never the token."""
    login.pam(SERVICE, "auth required {module} debug")
    before = len(login.log_lines())
    answer = token()
    report, attempt = attempt_of(login, answer)
    assert report["auth"] == "PAM_SUCCESS", attempt
    lines = [line for line in login.log_lines()[before:] if line.service]
    assert len(lines) > 1
    for part in answer.split("."):
        assert all(part[:24] not in line.text for line in lines)


# --- the stack ------------------------------------------------------------------

BEFORE = "auth [default=ignore] pam_unix.so nodelay"


@pytest.mark.parametrize("argument", ["use_first_pass", "try_first_pass"])
def test_first_pass(login, argument):
    """The answer of an earlier module is taken, without another prompt."""
    login.pam(SERVICE, BEFORE, "auth required {module} " + argument)
    report, attempt = attempt_of(login, token(), phases=("auth", "setcred"))
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert len(report["prompts"]) == 1
    report, _ = check_refused(login, "alice-password", "not_a_jwt")
    assert len(report["prompts"]) == 1


def test_first_pass_without_one(login):
    """use_first_pass never asks; try_first_pass does if there is nothing."""
    login.pam(SERVICE, "auth required {module} use_first_pass")
    report, attempt = attempt_of(login, token())
    assert report["auth"] != "PAM_SUCCESS"
    assert attempt.verdict == "refused"
    assert report["prompts"] == []
    login.pam(SERVICE, "auth required {module} try_first_pass")
    report, attempt = attempt_of(login, token())
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert report["prompts"] == ["Token: "]


def test_asks_anew_without_argument(login):
    """Without either argument an earlier answer is not looked at."""
    login.pam(SERVICE, BEFORE, "auth required {module}")
    report, attempt = attempt_of(login, ["alice-password", token()])
    assert report["auth"] == "PAM_SUCCESS", attempt
    assert report["prompts"][1] == "Token: "


def test_password_stays_for_later_modules(login):
    """A password that is no token is there for pam_unix; a token is not."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay try_first_pass")
    report, attempt = attempt_of(login, "alice-password",
                                 phases=("auth", "setcred"))
    assert attempt["reason"] == "not_a_jwt"
    assert report["auth"] == "PAM_SUCCESS"
    assert report["setcred"] == "PAM_SUCCESS"
    assert len(report["prompts"]) == 1
    report, attempt = attempt_of(
        login, [token(expires_in=-600), "alice-password"])
    assert attempt["reason"] == "expired"
    assert report["auth"] == "PAM_SUCCESS"
    assert len(report["prompts"]) == 2, "the token was left in PAM_AUTHTOK"
    # Nothing entered is a password, too: nobody is asked for another.
    report, attempt = attempt_of(login, ["", "alice-password"])
    assert attempt["reason"] == "token_empty"
    assert len(report["prompts"]) == 1


@pytest.mark.parametrize("before", [
    " ", "\"", "Bearer ", "\t", "token=", "'", "<", ">", ",", ";", "token:",
    "\n", "\r"])
def test_token_behind_something_is_gone_as_well(login, before):
    """A slip of copy and paste does not hand a live token to later modules."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay try_first_pass")
    report, attempt = attempt_of(login, [before + token(), "alice-password"])
    assert attempt["reason"] == "not_a_jwt"
    assert report["auth"] == "PAM_SUCCESS"
    assert len(report["prompts"]) == 2, "the token was left in PAM_AUTHTOK"


@pytest.mark.parametrize("password", [
    "{hunter2", "eyes.wide.shut", "ey.a.b", "{", "e30", "a b.c.d"])
def test_password_that_resembles_a_token_stays(login, password):
    """What is no token by its form is left to pam_unix, in one prompt."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay use_first_pass")
    report, attempt = attempt_of(login, [password])
    assert attempt["reason"] == "not_a_jwt"
    assert len(report["prompts"]) == 1
    assert "token=" not in str(attempt), "a password was named in the log"


def test_debug_tells_nothing_of_a_password(login):
    """Not even how long it is."""
    login.pam(SERVICE, "auth required {module} debug")
    attempt_of(login, ["hunter2"])
    for line in login.log().splitlines():
        assert "hunter2" not in line and "7 bytes" not in line


def test_token_is_gone_after_success(login):
    """After success no later module finds the token."""
    login.pam(SERVICE, "auth required {module}",
              "auth [default=ignore] pam_unix.so nodelay try_first_pass")
    report, attempt = attempt_of(login, [token(), "alice-password"])
    assert attempt.verdict == "accepted"
    assert len(report["prompts"]) == 2


def test_setcred(login):
    """Success after a login by token, alone in the stack or not; otherwise the
    modules below decide."""
    login.pam(SERVICE, "auth sufficient {module}",
              "auth required pam_unix.so nodelay")
    report, _ = attempt_of(login, token(), phases=("auth", "setcred"))
    assert (report["auth"], report["setcred"]) == ("PAM_SUCCESS",) * 2
    login.pam(SERVICE, "auth required {module}")
    report, _ = attempt_of(login, "wrong", phases=("auth", "setcred"))
    assert report["auth"] == REFUSED
    assert report["setcred"] != "PAM_SUCCESS"
    report = login.authenticate(SERVICE, "alice", [], ("setcred",))
    assert report["setcred"] != "PAM_SUCCESS"


def test_never_ignored(login):
    """A refusal is never PAM_IGNORE: a stack of `sufficient` alone fails."""
    login.pam(SERVICE, "auth sufficient {module}")
    report, _ = attempt_of(login, "wrong")
    assert report["auth"] not in ("PAM_SUCCESS", "PAM_IGNORE")
    login.pam(SERVICE, "auth optional {module}")
    report, _ = attempt_of(login, "wrong")
    assert report["auth"] not in ("PAM_SUCCESS", "PAM_IGNORE")


@pytest.mark.parametrize("phase,operation", [
    ("account", "acct"), ("session", "open")])
def test_other_phases_fail_loudly(login, phase, operation):
    """The module in the account or session phase fails the stack."""
    login.pam(SERVICE, "auth required {module}", phase + " required {module}")
    report = login.authenticate(SERVICE, "alice", token(),
                                ("auth", operation))
    assert report["auth"] == "PAM_SUCCESS"
    assert report[operation] not in ("PAM_SUCCESS", "PAM_IGNORE")


# --- the conversation -----------------------------------------------------------

def test_conversation_fails(login):
    """A failed conversation comes back as it was; "again" as incomplete."""
    check_refused(login, [None], "conversation_failed", "PAM_CONV_ERR")
    conv_again = 30
    check_refused(login, [conv_again], "conversation_failed", "PAM_INCOMPLETE")


@pytest.mark.parametrize("code", [25, 12, 99])
def test_an_unusual_conversation_code_lets_nobody_in(login, code):
    """PAM_IGNORE and PAM_NEW_AUTHTOK_REQD are no refusal in every stack."""
    login.pam(SERVICE, "auth required {module}",
              "auth required pam_permit.so")
    report, attempt = attempt_of(login, [code])
    assert attempt["reason"] == "conversation_failed"
    assert report["auth"] == "PAM_CONV_ERR"


def test_a_configuration_that_cannot_be_read_says_so(login):
    """As a service's own user, behind a mode that keeps it out."""
    os.chmod(login.path("/etc/security/pam_jwks.conf"), 0o600)
    result = login.run([hosts.find_built("pam-jwks"), "verify", "-u", "alice",
                        "-c", "/etc/security/pam_jwks.conf"],
                       user="alice", input=token())
    assert result.returncode == 2, result
    assert "config_unreadable" in result.err


def test_same_process_many_times(login):
    """A long-lived host: no descriptor stays open."""
    once = login.authenticate(SERVICE, "alice", token())
    many = login.authenticate(SERVICE, "alice", token(), again=20)
    assert many["auth"] == "PAM_SUCCESS"
    assert many["fds"] == once["fds"]
    assert len(login.take_attempts()) == 22


# --- bad input ------------------------------------------------------------------

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("garbage", [
    b"A" * MEGABYTE, b"\xff" * MEGABYTE, b"." * MEGABYTE,
    b"{" * MEGABYTE, b"eyJhbGciOiJFZERTQSJ9." + b"A" * MEGABYTE + b".AAAA",
], ids=["letters", "bytes", "dots", "braces", "token"])
def test_a_megabyte(login, garbage):
    """1 MiB of anything is refused at once, with a line of bounded length."""
    begin = time.monotonic()
    report, attempt = attempt_of(login, garbage)
    assert report["auth"] == REFUSED
    assert attempt["reason"] in ("token_too_long", "not_a_jwt")
    assert len(attempt.line) < 1024
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("answer", [
    b"\x01\x02\x7f\x1b[2J", b"%s%n%s%n", b'" user=root reason="', b"\n\r\t",
    b"\b\n\r\x7fINCORRECT", "\u00fc\u00df".encode()])
def test_odd_answers(login, answer):
    """Odd bytes never forge a field or a line of the log."""
    report, attempt = attempt_of(login, answer)
    assert report["auth"] == REFUSED
    assert attempt["user"] == "alice"
    assert attempt["reason"] in ("not_a_jwt", "masked_answer")
    assert attempt.line.isprintable()


@pytest.mark.parametrize("user", ["al ice", 'a"b', "x=y", "-alice", "a/b",
                                  "a:b", "\u00fc", "a\x1bb", "x" * 300])
def test_odd_users(login, user):
    """Odd user names never forge a field, and never log in."""
    report = login.authenticate(SERVICE, user, token(user))
    attempt = login.take_attempt()
    assert report["auth"] in (REFUSED, "PAM_USER_UNKNOWN"), attempt
    assert attempt.verdict == "refused"
    assert attempt["reason"] in ("user_invalid", "user_unknown",
                                 "identity_invalid", "user_mismatch")
    assert attempt.line.isprintable()


@pytest.mark.parametrize("kid", ['k" reason=ok x="', "a b", "k\n1", "../../etc",
                                 "k" * 256])
def test_odd_kids(login, kid):
    """A key id from the network cannot forge a field of the log."""
    report, attempt = attempt_of(login, token(header={"kid": kid}))
    assert report["auth"] == REFUSED
    assert attempt["reason"] in ("key_unknown", "kid_invalid")
    assert attempt.line.isprintable()


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="online")
def fixture_online(host, provider):
    """A host that fetches its keys; the provider is in good health."""
    host.write("/etc/security/ca.pem", provider.authority.ca_text())
    host.config(provider.section(ca_file="/etc/security/ca.pem"),
                timeout_cold="2s")
    host.pam(SERVICE, "auth required {module}")
    for what in ("discovery", "keys"):
        provider.behave(what, "ok")
    provider.forget()
    return host


def cache_file(host):
    """The one data file of the cache, as a path outside."""
    folder = host.path("/var/cache/pam_jwks")
    names = [n for n in os.listdir(folder) if n.endswith(".jwks")]
    assert len(names) == 1, os.listdir(folder)
    return os.path.join(folder, names[0])


def _as_link(path, host):
    os.rename(path, host.path("/run/home/bob/keys"))
    os.symlink("/run/home/bob/keys", path)


def _as_fifo(path, _):
    os.unlink(path)
    os.mkfifo(path, 0o644)


def _as_folder(path, _):
    os.unlink(path)
    os.mkdir(path)


def _as_hard_link(path, host):
    os.link(path, os.path.join(os.path.dirname(path), "second"))


def _with_owner(path, _):
    os.chown(path, 2002, 2002)


def _with_mode(path, _):
    os.chmod(path, 0o666)


def _with_garbage(path, _):
    with open(path, "wb") as file:
        file.write(os.urandom(5000))


def _cut(path, _):
    os.truncate(path, os.path.getsize(path) // 2)


def _empty(path, _):
    os.truncate(path, 0)


def _huge(path, _):
    os.truncate(path, 64 * MEGABYTE)


@pytest.mark.parametrize("spoil", [
    _as_link, _as_fifo, _as_folder, _as_hard_link, _with_owner, _with_mode,
    _with_garbage, _cut, _empty, _huge], ids=lambda f: f.__name__.lstrip("_"))
def test_spoiled_cache(online, provider, spoil):
    """A cache file that cannot be trusted is not used: the helper fetches anew
    and the login works, or it is refused for want of keys."""
    report, attempt = attempt_of(online, provider.token("alice"))
    assert report["auth"] == "PAM_SUCCESS", attempt
    path = cache_file(online)
    spoil(path, online)
    provider.forget()

    report, attempt = attempt_of(online, provider.token("alice"))
    if report["auth"] == "PAM_SUCCESS":
        assert provider.count("keys") == 1
        if spoil is _as_folder:
            # What cannot be replaced stays; the keys are beside the state.
            assert "is not a regular file" in attempt["detail"], attempt
            return
        status = os.lstat(path)
        assert stat.S_ISREG(status.st_mode)
        assert (status.st_uid, status.st_mode & 0o777) == (0, 0o644)
    else:
        assert report["auth"] == "PAM_AUTHINFO_UNAVAIL", attempt
        assert attempt["reason"] == "keys_unavailable"
        assert attempt.get("detail"), attempt


def test_planted_cache(online, provider):
    """Keys that bob put there for himself are never used, even with the
    provider down."""
    attempt_of(online, provider.token("alice"))
    path = cache_file(online)
    provider.behave("keys", "503")
    os.chown(path, 2002, 2002)
    report, attempt = attempt_of(online, provider.token("alice"))
    assert report["auth"] == "PAM_AUTHINFO_UNAVAIL", attempt
    assert attempt["reason"] == "keys_unavailable"
    assert attempt.level == "warning"


@pytest.mark.parametrize("what,behaviour", [
    ("keys", "503"), ("keys", "404"), ("keys", "html"), ("keys", "broken"),
    ("keys", "empty"), ("keys", "no-keys"), ("keys", "redirect"),
    ("keys", "huge"), ("keys", "close"), ("keys", "hang"), ("keys", "drip"),
    ("discovery", "503"), ("discovery", "html"), ("discovery", "broken"),
    ("discovery", "redirect"), ("discovery", "other-issuer"),
    ("discovery", "hang"), ("discovery", "http-jwks-uri")])
def test_provider_misbehaves(online, provider, what, behaviour):
    """Cold cache and a provider in trouble: PAM_AUTHINFO_UNAVAIL in time, and
    nothing in the cache that could be used."""
    provider.behave(what, behaviour)
    begin = time.monotonic()
    report, attempt = attempt_of(online, provider.token("alice"))
    assert report["auth"] == "PAM_AUTHINFO_UNAVAIL", attempt
    assert attempt["reason"] == "keys_unavailable"
    assert attempt.level == "warning"
    assert attempt.get("detail"), "no word about what stood in the way"
    assert time.monotonic() - begin < 8
    assert "elsewhere" not in [r.path.rsplit("/", 1)[-1]
                               for r in provider.requests]
    assert provider.count() <= 4


def test_provider_down(online):
    """Nobody listens: PAM_AUTHINFO_UNAVAIL at once."""
    with Provider("EdDSA") as other:
        text = other.section(ca_file="/etc/security/ca.pem")
        answer = other.token("alice")
    online.config(text)
    report, attempt = check_refused(online, answer, "keys_unavailable",
                                    "PAM_AUTHINFO_UNAVAIL", "warning")
    assert report["texts"] == []


@pytest.mark.parametrize("behaviour", ["html", "503", "empty", "broken"])
def test_cache_survives_bad_answers(online, provider, behaviour):
    """A bad answer never costs the keys that are there."""
    old = provider.token("alice")
    attempt_of(online, old)
    with open(cache_file(online), "rb") as file:
        before = file.read()
    provider.behave("keys", behaviour)
    report, attempt = attempt_of(online, provider.token(
        "alice", header={"kid": "not-there"}))
    assert report["auth"] in (REFUSED, "PAM_AUTHINFO_UNAVAIL"), attempt
    assert attempt.verdict == "refused"
    with open(cache_file(online), "rb") as file:
        after = file.read()
    if behaviour == "empty":
        # A good set without a key may be meant: the old keys get an end.
        assert b"\nretire" in after.split(b"\n\n", 1)[0]
        before, after = (text.split(b"\n\n", 1)[1]
                         for text in (before, after))
    assert after == before
    report, attempt = attempt_of(online, old)
    assert report["auth"] == "PAM_SUCCESS", attempt


def test_wrong_authority(online, provider):
    """A certificate of another CA, or of none that is known, is not accepted."""
    with tempfile.TemporaryDirectory() as folder:
        stranger = tokens.Authority(folder)
        online.write("/etc/security/ca.pem", stranger.ca_text())
    check_refused(online, provider.token("alice"), "keys_unavailable",
                  "PAM_AUTHINFO_UNAVAIL", "warning")
    assert provider.count() == 0
    online.remove("/run/pam_jwks")
    os.mkdir(online.path("/run/pam_jwks"), 0o700)
    online.config(provider.section())
    check_refused(online, provider.token("alice"), "keys_unavailable",
                  "PAM_AUTHINFO_UNAVAIL", "warning")
    assert provider.count() == 0


def test_helper_missing_or_broken(online, provider):
    """A helper that is not there or fails is no way in and no hang."""
    for program in ("/run/not-there", "/bin/false", "/bin/true", "/bin/cat"):
        online.config(provider.section(ca_file="/etc/security/ca.pem"),
                      helper=program, timeout_cold="2s")
        begin = time.monotonic()
        report, attempt = attempt_of(online, provider.token("alice"))
        assert report["auth"] == "PAM_AUTHINFO_UNAVAIL", attempt
        assert time.monotonic() - begin < 6
    assert provider.count() == 0


def test_no_process_is_left(online, provider):
    """After logins with a provider that hangs nothing of ours is left."""
    provider.behave("keys", "hang")
    online.config(provider.section(ca_file="/etc/security/ca.pem"),
                  timeout_cold="1s")
    attempt_of(online, provider.token("alice"))
    alarm = time.monotonic() + 10
    while online.processes() and time.monotonic() < alarm:
        time.sleep(0.1)
    assert online.processes() == []


def test_host_is_private(host):
    """The test host itself: the system's own files are other files."""
    host.write("/etc/security/only-here", "x")
    assert not os.path.exists("/etc/security/only-here")
    assert os.path.realpath(host.path("/etc")) != "/etc"
    assert hosts.NODE_NAME == host.run(["hostname"]).out.strip()
