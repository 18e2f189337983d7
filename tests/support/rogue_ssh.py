"""An SSH server that asks whatever a test wants, of a real OpenSSH client.

    server = RogueServer([["Token: "], ["Token (after character 511): "]])
    result = server.visit(env, host="evil.test", user="alice")
    server.answers      a list of texts for each request
"""

import socket
import subprocess
import tempfile
import threading
import warnings

import hosts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")     # paramiko's own, about old ciphers
    try:
        import paramiko
    except ImportError:
        paramiko = None

TIMEOUT = 20
CONFIG = """User "{user}"
Port {port}
HostKeyAlias {host}
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
NumberOfPasswordPrompts 1
LogLevel ERROR
"""


def _interface(server):
    class Interface(paramiko.ServerInterface):
        """Sends the requests one after another, then refuses."""

        def get_allowed_auths(self, _):
            return "keyboard-interactive"

        def check_auth_interactive(self, *_):
            prompts = server.requests[len(server.answers)]
            return paramiko.server.InteractiveQuery(
                server.title, server.instructions, *prompts)

        def check_auth_interactive_response(self, responses):
            server.answers.append(list(responses))
            if len(server.answers) < len(server.requests):
                return self.check_auth_interactive()
            return paramiko.AUTH_FAILED

    return Interface()


class RogueServer:
    """Serves one connection, with one key for all that are made."""

    _keys = []

    def __init__(self, requests, title="", instructions=""):
        if paramiko is None:
            raise hosts.Missing("python3-paramiko is not installed")
        if not self._keys:
            self._keys.append(paramiko.ECDSAKey.generate())
        self.requests = requests
        self.title, self.instructions = title, instructions
        self.answers = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        self._listener.settimeout(TIMEOUT)
        with self._listener:
            link = self._listener.accept()[0]
        transport = paramiko.Transport(link)
        transport.add_server_key(self._keys[0])
        try:
            transport.start_server(server=_interface(self))
            transport.join(TIMEOUT)
        except (paramiko.SSHException, EOFError):
            pass        # the client went away; the answers tell the rest
        finally:
            transport.close()

    def visit(self, env, host, user="alice"):
        """A login by ssh, which takes the server for this host."""
        hosts.need("ssh")
        port = self._listener.getsockname()[1]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as config:
            # The command line takes no odd names from people.
            config.write(CONFIG.format(port=port, host=host, user=user))
            config.flush()
            ran = subprocess.run(
                ["ssh", "-F", config.name, "-T", "127.0.0.1", "true"], env=env,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=TIMEOUT, check=False,
                start_new_session=True)
        self._thread.join(TIMEOUT)
        return hosts.Result(ran.returncode, ran.stdout.decode("latin-1"),
                            ran.stderr.decode("latin-1"))
