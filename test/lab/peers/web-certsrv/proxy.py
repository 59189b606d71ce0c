"""Ends TLS with another certificate and passes on what comes: what a balancer before IIS does.

Usage: proxy.py HOST:PORT TARGET_HOST:PORT CERTIFICATE KEY
"""

import select
import socket
import ssl
import sys
import threading


def pour(outside, inside):
    """One thread for both directions: OpenSSL's connections are not to be read and written at once."""
    other = {outside: inside, inside: outside}
    while True:
        waiting = [end for end in other if end.pending()]
        for source in waiting or select.select(list(other), [], [])[0]:
            source.settimeout(0)
            try:
                data = source.recv(65536)
            except ssl.SSLWantReadError:
                continue  # a session ticket, or half a record
            if not data:
                return
            other[source].settimeout(30)
            other[source].sendall(data)


def serve(client, target, inner):
    outside = inside = None
    try:
        outside = outer.wrap_socket(client, server_side=True)
        inside = inner.wrap_socket(socket.create_connection(target))
        pour(outside, inside)
    except OSError:
        pass
    finally:
        for end in (outside or client, inside):
            if end is not None:
                end.close()


address, target, certificate, key = sys.argv[1:]
host, port = address.split(":")
target_host, target_port = target.split(":")
outer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
outer.load_cert_chain(certificate, key)
unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
unchecked.check_hostname = False
unchecked.verify_mode = ssl.CERT_NONE
listener = socket.create_server((host, int(port)))
while True:
    connection, _ = listener.accept()
    order = (connection, (target_host, int(target_port)), unchecked)
    threading.Thread(target=serve, args=order, daemon=True).start()
