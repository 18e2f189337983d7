"""Servers that have one password and answer every prompt with it, on a private
host: PostgreSQL, Dovecot, nginx, saslauthd.

Each is Debian's own program with its data below /run of the host, listening on
loopback only.  What they share stands here: a module and a helper that every
user of the host may load, stacks as they are shipped in conf/pam.d, tokens of a
wished length, and the search for the longest that arrives.
"""

import hashlib
import os
import re
import shutil
import time

import hosts
import tokens
from long_tokens import KINDS, LONG, key

AUDIENCE = "service-login"
CA = "/etc/security/ca.pem"
PLACE = "/run/built"            # the build tree may be closed to others

# Lengths at which one host or another cuts, and some between.
LENGTHS = (300, 511, 512, 1023, 1024, 1500, 4095, 4096, 8000, 16000)
LONGEST = 16 * 1024             # what the module takes

# Key and length: the provider's own key, and some of others; with PJ_LONG=1 all.
OTHER = [(kind, length) for kind in KINDS for length in LENGTHS + (LONGEST,)
         if length > KINDS[kind]]
CASES = [("EdDSA", length) for length in LENGTHS + (LONGEST,)] + (
    OTHER if LONG else [("ES256", 1023), ("RS256", 1024), ("RS4096", 4096)])


def source_file(name):
    """The path of a file of the source tree."""
    return os.path.join(os.path.dirname(os.path.dirname(hosts.HERE)), name)


def install(host):
    """Puts module and helper where every user of the host can reach them;
    returns the helper's path for Host.config."""
    os.makedirs(host.path(PLACE), mode=0o755, exist_ok=True)
    for name in ("pam_jwks.so", "pam-jwks-fetch"):
        if not os.path.exists(host.path(f"{PLACE}/{name}")):
            shutil.copy(hosts.find_built(name, host.builddir),
                        host.path(PLACE))
            os.chmod(host.path(f"{PLACE}/{name}"), 0o755)
    return PLACE + "/pam-jwks-fetch"


def stack(host, service, *lines, config=hosts.CONFIG):
    """Writes pam.d/SERVICE with these lines."""
    module = f"{PLACE}/pam_jwks.so config={config}"
    host.write("/etc/pam.d/" + service, "".join(
        line.replace("pam_jwks.so", module) + "\n" for line in lines))


def shipped_stack(host, service, config=hosts.CONFIG):
    """Writes pam.d/SERVICE as conf/pam.d has it; only where the module is, and
    its configuration, is said differently."""
    with open(source_file("conf/pam.d/" + service), encoding="ascii") as file:
        lines = file.read().splitlines()
    stack(host, service, *(line for line in lines
                           if not line.startswith("#")), config=config)


def configure(host, provider, service, **settings):
    """The host trusts the provider for one service whose users are no Unix
    users; the cache is cold."""
    host.write(CA, provider.authority.ca_text())
    settings = dict({"services": service, "audience": AUDIENCE,
                     "account": "none", "ca_file": CA}, **settings)
    module = {name: settings.pop(name) for name in
              ("cache_dir", "state_dir") if name in settings}
    host.config(provider.section(**settings), helper=install(host), **module)


def other_keys(provider):
    """The provider has keys of other kinds, too."""
    provider.keys += [key(kind) for kind in KINDS]


def fetch_all(host):
    """What the timer does: fetches every issuer's keys as root."""
    result = host.run([PLACE + "/pam-jwks-fetch", "--all",
                       "--config", hosts.CONFIG])
    assert result.returncode == 0, result
    return result.out


def short_token(provider, user, padding=None, header_padding="", **members):
    """A token with few claims."""
    members = dict({"sub": None, "iat": None, "audience": AUDIENCE}, **members)
    if padding is not None:
        members["padding"] = padding
    header = {"typ": None}
    if header_padding:
        header["pad"] = header_padding
    return provider.token(user, header=header, **members)


def token_of(provider, user, length, kind="EdDSA"):
    """A good token of exactly this length; see CASES."""
    if kind != "EdDSA":
        return tokens.token_of_length(
            length, key(kind), "ES256" if kind == "ES256" else "RS256",
            tokens.claims(provider.issuer, user, AUDIENCE, sub=None, iat=None),
            {"typ": None})
    # base64url has no texts of 4n+1 characters: a longer header helps.
    for extra in ("", "x", "xx"):
        try:
            return tokens.pad_to(length, lambda text: short_token(
                provider, user, text, extra))
        except ValueError:
            pass
    raise ValueError(f"no token of {length} bytes")


# What is wrong with a token, and the reason that the log has for it.
BAD = {
    "expired": lambda p, user: short_token(p, user, expires_in=-600),
    "audience_mismatch":
        lambda p, user: short_token(p, user, audience="ssh-login"),
    "signature_invalid":
        lambda p, user: tokens.spoil_signature(short_token(p, user)),
    "user_mismatch": lambda p, user: short_token(p, "somebody-else"),
    "token_too_long":
        lambda p, user: token_of(p, user, LONGEST + 1),
}


def longest(works, low, high):
    """The largest length in [low, high] for which works(length) is true."""
    assert works(low), f"not even {low} bytes arrive"
    while low < high:
        middle = (low + high + 1) // 2
        if works(middle):
            low = middle
        else:
            high = middle - 1
    return low


def said_beyond(host, works, length):
    """What the log says of a token that is longer by one byte."""
    host.take_attempts()
    assert not works(length + 1)
    attempts = host.take_attempts()
    return attempts[-1]["reason"] if attempts else "nothing"


# --- the documents --------------------------------------------------------------

def recipe(language, document="docs/services.md"):
    """The block of this language in a document, as it stands there."""
    with open(source_file(document), encoding="ascii") as file:
        found = re.findall(rf"^```{language}\n(.*?)^```$", file.read(),
                           re.MULTILINE | re.DOTALL)
    assert found, f"{document} has no block of {language}"
    return found[0]


# --- the cache --------------------------------------------------------------------

def age_cache(host, seconds, folder="/var/cache/pam_jwks"):
    """Makes the cached keys of the host older."""
    names = [name for name in os.listdir(host.path(folder))
             if name.endswith(".jwks")]
    assert names, "nothing is cached"
    for name in names:
        path = f"{folder}/{name}"
        owner = os.stat(host.path(path))
        magic, _, content = host.read(path).split(b"\n", 2)
        content, count = re.subn(
            rb"^fetched (\d+) (\d+) ",
            lambda m: b"fetched %d %d " % (int(m[1]) - seconds,
                                           max(0, int(m[2]) - seconds)),
            content, 1, re.MULTILINE)
        assert count == 1
        digest = hashlib.sha256(content).hexdigest().encode()
        host.write(path, b"\n".join((magic, b"sha256 " + digest, content)))
        os.chown(host.path(path), owner.st_uid, owner.st_gid)


# --- what a process holds -----------------------------------------------------

def usage(host, pid):
    """(open descriptors, resident KiB that no file backs) of a process."""
    result = host.run(["sh", "-c", "ls /proc/$0/fd | wc -l; "
                       "sed -n 's/^RssAnon:[^0-9]*\\([0-9]*\\).*/\\1/p' "
                       "/proc/$0/status", str(pid)])
    assert result.returncode == 0, result
    descriptors, memory = result.out.split()
    return int(descriptors), int(memory)


def pids(host, text):
    """The processes of the host whose command line contains a text."""
    return [int(line.split()[0]) for line in host.processes()
            if text in line.split(None, 2)[2]]


def wait_for(what, condition, seconds=10):
    """Waits until condition() is true, and returns what it returned."""
    alarm = time.monotonic() + seconds
    while time.monotonic() < alarm:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")
