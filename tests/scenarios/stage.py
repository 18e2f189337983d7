"""A test host with a scenario on it: does the steps, and compares what happens
with what the scenario says."""

import hashlib
import json
import os
import re
import time

import hosts
import tokens
from answers import Answers, key_of
from pam_clients import PamClient
from provider import Provider
from scenario import Login, fold, pattern

KEYS = "/etc/security/keys.json"
CA = "/etc/security/ca.pem"
STACKS = "/run/scenario/pam.d"
PAM_SILENT = 0x8000
CACHE, STATE = "/var/cache/pam_jwks", "/run/pam_jwks"
PRIVATE = (hosts.CONFIG, hosts.CONFIG + ".d", KEYS, "/run/scenario", CACHE,
           STATE)
SECTION = {"issuer": "<issuer>", "services": "any",
           "audience": "ssh-login", "user_claim": "preferred_username"}


# After one of these, or one that names the file, the usual configuration is
# not wanted.
CONFIGURING = ("section", "config")


def needs_usual_path(steps):
    """Files of the folder are read beside the built-in configuration alone,
    not with config=."""
    return any(word.startswith(hosts.CONFIG + ".d/")
               for step in steps for word in step.words)


def has_usual_path(host):
    """True if the module was configured to read that configuration."""
    with open(host.module(), "rb") as file:
        return b"\0" + hosts.CONFIG.encode() + b"\0" in file.read()


class Stage:
    """A host with one scenario on it; as a program it records instead of
    checking."""

    def __init__(self, host, clients, debug, recording=False):
        self.host = host
        self.clients = clients      # library or "" -> PamClient
        self.debug = debug
        self.recording = recording
        self.recorded = []          # the blocks of logins as they happened
        self.provider = None
        self.answers = Answers()
        self.library = ""
        self.named = ""             # what configuration files say
        self.arguments = ""
        self.stack = "auth required pam_jwks.so"
        self.seen = len(host.log().splitlines())
        self.made = set()
        self.configured = False
        self.usual_path = False

    def run(self, steps):
        """All steps; files that nobody wrote are the usual ones."""
        self.clean()
        self.usual_path = needs_usual_path(steps)
        keywords = [step.keyword for step in steps]
        if not {"keys", "provider"} & set(keywords):
            self.do_keys(None)
        try:
            for step in steps:
                if step.keyword in CONFIGURING or hosts.CONFIG in step.words:
                    self.configured = True
                if step.keyword == "login" and not self.configured:
                    self.do_section(None)
                getattr(self, "do_" + step.keyword)(step)
        finally:
            if self.provider is not None:
                self.wait_for_helper()
                self.provider.close()
            self.clean()

    def wait_for_helper(self):
        """A fetch behind a login writes when the login is long over."""
        alarm = time.monotonic() + 10
        while time.monotonic() < alarm and any(
                "pam-jwks-fetch" in line for line in self.host.processes()):
            time.sleep(0.05)

    def clean(self):
        for path in set(PRIVATE) | self.made:
            self.host.remove(path)
        for folder, mode in ((CACHE, 0o755), (STATE, 0o700)):
            os.mkdir(self.host.path(folder), mode)
            os.chmod(self.host.path(folder), mode)

    # --- files

    def expand(self, text):
        """Fills in what differs from run to run."""
        issuer = self.answers.issuer
        for name, value in (
                ("<issuer>", issuer), ("<keys>", KEYS), ("<ca>", CA),
                ("<provider>", issuer.partition("//")[2]),
                ("<helper>", self.helper()),
                ("<module>", self.module_section()),
                ("<source>", self.source_line())):
            text = text.replace(name, value)
        return text

    def helper(self):
        return hosts.find_built("pam-jwks-fetch", self.host.builddir)

    def module_section(self):
        if self.provider is None:
            return "[module]"
        return (f"[module]\nfetch_user = nobody\ncache_dir = {CACHE}\n"
                f"state_dir = {STATE}\nhelper = {self.helper()}")

    def source_line(self):
        return f"jwks_file = {KEYS}" if self.provider is None \
            else f"ca_file = {CA}"

    def do_section(self, step):
        """[issuer corp] as usual, with other settings; "key = -" has none."""
        text = step.text.splitlines() if step else []
        changed = {line.partition("=")[0].strip() for line in text}
        more = [line for line in text if line.partition("=")[2].strip() != "-"]
        lines = [f"{key} = {value}" for key, value in SECTION.items()
                 if key not in changed]
        source = [] if any(re.match("jwks_|discovery_url", line)
                           for line in more) else ["<source>"]
        self.write(hosts.CONFIG, "\n".join(
            ["<module>", "[issuer corp]"] + lines + source + more))

    def do_config(self, step):
        self.do_file(step, hosts.CONFIG)

    def do_file(self, step, path=None):
        path = path or step.words[0]
        mode = int(step.options.get("mode", "644"), 8)
        padding = " " * int(step.options.get("spaces", "0"))
        self.write(path, step.text + padding, mode, step.options.get("owner"))

    def write(self, path, text, mode=0o644, owner=None):
        text = self.expand(text)
        if text:
            text += "\n"
        self.named += text
        self.made.add(path)
        self.host.write(path, text, mode, owner)

    def do_link(self, step):
        path, target = step.words
        self.made.add(path)
        self.host.remove(path)
        os.symlink(target, self.host.path(path))

    def do_folder(self, step):
        path = self.host.path(step.words[0])
        mode = int(step.options.get("mode", "755"), 8)
        self.made.add(step.words[0])
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        if "owner" in step.options:
            uid = hosts.USERS[step.options["owner"]][0]
            os.chown(path, uid, uid)

    def do_remove(self, step):
        self.made.add(step.words[0])
        self.host.remove(step.words[0])

    # --- stack, keys, provider

    def do_stack(self, step):
        self.stack = step.text

    def do_arguments(self, step):
        self.arguments = step.words[0]

    def do_keys(self, step):
        """Each line is one key."""
        lines = (step.text if step else "EdDSA k1").splitlines()
        keys = [public_key(line) for line in lines]
        if self.provider is not None:
            self.provider.keys = keys
        self.host.write(KEYS, json.dumps({"keys": keys}))

    def do_provider(self, step):
        """provider [discovery=BEHAVIOUR] [keys=BEHAVIOUR]; or provider down."""
        if self.provider is None:
            self.provider = Provider("EdDSA", key=key_of("EdDSA", "k1"))
            self.provider.__enter__()
            self.host.write(CA, self.provider.authority.ca_text())
            self.answers.issuer = self.provider.issuer
        if step.words == ["down"]:
            self.provider.close()
        elif step.words:
            step.fail("down?")
        for what, behaviour in step.options.items():
            self.provider.behave(what, behaviour)

    def do_age(self, step):
        """age DURATION: what is in the cache was fetched that long ago."""
        age_cache(self.host, seconds(step))

    def do_spoil(self, _):
        """What is in the cache is cut in half."""
        for name in os.listdir(self.host.path(CACHE)):
            path = os.path.join(self.host.path(CACHE), name)
            os.truncate(path, os.path.getsize(path) // 2)

    def do_preload(self, step):
        """preload CALL: that call of the C library or of PAM fails."""
        self.library = "" if step.words == ["nothing"] else step.words[0]

    # --- logins

    def write_stack(self, service):
        module = f"{self.host.module()} config={hosts.CONFIG}"
        if "config=" in self.stack + self.arguments or self.usual_path:
            module = self.host.module()
        lines = []
        for line in self.stack.splitlines():
            head, found, rest = line.partition("pam_jwks.so")
            if found:
                words = [module, rest.strip(), self.arguments,
                         "debug" if self.debug else ""]
                line = head + " ".join(word for word in words if word)
            lines.append(line)
        named = {line.split()[0].lstrip("-") for line in lines}
        lines += [f"{phase} required pam_permit.so"
                  for phase in ("auth", "account", "password", "session")
                  if phase not in named]
        self.host.write(f"{STACKS}/{service}", "\n".join(lines) + "\n")

    def do_login(self, step):
        login = Login(step, not self.recording)
        service = step.options.get("service", "login")
        self.write_stack(service)
        made = [(verb, self.answers.make(words, login.user))
                for verb, words in login.steps]
        answers = [answer for verb, answer in made if verb == "answer"]
        options = {"flags": PAM_SILENT if "silent" in step.words else 0}
        if "rhost" in step.options:
            options["rhost"] = step.options["rhost"]
        if "host" in step.options:      # the application's own user
            options["uid"] = hosts.USERS[step.options["host"]][0]
        report = self.client().call(
            service, login.user, answers,
            ("auth", "setcred") if login.setcred else ("auth",),
            confdir=STACKS, **options)
        raw = self.host.log().splitlines()
        new, self.seen = raw[self.seen:], len(raw)
        lines = [line for line in map(hosts.parse_line, new) if line.service]
        self.check_secrets("\n".join(new) + json.dumps(report), login, service)
        assert report["user"] == login.user, "PAM_USER was changed"
        if self.recording:
            self.record(login, report, lines)
        else:
            self.check(login, report, lines)

    def client(self):
        """The application, with the library that makes calls fail or not."""
        if self.library not in self.clients:
            self.clients[self.library] = PamClient(
                self.host, find_failing(),
                {"PJ_FAIL": self.library}) if self.library else \
                PamClient(self.host)
        return self.clients[self.library]

    def check_secrets(self, output, login, service):
        known = {login.user, service}
        for secret in self.answers.secrets(self.named, known):
            assert secret not in output, f"{secret!r} is to be seen: {output}"

    def shown_env(self, report):
        """The PAM environment; the token's own variable is checked here."""
        own = "PAM_JWKS_TOKEN=" + self.answers.token_id()
        env = list(report["env"])
        marked = own in env
        if marked:
            env.remove(own)
        return marked, sorted(env)

    def check(self, login, report, lines):
        attempts = [line for line in lines
                    if not line.text.startswith("debug: ")]
        debug = [line.text for line in lines if line not in attempts]
        wanted = [self.expand(line).replace("<token>",
                                            self.answers.token_id())
                  for line in login.log]
        got = [f"{line.level} {line.text}" for line in attempts]
        assert matches(wanted, got), unlike(wanted, got)
        assert report["prompts"] == login.prompts
        assert report["texts"] == login.told
        assert report["auth"] == login.result, got
        assert report.get("setcred") == login.setcred
        marked, env = self.shown_env(report)
        assert env == sorted(map(self.expand, login.env))
        assert marked == any(" accepted " in line for line in got[-1:])
        assert all(line.level == "debug" for line in lines
                   if line not in attempts)
        if self.debug:
            for line in login.debug:
                assert any(pattern("debug: " + self.expand(line))
                           .fullmatch(text)
                           for text in debug), unlike([line], debug)
        else:
            assert debug == []

    def record(self, login, report, lines):
        """Notes a login block with what has happened."""
        out = []
        prompts = iter(report["prompts"])
        for verb, words in login.steps:
            if verb == "answer":
                prompt = next(prompts, "Token: ")
                if prompt != "Token: ":
                    out.append(f'prompt "{prompt}"')
            out.append(f"{verb} {words}")
        out += ["told " + text for text in report["texts"]]
        out.append("result " + report["auth"])
        if login.setcred:
            out.append("setcred " + report["setcred"])
        out += ["env " + text for text in self.shown_env(report)[1]]
        for line in lines:
            if line.level != "debug":
                out.append(f"log {line.level} {line.text}")
            elif login.debug and " asked for " in line.text:
                out.append("debug " + line.text[len("debug: "):])
        text = "\n".join(out)
        for shown, name in ((self.answers.token_id(), "<token>"),
                            (self.answers.issuer, "<issuer>"),
                            (self.answers.issuer.partition("//")[2],
                             "<provider>")):
            if shown and self.provider or name == "<token>" and shown:
                text = text.replace(shown, name)
        self.recorded.append("\n".join(map(fold, text.splitlines())))


def matches(wanted, got):
    return len(wanted) == len(got) and all(
        pattern(line).fullmatch(text) for line, text in zip(wanted, got))


def unlike(wanted, got):
    return "\n".join(["the log is not as it should be", "wanted:", *wanted,
                      "got:", *got])


def find_failing():
    """The library whose calls fail (check_LTLIBRARIES in tests.mk)."""
    folder = os.path.join(hosts.build_dir(), "tests", "support")
    return hosts.find_built("failing.so", folder)


def public_key(line):
    """KIND KID, then members as a JSON object or x5c-of:KID; or a JSON object
    alone.  A KID of none: the key has no name."""
    if line.startswith("{"):
        return json.loads(line)
    kind, kid, rest = (line.split(None, 2) + [""])[:3]
    members = {"kid": None} if kid == "none" else {}
    if rest.startswith("x5c-of:"):
        certified = tokens.x5c_key(key_of(kind, rest.partition(":")[2]))
        members["x5c"] = certified["x5c"]
    elif rest:
        members.update(json.loads(rest))
    return tokens.public(key_of(kind, kid), **members)


def seconds(step):
    """A duration: 23h, 14m55s."""
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    text = " ".join(step.words)
    if re.fullmatch(r"(\d+[smhd])+", text) is None:
        step.fail("how long?")
    return sum(int(number) * unit[name]
               for number, name in re.findall(r"(\d+)([smhd])", text))


def age_cache(host, by):
    """Takes a time off every time in the cache and in the state."""
    def older(match):
        name, wall, boot, boot_id = match.groups()
        if int(boot) < by:      # before this boot: in another one
            boot, boot_id = by, "00000000-0000-4000-8000-000000000000"
        return f"{name} {int(wall) - by} {int(boot) - by} {boot_id}"

    for folder, kind in ((CACHE, ".jwks"), (STATE, ".state")):
        for name in os.listdir(host.path(folder)):
            if not name.endswith(kind):
                continue
            text = host.read(f"{folder}/{name}").decode()
            first, _, rest = text.split("\n", 2)
            rest = re.sub(r"(?m)^(\w+) (\d+) (\d+) ([-\w]+)$", older, rest)
            rest = re.sub(r"(?m)^(\w+_until) (\d+)$", lambda m:
                          f"{m[1]} {max(0, int(m[2]) - by)}", rest)
            digest = hashlib.sha256(rest.encode()).hexdigest()
            host.write(f"{folder}/{name}", f"{first}\nsha256 {digest}\n{rest}",
                       0o644 if kind == ".jwks" else 0o600)
