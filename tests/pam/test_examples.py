"""Every configuration of conf/examples: tokens of the shape that its provider
documents are accepted, and the same tokens with one thing wrong are refused for
that reason.  The keys are replaced by a file; nothing else is.
"""

import json
import os
import re
import subprocess
import time

import pytest

import tokens
from hosts import find_built
from token_shapes import (HOST, auth0, entra, github, gitlab, keycloak,
                          kubernetes, wlcg)

FOLDER = os.path.join(os.environ.get("PJ_SRCDIR", "."), "conf", "examples")
FLEET = ("fleet/pam_jwks.conf", "fleet/10-people.conf", "fleet/50-web.conf")


def sudo(**changes):
    return keycloak(**dict({"auth_time": int(time.time()) - 60,
                            "amr": ["pwd", "otp"]}, **changes))


def safe(**changes):
    return dict({"iss": "https://break-glass.example.org",
                 "aud": "break-glass:" + HOST, "sub": "alice",
                 "ticket": "INC-4711"}, **changes)


NO_TYP = {"typ": None}
AT_JWT = {"typ": "at+jwt"}

# file, service, user, claims, verdict: a rule or a reason, header
CASES = [
    ("keycloak", "sshd", "alice", keycloak(), "claim:preferred_username", {}),
    ("keycloak", "sshd", "alice", keycloak(groups=["site reliability"]),
     "claim:preferred_username", {}),
    ("keycloak", "sshd", "alice", keycloak(groups=["staff"]),
     "require_unmet", {}),
    ("keycloak", "sshd", "alice", keycloak(groups=["/ssh-users"]),
     "require_unmet", {}),
    ("keycloak", "sshd", "bob", keycloak(), "user_mismatch", {}),
    ("keycloak", "sshd", "alice", keycloak(aud="account"),
     "audience_mismatch", {}),
    ("keycloak", "build", "alice", keycloak(), "claim:preferred_username", {}),
    ("keycloak", "build", "alice", keycloak(realm_access={"roles": ["x"]}),
     "require_unmet", {}),
    ("keycloak", "build", "alice", keycloak(realm_access={}),
     "claim_missing", {}),
    ("keycloak", "sudo", "alice", keycloak(), "service_not_served", {}),

    ("entra-id", "sshd", "alice", entra(), "claim:upn", {}),
    ("entra-id", "sshd", "alice", entra(upn="alice@example.com"),
     "identity_foreign", {}),
    ("entra-id", "sshd", "alice", entra(groups=["other"]),
     "require_unmet", {}),
    ("entra-id", "sshd", "alice", entra(
        groups=None, _claim_names={"groups": "src1"},
        _claim_sources={"src1": {"endpoint": "https://graph.example/x"}}),
     "claim_overage", {}),
    ("entra-id", "sshd", "alice", entra(groups=None, hasgroups=True),
     "claim_overage", {}),
    ("entra-id", "sshd", "alice", entra(
        iss="https://login.microsoftonline.com/other/v2.0"),
     "issuer_unknown", {}),
    ("entra-id", "sshd", "alice", entra(tid="other"), "require_unmet", {}),
    ("entra-id", "sshd", "alice", entra(upn=None), "claim_missing", {}),

    ("auth0", "sshd", "alice", auth0(), "claim:https://example.org/user", {}),
    ("auth0", "sshd", "alice", auth0(**{"https://example.org/roles": ["x"]}),
     "require_unmet", {}),
    ("auth0", "sshd", "alice", auth0(**{"https://example.org/roles": None}),
     "claim_missing", {}),
    ("auth0", "sshd", "alice", auth0(iss="https://example.eu.auth0.com"),
     "issuer_unknown", {}),

    ("github-actions", "sshd", "deploy", github(), "grant:web", {}),
    ("github-actions", "sshd", "deploy", github(repository_id="424243"),
     "user_not_granted", {}),
    ("github-actions", "sshd", "deploy", github(repository_owner_id="1"),
     "user_not_granted", {}),
    ("github-actions", "sshd", "deploy", github(environment=None),
     "user_not_granted", {}),
    ("github-actions", "sshd", "deploy", github(ref="refs/pull/1/merge"),
     "user_not_granted", {}),
    ("github-actions", "sshd", "root", github(), "user_not_granted", {}),
    ("github-actions", "sshd", "deploy", github(aud="https://web2.example.org"),
     "audience_mismatch", {}),
    ("github-actions", "sshd", "deploy", github(iat=int(time.time()) - 2000),
     "token_too_old", {}),

    ("gitlab-ci", "sshd", "deploy", gitlab(), "grant:web", {}),
    ("gitlab-ci", "sshd", "deploy", gitlab(environment="production"),
     "grant:web", {}),
    ("gitlab-ci", "sshd", "deploy", gitlab(environment="productionx"),
     "user_not_granted", {}),
    ("gitlab-ci", "sshd", "deploy", gitlab(ref_protected="false"),
     "user_not_granted", {}),
    ("gitlab-ci", "sshd", "deploy", gitlab(project_id="47110"),
     "user_not_granted", {}),
    ("gitlab-ci", "sshd", "deploy", gitlab(ref_type="tag"),
     "user_not_granted", {}),

    ("kubernetes", "sshd", "backup", kubernetes(), "grant:backup", NO_TYP),
    ("kubernetes", "sshd", "backup",
     kubernetes(sub="system:serviceaccount:dev:backup"),
     "user_not_granted", NO_TYP),
    ("kubernetes", "sshd", "backup",
     kubernetes(**{"kubernetes.io": {"namespace": "dev"}}),
     "user_not_granted", NO_TYP),
    ("kubernetes", "sshd", "backup",
     kubernetes(aud=["https://kubernetes.default.svc.cluster.local"]),
     "audience_mismatch", NO_TYP),

    ("wlcg", "sshd", "alice", wlcg(), "map:2", AT_JWT),
    ("wlcg", "sshd", "wlcgprod",
     wlcg(sub="a1b98335-9649-4fb0-961d-5a49ce108d49"), "map:3", {}),
    ("wlcg", "sshd", "bob", wlcg(), "user_not_granted", AT_JWT),
    ("wlcg", "sshd", "alice", wlcg(scope="openid compute.create_x"),
     "require_unmet", AT_JWT),
    ("wlcg", "sshd", "alice", wlcg(**{"wlcg.groups": ["/atlas"]}),
     "require_unmet", AT_JWT),
    ("wlcg", "sshd", "alice", wlcg(aud="https://wlcg.cern.ch/jwt/v1/any"),
     "audience_mismatch", AT_JWT),
    ("wlcg", "sshd", "alice", wlcg(), "typ_not_allowed", {"typ": "logout+jwt"}),

    ("sudo-mfa", "sshd", "alice", keycloak(), "claim:preferred_username", {}),
    ("sudo-mfa", "sudo", "alice", sudo(), "claim:preferred_username", {}),
    ("sudo-mfa", "sudo-i", "alice", sudo(), "claim:preferred_username", {}),
    ("sudo-mfa", "sudo", "alice", sudo(amr=["pwd"]), "require_unmet", {}),
    ("sudo-mfa", "sudo", "alice", sudo(amr=None), "claim_missing", {}),
    ("sudo-mfa", "sudo", "alice", sudo(auth_time=int(time.time()) - 3000),
     "auth_too_old", {}),
    ("sudo-mfa", "sudo", "alice", sudo(auth_time=None), "claim_missing", {}),

    ("databases-and-mail", "postgresql", "alice",
     keycloak(aud="postgresql", groups=["database-users"]),
     "claim:preferred_username", {}),
    ("databases-and-mail", "postgresql", "alice", keycloak(aud="postgresql"),
     "require_unmet", {}),
    ("databases-and-mail", "dovecot", "alice@example.org",
     keycloak(aud="imap"), "claim:email", {}),
    ("databases-and-mail", "dovecot", "alice@example.org",
     keycloak(aud="imap", email_verified=False), "email_unverified", {}),
    ("databases-and-mail", "postgresql", "alice",
     keycloak(aud="imap", groups=["database-users"]),
     "audience_mismatch", {}),
    ("databases-and-mail", "sshd", "alice", keycloak(aud="imap"),
     "service_not_served", {}),

    ("break-glass", "sshd", "root", safe(), "grant:safe", {}),
    ("break-glass", "login", "root", safe(), "grant:safe", {}),
    ("break-glass", "sshd", "root", safe(ticket="because"),
     "user_not_granted", {}),
    ("break-glass", "sshd", "alice", safe(), "user_not_granted", {}),
    ("break-glass", "sshd", "root", keycloak(preferred_username="root"),
     "user_is_root", {}),
    ("break-glass", "sshd", "root", safe(aud="break-glass:other"),
     "audience_mismatch", {}),
    ("break-glass", "sudo", "root", safe(), "service_not_served", {}),

    ("fleet", "sshd", "alice", keycloak(aud="https://" + HOST),
     "claim:preferred_username", {}),
    ("fleet", "sudo-i", "alice", keycloak(aud="https://" + HOST),
     "claim:preferred_username", {}),
    ("fleet", "sshd", "alice", keycloak(aud="https://" + HOST, groups=["x"]),
     "require_unmet", {}),
    ("fleet", "sshd", "deploy", github(), "grant:web", {}),
    ("fleet", "sshd", "deploy", github(environment="staging"),
     "user_not_granted", {}),
    ("fleet", "sshd", "deploy", github(repository_owner_id="1"),
     "require_unmet", {}),
]


def text_of(name):
    """The example as it stands; the fleet's files in their order."""
    files = FLEET if name == "fleet" else (name + ".conf",)
    parts = []
    for file in files:
        with open(os.path.join(FOLDER, file), encoding="ascii") as opened:
            parts.append(opened.read())
    return "".join(parts)


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    """All examples with one key file, this host's name and the maps at hand."""
    folder = tmp_path_factory.mktemp("examples")
    key = tokens.shared_key("ES256", "k1")
    (folder / "keys.json").write_text(json.dumps(tokens.key_set(key)))
    for name in {case[0] for case in CASES}:
        text = re.sub(r"(?m)^jwks_file .*\n", "", text_of(name))
        text = re.sub(r"(?m)^(\[issuer .*\]\n)",
                      rf"\1jwks_file = {folder}/keys.json\n", text)
        text = text.replace("/etc/security/wlcg.users",
                            os.path.realpath(FOLDER) + "/wlcg.users")
        if "[module]\n" in text:
            text = text.replace("[module]\n",
                                f"[module]\nhost_name = {HOST}\n")
        else:
            text = f"[module]\nhost_name = {HOST}\n{text}"
        (folder / (name + ".conf")).write_text(text)
    return folder


def run(*words, given=""):
    result = subprocess.run([find_built("pam-jwks"), *words], timeout=30,
                            input=given.encode(), capture_output=True)
    return result.returncode, (result.stdout + result.stderr).decode()


@pytest.mark.parametrize(
    "number", range(len(CASES)),
    ids=[f"{case[0]}-{case[1]}-{case[2]}-{case[4]}-{number}"
         for number, case in enumerate(CASES)])
def test_example(place, number):
    """The verdict, and the rule or the reason for it."""
    name, service, user, members, verdict, header = CASES[number]
    claims = dict({"exp": int(time.time()) + 300, "iat": int(time.time()) - 5},
                  **members)
    claims = {key: value for key, value in claims.items() if value is not None}
    token = tokens.make_token(tokens.shared_key("ES256", "k1"), "ES256",
                              claims, header)
    # Root's uid decides there; the other accounts need not exist.
    account = [] if verdict == "user_is_root" else ["--no-account"]
    code, output = run("verify", "-c", str(place / (name + ".conf")), "-u",
                       user, "-s", service, *account, given=token)
    if ":" in verdict:
        assert code == 0 and f" rule={verdict} " in output, output
    else:
        assert code == 1 and output.startswith(f"refused: {verdict}: "), output


@pytest.mark.parametrize("name", sorted({case[0] for case in CASES}))
def test_check_has_no_objection(place, name):
    """As it stands it is valid, and check finds nothing odd in it."""
    code, output = run("check", "--syntax", "-c",
                       str(place / (name + ".conf")))
    assert code == 0, output


@pytest.mark.parametrize("name", sorted({case[0] for case in CASES}))
def test_every_example_is_accepted_and_refused(name):
    """None is there that lets nobody in, or was never seen to refuse."""
    verdicts = [case[4] for case in CASES if case[0] == name]
    assert any(":" in verdict for verdict in verdicts)
    assert any(":" not in verdict for verdict in verdicts)


def test_no_example_is_left_out():
    """Every file of the folder is tried, and installed."""
    with open(os.path.join(FOLDER, "..", "..", "Makefile.am"),
              encoding="ascii") as opened:
        makefile = opened.read()
    for folder, _, files in os.walk(FOLDER):
        for file in files:
            path = os.path.relpath(os.path.join(folder, file), FOLDER)
            assert f"conf/examples/{path}" in makefile
    tried = {case[0] + ".conf" for case in CASES} | {"README", "wlcg.users",
                                                     "fleet", "fleet.conf"}
    assert set(os.listdir(FOLDER)) <= tried
    assert {"fleet/" + file for file in os.listdir(
        os.path.join(FOLDER, "fleet"))} == set(FLEET)
