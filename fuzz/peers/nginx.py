"""nginx before the two: `to_node` passes requests on to Node.js, `to_any` passes `/<port>` on to that port."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 1m;
    proxy_buffer_size 64k;
    proxy_buffers 8 64k;
    proxy_busy_buffers_size 128k;
    proxy_max_temp_file_size 0;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    keepalive_requests 1000000;
    large_client_header_buffers 4 64k;
    server {{
        listen 127.0.0.1:{to_node};
        location / {{ proxy_pass http://127.0.0.1:{node}; }}
    }}
    server {{
        listen 127.0.0.1:{to_any};
        location ~ ^/([0-9]+)$ {{ proxy_pass http://127.0.0.1:$1/; }}
    }}
}}
"""


class Nginx:
    """A context manager. node: the port of Node.js. Raises FileNotFoundError when nginx is not installed.

    Its sockets are made here and inherited, as in an upgrade of nginx: no port is guessed, nothing is waited for.
    """

    def __init__(self, node: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.to_node, self.to_any = (each.getsockname()[1] for each in sockets)
        file = Path(self._folder.name) / "nginx.conf"
        file.write_text(
            _CONFIGURATION.format(folder=self._folder.name, node=node, to_node=self.to_node, to_any=self.to_any)
        )
        descriptors = [each.fileno() for each in sockets]
        self._process = subprocess.Popen(
            ["nginx", "-p", self._folder.name, "-c", file, "-e", "error.log"],
            env={**os.environ, "NGINX": "".join(f"{each};" for each in descriptors)},
            pass_fds=descriptors,
            stderr=subprocess.DEVNULL,
        )
        for each in sockets:
            each.close()

    def __enter__(self) -> "Nginx":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()
