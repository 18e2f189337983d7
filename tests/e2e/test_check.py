"""pam-jwks check: one good host, and every way to spoil it.

Each finding has a case here that brings it about; on the good host it is not
there.  The names are compared with those in the program."""

import hashlib
import json
import os
import re
import shutil
import time

import pytest

import hosts
import tokens
from hosts import CONFIG, find_built
from provider import Provider

CA = "/etc/security/ca.pem"
HELPER, MODULE = "/run/pam-jwks-fetch", "/run/pam_jwks.so"
CACHE, STATE = "/var/cache/pam_jwks", "/run/pam_jwks"
TIMER = "/etc/systemd/system/timers.target.wants/pam-jwks-refresh.timer"
SERVICES = "sshd sudo sudo-i postgresql"
STACK = f"auth sufficient {MODULE} config={CONFIG}\n" \
    "auth required pam_unix.so use_first_pass\n"
SSHD = "HostKey /etc/ssh/host_key\nUsePAM yes\n" \
    "KbdInteractiveAuthentication yes\nPasswordAuthentication no\n"
GOOD_NEWS = {"config", "confined", "module", "sshd", "timer", "fetched",
             "clock", "certificate", "keys"}


class Stage:
    """A host where everything is in order, until a test spoils it."""

    def __init__(self, host, provider):
        self.host, self.provider = host, provider
        self.tool = find_built("pam-jwks")
        self.prefix, self.user = [], "root"
        made = host.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                         "/etc/ssh/host_key"])
        assert made.returncode == 0, made

    def reset(self):
        """Good again: files, folders, cache, provider."""
        host = self.host
        self.prefix, self.user = [], "root"
        self.provider.behave("keys", "ok")
        self.provider.keys = self.provider.keys[:2]
        for folder, mode in ((CACHE, 0o755), (STATE, 0o700)):
            host.remove(folder)
            os.mkdir(host.path(folder), mode)
            os.chmod(host.path(folder), mode)
        for path, name in ((HELPER, "pam-jwks-fetch"),
                           (MODULE, "pam_jwks.so")):
            host.remove(path)
            shutil.copy(find_built(name), host.path(path))
            os.chmod(host.path(path), 0o755)
        host.write(CA, self.provider.authority.ca_text())
        host.remove("/etc/pam.d")
        os.mkdir(host.path("/etc/pam.d"), 0o755)
        for service in SERVICES.split():
            host.write("/etc/pam.d/" + service, STACK)
        host.write("/etc/ssh/sshd_config", SSHD)
        host.write(TIMER, "")
        host.write("/run/askpass", "#!/bin/sh\n", 0o755)
        host.write("/etc/sudo.conf", "# x\nPath askpass /run/askpass\n")
        self.configure()
        result = host.run([self.tool, "refresh", "-c", CONFIG])
        assert result.returncode == 0, result

    def configure(self, more="", module=None, **settings):
        """The good section with other settings; more: further sections."""
        values = {"services": SERVICES, "ca_file": CA}
        values.update(settings)
        text = self.provider.section("corp", **values) + more
        self.host.config(text, helper=HELPER, **(module or {}))

    def rewrite_state(self, **values):
        """Other values in the state, as the helper would have written it."""
        folder = self.host.path(STATE)
        path, = [os.path.join(folder, name) for name in os.listdir(folder)
                 if name.endswith(".state")]
        with open(path, encoding="ascii") as file:
            magic, _, rest = file.read().split("\n", 2)
        for name, value in values.items():
            rest, count = re.subn(rf"^{name} .*$", f"{name} {value}", rest,
                                  flags=re.M)
            assert count == 1, (name, rest)
        digest = hashlib.sha256(rest.encode()).hexdigest()
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{magic}\nsha256 {digest}\n{rest}")

    def run(self, *options):
        return self.host.run([*self.prefix, self.tool, "check", "-c", CONFIG,
                              *options], user=self.user, timeout=40)

    def check(self, *options):
        """The findings as a list of dictionaries, with the exit code."""
        result = self.run("--json", *options)
        said = json.loads(result.out)
        assert set(said) == {"findings", "warnings", "errors"}
        grades = [one["grade"] for one in said["findings"]]
        assert said["warnings"] == grades.count("warning")
        assert said["errors"] == grades.count("error")
        assert result.returncode == (2 if said["errors"] else
                                     1 if said["warnings"] else 0), result
        return said["findings"], result.returncode


@pytest.fixture(scope="module")
def built():
    """One host for all cases: to make one takes longer than to mend one."""
    with Provider("RS256") as provider, hosts.Host() as host:
        hosts.need("sshd", "ssh-keygen")
        provider.keys.append(tokens.make_key("ES256", "ec"))
        yield Stage(host, provider)


@pytest.fixture
def stage(built):
    built.reset()
    return built


def spoil_config_invalid(stage):
    stage.configure(nonsense="1")
    return "error"


def spoil_config_refused(stage):
    os.chmod(stage.host.path(CONFIG), 0o666)
    return "error"


def spoil_no_issuer(stage):
    stage.host.config("", helper=HELPER)
    return "warning"


def spoil_audience_open(stage):
    stage.configure("[issuer ci]\nservices = sshd\naudience = x\n"
                    "user_claim = sub\n"
                    "issuer = https://token.actions.githubusercontent.com\n")
    return "warning"


def spoil_audience_pattern(stage):
    stage.configure(audience="*.example.org")
    return "warning"


def spoil_partner_not_served(stage):
    stage.configure(services="sshd sudo")
    return "warning"


def spoil_map_never_fits(stage):
    stage.host.write("/etc/security/map", "corp a alice\nnobodys b bob\n")
    stage.configure(user_map="/etc/security/map")
    return "warning"


def spoil_key_without_effect(stage):
    stage.configure(allow_unverified_email="yes")
    return "warning"


def spoil_section_shadowed(stage):
    stage.configure("[issuer second]\n"
                    f"issuer = {stage.provider.issuer}\nservices = sshd\n"
                    "audience = ssh-login\nuser_claim = sub\n"
                    f"ca_file = {CA}\n")
    return "warning"


def spoil_account_none(stage):
    stage.configure(account="none")
    return "warning"


def spoil_ca_file(stage):
    stage.host.remove(CA)
    return "error"


def spoil_helper_missing(stage):
    stage.host.remove(HELPER)
    return "error"


def spoil_helper_unsafe(stage):
    os.chmod(stage.host.path(HELPER), 0o777)
    return "error"


def spoil_fetch_user_missing(stage):
    stage.configure(module={"fetch_user": "no-such-user-here"})
    return "error"


def spoil_fetch_user_root(stage):
    stage.configure(module={"fetch_user": "root"})
    return "error"


def spoil_not_confined(stage):
    stage.prefix = [find_built("tests/fetch/refuse"), "seccomp", "--"]
    return "error"


def spoil_folder_missing(stage):
    stage.host.remove(CACHE)
    return "note"


def spoil_folder_unsafe(stage):
    os.chmod(stage.host.path(CACHE), 0o777)
    return "error"


def spoil_folder_unknown(stage):
    os.makedirs(stage.host.path("/run/locked/state"), exist_ok=True)
    os.chmod(stage.host.path("/run/locked"), 0o700)
    stage.configure(module={"state_dir": "/run/locked/state"})
    stage.user = "alice"
    return "note"


def spoil_timer_off(stage):
    stage.host.remove(TIMER)
    return "warning"


def spoil_not_root(stage):
    stage.user = "alice"
    return "note"


def spoil_fetch_failed(stage):
    stage.provider.behave("keys", "503")
    return "warning"


def spoil_clock_differs(stage):
    stage.rewrite_state(provider_date=int(time.time()) - 300)
    return "warning"


def spoil_certificate_ends(stage):
    stage.rewrite_state(cert_expires=int(time.time()) + 3 * 86400 + 60)
    return "warning"


def spoil_key_file(stage):
    stage.configure(jwks_file="/etc/security/none.json", ca_file=None)
    return "error"


def spoil_cache_cold(stage):
    for name in os.listdir(stage.host.path(CACHE)):
        os.unlink(stage.host.path(CACHE + "/" + name))
    return "note"


def spoil_cache_unusable(stage):
    for name in os.listdir(stage.host.path(CACHE)):
        stage.host.write(CACHE + "/" + name, "garbage")
    return "warning"


def spoil_cache_old(stage):
    stage.configure(min_ttl="1s", max_ttl="1s", default_ttl="1s")
    time.sleep(2.1)
    return "note"


def spoil_cache_not_written(stage):
    name, = os.listdir(stage.host.path(CACHE))
    os.rename(stage.host.path(CACHE + "/" + name),
              stage.host.path(STATE + "/" + name))
    return "warning"


def spoil_key_skipped(stage):
    secret = json.loads(tokens.make_key("ES256", "oct").export_public())
    stage.provider.keys.append(dict(secret, use="enc"))
    result = stage.host.run([stage.tool, "refresh", "-c", CONFIG])
    assert result.returncode == 0, result
    return "note"


def spoil_stacks_unknown(stage):
    stage.host.remove("/etc/pam.d")
    return "note"


def spoil_stack_missing(stage):
    stage.host.remove("/etc/pam.d/postgresql")
    return "note"


def spoil_module_missing(stage):
    stage.host.remove(MODULE)
    return "error"


def spoil_module_foreign(stage):
    data = bytearray(stage.host.read(MODULE))
    data[18] ^= 1
    stage.host.write(MODULE, bytes(data), 0o755)
    return "error"


def spoil_module_unsafe(stage):
    os.chmod(stage.host.path(MODULE), 0o757)
    return "error"


def spoil_stack_line(stage):
    stage.host.write("/etc/pam.d/sshd",
                     STACK.replace(CONFIG, CONFIG + " quite"))
    return "error"


def spoil_stack_phase(stage):
    stage.host.write("/etc/pam.d/sshd",
                     STACK + f"account required {MODULE}\n")
    return "error"


def spoil_stack_order(stage):
    stage.host.write("/etc/pam.d/common-auth",
                     "auth [success=1 default=ignore] pam_unix.so \\\n  nullok\n"
                     "auth requisite pam_deny.so\n"
                     "auth required pam_permit.so\n")
    stage.host.write("/etc/pam.d/sshd", "@include common-auth\n" + STACK)
    return "error"


def spoil_stack_asks_again(stage):
    stage.host.write("/etc/pam.d/common-auth",
                     "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n")
    stage.host.write("/etc/pam.d/sshd", STACK.splitlines()[0] +
                     "  # comment\nauth include common-auth\n")
    return "warning"


def spoil_stack_not_served(stage):
    stage.host.write("/etc/pam.d/other-service", STACK)
    return "warning"


def spoil_stack_partner(stage):
    stage.host.write("/etc/pam.d/sudo-i", "auth required pam_unix.so\n")
    return "warning"


def spoil_stack_config(stage):
    stage.host.write("/etc/pam.d/sshd", STACK.replace(CONFIG, "/etc/else"))
    return "note"


def spoil_sshd_unknown(stage):
    stage.host.write("/etc/ssh/sshd_config", "Nonsense yes\n")
    return "note"


def spoil_sshd_use_pam(stage):
    stage.host.write("/etc/ssh/sshd_config",
                     SSHD.replace("UsePAM yes", "UsePAM no"))
    return "error"


def spoil_sshd_kbd_interactive(stage):
    stage.host.write("/etc/ssh/sshd_config", SSHD.replace(
        "KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no")
        .replace("PasswordAuthentication no", "PasswordAuthentication yes"))
    return "warning"


def spoil_sudo_askpass(stage):
    stage.host.write("/etc/sudo.conf", "#Path askpass /run/askpass\n")
    return "warning"


CASES = {name[len("spoil_"):]: function
         for name, function in sorted(globals().items())
         if name.startswith("spoil_")}


def test_every_finding_has_a_case():
    """What the program can say is what is tried here."""
    source = os.path.join(os.environ.get("PJ_SRCDIR", "."), "pam_jwks", "cli",
                          "finding.c")
    with open(source, encoding="ascii") as file:
        names = set(re.findall(r"\[PJ_FOUND_\w+\] = \{ \"(\w+)\"",
                               file.read()))
    assert names == GOOD_NEWS | set(CASES)


def test_a_good_host(stage):
    """Nothing but good news, and all of it; exit code 0."""
    findings, code = stage.check()
    assert {one["name"] for one in findings} == GOOD_NEWS, findings
    assert {one["grade"] for one in findings} == {"ok"} and code == 0
    text = stage.run()
    assert text.returncode == 0 and "why:" not in text.out, text
    assert re.search(r"^ok       \[issuer corp\] 2 usable keys of 2, fresh, "
                     r"fetched \d+ s ago$", text.out, re.M), text


@pytest.mark.parametrize("name", sorted(CASES))
def test_finding(stage, name):
    """It is there with its grade, its reason and what to do."""
    grade = CASES[name](stage)
    findings, _ = stage.check(*([] if name == "fetch_failed"
                                else ["--offline"]))
    found = [one for one in findings if one["name"] == name]
    assert grade in [one["grade"] for one in found], findings
    assert all(one["what"] and one["why"] and one["do"] for one in found)
    text = stage.run("--offline").out
    if name != "fetch_failed":
        assert found[0]["what"] in text, text
        assert found[0]["why"].split()[0] in text.split("why: ", 1)[1]
    for line in text.splitlines():
        assert len(line) <= 80 or not line.startswith(" "), line


def test_offline_asks_nobody(stage):
    """Nor does a run without root."""
    stage.provider.forget()
    stage.check("--offline")
    stage.user = "alice"
    stage.check()
    assert stage.provider.count() == 0
    stage.user = "root"
    stage.check()
    assert stage.provider.count("keys") == 1


def test_a_failed_fetch_without_keys_is_an_error(stage):
    """Then no login works; with keys it is a warning."""
    spoil_cache_cold(stage)
    for name in os.listdir(stage.host.path(STATE)):
        os.unlink(stage.host.path(STATE + "/" + name))
    stage.provider.behave("keys", "503")
    findings, code = stage.check()
    failed, = [one for one in findings if one["name"] == "fetch_failed"]
    assert failed["grade"] == "error" and "HTTP 503" in failed["what"]
    assert code == 2


def test_all_mistakes_with_line_and_near_miss(stage):
    """Wrong keys, wrong values and what is missing, in one run."""
    stage.host.write(CONFIG, "[issuer corp]\n"
                     "issuer = https://login.provider.test\n"
                     "services = sshd\n"
                     "audiense = ssh\n"
                     "leewya = 30s\n"
                     "user_claim = sub\n"
                     "xyzzy = 1\n")
    findings, code = stage.check()
    said = {(one.get("line"), one["what"]) for one in findings}
    assert code == 2
    assert (4, "unknown key audiense: did you mean audience?") in said
    assert (5, "unknown key leewya: did you mean leeway?") in said
    assert (7, "unknown key xyzzy") in said
    assert (1, "[issuer corp]: audience is missing") in said
    assert {one["file"] for one in findings if one["grade"] == "error"} == \
        {CONFIG}
    text = stage.run("--syntax").out
    assert text.count("why:") == text.count("do: ") == 1, text


@pytest.mark.parametrize("mistake", ["invalid", "missing"])
def test_stacks_are_shown_beside_mistakes_of_the_configuration(stage, mistake):
    """What is wrong in PAM and sshd does not wait for the configuration; what
    depends on that does, and so nothing is said of it."""
    if mistake == "invalid":
        stage.configure(leewya="30s")
    else:
        stage.host.remove(CONFIG)
    spoil_stack_asks_again(stage)
    spoil_stack_partner(stage)
    spoil_sshd_use_pam(stage)
    spoil_sudo_askpass(stage)
    spoil_helper_missing(stage)
    stage.host.write("/etc/pam.d/other-service",
                     STACK + f"account required {MODULE}\n")
    findings, code = stage.check()
    names = [one["name"] for one in findings]
    assert names[0] == ("config_invalid" if mistake == "invalid"
                        else "config_refused") and code == 2
    assert set(names[1:]) == {"module", "stack_asks_again", "stack_phase",
                              "stack_partner", "sshd_use_pam"}, findings
    only, _ = stage.check("--syntax")
    assert [one["name"] for one in only] == names[:1]


def test_a_refused_file_is_not_a_matter_of_confinement(stage):
    """The helper reads it no more than the module does: one cause, told
    once."""
    spoil_config_refused(stage)
    stage.provider.forget()
    findings, code = stage.check()
    bad = [one for one in findings if one["grade"] != "ok"]
    assert [one["name"] for one in bad] == ["config_refused"], bad
    assert "helper" in bad[0]["what"] and code == 2
    assert stage.provider.count() == 0


def test_a_refused_file_that_no_stack_uses_is_a_warning(stage):
    """A change that is tried before it is in force may be anybody's."""
    stage.host.write("/run/new.conf", stage.host.read(CONFIG), 0o666)
    result = stage.host.run([stage.tool, "check", "-c", "/run/new.conf",
                             "--offline"])
    assert result.returncode == 1, result
    assert "\nwarning  the module and its helper would not read" in result.out


def test_the_usual_file_by_its_name_is_not_another_one(stage):
    """-c leaves the folder out; that is the difference, and is said."""
    stage.host.write("/etc/pam.d/sshd", STACK.replace(f" config={CONFIG}", ""))
    findings, _ = stage.check("--offline")
    what, = [one["what"] for one in findings if one["name"] == "stack_config"]
    assert not re.search(r"uses (\S+), not \1$", what)


def test_keys_kept_beside_a_full_disk_are_not_missed(stage):
    """They are with the state: the first login has nothing to fetch."""
    spoil_cache_not_written(stage)
    findings, _ = stage.check("--offline")
    bad = [one["name"] for one in findings if one["grade"] != "ok"]
    assert bad == ["cache_not_written"], findings


@pytest.mark.parametrize("why", ["fetch_failed", "helper_missing",
                                 "fetch_user_missing"])
def test_no_login_is_said_to_fetch_what_cannot_be_fetched(stage, why):
    """An error says why there are no keys; that the first login fetches them
    would not be true."""
    for folder in (CACHE, STATE):
        for name in os.listdir(stage.host.path(folder)):
            os.unlink(stage.host.path(folder + "/" + name))
    CASES[why](stage)
    findings, code = stage.check()
    bad = [one["name"] for one in findings if one["grade"] != "ok"]
    assert bad == [why] and code == 2, findings


def test_a_folder_that_no_fetch_can_make_is_an_error(stage):
    """The folder above is missing as well."""
    stage.configure(module={"state_dir": "/run/none/state"})
    findings, code = stage.check()
    bad = [one for one in findings if one["grade"] != "ok"]
    assert [(one["name"], one["grade"]) for one in bad] == \
        [("folder_missing", "error")] and code == 2, findings
    assert bad[0]["what"] == \
        "/run/none/state is missing, and so is the folder above"


def test_keys_in_a_folder_that_is_unsafe_are_not_to_be_refreshed(stage):
    """The folder has to be mended; the keys are no second fault."""
    spoil_folder_unsafe(stage)
    findings, _ = stage.check()
    bad = [one["name"] for one in findings if one["grade"] != "ok"]
    assert bad == ["folder_unsafe"], findings


def test_a_helper_that_may_not_be_run_says_so(stage):
    """Not there, or not executable, are two things to mend."""
    os.chmod(stage.host.path(HELPER), 0o644)
    findings, _ = stage.check("--offline")
    assert f"the helper {HELPER} cannot be run: Permission denied" in \
        [one["what"] for one in findings]


OURS = f"{MODULE} config={CONFIG}"
LINES = {
    "argument": (f"auth sufficient {OURS} use_firstpass", "stack_line",
                 "unknown argument use_firstpass: did you mean "
                 "use_first_pass?"),
    "path": (f"auth sufficient {MODULE} config=x.conf", "stack_line",
             "config= needs an absolute path: x.conf"),
    "prompt without brackets": (
        f"auth sufficient {OURS} prompt=Password or", "stack_line",
        "unknown argument or"),
    "control": (f"auth sufficent {OURS}", "stack_line",
                "unknown control sufficent: did you mean sufficient?"),
    "phase": (f"aut sufficient {OURS}", "stack_line",
              "unknown phase aut: did you mean auth?"),
    "another's control": (
        f"auth sufficient {OURS}\nauth whatever pam_permit.so",
        "stack_line", "unknown control whatever"),
    "module": (f"auth sufficient /run/pam_jwk.so config={CONFIG}",
               "module_missing", "there is no module /run/pam_jwk.so: did you "
               "mean pam_jwks.so?"),
    "module without .so": (
        f"auth sufficient pam_jwks config={CONFIG}", "module_missing",
        "there is no module pam_jwks: did you mean pam_jwks.so?"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_libpam_or_the_module_cannot_use_is_an_error(stage, name):
    """Somebody is kept out who should get in, and check says why."""
    text, finding, what = LINES[name]
    stage.host.write("/etc/pam.d/sshd", text + "\nauth required pam_unix.so "
                     "use_first_pass\n")
    findings, code = stage.check("--offline")
    found, = [one for one in findings if one["name"] == finding]
    assert found["what"] == what and found["grade"] == "error" and code == 2
    assert found["file"] == "/etc/pam.d/sshd"
    assert found["line"] == text.count("\n") + 1
    answers = stage.provider.token("alice"), "alice-password"
    assert [stage.host.authenticate("sshd", "alice", answer)["auth"]
            for answer in answers] != ["PAM_SUCCESS", "PAM_SUCCESS"]


def test_lines_in_every_form_that_is_right(stage):
    """Case, brackets, dashes, quoted brackets: nothing is said of them."""
    stage.host.write("/etc/pam.d/sshd",
                     f"-auth Sufficient {MODULE} config={CONFIG} "
                     "[prompt=Password \\] or] debug quiet\n"
                     "AUTH [success=1 default=ignore] pam_unix.so "
                     "use_first_pass\n"
                     "auth REQUISITE pam_deny.so\n"
                     "auth Required pam_permit.so\n"
                     "account substack other\n")
    findings, _ = stage.check("--offline")
    assert [one for one in findings if one["grade"] == "error"] == [], findings
    for answer in stage.provider.token("alice"), "alice-password":
        assert stage.host.authenticate("sshd", "alice", answer)["auth"] == \
            "PAM_SUCCESS"


def test_syntax_needs_no_rights(stage):
    """One file, as anybody, whatever else is wrong on the host."""
    stage.user = "alice"
    stage.host.remove(HELPER)
    stage.host.remove("/etc/pam.d")
    findings, code = stage.check("--syntax")
    assert [one["name"] for one in findings] == ["config"] and code == 0


def test_a_stack_without_mistake_in_other_forms(stage):
    """Includes, comments, jumps, dashes and what pam-auth-update writes."""
    stage.host.write(
        "/etc/pam.d/common-auth",
        f"auth\t[success=2 default=ignore]\t{MODULE} \\\n config={CONFIG}\n"
        "auth\t[success=1 default=ignore]\tpam_unix.so nullok "
        "try_first_pass\nauth\trequisite\tpam_deny.so\n"
        "-auth\toptional\tpam_cap.so\n")
    for service in SERVICES.split():
        stage.host.write("/etc/pam.d/" + service,
                         "# pam_unix.so\n@include common-auth\n")
    findings, code = stage.check("--offline")
    assert code == 0, [one for one in findings if one["grade"] != "ok"]
    assert "module" in {one["name"] for one in findings}


def test_a_second_token_factor_may_ask_by_itself(stage):
    """required, then a password: the second question is meant."""
    stage.host.write("/etc/pam.d/sshd",
                     f"auth required {MODULE} config={CONFIG}\n"
                     "auth required pam_unix.so\n")
    assert stage.check("--offline")[1] == 0


def test_other_is_no_service(stage):
    """The stack for services without one: their own names are looked at."""
    stage.host.write("/etc/pam.d/other", STACK)
    try:
        assert stage.check("--offline")[1] == 0
    finally:
        stage.host.remove("/etc/pam.d/other")


def test_a_masked_timer_is_off(stage):
    """systemctl mask leaves the link of enable."""
    os.symlink("/dev/null", stage.host.path(
        "/etc/systemd/system/pam-jwks-refresh.timer"))
    try:
        findings, _ = stage.check("--offline")
    finally:
        stage.host.remove("/etc/systemd/system/pam-jwks-refresh.timer")
    assert "timer_off" in {one["name"] for one in findings}


def test_keys_are_parsed_without_rights(stage):
    """The file that came from the network is opened by nobody: strace sees the
    ids change before, in the tool's own process."""
    hosts.need("strace")
    result = stage.host.run(
        ["strace", "-f", "-qq", "-e", "trace=setresuid,openat", "-o",
         "/run/trace", stage.tool, "check", "-c", CONFIG, "--offline"],
        timeout=40)
    if not os.path.exists(stage.host.path("/run/trace")) or \
            "Operation not permitted" in result.err:
        raise hosts.Missing("strace may not trace here: " + result.err)
    lines = stage.host.read("/run/trace").decode().splitlines()
    tool = lines[0].split()[0]
    own = [line for line in lines if line.split()[0] == tool]
    dropped = [i for i, line in enumerate(own)
               if "setresuid(65534, 65534, 65534)" in line and "= 0" in line]
    read = [i for i, line in enumerate(own) if ".jwks" in line]
    assert len(dropped) == 1 and read and min(read) > dropped[0], own
    assert any("setresuid(-1, 0, -1)" in line and "EPERM" in line
               for line in own[dropped[0]:])
