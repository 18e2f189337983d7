"""What may have happened to the files.  A good token logs in wherever keys can
be had, no good key is lost, and what was wrong is said."""

import hashlib
import os
import re
import shutil
import socket
import stat

import pytest

SOMEBODY = 12345


@pytest.fixture(name="machine")
def fixture_machine(machine, provider):
    machine.accept()
    provider.forget()
    return machine


def content(machine):
    with open(machine.data(), "rb") as file:
        return file.read()


def seal(magic, rest):
    """A data file with a right checksum."""
    return magic + b"\nsha256 " + hashlib.sha256(rest).hexdigest().encode() \
        + b"\n" + rest


def is_well(machine, before):
    """The helper has put a good file in its place."""
    status = os.lstat(machine.data())
    assert stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    assert stat.S_IMODE(status.st_mode) == 0o644 and status.st_uid == 0
    text = content(machine)
    body = before.split(b"\n\n", 1)[1]
    assert text.split(b"\n\n", 1)[1] == body
    assert machine.accept(mode="offline").detail == ""


def test_data_file_cut_at_every_byte(machine, provider):
    """Each is called what it is, and replaced by the next login that may ask."""
    path, text, token = machine.data(), content(machine), machine.token()
    argv = machine.command(token, "offline")
    for length in range(len(text)):
        machine.put(path, text[:length])
        line = machine.run(argv)[0]
        assert line.startswith("keys_unavailable") and \
            "cache_invalid" in line, (length, line)
    for length in range(0, len(text), 211):
        machine.put(path, text[:length])
        login = machine.accept(token)
        assert "keys were fetched anew: cache_invalid" in login.detail
        is_well(machine, text)


DAMAGES = {
    "checksum": lambda text: text.replace(b'"kid"', b'"kit"'),
    "issuer": lambda text: seal(text.split(b"\n")[0], re.sub(
        rb"issuer [^\n]*", b"issuer https://other.test",
        text.split(b"\n", 2)[2])),
    "id": lambda text: seal(text.split(b"\n")[0], re.sub(
        rb"id [^\n]*", b"id " + b"0" * 64, text.split(b"\n", 2)[2])),
    "version": lambda text: seal(b"pam-jwks-keys 2", text.split(b"\n", 2)[2]),
    "kind": lambda text: seal(b"pam-jwks-state 1", text.split(b"\n", 2)[2]),
    "not text": lambda _: os.urandom(3000),
    "too large": lambda text: text + b" " * (1 << 20),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_file(machine, damage):
    """Wrong checksum, issuer, version."""
    before = content(machine)
    machine.put(machine.data(), DAMAGES[damage](before))
    assert machine.login(mode="offline").reason == "keys_unavailable"
    assert "keys were fetched anew" in machine.accept().detail
    is_well(machine, before)


def make_unsafe(machine, kind):
    """Puts something else in the file's place, that holds a stranger's key as
    far as it holds anything."""
    path = machine.data()
    aside = machine.base + "/aside"
    if kind == "symlink":
        os.rename(path, aside)
        os.symlink(aside, path)
    elif kind == "hard link":
        os.link(path, aside)
    elif kind == "fifo":
        os.unlink(path)
        os.mkfifo(path, 0o644)
    elif kind == "device":
        os.unlink(path)
        os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 5))
    elif kind == "socket":
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as server:
            os.chdir(os.path.dirname(path))
            server.bind(os.path.basename(path)[:90])
            os.chdir("/")
    elif kind == "foreign owner":
        os.chown(path, SOMEBODY, -1)
    elif kind == "0666":
        os.chmod(path, 0o666)
    elif kind == "0664":
        os.chmod(path, 0o664)


@pytest.mark.parametrize("kind", [
    "symlink", "hard link", "fifo", "device", "socket", "foreign owner",
    "0666", "0664"])
def test_an_unsafe_file_is_not_used(machine, kind):
    """Nobody waits for it, nobody believes it; the helper replaces it, and
    the log says what it was."""
    before = content(machine)
    make_unsafe(machine, kind)
    login = machine.login(mode="offline")
    assert login.reason == "keys_unavailable" and login.ms < 2000
    login = machine.accept()
    assert "keys were fetched anew" in login.detail, login
    is_well(machine, before)


@pytest.mark.parametrize("folder", ["cache", "state"])
@pytest.mark.parametrize("kind", ["0777", "foreign owner", "symlink"])
def test_an_unsafe_folder_is_not_used(machine, provider, folder, kind):
    """Root writes nothing where others could change it; the reason names the
    folder, and nothing in it was touched."""
    before = content(machine)
    path = getattr(machine, folder)
    if kind == "0777":
        os.chmod(path, 0o777)
    elif kind == "foreign owner":
        os.chown(path, SOMEBODY, -1)
    else:
        os.rename(path, machine.base + "/aside")
        os.symlink(machine.base + "/aside", path)
    machine.pass_time(901)
    login = machine.login()
    if folder == "cache":
        assert login.reason == "keys_unavailable"
    else:
        # The keys are there; only nobody could be asked.
        assert login.reason == "ok"
        assert "stale keys are in use" in login.detail
    assert path in login.detail, login
    assert provider.count() == 0
    assert content(machine) == before


def test_a_writable_parent(machine, provider):
    """The same one folder higher: whoever may write there could put a cache
    of his own in its place."""
    parent = machine.base + "/parent"
    os.mkdir(parent, 0o755)
    machine.configure(provider.section(ca_file=machine.ca),
                      cache_dir=parent + "/cache")
    machine.accept()
    provider.forget()
    os.chmod(parent, 0o777)
    login = machine.login()
    assert login.reason == "keys_unavailable" and parent in login.detail, login
    assert provider.count() == 0


def in_mounts(machine, script, token=None):
    """Runs a shell script with mounts of its own, whose $login logs in; the
    lines."""
    argv = machine.command(token, "once")
    return machine.run(
        ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-eu",
         "-c", script],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
             "cache": machine.cache, "state": machine.state,
             "login": " ".join(argv)})


# Fills a folder's file system to the last byte.
FILL = 'fill() { dd if=/dev/zero of="$1/fill" bs=4k 2>/dev/null || :; }; '


FULL = FILL + '''
    cp -a "$cache" "$state/../kept"
    mount -t tmpfs -o size=16k,mode=755 none "$cache"
    cp -a "$state/../kept/." "$cache"
    fill "$cache"
    '''


def test_a_full_disk_locks_nobody_out(machine, provider):
    """Where keys can be had they are, and are kept with the state: stale ones
    are replaced, a new one is found, and the log says what is wrong."""
    before = content(machine)
    machine.pass_time(901)
    lines = in_mounts(machine, FULL + '''
        $login; $login
        cmp "$cache"/*.jwks "$state"/../kept/*.jwks && echo same''')
    assert all(line.startswith("ok ") and "cache_dir could not be written"
               in line for line in lines[:2]), lines
    assert lines[2] == "same"
    assert content(machine) == before
    assert provider.count("keys") == 1
    machine.pass_time(31)
    shutil.rmtree(machine.base + "/kept")
    provider.rotate()
    lines = in_mounts(machine, FULL + "$login", machine.token())
    assert lines[0].startswith("ok "), lines
    # With room again the next fetch puts everything in its place.
    assert "could not be written" in machine.accept().detail
    assert " ok " in machine.fetch()
    assert machine.accept(mode="offline").detail == ""
    assert not [n for n in os.listdir(machine.state) if n.endswith(".jwks")]


def test_a_full_disk_and_a_cold_cache_lock_nobody_out(machine, provider):
    """The administrator who comes to make room gets in."""
    machine.forget()
    os.mkdir(machine.cache, 0o755)
    lines = in_mounts(machine, FILL + '''
        mount -t tmpfs -o size=16k,mode=755 none "$cache"
        fill "$cache"
        $login; $login''')
    assert all(line.startswith("ok ") for line in lines), lines
    assert provider.count("keys") == 1


def test_full_disks_lose_no_key(machine, provider):
    """Stale keys serve where new ones cannot be stored anywhere."""
    before = content(machine)
    machine.pass_time(901)
    lines = in_mounts(machine, FULL + '''
        cp -a "$state" "$state/../kept2"
        mount -t tmpfs -o size=16k,mode=700 none "$state"
        cp -a "$state/../kept2/." "$state"
        fill "$state"
        $login''')
    assert lines[0].startswith("ok "), lines
    assert "stale keys are in use" in lines[0]
    assert "No space left" in lines[0], lines
    assert content(machine) == before
    assert provider.count("keys") == 1


def test_a_full_state_folder_locks_nobody_out(machine, provider):
    """Keys can be had, though no attempt can be written down; and yet the
    provider is asked once in ten seconds, not once for each login."""
    machine.forget()
    os.mkdir(machine.state, 0o700)
    lines = in_mounts(machine, FILL + '''
        mount -t tmpfs -o size=16k,mode=700 none "$state"
        fill "$state"
        $login''')
    assert lines[0].startswith("ok "), lines
    machine.forget()
    os.mkdir(machine.state, 0o700)
    provider.behave("keys", "503")
    provider.forget()
    lines = in_mounts(machine, FILL + '''
        mount -t tmpfs -o size=16k,mode=700 none "$state"
        fill "$state"
        $login; $login; $login''')
    assert len(lines) == 3
    assert all(line.startswith("keys_unavailable ") for line in lines)
    assert "asking again in" in lines[1], lines
    assert provider.count("keys") == 1


def test_a_read_only_disk_locks_nobody_out(machine, provider):
    """Fresh keys serve, and stale ones are replaced by ones beside the state."""
    script = '''
        mount --bind "$cache" "$cache"
        mount -o remount,bind,ro "$cache"
        $login'''
    assert in_mounts(machine, script)[0].startswith("ok ")
    assert provider.count() == 0
    machine.pass_time(901)
    line = in_mounts(machine, script, machine.token())[0]
    assert line.startswith("ok ") and "could not be written" in line, line
    assert provider.count("keys") == 1


def test_a_read_only_state_folder_loses_no_key(machine, provider):
    """Without a lock nobody is asked; stale keys serve, and the log says
    why."""
    machine.pass_time(901)
    line = in_mounts(machine, '''
        mount --bind "$state" "$state"
        mount -o remount,bind,ro "$state"
        $login''', machine.token())[0]
    assert line.startswith("ok ") and "Read-only" in line, line
    assert provider.count() == 0


def as_service(machine, mode="once", token=None):
    """A login in a service that is not root."""
    argv = machine.command(token, mode)
    os.chmod(argv[2], 0o644)
    return machine.run(["setpriv", "--reuid", str(SOMEBODY), "--regid",
                        str(SOMEBODY), "--clear-groups", "--"] + argv)[0]


def test_a_service_without_permission(machine, provider):
    """It verifies with what root fetched, asks nobody, and says so."""
    assert as_service(machine).startswith("ok ")
    machine.pass_time(901)
    line = as_service(machine)
    assert line.startswith("ok ") and "may not write" in line, line
    assert provider.count() == 0


def test_a_service_with_folders_of_its_own(machine, provider):
    """A service that is not root fetches into its own folders, which root
    does not read."""
    own = machine.base + "/own"
    os.mkdir(own, 0o700)
    os.chown(own, SOMEBODY, SOMEBODY)
    machine.configure(provider.section(ca_file=machine.ca),
                      cache_dir=own + "/cache", state_dir=own + "/state")
    assert as_service(machine).startswith("ok ")
    assert provider.count("keys") == 1
    assert os.stat(own + "/cache").st_uid == SOMEBODY
    login = machine.login()
    assert login.reason == "keys_unavailable" and "owned" in login.detail


def limited(machine, words, mode="once"):
    """A login in a shell that has run ulimit or umask before."""
    argv = machine.command(None, mode)
    return machine.run(["/bin/sh", "-c", f'{words}; exec "$0" "$@"'] + argv)[0]


def test_ulimit_f_0(machine, provider):
    """A file size limit of the host does not reach the helper."""
    machine.forget()
    assert limited(machine, "ulimit -S -f 0").startswith("ok ")
    assert provider.count("keys") == 1


@pytest.mark.parametrize("name, option", [
    ("RLIMIT_FSIZE", "--fsize=51200"), ("RLIMIT_AS", "--as=67108864"),
    ("RLIMIT_NOFILE", "--nofile=12"), ("RLIMIT_NPROC", "--nproc=15")])
def test_a_limit_that_root_cannot_raise(machine, provider, name, option):
    """Then nobody is asked for what could not be kept, the reason names the
    limit, and nobody else is held back; keys that are there serve."""
    drop = ["setpriv", "--bounding-set", "-sys_resource", "--inh-caps",
            "-sys_resource", "prlimit", option]
    probe = machine.start(drop[:5] + ["true"])
    if probe.wait(10) != 0:
        # This root has no such capability that could be given up.
        drop = drop[5:]
    machine.pass_time(901)
    line = machine.run(drop + machine.command(None, "once"))[0]
    assert line.startswith("ok ") and name in line, line
    machine.forget()
    line = machine.run(drop + machine.command(None, "once"))[0]
    assert line.startswith("keys_unavailable ") and name in line
    assert provider.count() == 0
    machine.accept()


def test_umask_0777(machine, provider):
    """Modes are what they are to be."""
    machine.forget()
    assert limited(machine, "umask 0777").startswith("ok ")
    assert stat.S_IMODE(os.stat(machine.cache).st_mode) == 0o755
    assert stat.S_IMODE(os.stat(machine.state).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(machine.data()).st_mode) == 0o644
    assert as_service(machine).startswith("ok ")


def test_files_of_removed_sections_go(machine, provider):
    """refresh --all removes data files that nobody has written for 31 days."""
    old = machine.cache + "/" + "ab" * 32 + ".jwks"
    young = machine.cache + "/" + "cd" * 32 + ".jwks"
    for path, days in ((old, 40), (young, 20)):
        machine.put(path, "x")
        then = machine.now() - days * 86400
        os.utime(path, (then, then))
    lines = machine.run([machine.helper, "--all", "--config", machine.conf])
    assert lines[0].split()[2] == "ok", lines
    assert not os.path.exists(old) and os.path.exists(young)
