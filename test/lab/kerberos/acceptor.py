"""The other side of a context, by Debian's python3-gssapi: one JSON order a line, one answer a line.

Usage: acceptor.py CHANNEL_BINDING_HEX|- [dce]
"""

import json
import sys

import gssapi
from gssapi.raw import ChannelBindings, IOV, IOVBufferType, unwrap_iov, wrap_iov

binding = None if sys.argv[1] == "-" else ChannelBindings(application_data=bytes.fromhex(sys.argv[1]))
context = gssapi.SecurityContext(usage="accept", channel_bindings=binding)


def accept(order):
    token = context.step(bytes.fromhex(order["token"]))
    answer = {"token": (token or b"").hex(), "complete": context.complete}
    if context.complete:
        answer["initiator"] = str(context.initiator_name)
        answer["bound"] = bool(int(context.actual_flags) & 0x800)
    return answer


def echo(order):
    opened = context.decrypt(bytes.fromhex(order["message"]))
    return {"message": context.encrypt(opened[::-1]).hex()}


def parts(order, signature):
    return IOV(
        (IOVBufferType.sign_only, False, bytes.fromhex(order["header"])),
        (IOVBufferType.data, False, bytes.fromhex(order["stub"])),
        (IOVBufferType.sign_only, False, bytes.fromhex(order["trailer"])),
        signature,
        std_layout=False,
    )


def pdu(order):
    sealed = parts(order, (IOVBufferType.header, False, bytes.fromhex(order["signature"])))
    unwrap_iov(context, sealed)
    stub = sealed[1].value
    order["stub"] = stub[::-1].hex()
    answer = parts(order, (IOVBufferType.header, True, None))
    wrap_iov(context, answer, confidential=True)
    return {"received": stub.hex(), "stub": answer[1].value.hex(), "signature": answer[3].value.hex()}


for line in sys.stdin:
    order = json.loads(line)
    try:
        result = {"accept": accept, "echo": echo, "pdu": pdu}[order["do"]](order)
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
