"""nginx with WebDAV's PUT: a plain web server that files can be pushed to."""

import os

from .process import Partner, accepts, free_port, program


class Nginx(Partner):
    """Below `/open/` everybody reads and writes; below `/private/` user `alice` with password `wonder land`."""

    def start(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.files = self.folder / "files"
        for name in ("open", "private"):
            (self.files / name).mkdir(parents=True)
        # Started as root it works as root, so that the folders need no other owner.
        (self.folder / "users").write_text("alice:{PLAIN}wonder land\n")
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
            {"user root;" if os.geteuid() == 0 else ""}
            events {{ worker_connections 256; }}
            http {{
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
                uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s; access_log {self.folder}/access.log;
                client_max_body_size 1g;
                server {{
                    listen 127.0.0.1:{self.port}; root {self.files};
                    dav_methods PUT DELETE; create_full_put_path on;
                    location /private/ {{ auth_basic "private"; auth_basic_user_file {self.folder}/users; }}
                }}
            }}""")
        self.launch(
            program("nginx"), "-c", self.folder / "nginx.conf", "-p", self.folder, ready=lambda: accepts(self.port))
