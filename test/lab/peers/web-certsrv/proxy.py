"""Ends TLS with another certificate and passes on what comes: what a balancer before IIS does.

Usage: proxy.py HOST:PORT TARGET_HOST:PORT CERTIFICATE KEY
"""

import socket
import ssl
import sys
import threading


def pour(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, target, inner):
    try:
        outside = outer.wrap_socket(client, server_side=True)
        inside = inner.wrap_socket(socket.create_connection(target))
    except OSError:
        client.close()
        return
    threading.Thread(target=pour, args=(outside, inside), daemon=True).start()
    pour(inside, outside)


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
