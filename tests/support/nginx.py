"""The configuration of examples/nginx in a real nginx, beside variants of it, and a client.

SPDX-License-Identifier: Apache-2.0
"""

import gzip
import http.client
import os
import shutil

from mounted import WAIT_SECONDS, check, read
from servers import Server, await_answer, free_port

EXAMPLE = os.path.join(os.path.dirname(__file__), "../../examples/nginx")

# What Debian's nginx.conf says where it matters, so that the example is tried beside it.
MAIN = """
load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
user www-data; worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  sendfile on; tcp_nopush on; gzip on; include /etc/nginx/mime.types; default_type application/octet-stream;
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/tallyfs.conf;
}}
"""


class Nginx:
    """One nginx; each server has a port of its own."""

    def __init__(self, scene):
        self.scene = scene
        self.head, self.server = read(EXAMPLE, "tallyfs.conf").decode().split("\nserver {")
        self.servers = []

    def add(self, root, *changes):
        """The example's server, for ROOT; CHANGES are of its text, old and new. Gives the port."""
        port, text = free_port(), "server {" + self.server
        for old, new in (("listen 8480;", f"listen 127.0.0.1:{port};"), ("root /mnt/shop;", f"root {root};"), *changes):
            check(text.count(old) == 1, f"{old!r} is not in the example once")
            text = text.replace(old, new)
        self.servers.append(text)
        return port

    def add_other(self, text):
        port = free_port()
        self.servers.append(f"server {{ listen 127.0.0.1:{port}; {text} }}")
        return port

    def __enter__(self):
        folder = self.scene.path("nginx")
        os.mkdir(folder)
        os.chmod(self.scene.path(), 0o755)  # the workers have another user
        shutil.copy(os.path.join(EXAMPLE, "tallyfs.js"), folder)
        self.scene.write("nginx/tallyfs.conf", "\n".join([self.head, *self.servers]))
        config = self.scene.write("nginx/nginx.conf", MAIN.format(folder=folder))
        self.running = Server(self.scene, "nginx", "-c", config)
        process = self.running.__enter__()
        await_answer(process, "nginx does not start", lambda: os.path.exists(folder + "/nginx.pid"))
        return self

    def __exit__(self, *_):
        self.running.__exit__()


class Answer:
    def __init__(self, response):
        self.status, pairs, body = response.status, response.getheaders(), response.read()
        self.headers = {name.lower(): value for name, value in pairs}
        check(len(self.headers) == len(pairs), f"a header comes twice: {pairs}")
        self.sent_bytes = len(body)
        self.body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
        self.tag = self.headers.get("etag")


class Client:
    """A connection that is kept."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)

    def ask(self, path, headers=(), method="GET"):
        self.connection.request(method, path, headers=dict(headers))
        return Answer(self.connection.getresponse())
