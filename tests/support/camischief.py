#!/usr/bin/python3
"""caprogram.py, doing what no program of a CA should, as the file `mischief` in the CA's folder
says: its first word is the op at which it happens, the second what happens. Every question is kept
in the folder `seen` with what the program was started with.
"""

import base64
import json
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import caprogram  # noqa: E402


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def raw(octets):
    os.write(caprogram.SOCKET, octets)
    signal.pause()


def frame(octets):
    return struct.pack(">I", len(octets)) + octets


def note(folder, question, secrets):
    """What came, and what this program was started with."""
    seen = os.path.join(folder, "seen")
    os.makedirs(seen, exist_ok=True)
    number = len(os.listdir(seen)) + 1
    descriptors = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            descriptors[fd] = os.readlink("/proc/self/fd/" + fd)
        except OSError:
            pass  # the one with which the folder was read
    with open("/proc/self/environ", "rb") as environ, open("/proc/self/cmdline", "rb") as cmdline:
        started = {"environ": environ.read().decode(), "cmdline": cmdline.read().decode(),
                   "pid": os.getpid(), "fds": descriptors}
    with open(os.path.join(seen, f"{number}.json"), "w", encoding="utf-8") as file:
        json.dump({"question": question, "started": started}, file)
    with open(os.path.join(folder, "secrets"), "ab") as file:
        file.write(b"".join(secret + b"\n" for secret in secrets.values()))


def other_certificate(reply, folder):
    """A good certificate, but of another request."""
    with open(os.path.join(folder, "other.der"), "rb") as file:
        return {**reply, "certificate": base64.b64encode(file.read()).decode()}


def respond(question, secrets):
    folder = question["ca"]["address"]
    note(folder, question, secrets)
    try:
        with open(os.path.join(folder, "mischief"), encoding="utf-8") as file:
            op, what = file.read().split()
    except FileNotFoundError:
        op, what = None, None
    if op != question["op"]:
        return caprogram.answer(question, secrets)
    if what == "die":
        die()
    if what == "stall":
        signal.pause()
    if what == "wait":
        with open(os.path.join(folder, "asked"), "x", encoding="utf-8"):
            pass
        while not os.path.exists(os.path.join(folder, "go")):
            time.sleep(0.05)
        return caprogram.answer(question, secrets)
    if what == "not-sent":
        return caprogram.error("CA_UNREACHABLE", "no route to the CA", sent=False)
    if what == "perhaps-sent":
        return caprogram.error("CA_UNREACHABLE", "the connection broke", sent=True)
    if what == "garbage":
        raw(b"HTTP/1.1 200 OK\r\n\r\n")
    if what == "half":
        os.write(caprogram.SOCKET, frame(b"{}" * 100)[:50])
        die()
    if what == "no-json":
        raw(frame(b"certificate"))
    if what == "huge":
        raw(struct.pack(">I", 0xfffffff0))
    if what == "nonsense":
        return {"disposition": "granted"}
    if what == "wants-signature":
        caprogram.write_frame(socket.socket(fileno=os.dup(caprogram.SOCKET)), json.dumps({
            "v": 1, "op": "sign", "key": "client", "scheme": "ecdsa-sha256",
            "data": base64.b64encode(b"0" * 32).decode()}).encode())
        told = json.loads(caprogram.read_frame(socket.socket(fileno=os.dup(caprogram.SOCKET))))
        with open(os.path.join(folder, "signature"), "w", encoding="utf-8") as file:
            json.dump(told, file)
        return caprogram.error("CONFIG", "no signature", sent=False)
    reply = caprogram.answer(question, secrets)
    if what == "die-after":
        die()
    if what == "fill":  # the disk of `full`, before cscert knows
        with open(os.path.join(folder, "full", "filler"), "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                return reply
    if what == "other":
        return other_certificate(reply, folder)
    if what == "escape":
        return {"disposition": "denied", "request_id": "1", "message": "\x1b[2Jno \u202egnihton"}
    raise SystemExit(f"{what} is no mischief")


if __name__ == "__main__":
    caprogram.serve(socket.socket(fileno=caprogram.SOCKET), respond)
