"""libssh as an SSH client, called from Python: keyboard-interactive with
answers in turn, and nothing when they are used up.

    log_in(port, "alice", ["x"]) -> (whether it got in, prompts)
"""

import ctypes

import hosts

# enum ssh_options_e, enum ssh_auth_e of libssh.h
HOST, PORT, USER, TIMEOUT = 0, 2, 4, 9
SUCCESS, INFO = 0, 3
SECONDS = 20


def _library():
    try:
        library = ctypes.CDLL("libssh.so.4")
    except OSError as error:
        raise hosts.Missing("libssh-4 is not installed") from error
    library.ssh_new.restype = ctypes.c_void_p
    library.ssh_userauth_kbdint_getprompt.restype = ctypes.c_char_p
    library.ssh_get_error.restype = ctypes.c_char_p
    return library


def log_in(port, user, answers):
    """One connection, one attempt."""
    library = _library()
    session = ctypes.c_void_p(library.ssh_new())
    try:
        return _log_in(library, session, port, user, list(answers))
    finally:
        library.ssh_disconnect(session)
        library.ssh_free(session)


def _log_in(library, session, port, user, answers):
    for option, value in ((HOST, b"127.0.0.1"), (PORT, b"%d" % port),
                          (USER, user.encode()),
                          (TIMEOUT, ctypes.byref(ctypes.c_long(SECONDS)))):
        assert library.ssh_options_set(session, option, value) == 0
    prompts = []
    assert library.ssh_connect(session) == 0, library.ssh_get_error(session)
    status = library.ssh_userauth_kbdint(session, None, None)
    while status == INFO:
        for i in range(library.ssh_userauth_kbdint_getnprompts(session)):
            echo = ctypes.c_char()
            prompts.append(library.ssh_userauth_kbdint_getprompt(
                session, i, ctypes.byref(echo)).decode())
            answer = answers.pop(0) if answers else ""
            assert library.ssh_userauth_kbdint_setanswer(
                session, i, answer.encode()) == 0
        status = library.ssh_userauth_kbdint(session, None, None)
    return status == SUCCESS, prompts
