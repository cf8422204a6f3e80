"""Child processes of the tests start with this directory on PYTHONPATH: no socket of theirs reaches anything."""

import socket


def refuse(*args, **options):
    raise OSError("network is blocked in tests")


socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
