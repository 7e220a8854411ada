#!/usr/bin/env python3
"""The web server that tests of records on servers use: it serves, counts and refuses as it says."""
import base64
import http.client
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import nginx
import support


def ask(server, name, path="", **fields):
    """(status, body, headers) of one GET."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path + "/" + name, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def serves(report, folder, content):
    with nginx.Server(folder) as server:
        whole = ask(server, "a%20b.dat")
        part = ask(server, "a%20b.dat", Range="bytes=10-19")
        beyond = ask(server, "a%20b.dat", Range="bytes=9000-")
        absent = ask(server, "no.dat")
        moved = ask(server, "a%20b.dat", "/moved")
        report.equal("nginx serves files and ranges", (whole[:2], (200, content)), (part[:2], (206, content[10:20])),
                     (part[2]["Content-Range"], "bytes 10-19/5000"), (bool(part[2]["ETag"]), True), (beyond[0], 416),
                     (absent[0], 404), (moved[0], 302), (moved[2]["Location"], server.url + "/a%20b.dat"))
        log = server.log(5)
        report.equal("its log has names, ranges and bytes", ([r.name for r in log[:4]], ["/a b.dat"] * 3 + ["/no.dat"]),
                     ([r.status for r in log], [200, 206, 416, 404, 302]), ([r.bytes for r in log[:2]], [5000, 10]),
                     (log[1].range, "bytes=10-19"), (log[0].range, ""), (len({r.connection for r in log}), 5))
        server.forget()
        ask(server, "a%20b.dat")
        report.equal("its log can begin anew", (len(server.log(1)), 1))
        at = server.at
    report.equal("it leaves nothing behind", (os.path.exists(at), False))


def refuses(report, folder, content):
    with nginx.Server(folder, ranges=False) as server:
        report.equal("ranges can be ignored", (ask(server, "a%20b.dat", Range="bytes=10-19")[:2], (200, content)))
    with nginx.Server(folder, auth=("me", "hush")) as server:
        word = "Basic " + base64.b64encode(b"me:hush").decode()
        report.equal("a password can be asked for", (ask(server, "a%20b.dat")[0], 401),
                     (ask(server, "a%20b.dat", Authorization=word)[:2], (200, content)),
                     (support.read(server.home(), ".netrc"), b"machine 127.0.0.1 login me password hush\n"))
    with nginx.Server(folder, per_second=1) as server:
        report.equal("too many requests can be refused",
                     ([ask(server, "a%20b.dat")[0] for _ in range(3)], lambda got: got[0] == 200 and 429 in got))


def main():
    report = support.Report()
    reason = nginx.obstacle()
    if reason:
        report.skip("a web server for tests", reason)
        return report.end()
    content = bytes(i * 7 % 251 for i in range(5000))
    folder = os.path.join(support.temp, "served")
    os.makedirs(folder)
    with open(os.path.join(folder, "a b.dat"), "wb") as f:
        f.write(content)
    serves(report, folder, content)
    refuses(report, folder, content)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
