#!/usr/bin/python3
"""A smart card in software for vsmartcard-vpcd, pcscd and OpenSC: keys are made and used on the
"card", behind a PIN that locks at the third wrong one.

    vcard.py [PORT]     connects to vpcd (port 35963) and serves until that goes

It speaks what OpenSC's isoApplet driver speaks: the file commands of ISO/IEC 7816-4, keys after
7816-8, an applet of API version 0.6 with elliptic curves. pkcs15-init makes a PKCS#15 card of it.
Everything is in memory and gone with the process. For tests: nothing is protected against anybody.
"""

import os
import socket
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PORT = 35963
ATR = bytes.fromhex("3b800181")
APPLET = bytes.fromhex("f276a288bcfba69d34f31001")
# API version 0.6; features: random numbers (2) and elliptic curves (4)
APPLET_ANSWER = bytes([0x00, 0x06, 0x02 | 0x04])
MASTER_FILE = b"\x3f\x00"
PIN, PUK = 1, 2
TRIES = 3
RSA_2048, EC = 0xF3, 0xEC  # algorithm references of the applet
CURVES = {32: ec.SECP256R1(), 48: ec.SECP384R1()}  # by the octets of the field
CHUNK = 256  # octets of one answer


class Refused(Exception):
    """Carries the status word."""

    def __init__(self, status):
        super().__init__(f"{status:04x}")
        self.status = status


def tlv(tag, value):
    if len(value) < 0x80:
        length = bytes([len(value)])
    elif len(value) < 0x100:
        length = bytes([0x81, len(value)])
    else:
        length = b"\x82" + struct.pack(">H", len(value))
    return tag + length + value


def read_tlvs(data):
    """{tag: value} of one level; the tags here have one octet."""
    found = {}
    at = 0
    while at + 1 < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[at:at + octets], "big")
            at += octets
        found[tag] = data[at:at + length]
        at += length
    return found


class File:
    def __init__(self, number, control, parent=None, name=None, size=None):
        self.number = number    # two octets
        self.control = control  # file control parameters as they were given
        self.parent = parent
        self.name = name        # of an application
        self.content = None if size is None else bytearray(size)
        self.children = []

    @property
    def is_folder(self):
        return self.content is None

    def child(self, number):
        for each in self.children:
            if each.number == number:
                return each
        return None

    def walk(self, path):
        """The file at a path of two octets a step."""
        here = self
        for at in range(0, len(path), 2):
            here = here.child(path[at:at + 2]) if here and here.is_folder else None
        return here

    def named(self, name):
        if self.name == name:
            return self
        return next(filter(None, (each.named(name) for each in self.children)), None)


class Card:
    def __init__(self):
        self.root = File(MASTER_FILE, tlv(b"\x82", b"\x38") + tlv(b"\x83", MASTER_FILE))
        self.pins = {PIN: None, PUK: None}
        self.tries = TRIES
        self.keys = {}
        self.reset()

    def reset(self):
        self.here = self.root
        self.is_open = False  # the PIN was given
        self.algorithm = self.key_number = 0
        self.gathered = b""   # of a chain of commands
        self.left = b""       # of an answer

    def answer(self, apdu):
        """The answer to a command, with its status word."""
        try:
            kind, instruction, p1, p2 = apdu[:4]
            data, expected = self.body(apdu[4:])
            if kind & 0x10:
                self.gathered += data
                return b"\x90\x00"
            data, self.gathered = self.gathered + data, b""
            command = self.COMMANDS.get(instruction)
            if not command:
                raise Refused(0x6D00)
            return self.portion(command(self, p1, p2, data, expected) or b"")
        except Refused as refused:
            return struct.pack(">H", refused.status)
        except (ValueError, KeyError, IndexError, struct.error) as problem:
            print("vcard:", repr(problem), file=sys.stderr)
            return b"\x6f\x00"

    @staticmethod
    def body(rest):
        if not rest:
            return b"", CHUNK
        if len(rest) == 1:
            return b"", rest[0] or CHUNK
        if rest[0]:
            end = 1 + rest[0]
            return rest[1:end], (rest[end] or CHUNK) if len(rest) > end else CHUNK
        if len(rest) == 3:
            return b"", CHUNK
        length = struct.unpack(">H", rest[1:3])[0]
        return rest[3:3 + length], CHUNK

    def portion(self, data):
        data, self.left = data[:CHUNK], data[CHUNK:]
        if not self.left:
            return data + b"\x90\x00"
        return data + bytes([0x61, min(len(self.left), CHUNK) & 0xFF])

    def more(self, _p1, _p2, _data, _expected):
        return self.left

    # ---- files ----

    def folder(self):
        return self.here if self.here.is_folder else self.here.parent

    def find(self, how, data):
        if how == 0x00:
            if data in (b"", MASTER_FILE):
                return self.root
            folder = self.folder()
            if folder.number == data:
                return folder
            return folder.child(data) or (folder.parent or self.root).child(data)
        if how == 0x03:
            return self.folder().parent
        if how == 0x04:
            return self.root.named(data)
        if how == 0x08:
            return self.root.walk(data[2:] if data[:2] == MASTER_FILE else data)
        if how == 0x09:
            return self.folder().walk(data)
        raise Refused(0x6A86)

    def select(self, p1, p2, data, _expected):
        if p1 == 0x04 and data == APPLET:
            self.here = self.root
            return APPLET_ANSWER
        found = self.find(p1, data)
        if not found:
            raise Refused(0x6A82)
        self.here = found
        return b"" if p2 & 0x0C == 0x0C else tlv(b"\x6f", found.control)

    def create(self, _p1, _p2, data, _expected):
        control = next(iter(read_tlvs(data).values())) if data[0] in (0x62, 0x6F) else data
        parts = read_tlvs(control)
        is_folder = parts[0x82][0] & 0x38 == 0x38
        size = int.from_bytes(parts.get(0x80, parts.get(0x81, b"\0")), "big")
        folder = self.folder()
        if folder.child(parts[0x83]):
            raise Refused(0x6A89)
        self.here = File(parts[0x83], control, folder, parts.get(0x84), None if is_folder else size)
        folder.children.append(self.here)

    def delete(self, _p1, _p2, data, _expected):
        found = self.folder().child(data) if data else self.here
        if not found or found is self.root:
            raise Refused(0x6A82)
        found.parent.children.remove(found)
        self.here = found.parent

    def content(self):
        if self.here.is_folder:
            raise Refused(0x6986)
        return self.here.content

    def read(self, p1, p2, _data, expected):
        at = p1 << 8 | p2
        if at >= len(self.content()):
            raise Refused(0x6B00)
        return bytes(self.content()[at:at + expected])

    def write(self, p1, p2, data, _expected):
        at = p1 << 8 | p2
        content = self.content()
        self.must_be_open()
        if at + len(data) > len(content):
            raise Refused(0x6B00)
        content[at:at + len(data)] = data

    def erase(self, _p1, _p2, _data, _expected):
        self.must_be_open()
        self.content()[:] = bytes(len(self.content()))

    # ---- PIN ----

    def must_be_open(self):
        """Before there is a PIN the card is being made."""
        if self.pins[PIN] is not None and not self.is_open:
            raise Refused(0x6982)

    def compare(self, pin):
        if self.tries == 0:
            raise Refused(0x6983)
        if pin != self.pins[PIN]:
            self.tries -= 1
            self.is_open = False
            raise Refused(0x63C0 | self.tries)
        self.tries = TRIES
        self.is_open = True

    def verify(self, _p1, _p2, data, _expected):
        if self.pins[PIN] is None:
            raise Refused(0x6985)
        if data:
            self.compare(data.rstrip(b"\0"))
        elif not self.is_open:
            raise Refused(0x63C0 | self.tries)

    def change_pin(self, p1, p2, data, _expected):
        if p1 == 0x01:  # the first one
            self.pins[p2] = data.rstrip(b"\0")
            self.is_open = self.is_open or p2 == PIN
            return
        half = 16 if len(data) == 32 else len(self.pins[PIN])
        self.compare(data[:half].rstrip(b"\0"))
        self.pins[PIN] = data[half:].rstrip(b"\0")

    # ---- keys ----

    def choose_key(self, _p1, _p2, data, _expected):
        parts = read_tlvs(data)
        self.algorithm = parts.get(0x80, b"\0")[0]
        self.key_number = parts.get(0x84, b"\0")[0]

    def make_rsa(self):
        key = rsa.generate_private_key(65537, 2048)
        modulus = key.public_key().public_numbers().n.to_bytes(256, "big")
        return key, tlv(b"\x81", modulus) + tlv(b"\x82", b"\1\0\1")

    def make_ec(self, data):
        """The curve comes as its parameters and goes back so, with the point."""
        curve = read_tlvs(data)
        width = len(curve[0x81])
        if width not in CURVES:
            raise Refused(0x6A81)
        key = ec.generate_private_key(CURVES[width])
        point = key.public_key().public_numbers()
        curve[0x86] = b"\4" + point.x.to_bytes(width, "big") + point.y.to_bytes(width, "big")
        return key, b"".join(tlv(bytes([tag]), curve[tag]) for tag in range(0x81, 0x88))

    def generate(self, _p1, _p2, data, _expected):
        self.must_be_open()
        if self.algorithm == RSA_2048:
            key, public = self.make_rsa()
        elif self.algorithm == EC:
            key, public = self.make_ec(data)
        else:
            raise Refused(0x6A81)
        self.keys[self.key_number] = key
        return tlv(b"\x7f\x49", public)

    def operate(self, p1, p2, data, _expected):
        self.must_be_open()
        if (p1, p2) != (0x9E, 0x9A):  # a signature
            raise Refused(0x6A86)
        key = self.keys.get(self.key_number)
        if key is None:
            raise Refused(0x6A88)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(hashes.SHA1()))
        # the card pads (PKCS#1 v1.5, block type 1), the host made the DigestInfo
        padded = b"\0\1" + b"\xff" * (253 - len(data)) + b"\0" + data
        numbers = key.private_numbers()
        signature = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n)
        return signature.to_bytes(256, "big")

    def challenge(self, _p1, _p2, _data, expected):
        return os.urandom(expected)

    COMMANDS = {
        0x0E: erase, 0x20: verify, 0x22: choose_key, 0x24: change_pin, 0x2A: operate,
        0x46: generate, 0x84: challenge, 0xA4: select, 0xB0: read, 0xC0: more, 0xD0: write,
        0xD6: write, 0xE0: create, 0xE4: delete,
    }


def receive(link, count):
    data = b""
    while len(data) < count:
        # vpcd sends length and command apart and its kernel waits for ours to say "received", which
        # takes its time unless it is told each time not to: 40 ms for each of some hundred commands
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = link.recv(count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def serve(link, card):
    """vpcd: two octets of length, then a command, or one octet: off, on, reset, ATR."""
    while True:
        message = receive(link, struct.unpack(">H", receive(link, 2))[0])
        if len(message) > 1:
            reply = card.answer(message)
        elif message[0] == 4:
            reply = ATR
        else:
            card.reset()
            continue
        link.sendall(struct.pack(">H", len(reply)) + reply)


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    with socket.create_connection(("127.0.0.1", port)) as link:
        serve(link, Card())


if __name__ == "__main__":
    main()
