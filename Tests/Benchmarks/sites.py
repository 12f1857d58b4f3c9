"""The web servers: nginx over a folder, plain and with a limit for each connection, and a server that answers late."""

import asyncio
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _started(command, port, what):
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return child
        time.sleep(0.05)
    child.kill()
    raise SystemExit(f"{what} did not start")


@contextlib.contextmanager
def nginx(bench):
    """Gives the URL of `www/`, and the URL of the same at 20 MB/s for each connection."""
    www = bench.root / "www"
    www.mkdir()
    plain, slow = free_port(), free_port()
    folder = bench.root / "nginx"
    folder.mkdir()
    common = f"root {www}; autoindex on;"
    (folder / "nginx.conf").write_text(
        # The folder is private: as root, nginx would give its worker to somebody who may not enter.
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1; pid {folder}/pid;\n"
        f"error_log {folder}/error.log;\nevents {{ worker_connections 1024; }}\n"
        "http { access_log off; sendfile on; keepalive_requests 1000000;\n"
        f"  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;\n"
        f"  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;\n"
        f"  server {{ listen 127.0.0.1:{plain}; {common} }}\n"
        f"  server {{ listen 127.0.0.1:{slow}; {common} limit_rate 20m; }} }}\n")
    child = _started(["/usr/sbin/nginx", "-c", str(folder / "nginx.conf")], plain, "nginx")
    try:
        yield f"http://127.0.0.1:{plain}", f"http://127.0.0.1:{slow}"
    finally:
        child.terminate()
        child.wait()


@contextlib.contextmanager
def late(folder):
    """Gives the URL of a folder whose every answer takes 50 ms."""
    port = free_port()
    child = _started([sys.executable, __file__, str(port), str(folder)], port, "the late server")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait()


class _Late(asyncio.Protocol):
    """One connection. No streams: what the server itself takes is not to be what is measured."""

    def __init__(self, folder):
        self.folder, self.received = folder, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            asyncio.get_running_loop().call_later(0.05, self.answer, head.split(b" ", 2)[1].decode().lstrip("/"))

    def answer(self, path):
        body = (self.folder / path).read_bytes()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: \"%s\"\r\n\r\n" % (len(body), path.encode())
        self.transport.write(head + body)


async def _serve(port, folder):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Late(folder), "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), pathlib.Path(sys.argv[2])))
