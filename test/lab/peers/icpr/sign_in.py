"""Who signs in to the server, and the seal of what follows: NTLM (10) and Kerberos (16)."""

import base64
import subprocess

import gssapi
from Cryptodome.Cipher import ARC4
from gssapi.raw import IOV, GSSError, IOVBufferType, unwrap_iov, wrap_iov, wrap_iov_length
from impacket import ntlm


class Refused(Exception):
    pass


def sign_in(kind, configuration):
    """None for a mechanism that is not known."""
    if kind == 10:
        return Ntlm(configuration)
    return Kerberos() if kind == 16 else None


class Ntlm:
    """Samba's ntlm_auth reads and judges every token; the seal is impacket's."""

    def __init__(self, configuration):
        self.established, self.user = False, None
        self.judge = subprocess.Popen(
            ["ntlm_auth", "--helper-protocol=squid-2.5-ntlmssp", f"--configfile={configuration}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.order("SF NTLMSSP_FEATURE_SEAL NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN")
        self.verb = "YR"

    def order(self, line):
        self.judge.stdin.write(line + "\n")
        return self.judge.stdout.readline().strip()

    def step(self, token):
        verdict, _, rest = self.order(f"{self.verb} {base64.b64encode(token).decode()}").partition(" ")
        self.verb = "KK"
        if verdict == "TT":
            return base64.b64decode(rest)
        if verdict != "AF":
            raise Refused(f"{verdict} {rest}")
        self.user = rest
        key = base64.b64decode(self.order("GK").partition(" ")[2])
        self.flags = int(self.order("GF").partition(" ")[2], 16)
        self.incoming = Direction(self.flags, key, "Client")
        self.outgoing = Direction(self.flags, key, "Server")
        self.established = True
        return b""

    def open(self, header, stub, trailer, signature):
        plain = self.incoming.cipher(stub)
        expected = self.incoming.signature(header + plain + trailer)
        return plain if expected == signature else None

    def signature_octets(self, _stub_octets):
        return 16

    def seal(self, header, stub, trailer):
        return self.outgoing.cipher(stub), self.outgoing.signature(header + stub + trailer)

    def close(self):
        self.judge.kill()
        self.judge.wait()


class Direction:
    def __init__(self, flags, key, sender):
        self.flags, self.number = flags, 0
        self.signing_key = ntlm.SIGNKEY(flags, key, sender)
        self.cipher = ARC4.new(ntlm.SEALKEY(flags, key, sender)).encrypt

    def signature(self, message):
        made = ntlm.MAC(self.flags, self.cipher, self.signing_key, self.number, message).getData()
        self.number += 1
        return made


class Kerberos:
    """MIT's acceptor, with the keys of KRB5_KTNAME."""

    def __init__(self):
        self.context = gssapi.SecurityContext(usage="accept")

    @property
    def established(self):
        return self.context.complete

    @property
    def user(self):
        return str(self.context.initiator_name)

    def step(self, token):
        try:
            return self.context.step(token) or b""
        except GSSError as error:
            raise Refused(str(error)) from error

    def open(self, header, stub, trailer, signature):
        parts = self.parts(header, stub, trailer, (IOVBufferType.header, False, signature))
        try:
            unwrap_iov(self.context, parts)
        except GSSError:
            return None
        return parts[1].value

    def signature_octets(self, stub_octets):
        # Measured in a buffer that is too large; the length in it becomes the right one.
        parts = self.parts(b"", bytes(stub_octets), b"", (IOVBufferType.header, False, bytes(256)))
        wrap_iov_length(self.context, parts, confidential=True)
        return len(parts[3].value)

    def seal(self, header, stub, trailer):
        parts = self.parts(header, stub, trailer, (IOVBufferType.header, True, None))
        wrap_iov(self.context, parts, confidential=True)
        return parts[1].value, parts[3].value

    def parts(self, header, stub, trailer, signature):
        return IOV(
            (IOVBufferType.sign_only, False, header),
            (IOVBufferType.data, False, stub),
            (IOVBufferType.sign_only, False, trailer),
            signature,
            std_layout=False,
        )

    def close(self):
        pass
