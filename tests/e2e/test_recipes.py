"""The recipes of docs/providers, as they are written: their configuration is
taken from the page.  Software that can be run issues the tokens itself; for the
services that cannot, tokens have the form that they document.
"""

import json
import os
import re
import subprocess
import time

import pytest

import hosts
import recipes
import tokens
from provider import DISCOVERY, KEYS, Provider
from real_provider import (CLIENT, DjangoProvider, LemonldapProvider,
                           RealProvider)
from token_shapes import (auth0, entra, github, gitlab, google, keycloak,
                          kubernetes, okta, wlcg)

CA = "/etc/security/ca.pem"
WORKFLOW = "octo-org/web/.github/workflows/deploy.yml@refs/heads/"
NO_TYP = {"typ": None}
AT_JWT = {"typ": "at+jwt"}

# page, user, claims, the rule or the reason, header
CASES = [
    ("auth0", "alice", auth0(), "claim:https://example.org/user", {}),
    ("auth0", "alice", auth0(aud="other"), "audience_mismatch", {}),
    ("auth0", "alice", auth0(iss="https://example.eu.auth0.com"),
     "issuer_unknown", {}),
    ("auth0", "alice", auth0(**{"https://example.org/roles": []}),
     "require_unmet", {}),
    ("auth0", "bob", auth0(), "user_mismatch", {}),

    ("keycloak", "alice", keycloak(), "claim:preferred_username", {}),
    ("keycloak", "alice", keycloak(aud="account"), "audience_mismatch", {}),
    ("keycloak", "alice", keycloak(typ="Bearer"), "require_unmet", {}),
    ("keycloak", "alice", keycloak(groups=["/ssh-users"]),
     "require_unmet", {}),

    ("entra-id", "alice", entra(), "map:2", {}),
    ("entra-id", "alice", entra(oid="00000000-0000-0000-0000-000000000000"),
     "user_not_granted", {}),
    ("entra-id", "alice", entra(aud="00000003-0000-0000-c000-000000000000"),
     "audience_mismatch", {}),
    ("entra-id", "alice", entra(groups=None, _claim_names={"groups": "src1"}),
     "claim_overage", {}),
    ("entra-id", "alice", entra(groups=None, hasgroups=True),
     "claim_overage", {}),
    ("entra-id", "alice", entra(iss="https://sts.windows.net/" + entra()["tid"]
                                + "/", ver="1.0"), "issuer_unknown", {}),

    ("okta", "alice", okta(), "claim:unix_name", {}),
    ("okta", "alice", okta(aud="api://default"), "audience_mismatch", {}),
    ("okta", "alice", okta(iss="https://example.okta.com"),
     "issuer_unknown", {}),
    ("okta", "alice", okta(groups=["Everyone"]), "require_unmet", {}),

    ("google", "alice", google(), "map:2", {}),
    ("google", "alice", google(aud="x.apps.googleusercontent.com"),
     "audience_mismatch", {}),
    ("google", "alice", google(hd=None), "claim_missing", {}),
    ("google", "alice", google(sub="110169484474386276335"),
     "user_not_granted", {}),

    ("github-actions", "deploy",
     github(job_workflow_ref=WORKFLOW + "main"), "grant:web", {}),
    ("github-actions", "deploy",
     github(job_workflow_ref=WORKFLOW + "topic"), "user_not_granted", {}),
    ("github-actions", "deploy", github(repository_id="424243"),
     "user_not_granted", {}),
    ("github-actions", "deploy", github(environment=None),
     "user_not_granted", {}),
    ("github-actions", "deploy", github(aud="https://github.com/octo-org"),
     "audience_mismatch", {}),
    ("github-actions", "root", github(), "user_not_granted", {}),

    ("gitlab", "deploy", gitlab(environment="production"), "grant:web", {}),
    ("gitlab", "deploy", gitlab(environment="production",
                                ref_protected="false"),
     "user_not_granted", {}),
    ("gitlab", "deploy", gitlab(environment="production", project_id="47"),
     "user_not_granted", {}),
    ("gitlab", "deploy", gitlab(aud="https://gitlab.com"),
     "audience_mismatch", {}),

    ("kubernetes", "backup", kubernetes(), "grant:backup", NO_TYP),
    ("kubernetes", "backup",
     kubernetes(sub="system:serviceaccount:dev:backup"),
     "user_not_granted", NO_TYP),
    ("kubernetes", "backup", kubernetes(exp=None), "claim_missing", NO_TYP),
    ("kubernetes", "backup",
     kubernetes(aud=["https://kubernetes.default.svc.cluster.local"]),
     "audience_mismatch", NO_TYP),

    ("oidc-agent", "alice", wlcg(), "map:2", AT_JWT),
    ("oidc-agent", "alice", wlcg(scope="openid"), "require_unmet", AT_JWT),
    ("oidc-agent", "alice", wlcg(aud="https://wlcg.cern.ch/jwt/v1/any"),
     "audience_mismatch", AT_JWT),
]
RUN = {"oidc-provider", "django-oauth-toolkit", "lemonldap-ng"}


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    """The configuration of every page with keys from a file."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "keys.json").write_text(
        json.dumps(tokens.key_set(tokens.shared_key("RS256", "k1"))))
    for name in recipes.pages():
        recipe = recipes.Recipe(name)
        users = folder / (name + ".users")
        users.write_text("".join(recipe.blocks("users")))
        (folder / (name + ".conf")).write_text(
            f"[module]\nhost_name = {recipes.HOST}\n"
            + recipe.config(keys=folder / "keys.json", users=users))
    return folder


def run(*words, given=""):
    result = subprocess.run([hosts.find_built("pam-jwks"), *words], timeout=30,
                            input=given.encode(), capture_output=True)
    return result.returncode, (result.stdout + result.stderr).decode()


@pytest.mark.parametrize(
    "number", range(len(CASES)),
    ids=[f"{case[0]}-{case[3]}-{number}" for number, case in enumerate(CASES)])
def test_documented_form(place, number):
    """A token of the documented form, and what is refused."""
    name, user, members, verdict, header = CASES[number]
    claims = dict({"exp": int(time.time()) + 300, "iat": int(time.time()) - 5},
                  **members)
    token = tokens.make_token(
        tokens.shared_key("RS256", "k1"), "RS256",
        {key: value for key, value in claims.items() if value is not None},
        header)
    code, output = run("verify", "-c", str(place / (name + ".conf")),
                       "-u", user, "-s", "sshd", "--no-account", given=token)
    if ":" in verdict:
        assert code == 0 and f" rule={verdict} " in output, output
    else:
        assert code == 1 and output.startswith(f"refused: {verdict}: "), output


@pytest.mark.parametrize("name", recipes.pages())
def test_check_has_no_objection(place, name):
    """Each page's configuration is valid, and check finds nothing odd."""
    code, output = run("check", "--syntax", "-c",
                       str(place / (name + ".conf")))
    assert code == 0, output


def test_every_page_is_tried_and_listed():
    """No page without a test, none that the table leaves out."""
    assert {case[0] for case in CASES} | RUN == set(recipes.pages())
    with open(os.path.join(recipes.FOLDER, "README.md"),
              encoding="ascii") as file:
        table = file.read()
    for name in recipes.pages():
        assert f"]({name}.md)" in table


def log_in(host, token, user="alice"):
    """One login with pamtester: the attempt's line."""
    result = host.pamtester("pamtester", user, token)
    attempt = host.take_attempt()
    assert (result.returncode == 0) == (attempt.verdict == "accepted")
    return attempt


def test_auth0_through_discovery_and_rotation(host):
    """A slash at the issuer's end, keys with x5c, the next key in the set
    before it is used, and an emergency rotation."""
    first, second = (tokens.make_key("RS256", kid) for kid in ("now", "next"))
    with Provider("RS256", key=first, path="/") as provider:
        provider.aliases[DISCOVERY] = "discovery"
        provider.aliases[KEYS] = "keys"
        provider.members["jwks_uri"] = \
            provider.issuer.rstrip("/") + KEYS
        published = [first, second]
        provider.scripts["keys"] = lambda handler: handler.answer(
            200, json.dumps(tokens.key_set(
                *map(tokens.x5c_key, published))).encode(),
            "application/json")
        host.write(CA, provider.authority.ca_text())
        host.config(recipes.Recipe("auth0").config(
            issuer=provider.issuer, ca=CA).replace("= sshd", "= any"))
        host.pam("pamtester", "auth required {module}")

        def token(key, **changes):
            now = int(time.time())
            return tokens.make_token(key, "RS256", auth0(
                iss=provider.issuer, iat=now, exp=now + 300, **changes))

        assert log_in(host, token(first)).verdict == "accepted"
        assert provider.count("keys") == 1
        assert log_in(host, token(second)).verdict == "accepted"
        assert provider.count("keys") == 1, "the next key was known already"
        assert log_in(host, token(first, aud="other"))["reason"] == \
            "audience_mismatch"
        published[:] = [tokens.make_key("RS256", "emergency")]
        assert log_in(host, token(published[0])).verdict == "accepted"
        assert provider.count("keys") == 2
        assert log_in(host, token(first))["reason"] == "key_unknown"


def test_github_workflow(host):
    """The workflow's variables and ssh: the token is asked for with the job's
    secret and for this host, goes through ssh in pieces, and logs deploy in."""
    hosts.need("curl", "jq")
    recipe = recipes.Recipe("github-actions")
    seen = []
    with Provider("RS256") as provider:
        def issue(handler):
            seen.append((handler.path, handler.headers["Authorization"]))
            now = int(time.time())
            handler.answer(200, json.dumps({"count": 1, "value": make(
                iat=now, exp=now + 300)}).encode(), "application/json")

        def make(**changes):
            return tokens.make_token(provider.keys[0], "RS256", github(
                iss=provider.issuer, job_workflow_ref=WORKFLOW + "main",
                **changes))

        provider.aliases["/token"] = "token"
        provider.scripts["token"] = issue
        host.write(CA, provider.authority.ca_text())
        host.config(recipe.config(issuer=provider.issuer, ca=CA),
                    host_name=recipes.HOST)
        host.pam("sshd", "auth required {module}")
        host.write("/etc/hosts", f"127.0.0.1 localhost {recipes.HOST}\n")
        port = host.sshd()
        key = host.read("/run/known_hosts").decode().split(" ", 1)[1]
        host.write("/run/known_hosts", f"[{recipes.HOST}]:{port} {key}")
        result = host.run(
            ["ssh", "-F", "none", "-T", "-p", str(port),
             "-o", "UserKnownHostsFile=/run/known_hosts",
             "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR",
             "deploy@" + recipes.HOST, "id -un"], user="alice", env={
                "SSH_ASKPASS": hosts.ASKPASS, "SSH_ASKPASS_REQUIRE": "force",
                "PAM_JWKS_HOSTS": recipes.HOST,
                "PAM_JWKS_TOKEN_COMMAND": recipe.token_command(),
                "CURL_CA_BUNDLE": CA,
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-of-the-job",
                "ACTIONS_ID_TOKEN_REQUEST_URL":
                    provider.issuer + "/token?api-version=2.0"})
    assert result.out == "deploy\n", (result, host.log())
    assert seen == [(f"/token?api-version=2.0&audience=https://{recipes.HOST}",
                     "bearer secret-of-the-job")]
    assert host.take_attempt()["rule"] == "grant:web"


def measured(name, token):
    """The page says how long tokens are, within a twentieth."""
    found = re.search(r"\| length \| ([0-9,]+) bytes, measured",
                      recipes.Recipe(name).text)
    assert found, f"{len(token)} bytes"
    said = int(found[1].replace(",", ""))
    assert abs(said - len(token)) <= said / 20, (said, len(token))


def as_written(host, name, provider, audience, older="accepted"):
    """The page's configuration with tokens of the running provider.  older:
    what becomes of tokens of the key before a rotation."""
    config = recipes.Recipe(name).config(issuer=provider.issuer, ca=CA)
    host.write(CA, provider.authority.ca_text())
    host.config(config)
    host.pam("pamtester", "auth required {module}")
    token = provider.log_in("alice")["id_token"]
    measured(name, token)
    assert log_in(host, token).verdict == "accepted"
    assert log_in(host, token, "bob")["reason"] == "user_mismatch"
    provider.rotate()
    newer = provider.log_in("alice")["id_token"]
    assert log_in(host, newer).verdict == "accepted"
    attempt = log_in(host, token)
    assert older in (attempt.verdict, attempt.get("reason"))
    assert f"= {audience}\n" in config
    host.config(config.replace(f"= {audience}\n", "= other\n"))
    assert log_in(host, newer)["reason"] == "audience_mismatch"


def test_oidc_provider(host):
    """oidc-provider of npm."""
    with RealProvider() as provider:
        as_written(host, "oidc-provider", provider, CLIENT)


def test_django_oauth_toolkit(host):
    """Django OAuth Toolkit of Debian."""
    with DjangoProvider() as provider:
        as_written(host, "django-oauth-toolkit", provider, CLIENT)


def test_lemonldap_ng(host):
    """LemonLDAP::NG of Debian, whose key set has one key at a time."""
    with LemonldapProvider() as provider:
        as_written(host, "lemonldap-ng", provider, CLIENT, "key_unknown")
