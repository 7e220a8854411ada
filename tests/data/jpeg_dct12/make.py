"""tiny_*.jpg: hand-made 12-bit streams of constant blocks, 10 x 9 pixels: seeds for the fuzzer."""
import pathlib

here = pathlib.Path(__file__).parent
dc = bytes.fromhex('ffc40016 00 01010100000000000000000000000000 00010c')
ac = bytes.fromhex('ffc40017 10 01010101000000000000000000000000 00f0010f')
tables = bytes.fromhex('ffd8ffdb008310') + b'\0\x08' * 64
grey = bytes.fromhex('ffc1000b0c0009000a01011100')
colour = bytes.fromhex('ffc100110c0009000a03011100021100031100')
up, down, same, detail = '1010', '1000', '00', '0' + '1101' + '10' + '1100' + '0'


def entropy(bits):
    bits += '1' * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, 'big').replace(b'\xff', b'\xff\0')


def scan(*ids):
    parts = b''.join(bytes([i, 0]) for i in ids)
    return b'\xff\xda' + bytes([0, 6 + len(parts), len(ids)]) + parts + b'\0\x3f\0'


end = b'\xff\xd9'
files = {
    'grey': grey + dc + ac + scan(1) + entropy(up + detail + same + down) + end,
    'restart': grey + dc + ac + bytes.fromhex('ffdd00040001') + scan(1)
        + b'\xff\xd0'.join([entropy(up), entropy(detail)]) + b'\xff\xd1' + entropy(same) + b'\xff\xd2' + entropy(down) + end,
    'interleaved': colour + dc + ac + scan(1, 2, 3) + entropy((up + down + detail) * 4) + end,
    'scans': colour + dc + ac + b''.join(scan(i) + entropy(up + same + detail + down) for i in (1, 2, 3)) + end,
}
for name, body in files.items():
    (here / f'tiny_{name}.jpg').write_bytes(tables + body)
