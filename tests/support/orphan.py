#!/usr/bin/python3
"""orphan.py PROGRAM MOMENT: what becomes of cscert-ca or cscert-read when who started it dies.

This process stands for who starts cscert, another for cscert. MOMENT is "before": that one is gone
before the program has begun, its question stands in the socket; or "after": the program is at work.
Says how the program ended, and ends with 1 if it went to work or lives on.
"""

import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys

PROGRAM, MOMENT = sys.argv[1:]
NAME = os.path.basename(PROGRAM)
SOCKET_FD = 3  # core/wire/spawn.h
PATIENCE = 60  # seconds; on a machine that has much to do
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def frame(octets):
    return struct.pack(">I", len(octets)) + octets


class Ca:
    """cscert-ca is at work once it has connected to a server, which then says nothing."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{self.server.getsockname()[1]}/certsrv"
        ca = {"name": "mute", "type": "certsrv", "address": address, "auth": "ntlm",
              "account": "LITWARE\\ken", "timeout": PATIENCE * 2}
        self.question = frame(json.dumps({"v": 1, "op": "probe", "ca": ca, "attributes": {},
                                          "secrets": ["password"]}).encode()) + frame(b"secret")
        self.lent = []

    def works(self, patience):
        return bool(select.select([self.server], [], [], patience)[0])


class Read:
    """cscert-read is at work once it takes its document, a full pipe, which then does not end."""

    def __init__(self):
        reader, self.writer = os.pipe()
        size = os.write(self.writer, b" " * 1024) * 1024
        os.set_blocking(self.writer, False)
        try:
            while True:
                os.write(self.writer, b" " * 1024)
        except BlockingIOError:
            pass
        document = {"name": "endless.xml", "size": size}
        self.question = frame(json.dumps({"v": 1, "op": "read", "documents": [document]}).encode())
        self.lent = [reader]

    def works(self, patience):
        return bool(select.select([], [self.writer], [], patience)[1])


def become_program(mine, lent, gate):
    """Once nobody holds the other end of @gate."""
    os.read(gate, 1)
    high = [os.dup2(fd, 100 + i) for i, fd in enumerate([mine.fileno(), *lent])]
    for i, fd in enumerate(high):
        os.dup2(fd, SOCKET_FD + i)
    os.closerange(SOCKET_FD + len(high), 200)
    os.execv(PROGRAM, [PROGRAM])


def become_cscert(work, gate, pids):
    """Starts the program, asks, and does nothing more."""
    theirs, mine = socket.socketpair()
    child = os.fork()
    if child == 0:
        theirs.close()
        become_program(mine, work.lent, gate)
    mine.close()
    theirs.sendall(work.question)
    os.write(pids, struct.pack("i", child))
    signal.pause()


def give_up(child):
    os.kill(child, signal.SIGKILL)
    sys.exit(f"{NAME} lives on though who started it is dead")


def main():
    work = {"cscert-ca": Ca, "cscert-read": Read}[NAME]()
    # Else the program would be a child of process 1, which is not ours to ask.
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("this process does not get its children's children")
    gate, opens = os.pipe()
    pids, tells = os.pipe()
    cscert = os.fork()
    if cscert == 0:
        os.close(opens)
        become_cscert(work, gate, tells)
    child = struct.unpack("i", os.read(pids, 4))[0]
    signal.signal(signal.SIGALRM, lambda *_: give_up(child))
    signal.alarm(PATIENCE)
    if MOMENT == "after":
        os.close(opens)
        if not work.works(PATIENCE):
            sys.exit(f"{NAME} did not begin")
    os.kill(cscert, signal.SIGKILL)
    os.waitpid(cscert, 0)
    if MOMENT == "before":
        os.close(opens)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if MOMENT == "before" and work.works(0):
        sys.exit(f"{NAME} went to work for nobody")
    print(f"signal {-status}" if status < 0 else f"exit code {status}")


main()
