"""pam_setcred and the PAM environment in real hosts: sshd with every way to log
in to the same account, sudo and su.

pam_group stands behind the module in these stacks.  It does all of its work in
pam_sm_setcred, so the groups of a session show whose pam_setcred was called.
"""

import pytest

import corp

SERVICES = ("sshd", "sudo", "su")
BOTH = ["auth sufficient {module}",
        "auth required pam_unix.so use_first_pass nodelay",
        "auth optional pam_group.so"]
REQUIRED = ["auth required {module}", "auth optional pam_group.so"]
ALONE = ["auth required {module}"]
# As Debian 12 has it for sshd: a file of the user's own fills the environment.
OWN_ENVIRONMENT = ["session required pam_env.so user_readenv=1"]
SHOW = "id -nG; echo ---; env -0 | tr '\\n\\0' '~\\n' | sort"
# What differs between two sessions anyway.
NOISE = ("SSH_CLIENT=", "SSH_CONNECTION=", "_=", "SHLVL=", "PWD=", "OLDPWD=")


class Session:
    """What a session shows: its groups and its environment."""

    def __init__(self, result):
        assert result.returncode == 0, result
        groups, _, env = result.out.partition("---\n")
        self.groups = set(groups.split())
        self.env = {line for line in env.splitlines()
                    if not line.startswith(NOISE)}
        self.exported = {line for line in self.env if line.startswith("JWT_")}
        self.marker = [line.partition("=")[2] for line in self.env
                       if line.startswith("PAM_JWKS_TOKEN=")]


@pytest.fixture(scope="module", name="port")
def fixture_port(module_host):
    """One server that takes a token, a password or a key for alice."""
    module_host.pam("sshd", *BOTH)
    return module_host.sshd(
        PasswordAuthentication="yes", PubkeyAuthentication="yes",
        AuthenticationMethods="any", AcceptEnv="PAM_JWKS_TOKEN JWT_*",
        StrictModes="no", AuthorizedKeysFile="/run/home/alice/keys")


@pytest.fixture(name="machine")
def fixture_machine(host, port):
    """The host with configuration, keys, and a group for whoever is asked."""
    assert port
    corp.set_up(host, " ".join(SERVICES))
    host.write("/etc/security/group.conf",
               "".join(f"{service};*;*;Al0000-2400;games\n"
                       for service in SERVICES))
    host.remove("/run/home/alice/.pam_environment")
    host.pam("sshd", *BOTH)
    return host


def log_in(machine, port, how, answer=None, **options):
    """alice's session, by "token", "password-method token", "password" or
    "key"."""
    if how == "key":
        make_key(machine)
        options.update(PreferredAuthentications="publickey",
                       IdentityFile="/run/client-key", IdentitiesOnly="yes")
    elif how.startswith("password-method"):
        options.update(PreferredAuthentications="password")
    if answer is None:
        answer = "alice-password" if how.endswith("password") \
            else corp.token("alice")
    return Session(machine.ssh(port, "alice", answer, SHOW, **options))


def make_key(machine):
    """A key of the client's, and alice's list of keys."""
    machine.remove("/run/client-key")
    machine.remove("/run/client-key.pub")
    made = machine.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-f", "/run/client-key"])
    assert made.returncode == 0, made
    machine.write("/run/home/alice/keys",
                  machine.read("/run/client-key.pub"), 0o644, "alice")


# --- sshd -----------------------------------------------------------------------

@pytest.mark.parametrize("how", ["password", "password-method password", "key"])
def test_other_logins_reach_the_modules_behind(machine, port, how):
    """Without a token the module stands aside: what is behind it is called."""
    session = log_in(machine, port, how)
    assert "games" in session.groups
    assert session.marker == []


@pytest.mark.parametrize("how", ["token", "password-method token"])
def test_sufficient_ends_setcred_too(machine, port, how):
    """After a token `sufficient` ends this phase as it ended the first, in
    sshd's parent process as well; `required` goes on."""
    session = log_in(machine, port, how)
    assert "games" not in session.groups
    assert session.marker == [machine.take_attempt()["token"]]
    machine.pam("sshd", *REQUIRED)
    session = log_in(machine, port, how)
    assert "games" in session.groups
    assert session.marker == [machine.take_attempt()["token"]]


@pytest.mark.parametrize("how", ["token", "key"])
def test_alone_in_the_stack(machine, port, how):
    """A stack of nothing but this module serves logins by token and by key."""
    machine.pam("sshd", *ALONE)
    session = log_in(machine, port, how)
    assert len(session.marker) == (1 if how == "token" else 0)


def test_environment_of_a_session(machine, port):
    """A login by token adds its marker to the environment and nothing else."""
    with_token = log_in(machine, port, "token")
    for how in ("password", "key"):
        without = log_in(machine, port, how)
        assert without.env - with_token.env == set()
        assert {line.partition("=")[0] for line in
                with_token.env - without.env} == {"PAM_JWKS_TOKEN"}


def test_a_refused_token_leaves_no_marker(machine, port):
    """sshd asks again: a password after a refused token is a password."""
    expired = corp.token("alice", expires_in=-600)
    result = machine.ssh(port, "alice", expired, SHOW)
    assert result.returncode == 255
    session = log_in(machine, port, "password")
    assert session.marker == []
    assert "games" in session.groups


# --- claims in the environment -------------------------------------------------------

EXPORT = "JWT_MAIL=email JWT_LEVEL=level JWT_ABSENT=absent"
CLAIMS = {"email": "alice@example.test", "level": 3, "secret": "not for you"}
EXPORTED = {"JWT_MAIL=alice@example.test", "JWT_LEVEL=3"}


@pytest.mark.parametrize("how", ["token", "password-method token"])
@pytest.mark.parametrize("stack", [BOTH, REQUIRED, ALONE],
                         ids=["both", "required", "alone"])
def test_exported_claims_reach_the_session(machine, port, stack, how):
    """Through sshd: as they are configured, and no others."""
    corp.set_up(machine, " ".join(SERVICES), export=EXPORT)
    machine.pam("sshd", *stack)
    session = log_in(machine, port, how, corp.token("alice", **CLAIMS))
    assert session.exported == EXPORTED
    assert "not for you" not in str(session.env)


@pytest.mark.parametrize("how", ["password", "key"])
def test_other_logins_export_nothing(machine, port, how):
    """Without a token there are no claims."""
    corp.set_up(machine, " ".join(SERVICES), export=EXPORT)
    assert log_in(machine, port, how).exported == set()


# --- lies ------------------------------------------------------------------------

LIE = "PAM_JWKS_TOKEN=0123456789ab"


@pytest.mark.parametrize("how", ["password", "key"])
def test_the_clients_environment_is_not_believed(machine, port, how):
    """SendEnv and AcceptEnv reach the session, never pam_sm_setcred."""
    session = log_in(machine, port, how, SetEnv=LIE)
    assert session.marker == ["0123456789ab"]   # so it is no proof
    assert "games" in session.groups


@pytest.mark.parametrize("how", ["password", "key", "token"])
@pytest.mark.parametrize("stack", [BOTH, REQUIRED], ids=["both", "required"])
@pytest.mark.parametrize("line", [LIE, "PAM_JWKS_TOKEN DEFAULT="],
                         ids=["set", "unset"])
def test_pam_environment_changes_nothing(machine, port, how, stack, line):
    """Debian's sshd reads ~/.pam_environment between its calls of setcred.
    Whatever it says of the marker, the session's groups stay the same."""
    if stack is REQUIRED and how == "password":
        return
    machine.pam("sshd", *stack, *OWN_ENVIRONMENT)
    honest = log_in(machine, port, how)
    machine.write("/run/home/alice/.pam_environment", line + "\n", 0o644,
                  "alice")
    lying = log_in(machine, port, how)
    if line == LIE:
        assert "0123456789ab" in lying.marker, "the file was not read"
    elif how == "token":
        assert lying.marker == [], "the file was not read"
    assert lying.groups == honest.groups


def test_pam_environment_before_the_module(machine, port):
    """Where a stack reads that file before this module, in the auth phase, the
    owner can lose what modules behind would have given him, and gain nothing.
    The log has no login by token."""
    reading = ["auth required pam_env.so user_readenv=1"]
    machine.pam("sshd", *reading, *BOTH)
    honest = log_in(machine, port, "password")
    machine.take_attempts()
    machine.write("/run/home/alice/.pam_environment", LIE + "\n", 0o644,
                  "alice")
    lying = log_in(machine, port, "password")
    assert lying.groups <= honest.groups
    assert all(a.verdict == "refused" for a in machine.take_attempts())


# --- sudo and su -------------------------------------------------------------------

def sudo(machine, answer, env=None):
    return Session(machine.run(
        ["sudo", "-S", "-p", "", "sh", "-c", SHOW], user="alice",
        input=answer + "\n", env=env))


def su(machine, answer, env=None):
    return Session(machine.run(["su", "bob", "-c", SHOW], user="alice",
                               input=answer + "\n", env=env))


@pytest.mark.parametrize("program,user", [(sudo, "alice"), (su, "bob")])
def test_sudo_and_su(machine, program, user):
    """The same rules: a token marks the session and ends setcred where it is
    sufficient; a password reaches what is behind."""
    service = program.__name__
    machine.pam(service, *BOTH)
    by_password = program(machine, user + "-password")
    assert by_password.marker == []
    machine.take_attempts()
    by_token = program(machine, corp.token(user))
    assert by_token.marker == [machine.take_attempt()["token"]]
    added = {line.partition("=")[0] for line in by_token.env - by_password.env}
    assert added == {"PAM_JWKS_TOKEN"}
    assert by_password.env - by_token.env == set()
    assert "games" in by_password.groups
    assert "games" not in by_token.groups
    machine.pam(service, *REQUIRED)
    assert "games" in program(machine, corp.token(user)).groups


@pytest.mark.parametrize("program,user", [(sudo, "alice"), (su, "bob")])
def test_the_callers_environment_is_not_believed(machine, program, user):
    """PAM_JWKS_TOKEN in the caller's environment does not reach setcred."""
    machine.pam(program.__name__, *BOTH)
    honest = program(machine, user + "-password")
    name, _, value = LIE.partition("=")
    lying = program(machine, user + "-password", env={name: value})
    assert lying.groups == honest.groups


@pytest.mark.parametrize("program,user", [(sudo, "alice"), (su, "bob")])
def test_sudo_and_su_export(machine, program, user):
    """Claims reach what sudo and su start, and what the caller says in his own
    environment does not stand beside them."""
    corp.set_up(machine, " ".join(SERVICES), export=EXPORT)
    machine.pam(program.__name__, *BOTH)
    session = program(machine, corp.token(user, **CLAIMS),
                      env={"JWT_LEVEL": "9"})
    assert session.exported == EXPORTED
    assert "not for you" not in str(session.env)
