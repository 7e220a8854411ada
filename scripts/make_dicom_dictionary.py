#!/usr/bin/env python3
"""The DICOM dictionary as a C table: make_dicom_dictionary.py dictionary.tsv dictionary_table.h

In: lines of tag, VR, VM, keyword, R if retired; a tag is eight digits, x stands for any digit.
Out: four tables for dictionary.c:
  tags[]         ascending, to be searched in a few cache lines
  entries[]      the entry of each of these tags
  repeating[]    entries with x digits, and the mask of the digits that count
  by_keyword[]   indexes of entries[], and of repeating[] above them, in the order of their keywords
"""
import sys


def mask(tag):
    return int("".join("0" if digit == "x" else "F" for digit in tag), 16)


def main(source, target):
    with open(source, encoding="ascii") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    plain = sorted((int(r[0], 16), r) for r in rows if "x" not in r[0])
    repeating = [(int(r[0].replace("x", "0"), 16), mask(r[0]), r) for r in rows if "x" in r[0]]
    if len({tag for tag, _ in plain}) != len(plain):
        sys.exit(f"{source}: a tag stands there twice")

    def entry(tag, row):
        retired = "true" if row[4] == "R" else "false"
        return f'{{0x{tag:08X}, "{row[1]}", "{row[2]}", "{row[3]}", {retired}}}'

    keyword = [r[3] for _, r in plain] + [r[3] for _, _, r in repeating]
    order = sorted((i for i in range(len(keyword)) if keyword[i]), key=lambda i: keyword[i])
    out = ["/* Made from dictionary.tsv by scripts/make_dicom_dictionary.py. */\n"]
    out.append("static const uint32_t tags[] = {\n")
    out += [f"    0x{tag:08X},\n" for tag, _ in plain]
    out.append("};\n\nstatic const hl_dicom_entry entries[] = {\n")
    out += [f"    {entry(tag, r)},\n" for tag, r in plain]
    out.append("};\n\nstatic const struct {\n    uint32_t mask;\n    hl_dicom_entry entry;\n")
    out.append("} repeating[] = {\n")
    out += [f"    {{0x{digits:08X}, {entry(tag, r)}}},\n" for tag, digits, r in repeating]
    out.append("};\n\nstatic const uint16_t by_keyword[] = {\n")
    out += [f"    {i},\n" for i in order]
    out.append("};\n")
    with open(target, "w", encoding="ascii") as f:
        f.write("".join(out))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n")[0])
    main(sys.argv[1], sys.argv[2])
