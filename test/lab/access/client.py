"""An MDM's script: Negotiate by python3-gssapi over python3-requests, with a channel binding or without.

Usage: client.py URL CA_FILE none|right|wrong [REPEAT]
Prints one JSON line: the status of each request, and whether the server proved itself.
"""

import base64
import hashlib
import json
import ssl
import sys
from urllib.parse import urlsplit

import gssapi
import requests
from gssapi.raw import ChannelBindings

url, ca, binding = sys.argv[1:4]
target = urlsplit(url)
bindings = None
if binding != "none":
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((target.hostname, target.port)))
    digest = hashlib.sha256(der if binding == "right" else der + b"x").digest()
    bindings = ChannelBindings(application_data=b"tls-server-end-point:" + digest)

session = requests.Session()
session.verify = ca
results = []
for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 1):
    context = gssapi.SecurityContext(
        name=gssapi.Name(f"HTTP/{target.hostname}", gssapi.NameType.kerberos_principal),
        mech=gssapi.OID.from_int_seq("1.3.6.1.5.5.2"),
        usage="initiate",
        channel_bindings=bindings,
    )
    token = context.step()
    answer = session.get(url, headers={"Authorization": "Negotiate " + base64.b64encode(token).decode()})
    proof = answer.headers.get("WWW-Authenticate", "")
    if answer.status_code == 200 and proof.startswith("Negotiate "):
        context.step(base64.b64decode(proof[len("Negotiate ") :]))
    results.append({"status": answer.status_code, "proven": context.complete, "body": answer.content.decode("utf-16", "replace")})
print(json.dumps(results))
