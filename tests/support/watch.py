"""Tells which files below a folder were opened, read, made or changed.

    with Watch(folder) as watch:
        ...
        watch.touched()         # {"a/b", ...}, relative to folder; "" is itself
"""

import ctypes
import os
import struct

# sys/inotify.h
ACCESS, MODIFY, ATTRIB, OPEN, MOVED_FROM, MOVED_TO, CREATE, DELETE = (
    0x1, 0x2, 0x4, 0x20, 0x40, 0x80, 0x100, 0x200)
EVERYTHING = (ACCESS | MODIFY | ATTRIB | OPEN | MOVED_FROM | MOVED_TO
              | CREATE | DELETE)
HEAD = struct.Struct("iIII")

libc = ctypes.CDLL(None, use_errno=True)


class Watch:
    """Watches the folder and those in it, as they are at the beginning."""

    def __init__(self, folder):
        self.folder = folder
        self._fd = -1
        self._names = {}

    def __enter__(self):
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._fd >= 0, os.strerror(ctypes.get_errno())
        folders = [folder for folder, _, _ in os.walk(self.folder)]
        for folder in folders:
            number = libc.inotify_add_watch(self._fd, os.fsencode(folder),
                                            EVERYTHING)
            assert number >= 0, os.strerror(ctypes.get_errno())
            self._names[number] = os.path.relpath(folder, self.folder)
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def touched(self):
        """What was touched since the last call."""
        found = set()
        while True:
            try:
                data = os.read(self._fd, 65536)
            except BlockingIOError:
                return found
            while data:
                number, mask, _, length = HEAD.unpack(data[:HEAD.size])
                assert not mask & 0x4000, "events were lost"
                name = data[HEAD.size:HEAD.size + length].rstrip(b"\0")
                path = os.path.normpath(os.path.join(
                    self._names.get(number, ""), os.fsdecode(name)))
                found.add("" if path == "." else path)
                data = data[HEAD.size + length:]
