"""A small CONNECT proxy on loopback that remembers what it was asked for.

    with ConnectProxy() as proxy:
        url = proxy.url             # http://127.0.0.1:PORT
        proxy.requests              # [(b"CONNECT a:443 HTTP/1.1", {fields})]
        proxy.connections           # how many there were
"""

import select
import socket
import ssl
import threading


class ConnectProxy:
    """tls: an Authority, for a https proxy; adjust changes its context.
    status: what it answers."""

    def __init__(self, tls=None, status=b"200 Connection established",
                 adjust=None):
        self.status = status
        self.connections = 0
        self.requests = []
        self._scheme = "https" if tls else "http"
        self._context = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls.server_cert, tls.server_key)
            if adjust is not None:
                adjust(self._context)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self):
        return self._listening.getsockname()[1]

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(5)
        self._listening.close()

    def _serve(self):
        while not self._stop.is_set():
            if select.select([self._listening], [], [], 0.05)[0]:
                peer, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(peer,),
                                 daemon=True).start()

    def _answer(self, peer):
        peer.settimeout(10)
        try:
            if self._context is not None:
                peer = self._context.wrap_socket(peer, server_side=True)
            with peer:
                self._tunnel(peer)
        except OSError:
            pass        # clients may go away at any time

    def _tunnel(self, peer):
        head = b""
        while b"\r\n\r\n" not in head:
            more = peer.recv(4096)
            if not more:
                return
            head += more
        first, *lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")
        self.requests.append((first, {
            line.partition(b":")[0].decode().lower():
            line.partition(b":")[2].strip().decode() for line in lines}))
        status = self.status if first.startswith(b"CONNECT ") \
            else b"405 Method Not Allowed"
        if not status.startswith(b"200"):
            peer.sendall(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n"
                         b"Proxy-Authenticate: Basic realm=x\r\n\r\n"
                         % status)
            return
        name, _, port = first.split()[1].decode().rpartition(":")
        with socket.create_connection((name.strip("[]"), int(port)),
                                      10) as server:
            peer.sendall(b"HTTP/1.1 %s\r\n\r\n" % status)
            self._copy(peer, server)

    def _copy(self, one, other):
        while not self._stop.is_set():
            # What TLS has read ahead is not seen by select.
            ready = [one] if getattr(one, "pending", lambda: 0)() else \
                select.select([one, other], [], [], 0.05)[0]
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                (other if source is one else one).sendall(data)
