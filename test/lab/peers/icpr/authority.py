"""The CA behind the server: a database of requests, templates, and openssl for the certificates."""

import base64
import json
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

ISSUED, PENDING, DENIED = 3, 5, 2
PROPERTY_EMPTY, DENIED_BY_OFFICER = 0x80094004, 0x80094014
UNSUPPORTED_TEMPLATE, NO_TEMPLATE, KEY_LENGTH = 0x80094800, 0x80094801, 0x80094811
INVALID_ARGUMENT, INVALID_DATA = 0x80070057, 0x8007000D
PKCS10, CMS = 0x100, 0x300


@dataclass
class Reply:
    request_id: int = 0
    disposition: int = 0
    certificate: bytes = b""
    chain: bytes = b""
    message: str = ""
    returned: int = 0


@dataclass
class Request:
    request_id: int
    csr: bytes
    reply: Reply


class Authority:
    def __init__(self, home, pki):
        self.home, self.pki = home, pki
        self.requests = {}
        self.lock = threading.Lock()

    def ask(self, *, user, flags, name, request_id, attributes, request):
        with self.lock:
            account = user.split("\\")[-1].split("@")[0].lower()
            outage = self.home / f"outage.{account}"
            if outage.exists():
                return Reply(returned=int(outage.read_text(), 16))
            if name != "LAB-CA1-CA" or (attributes and not attributes.endswith("\0")):
                return Reply(returned=INVALID_ARGUMENT)
            if request:
                return self.submit(user, flags, attributes.rstrip("\0"), request)
            return self.inspect(request_id, flags)

    def submit(self, user, flags, attributes, request):
        pairs = dict(line.split(":", 1) for line in attributes.split("\n") if ":" in line)
        template = pairs.get("CertificateTemplate", "")
        request_id = 200 + len(self.requests) + 1
        with (self.home / "requests").open("a") as log:
            log.write(json.dumps({"id": request_id, "user": user, "flags": flags, "attributes": pairs}) + "\n")
        try:
            csr = self.opened(flags, request)
        except subprocess.CalledProcessError:
            return Reply(returned=INVALID_DATA)
        self.requests[request_id] = kept = Request(request_id, csr, Reply(request_id))
        kept.reply = {
            "Phones": lambda: self.issued(kept),
            "Slow": lambda: time.sleep(3) or self.issued(kept),
            "Manual": lambda: Reply(request_id, PENDING, message="Taken Under Submission"),
            "LongKeys": lambda: Reply(request_id, KEY_LENGTH, message="Denied by Policy Module"),
            "": lambda: Reply(request_id, NO_TEMPLATE, message="Denied by Policy Module"),
        }.get(template, lambda: Reply(request_id, UNSUPPORTED_TEMPLATE, message="Denied by Policy Module"))()
        return kept.reply

    def inspect(self, request_id, flags):
        kept = self.requests.get(request_id)
        if kept is None or flags & 0xFF00:
            return Reply(request_id, returned=PROPERTY_EMPTY)
        decision = self.home / "decide" / str(request_id)
        if kept.reply.disposition == PENDING and decision.exists():
            if decision.read_text().strip() == "issue":
                kept.reply = self.issued(kept)
            else:
                kept.reply = Reply(request_id, DENIED, message="Denied by LAB\\lead", returned=DENIED_BY_OFFICER)
        return kept.reply

    def opened(self, flags, request):
        """PKCS#10 as it is; from CMS, which must verify."""
        if flags & 0xFF00 != CMS:
            return request
        return openssl("cms", "-verify", "-noverify", "-inform", "DER", "-binary", input=request)

    def issued(self, kept):
        with tempfile.NamedTemporaryFile() as csr:
            csr.write(kept.csr)
            csr.flush()
            leaf = openssl(
                *["x509", "-req", "-inform", "DER", "-in", csr.name, "-outform", "DER", "-days", "5"],
                *["-CA", self.pki / "ca.pem", "-CAkey", self.pki / "ca.key"],
                *["-set_serial", str(5000 + kept.request_id), "-copy_extensions", "copyall"],
            )
        with tempfile.NamedTemporaryFile("w") as bundle:
            bundle.write(pem(leaf) + (self.pki / "ca.pem").read_text())
            bundle.flush()
            chain = openssl("crl2pkcs7", "-nocrl", "-certfile", bundle.name, "-outform", "DER")
        return Reply(kept.request_id, ISSUED, leaf, chain, "Issued")


def openssl(*options, input=b""):
    return subprocess.run(["openssl", *map(str, options)], input=input, capture_output=True, check=True).stdout


def pem(der):
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"
