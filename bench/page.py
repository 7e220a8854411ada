"""Numbers, tables and goals as the page has them."""


def number(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 1 else f"{x:.3f}"


def cell(s):
    return f"**{number(s['median'])}** ({number(s['least'])} - {number(s['most'])})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, r)) + " |" for r in rows])


def at_least(what, got, goal):
    """A row of the goals' table: a ratio that should be goal or more."""
    verdict = "met" if got >= goal else f"**missed** by {(1 - got / goal) * 100:.0f} %"
    return (what, f">= {goal:g}", f"{got:.1f}", verdict)


def at_most(what, got, goal):
    verdict = "met" if got <= goal else f"**missed** by {(got / goal - 1) * 100:.0f} %"
    return (what, f"<= {goal:g}", f"{got:.2f}", verdict)


def commands(listed):
    return "```\n" + "\n".join(f"{name + ':':26} {c}" for name, c in listed.items()) + "\n```"


GOALS = ("goal", "wanted", "measured", "")
