"""Every scenario's log lines, from a stranger's address, as an administrator
has them: in a file of syslog and in a journal.  fail2ban's filter and the
manual's recipes are tried on them."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import hosts  # noqa: E402
from scenario import parse  # noqa: E402
from stage import Stage, has_usual_path, needs_usual_path  # noqa: E402
from syslog_lines import parse_attempt, parse_line  # noqa: E402

RHOST = "203.0.113.77"
FIELDS = ["user", "reason", "identity", "rule", "issuer", "kid", "token",
          "rhost", "detail"]
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
NAMES = sorted(name[:-len(".scenario")] for name in os.listdir(HERE)
               if name.endswith(".scenario"))

# What honest people, or this host itself, bring about; genuine tokens also lack
# claims.
HONEST = {
    "token_truncated", "service_not_served", "keys_unavailable",
    "expired", "not_yet_valid", "config_missing", "config_unsafe",
    "config_unreadable", "config_invalid", "argument_invalid",
    "conversation_failed", "no_memory", "system_error", "internal_error",
    "user_invalid", "claim_missing", "claim_type", "key_x5c_invalid",
    "key_x5c_differs",
}
PASSWORDS = {"token_empty", "not_a_jwt", "masked_answer"}


@pytest.fixture(scope="module", name="lines")
def fixture_lines():
    """The raw lines so far; each scenario adds its own."""
    return []


@pytest.fixture(scope="module", name="clients")
def fixture_clients(module_host):
    assert module_host
    clients = {}
    yield clients
    for client in clients.values():
        client.close()


@pytest.mark.parametrize("name", NAMES)
def test_one_line_for_each_attempt(module_host, clients, lines, name):
    """With the fixed fields in their order, and the address last but the
    detail."""
    with open(os.path.join(HERE, name + ".scenario"),
              encoding="utf-8") as file:
        steps = parse(file.read(), name)
    if needs_usual_path(steps) and not has_usual_path(module_host):
        pytest.skip("configured with another built-in path")
    logins = [step for step in steps if step.keyword == "login"]
    for step in logins:
        step.options["rhost"] = RHOST
    before = len(module_host.log().splitlines())
    Stage(module_host, clients, False, True).run(steps)
    new = module_host.log().splitlines()[before:]
    attempts = [attempt for attempt in map(parse_attempt, map(
        parse_line, new)) if attempt is not None]
    assert len(attempts) == len(logins), new
    for attempt in attempts:
        order = [FIELDS.index(field) for field in attempt.fields]
        assert order == sorted(order) and attempt["rhost"] == RHOST
        assert ("reason" in attempt) == (attempt.verdict == "refused")
        assert len(attempt.line) < 1024 - 64
    lines += new


def as_syslog(line):
    """As rsyslog writes what came: with the host, without the priority."""
    match = re.match(r"^<\d+>([A-Z][a-z]{2} [ \d]\d [\d:]{8}) (.*)$", line)
    return f"{match[1]} {hosts.NODE_NAME} {match[2]}"


@pytest.fixture(name="log")
def fixture_log(lines, tmp_path):
    """The file, or a reason why there is none."""
    if len(lines) < len(NAMES) // 2:
        pytest.skip("needs the lines of the tests above")
    path = tmp_path / "auth.log"
    path.write_text("".join(as_syslog(line) + "\n" for line in lines))
    return path


def attempts_of(lines):
    """Line in the file, and the attempt that it tells of."""
    for line in lines:
        attempt = parse_attempt(parse_line(line))
        if attempt is not None:
            yield as_syslog(line), attempt


@pytest.mark.parametrize("mode", ["normal", "token"])
def test_fail2ban(lines, log, tmp_path, mode):
    """Strangers without a genuine token are counted, at the host's own
    address; honest people and this host's troubles are not."""
    hosts.need("fail2ban-regex")
    folder = tmp_path / "fail2ban"
    shutil.copytree("/etc/fail2ban", folder)
    shutil.copy(os.path.join(ROOT, "conf/fail2ban/filter.d/pam-jwks.conf"),
                folder / "filter.d")
    done = subprocess.run(
        ["fail2ban-regex", "-c", str(folder), "-o", "<ip> <msg>", str(log),
         "pam-jwks" + ("" if mode == "normal" else f"[mode={mode}]")],
        capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done
    counted = sorted(done.stdout.splitlines())
    wanted, seen = [], set()
    for text, attempt in attempts_of(lines):
        reason = attempt.get("reason", "ok")
        strange = attempt.verdict == "refused" and \
            "identity" not in attempt and reason not in HONEST and \
            (mode == "token" or reason not in PASSWORDS)
        if strange:
            wanted.append(f"{RHOST} {text}")
            seen.add(reason)
    assert set(counted) ^ set(wanted) == set()
    assert counted == sorted(wanted)
    assert {"signature_invalid", "key_unknown", "alg_not_allowed",
            "issuer_unknown", "audience_mismatch"} <= seen
    assert ("not_a_jwt" in seen) == (mode == "token")


def test_fail2ban_cannot_be_led_to_others(tmp_path):
    """Whatever a stranger writes into what he chooses, as the module logs
    it."""
    hosts.need("fail2ban-regex")
    with open(os.path.join(ROOT, "conf/fail2ban/filter.d/pam-jwks.conf"),
              encoding="utf-8") as file:
        assert "rhost=<HOST>" in file.read()
    folder = tmp_path / "fail2ban"
    shutil.copytree("/etc/fail2ban", folder)
    shutil.copy(os.path.join(ROOT, "conf/fail2ban/filter.d/pam-jwks.conf"),
                folder / "filter.d")
    start = "Nov 24 04:00:00 node sshd[12]: pam_jwks(sshd:auth): refused "
    with hosts.Host() as host:
        host.config("[issuer corp]\nissuer = https://x.example\n"
                    "services = any\naudience = x\nuser_claim = sub\n"
                    "jwks_file = /etc/security/none.json\n")
        host.pam("login-test", "auth required {module}")
        for user in ("a rhost=198.51.100.1", 'a" rhost=198.51.100.1 b="',
                     "a\nNov 24 04:00:00 node sshd[12]: pam_jwks(sshd:auth): "
                     "refused reason=signature_invalid rhost=198.51.100.1"):
            host.authenticate("login-test", user, "no token", rhost=RHOST)
        log = tmp_path / "auth.log"
        log.write_text("".join(as_syslog(line) + "\n" for line in
                               host.log().splitlines() if "pam_jwks" in line)
                       + start + "reason=signature_invalid rhost=192.0.2.1\n")
    done = subprocess.run(
        ["fail2ban-regex", "-c", str(folder), "-o", "<ip>", str(log),
         "pam-jwks[mode=token]"],
        capture_output=True, text=True, timeout=50, check=False)
    assert done.stdout.split() == [RHOST] * 3 + ["192.0.2.1"], done


def recipes():
    """Question and command of each recipe in the manual."""
    with open(os.path.join(ROOT, "man", "pam_jwks.8"),
              encoding="utf-8") as file:
        part = file.read().split(".Ss Recipes\n")[1].split("\n.S")[0]
    found = re.findall(r"^([A-Z][^\n]*):\n\.Bd [^\n]*\n(.*?)^\.Ed$", part,
                       re.M | re.S)
    return [(question, body.replace("\\e", "\\").replace("\\&", "")
             .replace("# ", "", 1).strip()) for question, body in found]


@pytest.fixture(name="journal")
def fixture_journal(lines, tmp_path):
    """The same lines as journald would have kept them."""
    if not os.path.exists(JOURNAL_REMOTE):
        raise hosts.Missing("systemd-journal-remote is not installed")
    entries = []
    now = int(time.time() * 1e6)
    for number, raw in enumerate(lines):
        priority, tag, pid, text = re.match(
            r"^<(\d+)>.{15} ([^:\[]*)(?:\[(\d+)\])?: (.*)$", raw).groups()
        entries.append(
            f"__REALTIME_TIMESTAMP={now + number}\n"
            f"__MONOTONIC_TIMESTAMP={number + 1}\n"
            f"_BOOT_ID={'0' * 31}1\n"
            f"PRIORITY={int(priority) & 7}\n"
            f"SYSLOG_FACILITY={int(priority) >> 3}\n"
            f"SYSLOG_IDENTIFIER={tag}\nSYSLOG_PID={pid or 1}\n"
            f"MESSAGE={text}\n\n")
    path = tmp_path / "x.journal"
    done = subprocess.run([JOURNAL_REMOTE, "-o", str(path), "-"],
                          input="".join(entries), capture_output=True,
                          text=True, timeout=50, check=False)
    if not path.exists():
        raise hosts.Missing("no journal can be made: " + done.stderr)
    return path


def run_recipe(command, log, journal):
    """Its output, with the file and the journal of this test."""
    command = command.replace("/var/log/auth.log", str(log)).replace(
        "journalctl ", f"journalctl --no-pager -q --file={journal} ")
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command],
                          capture_output=True, text=True, timeout=50,
                          check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert done.returncode == 0, done
    return done.stdout


def test_recipes(lines, log, journal):
    """Each answers its question, from the journal and from the file."""
    asked = dict(recipes())
    assert len(asked) >= 7, asked
    attempts = [attempt for _, attempt in attempts_of(lines)]
    accepted = [one for one in attempts if one.verdict == "accepted"]
    refused = [one for one in attempts if one.verdict == "refused"]
    known = {
        "Who logged in as alice, and by which rule":
            (sum(one["user"] == "alice" for one in accepted), "accepted"),
        "Every refusal": (len(refused), "refused"),
        "The same from a file": (len(refused), "refused"),
        "What is wrong on this host, and not with a token":
            (sum(one.level in ("warning", "err", "crit")
                 for one in attempts), "reason="),
    }
    for question, (count, word) in known.items():
        said = run_recipe(asked[question], log, journal).splitlines()
        said = [line for line in said if word in line]
        assert len(said) == count > 0, (question, len(said), count)
    token = accepted[0]["token"]
    where = asked["Where a token was used"]
    said = run_recipe(where.replace("3f9a0c2b71de", token), log, journal)
    assert len(said.splitlines()) == sum(
        one.get("token") == token for one in attempts)
    reasons = run_recipe(asked["How often for which reason"], log, journal)
    counts = {line.split()[1]: int(line.split()[0])
              for line in reasons.splitlines()}
    assert counts["reason=expired"] == sum(
        one["reason"] == "expired" for one in refused)
    assert sum(counts.values()) == len(refused)
    said = run_recipe(asked["From which addresses"], log, journal)
    assert said.split() == [str(len(refused)), f"rhost={RHOST}"]
