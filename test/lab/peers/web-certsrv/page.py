#!/usr/bin/python3
"""CGI: hands a request that Apache has let in to the pages on 127.0.0.1:8099, to CES on 8098, to both on 8097; without them, says what page.sh of `web` says."""

import http.client
import os
import re
import sys

length = int(os.environ.get("CONTENT_LENGTH") or 0)
target = re.sub(r"^/certsrv(-krb|-basic|-certificate)?/", "/certsrv/", os.environ["REQUEST_URI"])
port = 8097 if "/doctor/" in target else 8098 if "_CES_" in target else 8099
pages = http.client.HTTPConnection("127.0.0.1", port)
try:
    pages.connect()
except ConnectionRefusedError:
    words = [os.environ.get(name, "") for name in ("REMOTE_USER", "GSS_MECH", "REQUEST_METHOD", "REQUEST_URI")]
    print("Content-Type: text/plain\r\n\r\n" + " ".join(words))
    sys.exit()
pages.request(
    os.environ["REQUEST_METHOD"],
    target,
    body=sys.stdin.buffer.read(length),
    headers={
        "X-Remote-User": os.environ.get("REMOTE_USER", ""),
        "User-Agent": os.environ.get("HTTP_USER_AGENT", ""),
    },
)
answer = pages.getresponse()
body = answer.read()
head = f"Status: {answer.status}\r\nContent-Type: {answer.headers['Content-Type']}\r\n\r\n"
sys.stdout.buffer.write(head.encode() + body)
