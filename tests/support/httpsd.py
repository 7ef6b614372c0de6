#!/usr/bin/python3
"""httpsd.py CERTIFICATE KEY [CLIENT-CA]: an HTTPS server on loopback that behaves as the path says.

Prints its port. With CLIENT-CA every client needs a certificate. Ends when its standard input does.

Below /file/ stand the files of its folder: status, content type and seconds to wait in the first
line, then the body, for any method. What is asked for there is written to the file asked-PORT.
"""
import http.server
import os
import ssl
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    closes = 0

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_file(self, name, body):
        with open(f"asked-{self.server.server_address[1]}", "ab") as file:
            file.write(f"{self.command} {self.path}\n".encode() + body + b"\n")
        with open(name.replace("/", "_"), "rb") as file:
            status, kind, seconds = file.readline().split()
            text = file.read()
        threading.Event().wait(float(seconds))
        self.answer(int(status), text, [("Content-Type", kind.decode())])

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_path(body)

    def do_GET(self):
        self.do_path(b"")

    def do_path(self, body):
        path = self.path
        if path.startswith("/file/"):
            self.answer_file(path[6:].partition("?")[0], body)
        elif path == "/echo":
            self.answer(200, body, [("Content-Type", "Text/Plain; charset=utf-8")])
        elif path == "/whoami":
            names = dict(pair[0] for pair in self.connection.getpeercert()["subject"])
            self.answer(200, f"{names['commonName']} {self.connection.version()}".encode())
        elif path.startswith("/status/"):
            self.answer(int(path[8:]), b"no", [("WWW-Authenticate", "Negotiate"),
                                               ("WWW-Authenticate", "NTLM")])
        elif path.startswith("/proves/"):  # what stands behind it, once somebody says who asks
            if self.headers.get("Authorization") != "Negotiate bWU=":
                self.answer(401, b"", [("WWW-Authenticate", "Negotiate")])
            elif path == "/proves/nothing":
                self.answer(200, b"yes")
            else:
                self.answer(200, b"yes", [("WWW-Authenticate", "Negotiate " + path[8:])])
        elif path == "/redirect":
            self.answer(302, b"", [("Location", "/echo")])
        elif path == "/large":
            self.answer(200, b"x" * (5 << 20))
        elif path == "/header":
            self.answer(200, b"", [("X-%d" % i, "x" * 1000) for i in range(80)])
        elif path == "/closes":
            self.answer(200, str(Handler.closes).encode())
        elif path == "/close":
            Handler.closes += 1
            self.connection.shutdown(2)
            self.close_connection = True
        elif path == "/stall":
            threading.Event().wait(20)
        elif path == "/garbage":
            self.wfile.write(b"\x00\x01\x02 what\r\n\r\n")
            self.close_connection = True
        elif path == "/short":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            self.close_connection = True
        else:
            self.answer(404, b"")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    if len(sys.argv) > 3:
        context.load_verify_locations(sys.argv[3])
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


main()
