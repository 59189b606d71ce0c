"""HTTPS that lets in only sign-ins bound to its TLS channel, as IIS with Extended Protection = Require.

Usage: bound.py HOST:PORT CERTIFICATE KEY
"""

import base64
import hashlib
import http.client
import http.server
import ssl
import sys

import gssapi
from gssapi.raw import ChannelBindings

CHANNEL_BOUND = 0x800  # GSS_C_CHANNEL_BOUND_FLAG: without it the client sent no binding at all

address, certificate, key = sys.argv[1:]
der = ssl.PEM_cert_to_DER_cert(open(certificate).read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
binding = ChannelBindings(application_data=b"tls-server-end-point:" + hashlib.sha256(der).digest())


class Page(http.server.BaseHTTPRequestHandler):
    """One for each connection: a sign-in holds for the connection, as with IIS."""

    protocol_version = "HTTP/1.1"
    context = None
    user = None

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        challenge = None
        if scheme.lower() in ("negotiate", "ntlm") and token:
            challenge = self.sign_in(scheme, base64.b64decode(token))
        if self.user is None:
            offers = [challenge] if challenge else ["Negotiate", "NTLM"]
            return self.answer(401, "text/plain", b"no", offers)
        self.forward(body, [challenge] if challenge else [])

    do_GET = do_POST = handle_any

    def sign_in(self, scheme, token):
        try:
            if self.context is None:
                self.context = gssapi.SecurityContext(usage="accept", channel_bindings=binding)
            answer = self.context.step(token)
            if self.context.complete:
                if not int(self.context.actual_flags) & CHANNEL_BOUND:
                    raise PermissionError("no channel binding")
                self.user = str(self.context.initiator_name).strip("\0")
                print(f"let in: {self.user!r}", flush=True)
            return f"{scheme} {base64.b64encode(answer).decode()}" if answer else None
        except Exception as error:
            print(f"refused: {type(error).__name__}: {error}", flush=True)
            self.context = None
            return None

    def forward(self, body, challenges):
        port = 8097 if "/doctor/" in self.path else 8098 if "_CES_" in self.path else 8099
        pages = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"X-Remote-User": self.user, "User-Agent": self.headers.get("User-Agent", "")}
        pages.request(self.command, self.path, body=body, headers=headers)
        answer = pages.getresponse()
        self.answer(answer.status, answer.headers["Content-Type"], answer.read(), challenges)

    def answer(self, status, content_type, body, challenges):
        self.send_response(status)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


host, port = address.split(":")
server = http.server.ThreadingHTTPServer((host, int(port)), Page)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
