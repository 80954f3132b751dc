"""A server on loopback that ends kept connections on demand: kept_server.py [CERTIFICATE KEY].

Responds "ok" to every request. Prints "PORT number"; each line of standard input is "count", or how
it ends its idle connections: "close" (FIN; over TLS after a close_notify) or "reset" (RST). When
they are ended it prints how many requests came so far.
"""

import os
import select
import socket
import ssl
import struct
import sys
import threading

lock = threading.Lock()
requests = 0
idle = {}  # wake pipe: thread


def serve(connection, context, way, wake):
    global requests
    if context:
        connection = context.wrap_socket(connection, server_side=True)
    received = b""
    while True:
        if not received:
            ready, _, _ = select.select([connection, wake], [], [])
            if wake in ready:
                end(connection, context, way[0])
                return
        part = connection.recv(65536)
        if not part:
            connection.close()
            return
        received += part
        head, found, body = received.partition(b"\r\n\r\n")
        length = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                  if line.startswith(b"content-length:")]
        if found and len(body) >= (length[0] if length else 0):
            with lock:
                requests += 1
            received = b""
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def end(connection, context, how):
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif context:
        connection.settimeout(0.05)
        try:
            connection.unwrap()
        except OSError:
            pass  # the client does not return the close_notify
    connection.close()


def accept(listening, context):
    while True:
        connection, _ = listening.accept()
        wake, waker = os.pipe()
        way = []
        thread = threading.Thread(target=serve, args=(connection, context, way, wake), daemon=True)
        with lock:
            idle[waker] = (thread, way)
        thread.start()


def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(listening, context), daemon=True).start()
    print("PORT %d" % listening.getsockname()[1], flush=True)
    for line in sys.stdin:
        with lock:
            ending = dict(idle) if line.strip() != "count" else {}
            for waker in ending:
                del idle[waker]
        for waker, (thread, way) in ending.items():
            way.append(line.strip())
            os.write(waker, b"x")
            thread.join(10)
        print(requests, flush=True)


main()
