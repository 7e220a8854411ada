"""The program around the library, seen from outside: program.py HILUM-FAKE (tests/app/fake_commands.c)."""
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
from tap import Printer

FAKE = os.path.abspath(sys.argv[1])
QUICK = "HILUM_QUICK" in os.environ
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("HILUM_", "SLURM_", "LC_", "LANG"))}
printer = Printer()


def run(*words, **env):
    """(exit code, stdout, stderr)"""
    done = subprocess.run([FAKE] + list(words), env=dict(ENV, **env), timeout=60, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def check(name, *facts):
    """facts: (what was got, what it must be or contain)"""
    notes = ["%r is not %r" % fact for fact in facts if not
             (fact[1] in fact[0] if isinstance(fact[0], str) and fact[1] else fact[0] == fact[1])]
    printer.ok(name, not notes, notes)


def on_terminal(words, columns=100, signals=(), **env):
    """Run on a terminal of its own; signals: (seconds, number). (exit code, all output, seconds)"""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(FAKE, [FAKE] + words, dict(ENV, TERM="xterm", **env))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    out, start, signals = b"", time.monotonic(), list(signals)
    while True:
        if signals and time.monotonic() - start > signals[0][0]:
            os.kill(pid, signals.pop(0)[1])
        if select.select([fd], [], [], 0.02)[0]:
            try:
                got = os.read(fd, 65536)
            except OSError:
                break
            if not got:
                break
            out += got
        if time.monotonic() - start > 40:
            os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, out.decode("utf-8"), time.monotonic() - start


def start(*words):
    return subprocess.Popen([FAKE] + list(words), env=ENV, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def is_working(process):
    """Wait until the job is in its items: its warning has come."""
    return process.stderr.readline()


def words_and_pages():
    code, out, err = run()
    check("no command lists all of them", (code, 0), (out, "  do work     work on items\n"), (err, ""))
    check("help and --help are the same", (run("help")[1], out), (run("--help")[1], out), (run("-h")[1], out))
    check("--version", (run("--version")[:2], (0, "hilum " + out.split()[1] + "\n")))
    code, out, err = run("do")
    check("a noun lists its verbs", (code, 0), (out, "  do nothing  the same\n"), (err, ""))
    check("... also through help", (run("help", "do")[1], out), (run("do", "--help")[1], out))
    page = run("help", "do", "work")
    check("a command's help comes in three ways", (page[0], 0), (page[1], "usage: hilum do work [options]\n"),
          (run("do", "work", "--help"), page), (run("do", "work", "--items", "x", "--help"), page),
          (run("--help", "do", "work"), page))
    check("a mistyped command suggests one", (run("do", "wrok"), (
        2, "", "hilum: there is no command 'do wrok'; did you mean 'do work'?\n       See: hilum help\n")))
    check("... in help too", (run("help", "edn")[0], 2), (run("help", "edn")[2], "did you mean 'end'?"))
    check("a mistyped option suggests one", (run("do", "work", "--itmes", "3")[0], 2),
          (run("do", "work", "--itmes", "3")[2], "did you mean --items?"))
    check("an option of a command before it is wrong usage", (run("--items", "3", "do", "work")[0], 2))
    check("a hidden option is unknown", (run("end", "--merge")[0], 2))
    check("an argument that begins with dashes stands behind --", (run("end", "--", "--quiet")[0], 0),
          (run("end", "a", "b")[0], 2))


def results():
    check("the result is text", (run("do", "work", "--jobs", "3")[:2], (0, "worked with 3 jobs\n")))
    for words in (["--json", "do", "work"], ["do", "--json", "work"], ["do", "work", "--json"]):
        code, out, _ = run(*words, "--jobs", "3")
        check("%s is JSON" % " ".join(words), (code, 0), (json.loads(out), {"jobs": 3, "cpu": 0}))
    check("a command without JSON gives an empty object", (run("end", "--json")[1], "{}\n"))
    check("a flag takes no value", (run("do", "work", "--json=1")[0], 2))
    check("items that failed: exit 1, result as usual", (run("end", "--how", "partial"), (1, "3 of 4 items\n", "")))
    for how, code in (("input", 3), ("system", 4), ("limit", 5)):
        check("%s: exit %d" % (how, code), (run("end", "--how", how)[0], code))
    check("an error has its advice below", (run("end", "--how=input")[2],
          "hilum: hosp/a.csv:7: column x: 'y' is no date\n       Download it again.\n"))
    code, out, err = run("end", "--how=input", "--json")
    check("with --json the error is JSON too", (json.loads(out), {
        "error": {"code": 3, "message": "hosp/a.csv:7: column x: 'y' is no date", "advice": "Download it again.",
                  "path": "hosp/a.csv", "line": 7, "offset": 99}, "result": {"missing": [3, 17]}}),
          (err, "hilum: hosp/a.csv:7"))
    code, out, err = run("end", "--nope", "--json")
    check("... also one of usage", (code, 2), (json.loads(out)["error"]["code"], 2))
    code, out, err = run("end", "--how", "bug")
    check("a broken invariant: exit 70, and where", (code, 70), (err, "fake_commands.c:"),
          (err, "This is a fault of hilum"))


def streams():
    with subprocess.Popen([FAKE, "end"], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        p.stdout.read(10)
        p.stdout.close()
        err = p.stderr.read()
    check("a reader that leaves early is no error", (p.returncode, 0), (err, b""))
    with open("/dev/full", "w") as full:
        done = subprocess.run([FAKE, "end"], env=ENV, stdout=full, stderr=subprocess.PIPE, text=True)
    check("a full disk behind stdout: exit 4", (done.returncode, 4), (done.stderr, "hilum: standard output: "))
    code, out, err = run("do", "work", "--items", "60")
    check("a short job leaves no progress in a log", (err,
          "hilum: warning: 1,204 rows without hadm_id skipped\nhilum: a note\n       of two lines\n"))
    check("--quiet keeps warnings alone", (run("do", "work", "--quiet")[2],
          "hilum: warning: 1,204 rows without hadm_id skipped\n"))


def terminal():
    code, out, _ = on_terminal(["do", "work", "--items", "60"], LANG="C.UTF-8")
    check("a terminal gets a moving line", (code, 0), (out, "\rrendering films  \u2588"), (out, "/60"), (out, " left\x1b[K"))
    check("it is gone before the result", (out, "\r\x1b[Kworked with"), (out.count("\n"), 4))
    code, out, _ = on_terminal(["do", "work", "--items", "60"], LANG="C")
    check("without UTF-8 the bar is ASCII", (out, "  [#"), (out.isascii(), True))
    code, out, _ = on_terminal(["do", "work", "--items", "60"], columns=20)
    widest = max(len(line) for line in out.replace("\x1b[K", "").split("\r") if line.startswith("rendering"))
    check("a narrow terminal gets a short line", (widest <= 19, True))
    code, out, _ = on_terminal(["do", "work", "--items", "60", "--quiet"])
    check("--quiet shows none", ("\x1b" in out, False), (out, "worked with"))


def stopping():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        p = start("do", "work", "--items", "100000")
        is_working(p)
        p.send_signal(number)
        out, err = p.communicate(timeout=30)
        check("%s stops after the items in work: exit 130" % number.name, (p.returncode, 130), (out, ""),
              (err, "--resume"))
    code, out, seconds = on_terminal(["do", "work", "--stuck"], signals=[(1, signal.SIGINT), (2, signal.SIGTERM)])
    check("the first signal says what happens, the second leaves at once", (code, 130), (seconds < 6, True),
          (out, "hilum: stopping after the items in work; again to leave at once\r\n"),
          (out, "hilum: left at once; what was journaled is kept, --resume goes on\r\n"))
    p = subprocess.Popen(["sh", "-c", "trap '' INT; exec \"$0\" do work --items 100", FAKE], env=ENV,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    is_working(p)
    p.send_signal(signal.SIGINT)
    check("a signal that the parent ignores stays ignored", (p.communicate(timeout=30)[0], "worked with"),
          (p.returncode, 0))
    name = "an item that never ends is left after 8 seconds"
    if QUICK:
        printer.ok(name, True, skip="slow")
        return
    p = start("do", "work", "--stuck")
    is_working(p)
    begin = time.monotonic()
    p.send_signal(signal.SIGTERM)
    err = p.communicate(timeout=30)[1]
    check(name, (p.returncode, 130), (7 < time.monotonic() - begin < 10, True), (err, "left in the middle of an item"))


def processors():
    check("--errors-ok makes failed items no failure", (run("end", "--how", "partial")[0], 1),
          (run("end", "--how", "partial", "--errors-ok")[0], 0), (run("end", "--how", "input", "--errors-ok")[0], 3))
    check("--cpu reaches the job", (json.loads(run("do", "work", "--json", "--cpu", "c")[1])["cpu"], 1),
          (json.loads(run("--cpu=c", "do", "work", "--json")[1])["cpu"], 1))
    check("HILUM_CPU too, and --cpu wins", (json.loads(run("do", "work", "--json", HILUM_CPU="c")[1])["cpu"], 1),
          (run("do", "work", "--cpu", "c", HILUM_CPU="avx512")[0], 0))
    check("an unknown level is wrong usage", (run("do", "work", "--cpu", "mmx")[0], 2),
          (run("do", "work", HILUM_CPU="mmx")[2], "hilum: HILUM_CPU: 'mmx' is not one of its values\n       Allowed: c, avx2 or avx512.\n"))
    check("--jobs comes from Slurm when it is not given", (run("do", "work", SLURM_CPUS_PER_TASK="1")[1], "worked with 1 jobs\n"),
          (run("do", "work", "--jobs", "9", SLURM_CPUS_PER_TASK="1")[1], "worked with 9 jobs\n"))


def bash_offers(script, *typed):
    """What bash completes for these words; the last is being typed."""
    text = ". %s; COMP_WORDS=(%s); COMP_CWORD=%d; _hilum; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
        script, " ".join("'%s'" % w for w in typed), len(typed) - 1)
    return subprocess.run(["bash", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.split()


def pages_for_others():
    with tempfile.TemporaryDirectory() as folder:
        for shell in ("bash", "zsh", "fish"):
            path = os.path.join(folder, "completion." + shell)
            with open(path, "w") as f:
                f.write(run("--completion", shell)[1])
            there = shutil.which(shell)
            good = not there or subprocess.run([there, "-n", path], stderr=subprocess.DEVNULL).returncode == 0
            printer.ok("the completion for %s is well-formed" % shell, good, skip=None if there else "no " + shell)
        bash = os.path.join(folder, "completion.bash")
        check("bash completes commands, options and values",
              (bash_offers(bash, "hilum", "e"), ["end"]), (bash_offers(bash, "hilum", "do", ""), ["work", "nothing", "--help"]),
              (bash_offers(bash, "hilum", "do", "work", "--i"), ["--items"]),
              (bash_offers(bash, "hilum", "end", "--how", "in"), ["input"]),
              (bash_offers(bash, "hilum", "end", "--m"), []))
        pages = os.path.join(folder, "man1")
        code = run("--man-pages", pages)[0]
        check("every command has a man page", (code, 0),
              (sorted(os.listdir(pages)), ["hilum-do-nothing.1", "hilum-do-work.1", "hilum-end.1", "hilum.1"]))
        groff = shutil.which("groff")
        faults = "".join(subprocess.run([groff, "-man", "-Tutf8", "-ww", os.path.join(pages, p)], text=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr
                         for p in sorted(os.listdir(pages))) if groff else ""
        printer.ok("groff has nothing to say about them", not faults, [faults], skip=None if groff else "no groff")


for part in (words_and_pages, results, streams, terminal, stopping, processors, pages_for_others):
    part()
sys.exit(printer.end())
