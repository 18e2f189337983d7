"""An unprivileged caller of a set-uid host program sets whatever could reach
the part that fetches.  Nothing is made, asked or read because of it."""

import ast
import os
import shutil

import pytest

import hosts
from connect_proxy import ConnectProxy
from fetching import CA, CACHE, STATE
from provider import Provider
from watch import Watch

SERVICE = "login-test"
SETUID = "/run/setuid-host"
TRAPS = "/run/home/alice/traps"

# Which trap a variable points to: a proxy or paths below TRAPS.
PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
           "all_proxy")
FILES = {
    "SSLKEYLOGFILE": "keylog",
    "SSL_CERT_FILE": "certs.pem",
    "SSL_CERT_DIR": "certs",
    "OPENSSL_CONF": "openssl.cnf",
    "OPENSSL_MODULES": "modules",
    "HOSTALIASES": "aliases",
    "HOME": "home",                 # with .netrc and .curlrc
    "CURL_HOME": "curl-home",
    "XDG_CONFIG_HOME": "config",
    "TMPDIR": "tmp",
    "LD_PRELOAD": "preload.so",
    "LD_LIBRARY_PATH": "libraries",
    "RESOLV_HOST_CONF": "host.conf",
    "LOCPATH": "locales",
}
OTHERS = {"RES_OPTIONS": "ndots:15 attempts:9 timeout:30 debug",
          "LOCALDOMAIN": "attacker.test", "NO_PROXY": "", "no_proxy": "",
          "LANG": "xx_XX.UTF-8", "CURL_SSL_BACKEND": "gnutls",
          "GCONV_PATH": TRAPS, "MALLOC_TRACE": TRAPS + "/trace"}
VARIABLES = list(PROXIES) + list(FILES) + ["RES_OPTIONS"]

LOOK = """
import os
for pid in os.listdir("/proc"):
    try:
        if open(f"/proc/{pid}/comm").read() == "pam-jwks-fetch\\n":
            print(repr(open(f"/proc/{pid}/environ").read()))
    except OSError:
        pass
"""

# Reads everything that the variables name, as ordinary programs do.
VICTIM = """
import netrc, os, socket, ssl, subprocess, sys, tempfile, urllib.request
context = ssl.create_default_context()
context.set_default_verify_paths()
for url in ("http://127.0.0.1:1/", "https://127.0.0.1:1/"):
    try:
        urllib.request.urlopen(url, timeout=5, context=context)
    except OSError:
        pass
try:
    with socket.socket() as plain:
        plain.connect(("127.0.0.1", int(os.environ["TLS_PORT"])))
        context.wrap_socket(plain, server_hostname="127.0.0.1")
except (OSError, ssl.SSLError):
    pass
try:
    socket.getaddrinfo("short", 1)
except OSError:
    pass
netrc.netrc()
open(os.path.expanduser("~/.curlrc")).read()
tempfile.TemporaryFile().close()
subprocess.run([sys.executable, "-c", "import ssl"], stderr=subprocess.DEVNULL,
               env={name[5:]: value for name, value in os.environ.items()
                    if name.startswith("TRAP_")})
"""


def set_traps(host):
    """Files and folders that tell when they are used."""
    host.remove(TRAPS)
    base = host.path(TRAPS)
    for name in ("certs", "modules", "home", "curl-home", "config", "tmp",
                 "libraries", "locales"):
        os.makedirs(os.path.join(base, name))
    files = {
        "certs.pem": "", "aliases": "short attacker.test\n",
        "openssl.cnf": "openssl_conf = a\n[a]\nproviders = b\n[b]\n"
                       "default = c\ntrap = c\n[c]\nactivate = 1\n",
        "modules/trap.so": "", "home/.netrc": "default login a password b\n",
        "home/.curlrc": "insecure\n", "curl-home/.curlrc": "insecure\n",
        "config/curlrc": "insecure\n", "preload.so": "", "host.conf": "",
        "libraries/libcurl.so.4": "", "libraries/libcrypto.so.3": "",
    }
    for name, text in files.items():
        with open(os.path.join(base, name), "w", encoding="ascii") as file:
            file.write(text)
    for folder, _, names in os.walk(base):
        for path in [folder] + [os.path.join(folder, name) for name in names]:
            os.chown(path, *[hosts.USERS["alice"][0]] * 2)
    os.chmod(os.path.join(base, "home/.netrc"), 0o600)
    return base


class Traps:
    """The environment, and what was caught."""

    def __init__(self, host):
        self.base = set_traps(host)
        self.proxies = {}
        self.environ = {name: f"{TRAPS}/{path}"
                        for name, path in FILES.items()}
        self.environ.update(OTHERS)

    def __enter__(self):
        self.watch = Watch(self.base).__enter__()
        for name in PROXIES:
            proxy = self.proxies[name] = ConnectProxy().__enter__()
            self.environ[name] = proxy.url
        return self

    def __exit__(self, *_):
        self.watch.__exit__()
        for proxy in self.proxies.values():
            proxy.__exit__()

    def caught(self):
        """Names of the variables whose trap was touched."""
        touched = self.watch.touched()
        caught = {name for name, path in FILES.items()
                  if any(one == path or one.startswith(path + "/")
                         for one in touched)}
        caught |= {name for name, proxy in self.proxies.items()
                   if proxy.connections}
        known = tuple(FILES.values())
        caught |= {one for one in touched
                   if one and not one.startswith(known)}
        return caught


def prepare(host, provider):
    """A cold cache, and the services."""
    for folder in (CACHE, STATE):
        host.remove(folder)
        os.mkdir(host.path(folder), 0o755 if folder == CACHE else 0o700)
    host.write(CA, provider.authority.ca_text())
    host.config(provider.section(ca_file=CA))
    for service in (SERVICE, "su", "sudo"):
        host.pam(service, "auth required {module}")
    # Names without a dot are looked for in HOSTALIASES by this.
    host.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"
               "shadow: files\nhosts: files dns\n")
    host.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")


def call(host, program, provider, environ):
    """alice calls the program."""
    if program == "setuid":
        shutil.copy(shutil.which("pamtester"), host.path(SETUID))
        os.chmod(host.path(SETUID), 0o4755)
        argv = [SETUID, SERVICE, "alice", "authenticate"]
    elif program == "su":
        argv = ["su", "bob", "-c", "true"]
    else:
        argv = ["sudo", "-S", "true"]
    user = "bob" if program == "su" else "alice"
    # By env, since what enters the host must not fall into the traps.
    return host.run(["env", *(f"{name}={value}"
                              for name, value in environ.items()), *argv],
                    user="alice", input=provider.token(user) + "\n")


@pytest.fixture(scope="module", name="run", params=["setuid", "su", "sudo"])
def fixture_run(request, module_host):
    """What one cold login by alice has left: (caught, environments of the
    helper's processes, attempt, counts)."""
    hosts.need("pamtester", "su", "sudo")
    probe = module_host.run(["setpriv", "--dump"], user="alice")
    if "no_new_privs: 1" in probe.out:
        raise hosts.Missing("no_new_privs is set here: set-uid cannot work")
    with Provider("EdDSA") as provider:
        prepare(module_host, provider)
        seen = []

        def keys(handler):
            seen.extend(module_host.run(["/usr/bin/python3", "-c", LOOK])
                        .out.splitlines())
            handler.document_answer("keys")

        provider.scripts["keys"] = keys
        module_host.take_attempts()
        with Traps(module_host) as traps:
            result = call(module_host, request.param, provider, traps.environ)
            caught = traps.caught()
        assert result.returncode == 0, (result, module_host.log())
        return (caught, [ast.literal_eval(one) for one in seen],
                module_host.take_attempt(),
                (provider.count("discovery"), provider.count("keys"),
                 provider.count("other")))


def test_the_traps_work(module_host):
    """Every trap that an ordinary program falls into tells so.  libcurl's own
    (ALL_PROXY, .curlrc elsewhere) and those of old libraries have no victim
    here."""
    with Provider("EdDSA") as provider:
        prepare(module_host, provider)
        with Traps(module_host) as traps:
            values = {**traps.environ, "TLS_PORT": str(provider.port)}
            for name in ("LD_PRELOAD", "LD_LIBRARY_PATH"):
                values["TRAP_" + name] = values.pop(name)
            result = module_host.run(["/usr/bin/python3", "-c", VICTIM],
                                     user="alice", env=values)
            caught = traps.caught()
    assert result.returncode == 0, result
    assert caught >= {
        "http_proxy", "SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "OPENSSL_CONF", "OPENSSL_MODULES", "HOSTALIASES", "HOME", "TMPDIR",
        "LD_PRELOAD", "LD_LIBRARY_PATH"}, caught
    assert {"https_proxy", "HTTPS_PROXY"} & caught


def test_the_program_by_itself(module_host):
    """Started with such an environment, by root and without a module, it
    believes nothing of it either.  LD_ is the loader's, before it begins."""
    with Provider("EdDSA") as provider:
        prepare(module_host, provider)
        with Traps(module_host) as traps:
            values = {name: value for name, value in traps.environ.items()
                      if not name.startswith("LD_")}
            result = module_host.run(
                ["env", *(f"{name}={value}" for name, value in values.items()),
                 hosts.find_built("pam-jwks-fetch"), "--cause", "forced",
                 "--config", hosts.CONFIG, "--section", "corp"])
            caught = traps.caught()
        assert result.out.startswith("pam-jwks-fetch 1 ok "), result
        assert provider.count() == 2
    assert caught == set()


def test_it_fetched(run):
    """The login was a cold one that asked the provider, and it worked."""
    _, _, attempt, counts = run
    assert attempt.verdict == "accepted"
    assert counts == (1, 1, 0)


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_environment_has_no_effect(run, variable):
    """Nothing that the variable names was touched; RES_OPTIONS and the like
    name nothing, but both halves of the helper have no environment at all."""
    caught, environments, _, _ = run
    assert variable not in caught
    assert environments == ["", ""]


def test_nothing_else_was_touched(run):
    """No other file of the caller's, and the keys are root's."""
    assert run[0] == set()


def test_files_are_roots(run, module_host):
    """What was written belongs to root and is nobody else's to write."""
    for folder in (CACHE, STATE):
        names = os.listdir(module_host.path(folder))
        assert names
        for name in names:
            status = os.lstat(os.path.join(module_host.path(folder), name))
            assert (status.st_uid, status.st_gid) == (0, 0), name
            assert status.st_mode & 0o022 == 0, name
