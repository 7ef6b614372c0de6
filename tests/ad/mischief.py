#!/usr/bin/python3
"""mischief.py FOLDER: servers inside the AD test bed that do what no CA should.

The file FOLDER/mischief says where and what: "PLACE WHAT". Without it they pass on what they get,
so that the real CA of the bed answers:

  the web services at https://ca01.litwareinc.test:9600, with Kerberos and channel binding, NTLM, a
      password in the message, or a client certificate (of this port only);
  RPC at 127.0.1.4, for a client whose ca01 is there: octets that go to the real one and come back;
  the CA's own socket, which all services of the bed ask.

Says "ready" when all listen. Ends, and gives the socket back, when its standard input does; if it
is killed, the CA takes it.
"""

import fcntl
import os
import select
import shutil
import socket
import socketserver
import ssl
import struct
import sys
import threading
from http.server import ThreadingHTTPServer

STATE = os.environ["ADBED_STATE"]
sys.path.insert(0, os.path.join(STATE, "lib"))

from bed import config, httpsd, ntlm, web, wire  # noqa: E402

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "."
WEB_PORT = 9600
RPC_ADDRESS = "127.0.1.4"
MAPPER_PORT = 135

# What Python's ssl tells of a certificate: ((("commonName", "x"),), ...)
CLIENTS = {"edge-client.litwareinc.test": "kenmyer"}

# Longer than every limit of a test, shorter than one for a test.
STALL_SECONDS = 25


def mischief(place):
    """What to do at @place; None: nothing."""
    try:
        with open(os.path.join(FOLDER, "mischief"), encoding="utf-8") as file:
            where, what = file.read().split()
    except FileNotFoundError:
        return None
    return what if where == place else None


def stall():
    threading.Event().wait(STALL_SECONDS)


# ---- the web services ----

class WebHandler(httpsd.EpaHandler):
    """One connection."""

    def setup(self):
        super().setup()
        self.acceptor = ntlm.Acceptor()

    def refuse(self, *values):
        body = b"<title>401 - Unauthorized: Access is denied due to invalid credentials.</title>\n"
        self.send_response(401)
        for value in values or ("Negotiate", "NTLM"):
            self.send_header("WWW-Authenticate", value)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def knows_user(self):
        """True when self.user is known; else the answer is sent."""
        if self.user:
            return True
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        try:
            token = httpsd.base64.b64decode(value)
            if scheme == "Negotiate":
                self.authenticate(token)
            elif scheme == "NTLM":
                challenge = self.acceptor.step(token)
                self.user = self.acceptor.user
                if not self.user:
                    self.refuse("NTLM " + httpsd.base64.b64encode(challenge).decode())
                    return False
        except (PermissionError, ntlm.Refused) as error:
            print(f"mischief: {error}", file=sys.stderr)
        if not self.user:
            self.refuse()
        return bool(self.user)

    def certificate_user(self):
        """The account of the client's certificate; None: it has none, or nobody's."""
        certificate = self.connection.getpeercert() or {"subject": ()}
        names = dict(pair[0] for pair in certificate["subject"])
        return CLIENTS.get(names.get("commonName"))

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path
        user = ""
        if "_Certificate/" in path:
            user = self.certificate_user()
            if not user:
                self.reply(web.Response(403, "text/html", b"<h2>403 - Forbidden</h2>\n"))
                return
            # The bed has no such service; its other one does the same for who is known.
            path = path.replace("_Certificate/", "_Kerberos/")
            body = body.replace(b"_Certificate/", b"_Kerberos/")
        elif "_UsernamePassword/" not in path:
            if not self.knows_user():
                return
            user = self.user
        submits = path.endswith("certfnsh.asp") or b"ws-trust/200512/Issue<" in body
        what = mischief("submit" if submits else "other")
        response = None
        if not what or what.startswith("after-"):
            response = web.handle(web.Request(
                self.command, path, self.headers.get("Content-Type", ""),
                self.headers.get("User-Agent", ""), body, user, self.headers.get("Host", "")))
        if what:
            self.misbehave(what.replace("after-", ""), response)
        else:
            self.reply(response)

    def reply(self, response, more=0):
        """@more octets are promised beside those that are there."""
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body) + more))
        self.end_headers()
        self.wfile.write(response.body)

    def misbehave(self, what, response):
        self.close_connection = True
        response = response or web.Response(200, "text/html", b"<p>hello")
        if what == "close":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif what == "stall":
            stall()
        elif what == "garbage":
            self.wfile.write(b"\x00\x01\x02 what\r\n\r\n")
        elif what == "longer":
            self.reply(response, more=1000)
        elif what == "chunks":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n<p>")
        elif what == "nonsense":
            kind = response.content_type
            self.reply(web.Response(200, kind, b"<a><b/></a>"))
        elif what == "half":
            body = response.body
            self.reply(web.Response(response.status, response.content_type, body[:len(body) // 2]))
        elif what == "busy":
            self.reply(web.Response(503, "text/html", b"<h2>503 - Service Unavailable</h2>\n"))
        else:
            raise SystemExit(f"{what} is no mischief")


class WebServer(ThreadingHTTPServer):
    """TLS begins in the connection's own thread."""
    daemon_threads = True

    def __init__(self):
        super().__init__((config.CA_ADDRESS, WEB_PORT), WebHandler)
        home = config.state_dir() / "ca"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(home / "web.pem", home / "web.key")
        self.tls.load_verify_locations(home / "root.pem")
        self.tls.verify_mode = ssl.CERT_OPTIONAL
        leaf = (home / "web.pem").read_text().split("-----END CERTIFICATE-----")[0]
        der = ssl.PEM_cert_to_DER_cert(leaf + "-----END CERTIFICATE-----\n")
        self.binding = b"tls-server-end-point:" + httpsd.hashlib.sha256(der).digest()

    def finish_request(self, request, client_address):
        what = mischief("connect")
        if what == "stall":
            stall()
        elif what == "garbage":
            request.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 4)
        if what:
            return
        try:
            with self.tls.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, client_address)
        except OSError as error:  # a client that does not like us, or that has gone
            print(f"mischief: {error}", file=sys.stderr)


# ---- RPC ----

RESPONSE, BIND_ACK = 2, 12
HEADER = 16
PORT_FLOOR = b"\x01\x00\x07\x02\x00"  # of a tower: TCP, and a port of two octets (C706 appendix L)
SMALL = 400  # octets: a question about a request; with a PKCS #10 in it, it is longer


def read_exactly(sock, count):
    octets = b""
    while len(octets) < count:
        more = sock.recv(count - len(octets))
        if not more:
            return None
        octets += more
    return octets


def read_pdu(sock):
    header = read_exactly(sock, HEADER)
    if not header:
        return None
    rest = read_exactly(sock, struct.unpack_from("<H", header, 8)[0] - HEADER)
    return None if rest is None else header + rest


class RpcHandler(socketserver.BaseRequestHandler):
    """Between a client and the real computer, PDU by PDU."""

    def handle(self):
        port = self.request.getsockname()[1]
        asked = 0
        with socket.create_connection((config.CA_ADDRESS, port)) as real:
            while True:
                ready, _, _ = select.select([self.request, real], [], [])
                from_client = self.request in ready
                pdu = read_pdu(self.request if from_client else real)
                if not pdu:
                    return
                if from_client:
                    asked = len(pdu)
                    real.sendall(pdu)
                elif not self.give(pdu, port, asked):
                    return

    def give(self, pdu, port, asked):
        """Hands the server's @pdu on, or not; False: the connection ends."""
        place = "other"
        if port == MAPPER_PORT:
            place = "mapper" if pdu[2] == RESPONSE else "mapper-bind"
            at = pdu.find(PORT_FLOOR)
            if at >= 0:
                listen(struct.unpack_from(">H", pdu, at + len(PORT_FLOOR))[0])
        elif pdu[2] == BIND_ACK:
            place = "bind"
        elif pdu[2] == RESPONSE:
            place = "check" if asked < SMALL else "submit"
        what = mischief(place)
        if what == "stall":
            stall()
        if what in ("stall", "close"):
            return False
        self.request.sendall(self.spoil(pdu, what))
        return what not in ("garbage", "half", "longer")

    @staticmethod
    def spoil(pdu, what):
        if not what:
            return pdu
        spoilt = bytearray(pdu)
        if what == "garbage":
            spoilt = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
        elif what == "half":
            spoilt = pdu[:len(pdu) // 2]
        elif what == "huge":
            struct.pack_into("<H", spoilt, 8, 0xffff)
        elif what == "longer":
            struct.pack_into("<H", spoilt, 8, len(pdu) + 100)
        elif what == "auth":  # the signature is longer than all
            struct.pack_into("<H", spoilt, 10, 0xfff0)
        elif what == "tower":  # the first count of the mapper's NDR
            struct.pack_into("<I", spoilt, 24 + 20, 0x7fffffff)
        elif what == "fault":  # too busy, did not execute (C706 appendix E, MS-RPCE 2.2.2.3)
            spoilt = struct.pack("<BBBBIHHI IHBB II", 5, 0, 3, 0x23, 0x10, 32, 0,
                                 struct.unpack_from("<I", pdu, 12)[0],
                                 0, 0, 0, 0, 0x1c010014, 0)
        elif what == "flip":
            spoilt[40] ^= 1
        else:
            raise SystemExit(f"{what} is no mischief")
        return bytes(spoilt)


class Threads(socketserver.ThreadingTCPServer):
    """Of one port."""
    daemon_threads = True
    allow_reuse_address = True


LISTENING = {}


def listen(port):
    if port not in LISTENING:
        LISTENING[port] = Threads((RPC_ADDRESS, port), RpcHandler)
        threading.Thread(target=LISTENING[port].serve_forever, daemon=True).start()


# ---- the CA's socket ----

SOCKET = str(config.state_dir() / "run" / wire.SOCKET_NAME)
REAL = SOCKET + wire.REAL


class CaHandler(socketserver.StreamRequestHandler):
    """One question to the CA."""
    others = {}  # the first that was issued, by the operation, for "other"

    def handle(self):
        fields = wire.read(self.rfile)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(60)
            sock.connect(REAL)
            with sock.makefile("rwb") as stream:
                wire.write(stream, fields)
                answer = wire.read(stream)
        what = mischief("answer")
        if answer.get("cert") and "id" in answer:
            kind = "full" in answer  # not for RPC
            if what:
                self.spoil(answer, what, CaHandler.others.get(kind))
            else:
                CaHandler.others.setdefault(kind, dict(answer))
        wire.write(self.wfile, answer)

    @staticmethod
    def spoil(answer, what, other):
        """Every field that the services make their answers of."""
        cert = answer["cert"]
        if what == "other":
            for name in ("cert", "chain", "full"):
                if name in answer:
                    answer[name] = other[name]
        elif what == "mixed":
            answer["cert"] = other["cert"]
        elif what == "garbage":
            answer["cert"] = b"no certificate " * 40
        elif what == "longer":  # SEQUENCE, two octets of length
            answer["cert"] = cert[:2] + struct.pack(">H", len(cert) + 1000) + cert[4:]
        elif what == "half":
            answer["cert"] = cert[:len(cert) // 2]
        elif what == "none":
            answer["cert"] = b""
        elif what == "chain":  # no CMS
            answer["chain"] = answer["full"] = b"no chain " * 40
        else:
            raise SystemExit(f"{what} is no mischief")


def listen_ca():
    """The value must be kept: it is the lock."""
    lock = open(SOCKET + wire.BORROWED, "wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(SOCKET, REAL)
    server = socketserver.ThreadingUnixStreamServer(SOCKET, CaHandler)
    server.daemon_threads = True
    shutil.chown(SOCKET, "root", "www-data")
    os.chmod(SOCKET, 0o660)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return lock


def main():
    lock = listen_ca()
    try:
        threading.Thread(target=WebServer().serve_forever, daemon=True).start()
        listen(MAPPER_PORT)
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        os.rename(REAL, SOCKET)
        os.unlink(lock.name)
    os._exit(0)


main()
