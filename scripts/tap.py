"""Test Anything Protocol, both ways: what a test program printed, and printing it."""
import re


class Tap:
    """Results of one program's output. counts: passed, failed, skipped; problems: texts."""

    def __init__(self, text):
        self.passed = self.failed = self.skipped = 0
        self.problems = []
        notes, planned, seen = [], None, 0
        for line in text.splitlines():
            plan = re.match(r"1\.\.(\d+)\s*(#\s*SKIP.*)?", line, re.I)
            result = re.match(r"(not )?ok\b\s*\d*\s*-?\s*(.*)", line)
            if plan:
                planned = int(plan.group(1))
                if planned == 0:
                    self.skipped += 1
            elif line.startswith("Bail out!"):
                self.failed += 1
                self.problems.append(line)
            elif result:
                seen += 1
                if re.search(r"#\s*SKIP", result.group(2), re.I):
                    self.skipped += 1
                elif result.group(1):
                    self.failed += 1
                    self.problems.append("\n".join(["not ok - " + result.group(2)] + notes))
                else:
                    self.passed += 1
                notes = []
            elif line.startswith("#"):
                notes.append("  " + line)
        if planned is None or planned != seen:
            self.failed += 1
            self.problems.append("planned %s tests, ran %d%s" % (
                planned, seen, "".join("\n" + n for n in notes[-20:])))


class Printer:
    """ok(name, good, notes) prints one result; end() prints the plan and gives the exit code."""

    def __init__(self):
        self.n = self.bad = 0

    def ok(self, name, good, notes=(), skip=None):
        self.n += 1
        self.bad += not good
        for note in notes:
            for line in str(note).splitlines():
                print("# " + line)
        print("%sok %d - %s%s" % ("" if good else "not ", self.n, name,
                                  " # SKIP " + skip if skip else ""), flush=True)

    def end(self):
        print("1..%d" % self.n)
        return 1 if self.bad else 0
