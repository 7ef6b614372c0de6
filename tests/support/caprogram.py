#!/usr/bin/python3
"""A small certification authority behind cscert's `type = program` (docs/CA-PROGRAM.md).

    ca 'tiny' { type = program  program = '/usr/local/libexec/caprogram.py'  address = '/srv/tiny' }

`address` is the folder in which it keeps its key, its certificate and a file for each request. A
request for the template "Held" waits until somebody puts the file NUMBER.approve or NUMBER.deny
beside it; every other is issued at once. The same request gets the same answer however often it is
sent.

It needs python3-cryptography. It is an example of the protocol, not of how to guard a CA's key.
"""

import base64
import datetime
import fcntl
import hashlib
import json
import os
import socket
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

VERSION = 1
SOCKET = 3  # where cscert puts the connection
FRAME_MAX = 1 << 20


# ---- frames: four octets of length, most significant first, and so many octets ----

def read_exactly(connection, count):
    octets = b""
    while len(octets) < count:
        more = connection.recv(count - len(octets))
        if not more:
            return None  # cscert has closed its end: there is nothing more to do
        octets += more
    return octets


def read_frame(connection):
    head = read_exactly(connection, 4)
    if head is None:
        return None
    length = struct.unpack(">I", head)[0]
    if length > FRAME_MAX:
        raise ValueError("the frame is too long")
    return read_exactly(connection, length)


def write_frame(connection, octets):
    connection.sendall(struct.pack(">I", len(octets)) + octets)


# ---- the certification authority ----

class Refused(Exception):
    """What the CA says no to; the words go to the user."""


class Authority:
    """Alone with its folder while it is entered: two runs of cscert start two of this program."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        if not os.path.exists(self.path("ca.pem")):
            self.make()
        with open(self.path("ca.key"), "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        with open(self.path("ca.pem"), "rb") as file:
            self.certificate = x509.load_pem_x509_certificate(file.read())
        return self

    def __exit__(self, *_):
        os.close(self.lock)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tiny CA")])
        now = datetime.datetime.utcnow()
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256()))
        with open(self.path("ca.key"), "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()))
        with open(self.path("ca.pem"), "wb") as file:
            file.write(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, csr):
        """The certificate for @csr, DER, with its subject and its names."""
        now = datetime.datetime.utcnow()
        names = csr.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        certificate = (
            x509.CertificateBuilder().subject_name(csr.subject)
            .issuer_name(self.certificate.subject).public_key(csr.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(names, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256()))
        return certificate.public_bytes(serialization.Encoding.DER)

    # Each request is a file NUMBER.json: {csr: its SHA-256, der, template, certificate}, the
    # certificate as base64 once it is issued.

    def load(self, number):
        try:
            with open(self.path(number + ".json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            raise Refused(f"there is no request {number}") from None

    def save(self, number, request):
        with open(self.path(number + ".new"), "w", encoding="utf-8") as file:
            json.dump(request, file)
        os.rename(self.path(number + ".new"), self.path(number + ".json"))

    def number_of(self, fingerprint):
        """The number of the request that is known already, else a new one."""
        numbers = [int(name[:-5]) for name in os.listdir(self.folder)
                   if name[:-5].isdigit() and name.endswith(".json")]
        for number in numbers:
            if self.load(str(number))["csr"] == fingerprint:
                return str(number)
        return str(max(numbers, default=0) + 1)

    def submit(self, der, template):
        csr = x509.load_der_x509_csr(der)
        if not csr.is_signature_valid:
            raise Refused("the request's signature does not verify")
        fingerprint = hashlib.sha256(der).hexdigest()
        number = self.number_of(fingerprint)
        if not os.path.exists(self.path(number + ".json")):
            self.save(number, {"csr": fingerprint, "der": base64.b64encode(der).decode(),
                               "template": template, "certificate": None})
        return self.poll(number)

    def poll(self, number):
        if not number.isdigit():
            raise Refused("this is no number of a request")
        request = self.load(number)
        if os.path.exists(self.path(number + ".revoke")):
            return {"disposition": "revoked", "request_id": number,
                    "message": "revoked by the operator"}
        if os.path.exists(self.path(number + ".deny")):
            return {"disposition": "denied", "request_id": number,
                    "message": "denied by the operator",
                    "code": 0x80094014, "code_name": "CERTSRV_E_ADMIN_DENIED_REQUEST"}
        if request["template"] == "Held" and not os.path.exists(self.path(number + ".approve")):
            return {"disposition": "pending", "request_id": number,
                    "message": "held for the operator"}
        if not request["certificate"]:
            csr = x509.load_der_x509_csr(base64.b64decode(request["der"]))
            request["certificate"] = base64.b64encode(self.issue(csr)).decode()
            self.save(number, request)
        root = self.certificate.public_bytes(serialization.Encoding.DER)
        return {"disposition": "issued", "request_id": number,
                "certificate": request["certificate"], "chain": [base64.b64encode(root).decode()]}


# ---- questions and answers ----

def error(code, message, sent=False, hint=None):
    why = {"code": code, "message": message}
    if hint:
        why["hint"] = hint
    return {"disposition": "error", "error": why, "sent": sent}


def answer(question, _secrets):
    """The answer to one question: its JSON, and the secrets that came after it."""
    ca = question["ca"]
    op = question["op"]
    template = question.get("attributes", {}).get("CertificateTemplate")
    if op not in ("submit", "poll", "check", "probe"):
        return {"disposition": "unsupported"}
    try:
        with Authority(ca["address"]) as authority:
            if op == "submit":
                return authority.submit(base64.b64decode(question["csr"]), template)
            if op == "poll":
                return authority.poll(question["request_id"])
            if op == "check" and template == "Unknown":
                raise Refused("there is no template \"Unknown\"")
            finding = {"step": "folder", "detail": authority.folder, "ok": True}
            return {"disposition": "ok", **({"findings": [finding]} if op == "probe" else {})}
    except Refused as why:
        return error("CA_REFUSED", str(why))
    except OSError as why:
        return error("CA_UNREACHABLE", f"{ca['address']}: {why.strerror}",
                     hint="check the folder")


def serve(connection, respond=answer):
    while True:
        frame = read_frame(connection)
        if frame is None:
            return
        question = json.loads(frame)
        secrets = {name: read_frame(connection) for name in question.get("secrets", [])}
        reply = {"v": VERSION, **respond(question, secrets)}
        write_frame(connection, json.dumps(reply).encode())


if __name__ == "__main__":
    try:
        serve(socket.socket(fileno=SOCKET))
    except OSError:
        sys.exit("caprogram.py is started by cscert; it has no use of its own")
