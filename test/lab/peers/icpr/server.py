"""A CA that takes requests over RPC: an endpoint mapper and ICertPassage (MS-ICPR), one thread a connection.

NDR and towers are impacket's; NTLM is judged by Samba's ntlm_auth, its seal is impacket's; Kerberos is MIT's.
Nothing of it is the gateway's. Less than packet privacy is refused, as by a CA of today.

Usage: server.py ADDRESS PORT HOME PKI
"""

import json
import pathlib
import socket
import struct
import sys
import threading

from authority import Authority
from impacket.dcerpc.v5 import epm
from impacket.dcerpc.v5.dtypes import DWORD, LPWSTR, NULL, PBYTE, ULONG
from impacket.dcerpc.v5.ndr import NDRCALL, NDRSTRUCT
from impacket.uuid import uuidtup_to_bin
from sign_in import Refused, sign_in

ADDRESS, PORT, HOME, PKI = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])

NDR32 = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))
CERT_PASSAGE = uuidtup_to_bin(("91ae6020-9e3c-11cf-8d7c-00aa00c091be", "0.0"))
ENDPOINT_MAPPER = uuidtup_to_bin(("e1af8308-5d1f-11c9-91a4-08002b14a0fa", "3.0"))

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK, AUTH3 = 0, 2, 3, 11, 12, 13, 16
FIRST, LAST, HEADER_SIGNING = 1, 2, 4
PRIVACY = 6
ACCESS_DENIED, NO_SUCH_OPERATION = 5, 0x1C010002
NOT_REGISTERED = 0x16C9A0D6
# Small, so that every certificate comes in several messages.
STUB_OCTETS = 1000

authority = Authority(HOME, PKI)


class CertTransBlob(NDRSTRUCT):
    structure = (("cb", ULONG), ("pb", PBYTE))


class CertServerRequest(NDRCALL):
    opnum = 0
    structure = (
        ("dwFlags", DWORD),
        ("pwszAuthority", LPWSTR),
        ("pdwRequestId", DWORD),
        ("pctbAttribs", CertTransBlob),
        ("pctbRequest", CertTransBlob),
    )


class CertServerRequestResponse(NDRCALL):
    structure = (
        ("pdwRequestId", DWORD),
        ("pdwDisposition", ULONG),
        ("pctbCert", CertTransBlob),
        ("pctbEncodedCert", CertTransBlob),
        ("pctbDispositionMessage", CertTransBlob),
        ("ErrorCode", ULONG),
    )


def blob(octets):
    value = CertTransBlob()
    value["cb"], value["pb"] = len(octets), octets or NULL
    return value


def octets_of(value):
    return b"".join(value["pb"]) if value["cb"] else b""


def cert_server_request(stub, user):
    call = CertServerRequest(stub)
    reply = authority.ask(
        user=user,
        flags=call["dwFlags"],
        name=call["pwszAuthority"].rstrip("\0"),
        request_id=call["pdwRequestId"],
        attributes=octets_of(call["pctbAttribs"]).decode("utf-16le"),
        request=octets_of(call["pctbRequest"]),
    )
    answer = CertServerRequestResponse()
    answer["pdwRequestId"], answer["pdwDisposition"] = reply.request_id, reply.disposition
    answer["pctbCert"], answer["pctbEncodedCert"] = blob(reply.chain), blob(reply.certificate)
    answer["pctbDispositionMessage"] = blob((reply.message + "\0").encode("utf-16le"))
    answer["ErrorCode"] = reply.returned
    return answer.getData()


def ept_map(stub, _user):
    call = epm.ept_map(stub)
    tower = epm.EPMTower(b"".join(call["map_tower"]["tower_octet_string"]))
    interface = tower["Floors"][0]
    wanted = interface["InterfaceUUID"] + struct.pack("<HH", interface["MajorVersion"], interface["MinorVersion"])
    answer = epm.ept_mapResponse()
    answer["entry_handle"] = call["entry_handle"]
    answer["num_towers"], answer["status"] = 0, NOT_REGISTERED
    if wanted == CERT_PASSAGE:
        port, host, found, entry = epm.EPMPortAddr(), epm.EPMHostAddr(), epm.EPMTower(), epm.twr_p_t()
        port["IpPort"], host["Ip4addr"] = PORT, socket.inet_aton(ADDRESS)
        found["NumberOfFloors"] = 5
        found["Floors"] = b"".join(floor.getData() for floor in [*tower["Floors"][:3], port, host])
        entry["tower_length"], entry["tower_octet_string"] = len(found), found.getData()
        answer["ITowers"].append(entry)
        answer["num_towers"], answer["status"] = 1, 0
    return answer.getData()


class Connection:
    def __init__(self, client, interface, operations):
        self.client, self.interface, self.operations = client, interface, operations
        self.bound = False
        self.mechanism = None
        self.trailer = b""
        self.stub = b""

    def serve(self):
        while (message := self.receive()) is not None:
            self.call_id = struct.unpack_from("<I", message, 12)[0]
            {BIND: self.bind, AUTH3: self.auth3, REQUEST: self.request}[message[2]](message)

    def receive(self):
        header = self.read(16)
        return header and header + self.read(struct.unpack_from("<H", header, 8)[0] - 16)

    def read(self, count):
        octets = b""
        while len(octets) < count:
            more = self.client.recv(count - len(octets))
            if not more:
                return None
            octets += more
        return octets

    def send(self, kind, body, flags=FIRST | LAST, value_octets=0):
        self.client.sendall(self.header(kind, flags, len(body), value_octets) + body)

    def header(self, kind, flags, body_octets, value_octets):
        octets = 16 + body_octets
        return struct.pack("<BBBB4sHHI", 5, 0, kind, flags, b"\x10\0\0\0", octets, value_octets, self.call_id)

    def fault(self, status):
        self.send(FAULT, struct.pack("<IHBBII", 0, 0, 0, 0, status, 0))

    def bind(self, message):
        value_octets = struct.unpack_from("<H", message, 10)[0]
        interface, transfer = message[32:52], message[52:72]
        token = b""
        if value_octets:
            self.trailer = message[-value_octets - 8 : -value_octets]
            self.mechanism = sign_in(self.trailer[0], HOME / "smb.conf")
            if self.mechanism is None:
                return self.send(BIND_NAK, struct.pack("<HBBB3x", 8, 1, 5, 0))
            token = self.mechanism.step(message[-value_octets:])
        self.bound = interface == self.interface and transfer == NDR32
        result = struct.pack("<HH", 0, 0) + NDR32 if self.bound else struct.pack("<HH", 2, 1) + bytes(20)
        address = f"{PORT}\0".encode()
        body = struct.pack("<HHIH", 5840, 5840, 0x1234, len(address)) + address
        body += bytes(-(16 + len(body)) % 4) + struct.pack("<B3x", 1) + result
        if token:
            body += self.trailer[:2] + b"\0\0" + self.trailer[4:] + token
        self.send(BIND_ACK, body, FIRST | LAST | message[3] & HEADER_SIGNING, len(token))

    def auth3(self, message):
        value_octets = struct.unpack_from("<H", message, 10)[0]
        try:
            self.mechanism.step(message[-value_octets:])
        except Refused as refused:
            print("refused:", refused, flush=True)

    def request(self, message):
        value_octets = struct.unpack_from("<H", message, 10)[0]
        operation = struct.unpack_from("<H", message, 22)[0]
        user = None
        part = message[24:]
        if self.operations.get("private"):
            sealed = value_octets and self.trailer[1] == PRIVACY and self.mechanism.established
            if not sealed:
                return self.fault(ACCESS_DENIED)
            trailer = message[-value_octets - 8 : -value_octets]
            part = self.mechanism.open(message[:24], message[24 : -value_octets - 8], trailer, message[-value_octets:])
            if part is None:
                print("a broken seal", flush=True)
                return self.fault(ACCESS_DENIED)
            part = part[: len(part) - trailer[2]]
            user = self.mechanism.user
        self.stub += part
        if not message[3] & LAST:
            return None
        stub, self.stub = self.stub, b""
        if not self.bound or operation not in self.operations:
            return self.fault(NO_SUCH_OPERATION)
        return self.respond(self.operations[operation](stub, user))

    def respond(self, stub):
        for start in range(0, len(stub), STUB_OCTETS):
            part = stub[start : start + STUB_OCTETS]
            flags = (FIRST if start == 0 else 0) | (LAST if start + STUB_OCTETS >= len(stub) else 0)
            fixed = struct.pack("<IHBB", len(stub) - start, 0, 0, 0)
            if not self.operations.get("private"):
                self.send(RESPONSE, fixed + part, flags)
                continue
            padding = -len(part) % 16
            part += b"\xbb" * padding
            trailer = bytes([self.trailer[0], PRIVACY, padding, 0]) + self.trailer[4:]
            value_octets = self.mechanism.signature_octets(len(part))
            header = self.header(RESPONSE, flags, 8 + len(part) + 8 + value_octets, value_octets)
            sealed, signature = self.mechanism.seal(header + fixed, part, trailer)
            self.client.sendall(header + fixed + sealed + trailer + signature)


def listen(port, interface, operations):
    server = socket.create_server((ADDRESS, port))
    while True:
        client, _ = server.accept()
        threading.Thread(target=serve, args=(client, interface, operations), daemon=True).start()


def serve(client, interface, operations):
    connection = Connection(client, interface, operations)
    try:
        connection.serve()
    except (ConnectionError, Refused) as end:
        print(json.dumps({"end": str(end)}), flush=True)
    finally:
        client.close()
        if connection.mechanism:
            connection.mechanism.close()


threading.Thread(target=listen, args=(135, ENDPOINT_MAPPER, {3: ept_map}), daemon=True).start()
listen(PORT, CERT_PASSAGE, {0: cert_server_request, "private": True})
