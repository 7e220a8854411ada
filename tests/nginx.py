"""A web server of this machine for a test: nginx on 127.0.0.1 and a port of its own, as the user who runs the test.

    with nginx.Server(folder, ranges=False) as server:
        hilum("wave", "cat", server.url + "/100")
        server.log(2)      # [Request(name="/100.hea", status=200, bytes=143, range="bytes=0-16383", connection=1), ...]

Configuration, log and temporary files stand in a folder of their own; nothing below /etc or /var is read or
written, and it dies with the test, however that ends. obstacle() says why there can be none.
"""
import base64
import collections
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

from support import ENV as PLAIN_ENV

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
# A proxy of the machine is not for this server.
ENV = {k: v for k, v in PLAIN_ENV.items() if not k.lower().endswith("_proxy")}
CONFIG = """
daemon off;
master_process off;
pid {at}/pid;
error_log {at}/error.log warn;
events {{ worker_connections 256; }}
http {{
    log_format tsv "$request_uri\\t$status\\t$body_bytes_sent\\t$http_range\\t$connection";
    access_log {at}/access.log tsv;
    client_body_temp_path {at}/temp;
    proxy_temp_path {at}/temp;
    fastcgi_temp_path {at}/temp;
    scgi_temp_path {at}/temp;
    uwsgi_temp_path {at}/temp;
    types {{ }}
    default_type application/octet-stream;
    keepalive_requests 100000;
    {zone}
    server {{
        listen 127.0.0.1:{port};
        server_name localhost;
        root "{root}";
        location / {{ {options} }}
        location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    }}
}}
"""

Request = collections.namedtuple("Request", "name status bytes range connection")


def program():
    return shutil.which("nginx", path=PATH)


def obstacle():
    return None if program() else "nginx not installed"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """Serves folder at url (no slash behind); what is below url + "/moved/" is redirected to url + "/".

    ranges       False: Range is ignored, every answer is the whole file
    auth         (user, password): wanted for all files; see home()
    rate_bytes   bytes a second of each answer
    per_second   requests a second; what is more gets 429
    """

    def __init__(self, folder, ranges=True, auth=None, rate_bytes=None, per_second=None):
        self.folder, self.ranges, self.auth = os.path.abspath(folder), ranges, auth
        self.rate_bytes, self.per_second = rate_bytes, per_second
        self.at = tempfile.mkdtemp(prefix="hilum-nginx-")
        self.process = self.port = None

    def __enter__(self):
        try:
            for _ in range(5):  # somebody else may take the port in between
                if self.begin():
                    return self
            with open(os.path.join(self.at, "error.log"), errors="replace") as f:
                raise RuntimeError("nginx does not start: " + f.read()[-2000:])
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def options(self):
        lines = []
        if not self.ranges:
            lines.append("max_ranges 0;")
        if self.rate_bytes:
            lines.append("limit_rate %d;" % self.rate_bytes)
        if self.per_second:
            lines.append("limit_req zone=all; limit_req_status 429;")
        if self.auth:
            lines.append('auth_basic "data"; auth_basic_user_file %s/users;' % self.at)
            digest = base64.b64encode(hashlib.sha1(self.auth[1].encode()).digest()).decode()
            with open(os.path.join(self.at, "users"), "w") as f:
                f.write("%s:{SHA}%s\n" % (self.auth[0], digest))
        return " ".join(lines)

    def begin(self):
        self.port = free_port()
        zone = "limit_req_zone $server_name zone=all:64k rate=%dr/s;" % (self.per_second or 1)
        with open(os.path.join(self.at, "nginx.conf"), "w") as f:
            f.write(CONFIG.format(at=self.at, port=self.port, root=self.folder, zone=zone, options=self.options()))
        words = [program(), "-p", self.at, "-c", os.path.join(self.at, "nginx.conf"),
                 "-e", os.path.join(self.at, "error.log")]
        if shutil.which("setpriv", path=PATH):
            words = ["setpriv", "--pdeathsig", "TERM"] + words
        self.process = subprocess.Popen(words, env=dict(ENV, PATH=PATH), cwd=self.at, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        self.kill()
        return False

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.at, ignore_errors=True)

    def home(self, password=None):
        """A folder with a .netrc for this server, to be HOME; password: another one than the right one."""
        folder = os.path.join(self.at, "home")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, ".netrc")
        with open(path, "w") as f:
            f.write("machine 127.0.0.1 login %s password %s\n" % (self.auth[0], password or self.auth[1]))
        os.chmod(path, 0o600)
        return folder

    def log(self, at_least=0):
        """What was asked for so far. A line is written after its answer: waits for that many (10 s at most)."""
        end = time.monotonic() + 10
        while True:
            with open(os.path.join(self.at, "access.log"), encoding="utf-8") as f:
                lines = [line.split("\t") for line in f.read().splitlines()]
            if len(lines) >= at_least or time.monotonic() > end:
                return [Request(urllib.parse.unquote(name), int(status), int(n), "" if of == "-" else of, int(who))
                        for name, status, n, of, who in lines]
            time.sleep(0.01)

    def forget(self):
        """Later answers of log() begin here. Not while something is asked."""
        os.truncate(os.path.join(self.at, "access.log"), 0)
