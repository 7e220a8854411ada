"""DICOM files for tests: elements, sequences, films, and other people's files with an element changed.

Explicit VR little endian unless a Form says otherwise; values go in as bytes, text, a number or a list of numbers.
"""
import struct
import zlib

LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "AT": "HH"}
ROOT = "1.2.840.10008.1.2"
EXPLICIT, IMPLICIT, BIG, DEFLATED = ROOT + ".1", ROOT, ROOT + ".2", ROOT + ".1.99"
ENCAPSULATED_RAW, JPEG_LOSSLESS, RLE, DEFLATED_FRAMES = ROOT + ".1.98", ROOT + ".4.70", ROOT + ".5", ROOT + ".8.1"
DIGITAL_XRAY = "1.2.840.10008.5.1.4.1.1.1.1"
UNDEFINED = 0xffffffff


class Form:
    def __init__(self, explicit=True, order="<"):
        self.explicit, self.order = explicit, order


LITTLE = Form()
FORMS = {IMPLICIT: Form(explicit=False), BIG: Form(order=">")}


def value_bytes(vr, value, order="<"):
    if isinstance(value, str):
        value = value.encode("latin-1")
    elif not isinstance(value, bytes):
        numbers = value if isinstance(value, (list, tuple)) else [value]
        value = b"".join(struct.pack(order + NUMBERS[vr], n) for n in numbers)
    return value + (b"\0" if vr in ("UI", "OB", "UN") else b" ") * (len(value) % 2)


def header(tag, vr, length, form=LITTLE):
    head = struct.pack(form.order + "HH", tag >> 16, tag & 0xffff)
    if not form.explicit or tag >> 16 == 0xfffe:
        return head + struct.pack(form.order + "I", length)
    if vr in LONG:
        return head + vr.encode() + struct.pack(form.order + "HI", 0, length)
    return head + vr.encode() + struct.pack(form.order + "H", length)


def element(tag, vr, value, form=LITTLE):
    value = value_bytes(vr, value, form.order)
    return header(tag, vr, len(value), form) + value


def item(*elements):
    content = b"".join(elements)
    return header(0xfffee000, "", len(content)) + content


def sequence(tag, *items):
    """The value of a sequence is its items, each already made by item()."""
    return element(tag, "SQ", b"".join(items))


def fragments(*pieces, table=b""):
    """The value of encapsulated Pixel Data, with its delimiter."""
    pieces = [piece + b"\0" * (len(piece) % 2) for piece in pieces]
    return b"".join(header(0xfffee000, "", len(p)) + p for p in [table] + pieces) + header(0xfffee0dd, "", 0)


def meta(syntax, *more):
    """Preamble and group 0002."""
    group = b"".join([element(0x00020001, "OB", b"\0\1"), element(0x00020002, "UI", DIGITAL_XRAY),
                      element(0x00020003, "UI", "2.25.1"), element(0x00020010, "UI", syntax), *more])
    return b"\0" * 128 + b"DICM" + element(0x00020000, "UL", len(group)) + group


def grey(columns, rows, bits=12, low=0):
    """Words of a picture in which each row and column differs."""
    top = (1 << bits) - 1
    return [low + (37 * x + 101 * y + x * y // 3) % (top - low) for y in range(rows) for x in range(columns)]


def words(values, order="<"):
    return struct.pack("%s%dH" % (order, len(values)), *values)


def film(columns=32, rows=24, syntax=EXPLICIT, change=None, pixels=None, raw=None, meta_more=()):
    """A film of 12 bits in 16. change: {tag: (vr, value)}, with None in the place of what is taken out, or bytes, an
    element already made. pixels: words; raw: the value of Pixel Data as it is, encapsulated unless the syntax is native."""
    form = FORMS.get(syntax, LITTLE)
    pixels = grey(columns, rows) if pixels is None else pixels
    have = {
        0x00080005: ("CS", "ISO_IR 100"), 0x00080008: ("CS", "DERIVED\\PRIMARY"), 0x00080016: ("UI", DIGITAL_XRAY),
        0x00080018: ("UI", "2.25.1"), 0x00080020: ("DA", "21800506"), 0x00080030: ("TM", "213014.531"),
        0x00080060: ("CS", "DX"), 0x00100020: ("LO", "10000032"), 0x00120062: ("CS", "YES"),
        0x00120063: ("LO", "by hand"), 0x00185101: ("CS", "PA"), 0x0020000d: ("UI", "2.25.2"),
        0x0020000e: ("UI", "2.25.3"), 0x00280002: ("US", 1), 0x00280004: ("CS", "MONOCHROME2"),
        0x00280010: ("US", rows), 0x00280011: ("US", columns), 0x00280100: ("US", 16), 0x00280101: ("US", 12),
        0x00280102: ("US", 11), 0x00280103: ("US", 0), 0x00400254: ("LO", "CHEST (PA AND LAT)"),
    }
    have.update(change or {})
    content = b"".join(have[tag] if isinstance(have[tag], bytes) else element(tag, *have[tag], form=form)
                       for tag in sorted(have) if have[tag] is not None and tag < 0x7fe00010)
    if raw is not None and syntax not in (EXPLICIT, IMPLICIT, BIG, DEFLATED):
        content += header(0x7fe00010, "OB", UNDEFINED) + raw
    else:
        content += element(0x7fe00010, "OW", words(pixels, form.order) if raw is None else raw, form)
    content += b"".join(have[tag] for tag in sorted(have) if tag > 0x7fe00010 and have[tag] is not None)
    if syntax == DEFLATED:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        content = squeeze.compress(content) + squeeze.flush()
        content += b"\0" * (len(content) % 2)
    return meta(syntax, *meta_more) + content


def elements_of(content):
    """(tag, start, value's start, end) of each top-level element of an explicit little-endian file, up to Pixel Data."""
    at = 132
    while at + 8 <= len(content):
        group, number, vr = struct.unpack_from("<HH2s", content, at)
        long = vr.decode("latin-1") in LONG
        length, = struct.unpack_from("<I" if long else "<H", content, at + (8 if long else 6))
        value = at + (12 if long else 8)
        tag = group << 16 | number
        if length == UNDEFINED:
            if tag == 0x7fe00010:
                yield tag, at, value, len(content)
            return
        yield tag, at, value, value + length
        at = value + length


def with_element(content, tag, made):
    """content with the element made in the place of tag, or where it belongs; made = b"" takes it out."""
    for have, start, _, end in elements_of(content):
        if have == tag:
            return content[:start] + made + content[end:]
        if have > tag:
            return content[:start] + made + content[start:]
    return content + made


# --- pixels in other dress ----------------------------------------------------------------------------------

def pack_bits(plane):
    """PackBits of one plane: literal runs alone, repeats where three bytes are equal."""
    out, i = b"", 0
    while i < len(plane):
        n = 1
        while i + n < len(plane) and n < 128 and plane[i + n] == plane[i]:
            n += 1
        if n > 2:
            out += bytes([257 - n, plane[i]])
            i += n
            continue
        start = i
        while i < len(plane) and i - start < 128 and plane[i:i + 3] != plane[i:i + 1] * 3:
            i += 1
        out += bytes([i - start - 1]) + plane[start:i]
    return out + b"\0" * (len(out) % 2)


def rle_frame(pixels):
    high = pack_bits(bytes(p >> 8 for p in pixels))
    low = pack_bits(bytes(p & 255 for p in pixels))
    return struct.pack("<16I", 2, 64, 64 + len(high), *[0] * 13) + high + low


def deflated_frame(pixels):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(words(pixels)) + squeeze.flush()


def dress(syntax, columns, rows, frames=1, pixels=None, change=None):
    """A film in one of the syntaxes that need no codec of others."""
    pixels = grey(columns, rows * frames) if pixels is None else pixels
    frame = [pixels[i * columns * rows:(i + 1) * columns * rows] for i in range(frames)]
    change = dict(change or {})
    if frames > 1:
        change[0x00280008] = ("IS", str(frames))
    make = {RLE: rle_frame, DEFLATED_FRAMES: deflated_frame, ENCAPSULATED_RAW: words}.get(syntax)
    raw = fragments(*map(make, frame)) if make else None
    return film(columns, rows, syntax, change, pixels, raw)
