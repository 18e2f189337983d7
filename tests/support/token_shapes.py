"""Claims in the shape that providers document, for tests that have no account
there.  Changes replace members; a value of None is for the caller to leave out.
"""

HOST = "web1.example.org"
CORP = "https://login.example.org/realms/corp"
TENANT = "7b0e2f6c-53a4-4c8e-9f1d-2a6b8c0d4e1f"
GROUP = "9c8d7e6f-1a2b-4c3d-8e4f-5a6b7c8d9e0f"


def keycloak(**changes):
    return dict({
        "iss": CORP, "aud": "ssh-login", "azp": "ssh-login", "typ": "ID",
        "sub": "f2a1d7e0-6c1b-4c0e-8b9e-3f5d2c7a9b10", "sid": "5f0c",
        "acr": "1", "email_verified": True, "preferred_username": "alice",
        "email": "alice@example.org", "groups": ["staff", "ssh-users"],
        "realm_access": {"roles": ["offline_access", "builder"]}}, **changes)


def entra(**changes):
    return dict({
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": "1f4d3c2b-6a5e-4788-99aa-bbccddeeff00", "ver": "2.0",
        "tid": TENANT, "oid": "c3b2a190-0f1e-4d2c-8b3a-495867768594",
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "upn": "Alice@example.org", "preferred_username": "Alice@example.org",
        "name": "Alice", "uti": "x", "groups": [GROUP]}, **changes)


def auth0(**changes):
    return dict({
        "iss": "https://example.eu.auth0.com/",
        "aud": "QWxhZGRpbjpvcGVuIHNlc2FtZQ", "sub": "auth0|5f7c8ec7c33c6c004b",
        "nickname": "alice", "https://example.org/user": "alice",
        "https://example.org/roles": ["ssh", "billing"]}, **changes)


def github(**changes):
    return dict({
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "https://" + HOST, "actor": "octocat", "actor_id": "12",
        "sub": "repo:octo-org/web:environment:production",
        "repository": "octo-org/web", "repository_id": "424242",
        "repository_owner": "octo-org", "repository_owner_id": "2020",
        "environment": "production", "ref": "refs/heads/main",
        "ref_type": "branch", "ref_protected": "true", "run_id": "22",
        "event_name": "push", "runner_environment": "github-hosted",
        "job_workflow_ref":
            "octo-org/web/.github/workflows/deploy.yml@refs/heads/main"},
        **changes)


def gitlab(**changes):
    return dict({
        "iss": "https://gitlab.com", "aud": "https://" + HOST,
        "sub": "project_path:group/web:ref_type:branch:ref:main",
        "namespace_id": "72", "namespace_path": "group",
        "project_id": "4711", "project_path": "group/web", "user_id": "1",
        "user_login": "alice", "pipeline_id": "574", "job_id": "302",
        "ref": "main", "ref_type": "branch", "ref_protected": "true",
        "environment": "production/eu", "environment_protected": "true",
        "runner_id": 1, "runner_environment": "gitlab-hosted"}, **changes)


def kubernetes(**changes):
    return dict({
        "iss": "https://kubernetes.default.svc.cluster.local",
        "aud": ["https://" + HOST], "sub": "system:serviceaccount:ops:backup",
        "kubernetes.io": {
            "namespace": "ops", "node": {"name": "n1", "uid": "u1"},
            "pod": {"name": "backup-7d9", "uid": "u2"},
            "serviceaccount": {"name": "backup", "uid": "u3"}}}, **changes)


def wlcg(**changes):
    return dict({
        "iss": "https://wlcg.cloud.cnaf.infn.it/", "aud": "https://" + HOST,
        "wlcg.ver": "1.0", "sub": "73f16d93-2441-4a50-88ff-85360d78c6b5",
        "client_id": "6a4d7f31-8f1c-4f4e-9d6a-1f5f3f3f3a01",
        "scope": "openid offline_access compute.create wlcg.groups",
        "wlcg.groups": ["/wlcg", "/wlcg/xfers"]}, **changes)


def okta(**changes):
    return dict({
        "iss": "https://example.okta.com/oauth2/aus1a2b3c4d5e6f7g8h9", "ver": 1,
        "aud": "0oa1b2c3d4e5f6g7h8i9", "sub": "00u1a2b3c4d5e6f7g8h9",
        "jti": "ID.lkZ1mUCeDWGTGNcDHx4YZ3fOmNo0vZ3e9nXbN5oXJ7k",
        "amr": ["pwd", "mfa", "otp"], "idp": "00o1a2b3c4d5e6f7g8h9",
        "auth_time": 1790000000, "at_hash": "nI0H9hGz3xO5P5ugU2zPCA",
        "name": "Alice Example", "preferred_username": "alice@example.org",
        "email": "alice@example.org", "email_verified": True,
        "unix_name": "alice", "groups": ["Everyone", "ssh-users"]}, **changes)


def google(**changes):
    client = "123456789012-abcdefghijklmnopqrstuvwxyz012345" \
        ".apps.googleusercontent.com"
    return dict({
        "iss": "https://accounts.google.com", "azp": client, "aud": client,
        "sub": "110169484474386276334", "hd": "example.org",
        "email": "alice@example.org", "email_verified": True,
        "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "name": "Alice Example",
        "picture": "https://lh3.googleusercontent.com/a/abcdefghijkl=s96-c",
        "given_name": "Alice", "family_name": "Example"}, **changes)
