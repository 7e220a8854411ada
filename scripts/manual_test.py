#!/usr/bin/env python3
"""Run the console blocks of manual pages as tests: documentation that cannot lie.

    manual_test.py [--update] PAGE.md...

In a block that begins with ```console, a line "$ COMMAND" is run by bash (a command goes on over
lines that begin with "> "), and the lines below it are what it must print, stdout and stderr as
they come on a terminal's page. All blocks of a page share one new folder; hilum is found through PATH.

    ...       on a line of its own: any lines, also none
    [...]     within a line: any text
    (exit N)  last line of a command's output: its exit code; without it the code must be 0

Each block is one result on stdout (TAP). --update writes what was printed into the page, where it
differs; blocks with wildcards that still match are left alone.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from tap import Printer

LIMIT_S = 300


class Step:
    """One command and the lines that it must print."""

    def __init__(self, command):
        self.command, self.expected = command, []


class Block:
    def __init__(self, line, heading):
        self.line, self.heading, self.steps, self.end = line, heading, [], line


def blocks_of(lines):
    found, block, heading, fence = [], None, "", False
    for i, line in enumerate(lines):
        if block is not None:
            if line.startswith("```"):
                block.end = i
                found.append(block)
                block = None
            elif line.startswith("$ "):
                block.steps.append(Step(line[2:]))
            elif line.startswith("> ") and block.steps and not block.steps[-1].expected:
                block.steps[-1].command += "\n" + line[2:]
            elif block.steps:
                block.steps[-1].expected.append(line)
        elif line.startswith("```"):
            if not fence and line.strip() == "```console":
                block = Block(i + 1, heading)
            else:
                fence = not fence
        elif line.startswith("#") and not fence:
            heading = line.lstrip("# ")
    return found


def line_matches(pattern, text):
    parts = [re.escape(p) for p in pattern.rstrip().split("[...]")]
    return re.fullmatch(".*".join(parts), text.rstrip()) is not None


def matches(expected, got):
    """Lines against lines with '...': the usual star matching, without recursion."""
    e = g = 0
    star = None
    while g < len(got):
        if e < len(expected) and expected[e].strip() == "...":
            star, e = (e, g), e + 1
        elif e < len(expected) and line_matches(expected[e], got[g]):
            e, g = e + 1, g + 1
        elif star:
            star = (star[0], star[1] + 1)
            e, g = star[0] + 1, star[1]
        else:
            return False
    return all(line.strip() == "..." for line in expected[e:])


def execute(command, folder):
    env = dict(os.environ, HOME=folder, COLUMNS="80")
    try:
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        text, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        text, code = late.stdout or b"", "none after %d s" % LIMIT_S
    lines = text.decode("utf-8", "replace").splitlines()
    return lines + (["(exit %s)" % code] if code != 0 else [])


def play_page(path, update, printer):
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    page, changed = os.path.basename(path), {}
    with tempfile.TemporaryDirectory(prefix="hilum-manual-") as folder:
        for block in blocks_of(lines):
            notes, text = [], []
            for step in block.steps:
                got = execute(step.command, folder)
                good = matches(step.expected, got)
                text += ("$ " + step.command.replace("\n", "\n> ")).splitlines()
                text += step.expected if good else got
                if not good:
                    notes += ["%s:%d: $ %s" % (path, block.line, step.command), "expected:"]
                    notes += ["  " + line for line in step.expected] + ["got:"]
                    notes += ["  " + line for line in got]
            if notes and update:
                changed[block.line] = (block.end, text)
                notes = []
            printer.ok("%s:%d %s" % (page, block.line, block.heading), not notes, notes)
    for start in sorted(changed, reverse=True):
        end, text = changed[start]
        lines[start:end] = text
    if changed:
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")


def main():
    pages = sys.argv[1:]
    update = "--update" in pages
    printer = Printer()
    for path in pages:
        if path != "--update":
            play_page(path, update, printer)
    return printer.end()


if __name__ == "__main__":
    sys.exit(main())
