#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of [MS-ICPR], to prove the bed's endpoint independently of Samba's client.

The NDR, the endpoint mapper, SMB and NTLM are impacket's.  Its Kerberos does not get on
with Samba's stricter RPC server, so that is done here with MIT's GSSAPI.  Prints
one line: return value, request id, disposition, sizes of the chain and of the
certificate, and the message; with --out, writes <out>.cer and <out>.p7b.
"""
import argparse
import socket
import struct
import sys
from pathlib import Path

import gssapi
from gssapi.raw import IOV, IOVBufferType, unwrap_iov, wrap_iov, wrap_iov_length
from impacket.dcerpc.v5 import epm, transport
from impacket.dcerpc.v5.dtypes import DWORD, LPWSTR, PBYTE, ULONG
from impacket.dcerpc.v5.ndr import NDRCALL, NDRSTRUCT
from impacket.uuid import uuidtup_to_bin

ICERTPASSAGE = uuidtup_to_bin(("91ae6020-9e3c-11cf-8d7c-00aa00c091be", "0.0"))
NDR = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
BIND, BIND_ACK, ALTER_CONTEXT, ALTER_CONTEXT_RESP, REQUEST, RESPONSE = 11, 12, 14, 15, 0, 2
PRIVACY, INTEGRITY = 6, 5
CR_IN_PKCS10 = 0x100


class CertTransBlob(NDRSTRUCT):
    """CERTTRANSBLOB"""
    structure = (("cb", ULONG), ("pb", PBYTE))


class CertServerRequest(NDRCALL):
    """Opnum 0, the request."""
    opnum = 0
    structure = (("dwFlags", DWORD), ("pwszAuthority", LPWSTR), ("pdwRequestId", DWORD),
                 ("pctbAttribs", CertTransBlob), ("pctbRequest", CertTransBlob))


class CertServerRequestResponse(NDRCALL):
    """Opnum 0, the reply."""
    structure = (("pdwRequestId", DWORD), ("pdwDisposition", ULONG),
                 ("pctbCert", CertTransBlob), ("pctbEncodedCert", CertTransBlob),
                 ("pctbDispositionMessage", CertTransBlob), ("ErrorCode", ULONG))


class KerberosRpc:
    """DCE/RPC over TCP with SPNEGO of the ticket in KRB5CCNAME ([MS-RPCE] 3.3.1.5)."""

    def __init__(self, host: str, port: int):
        flags = gssapi.RequirementFlag
        self.sock = socket.create_connection((host, port), 20)
        self.context = gssapi.SecurityContext(
            name=gssapi.Name(f"host@{host}", gssapi.NameType.hostbased_service),
            mech=SPNEGO, usage="initiate",
            flags=flags.mutual_authentication | flags.replay_detection | flags.integrity
            | flags.out_of_sequence_detection | flags.confidentiality | flags.dce_style)
        body = struct.pack("<HHIIHBB", 5840, 5840, 0, 1, 0, 1, 0) + ICERTPASSAGE + NDR
        kind, token = BIND, self.context.step()
        while token:
            self._send(kind, body, self._trailer(0) + token, len(token))
            kind, reply, size = self._receive()
            if kind not in (BIND_ACK, ALTER_CONTEXT_RESP):
                raise ConnectionError(f"bind refused, PDU type {kind}")
            kind = ALTER_CONTEXT
            token = None if self.context.complete else self.context.step(reply[-size:])

    @staticmethod
    def _trailer(pad: int) -> bytes:
        return struct.pack("<BBBBI", 9, PRIVACY, pad, 0, 1)

    def _send(self, kind: int, body: bytes, auth: bytes, auth_size: int) -> None:
        self.sock.sendall(self._header(kind, len(body + auth), auth_size) + body + auth)

    @staticmethod
    def _header(kind: int, size: int, auth_size: int) -> bytes:
        # first and last fragment; bind also offers header signing
        flags = 7 if kind == BIND else 3
        return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + size, auth_size, 1)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += (more := self.sock.recv(size - len(data)))
            if not more:
                raise ConnectionError("the server closed the connection")
        return data

    def _receive(self):
        """Type, whole PDU and size of the authentication token."""
        head = self._exactly(16)
        size, auth_size = struct.unpack_from("<HH", head, 8)
        return head[2], head + self._exactly(size - 16), auth_size

    def call(self, opnum: int, request) -> None:
        """Sends a sealed request."""
        stub = request.getData()
        pad = -len(stub) % 16
        data, trailer = stub + bytes(pad), self._trailer(pad)
        fixed = struct.pack("<IHH", len(stub), 0, opnum)
        probe = self._iov(bytes(24), data, trailer)
        wrap_iov_length(self.context, probe, True)
        token_size = len(probe[3].value)
        head = self._header(REQUEST, 8 + len(data) + 8 + token_size, token_size) + fixed
        iov = self._iov(head, data, trailer)
        wrap_iov(self.context, iov, True)
        self.sock.sendall(head + iov[1].value + trailer + iov[3].value)

    @staticmethod
    def _iov(head: bytes, data: bytes, trailer: bytes, token=None) -> IOV:
        return IOV((IOVBufferType.sign_only, False, head), (IOVBufferType.data, False, data),
                   (IOVBufferType.sign_only, False, trailer),
                   (IOVBufferType.header, token is None, token), std_layout=False)

    def recv(self) -> bytes:
        """Receives the sealed reply, fragment by fragment."""
        stub = b""
        while True:
            kind, pdu, size = self._receive()
            if kind != RESPONSE:
                raise ConnectionError(f"fault {struct.unpack_from('<I', pdu, 24)[0]:#x}")
            end = len(pdu) - size - 8
            iov = self._iov(pdu[:24], pdu[24:end], pdu[end:end + 8], pdu[-size:])
            unwrap_iov(self.context, iov)
            stub += iov[1].value[:end - 24 - pdu[end + 2]]
            if pdu[3] & 2:      # last fragment
                return stub


def bind(args):
    """An authenticated and bound connection."""
    if args.pipe:
        binding = f"ncacn_np:{args.host}[\\pipe\\cert]"
    else:
        binding = epm.hept_map(args.host, ICERTPASSAGE, protocol="ncacn_ip_tcp")
    if not args.ntlm:
        return KerberosRpc(args.host, int(binding.split("[")[1].rstrip("]")))
    user, _, password = args.ntlm.partition(":")
    connection = transport.DCERPCTransportFactory(binding)
    connection.setRemoteName(args.host)
    connection.set_credentials(user, password, "LITWAREINC")
    connection.set_connect_timeout(20)
    dce = connection.get_dce_rpc()
    dce.set_auth_level(INTEGRITY if args.sign_only else PRIVACY)
    dce.connect()
    dce.bind(ICERTPASSAGE)
    return dce


def blob_bytes(blob) -> bytes:
    """Content of a returned blob."""
    return b"".join(blob["pb"]) if blob["cb"] else b""


def set_blob(blob, data: bytes) -> None:
    """Fills a blob to send; no data is a NULL pointer."""
    blob["cb"] = len(data)
    if data:
        blob["pb"] = list(data)
    else:
        blob.fields["pb"].fields["ReferentID"] = 0


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="ca01.litwareinc.test")
    parser.add_argument("--ca", default="myca")
    parser.add_argument("--ntlm", metavar="USER:PASSWORD", help="default: Kerberos")
    parser.add_argument("--pipe", action="store_true",
                        help="\\pipe\\cert instead of TCP; NTLM only")
    parser.add_argument("--sign-only", action="store_true", help="no privacy; NTLM only")
    parser.add_argument("--template", default="")
    parser.add_argument("--csr", type=Path, help="DER; without it --id is looked up")
    parser.add_argument("--id", type=int, default=0)
    parser.add_argument("--no-nul", action="store_true", help="attributes without their NUL")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()

    request = CertServerRequest()
    request["dwFlags"] = CR_IN_PKCS10 if args.csr else 0
    request["pwszAuthority"] = args.ca + "\0"
    request["pdwRequestId"] = args.id
    attributes = f"CertificateTemplate:{args.template}" if args.template else ""
    if attributes and not args.no_nul:
        attributes += "\0"
    set_blob(request["pctbAttribs"], attributes.encode("utf-16-le"))
    set_blob(request["pctbRequest"], args.csr.read_bytes() if args.csr else b"")
    try:
        dce = bind(args)
        dce.call(request.opnum, request)
        reply = CertServerRequestResponse(dce.recv())
    except Exception as error:      # pylint: disable=broad-except
        print(f"refused: {error}")
        return 1
    chain, cert = blob_bytes(reply["pctbCert"]), blob_bytes(reply["pctbEncodedCert"])
    message = blob_bytes(reply["pctbDispositionMessage"]).decode("utf-16-le").rstrip("\0")
    print(f"return={reply['ErrorCode']:#x} id={reply['pdwRequestId']}"
          f" disposition={reply['pdwDisposition']:#x} chain={len(chain)} cert={len(cert)}"
          f" message={message}")
    if args.out and cert:
        args.out.with_suffix(".cer").write_bytes(cert)
        args.out.with_suffix(".p7b").write_bytes(chain)
    return 0


if __name__ == "__main__":
    sys.exit(main())
