"""Frames of DICOM files as .jpg, with the SHA-256 of their samples (uint16, little endian, interleaved).

make.py DICOM_FOLDER: every frame of at most 40 KB in reference.csv's files with a lossless JPEG (here) or
12-bit JPEG (../jpeg_dct12) transfer syntax. Frames whose bytes are there already are left out. Samples are
those of reference.csv (pydicom 3.0.2 with gdcm 3.2.6; 12-bit: DCMTK 3.6.7), widened to 16 bits.
"""
import csv, hashlib, pathlib, sys
import numpy, pydicom
from pydicom.encaps import generate_frames

here = pathlib.Path(__file__).parent
source = pathlib.Path(sys.argv[1])
limit = int(sys.argv[2]) if len(sys.argv) > 2 else 40_000
kinds = {'1.2.840.10008.1.2.4.57': 'jpeg_lossless', '1.2.840.10008.1.2.4.70': 'jpeg_lossless',
         '1.2.840.10008.1.2.4.51': 'jpeg_dct12'}
lines = {'jpeg_lossless': [], 'jpeg_dct12': []}
seen = set()
for row in csv.DictReader(open(source / 'reference.csv')):
    kind = kinds.get(row['ts'])
    if not kind or row['frame'] == '':
        continue
    d = pydicom.dcmread(source / row['file'], force=True)
    index, frames = int(row['frame']), int(d.get('NumberOfFrames', 1) or 1)
    jpeg = list(generate_frames(d.PixelData, number_of_frames=frames))[index]
    if len(jpeg) > limit or jpeg in seen:
        continue
    sof = next(i for i in range(2, len(jpeg)) if jpeg[i] == 0xFF and 0xC0 <= jpeg[i + 1] <= 0xC3)
    if kind == 'jpeg_dct12' and jpeg[sof + 4] != 12:
        continue
    seen.add(jpeg)
    digest = row['sha256_pixels']
    if row['dtype'] in ('uint8', 'int8'):  # the reference hashed bytes
        px = d.pixel_array if frames == 1 else d.pixel_array[index]
        if row['samples'] == '3':  # pixel_array would convert colours
            px = pydicom.pixels.pixel_array(source / row['file'], raw=True)
        assert hashlib.sha256(px.tobytes()).hexdigest() == digest, row['file']
        digest = hashlib.sha256(px.astype('<u2').tobytes()).hexdigest()
    name = row['file'].split('/')[1][:-4] + (f'_{index}' if frames > 1 else '') + '.jpg'
    (here.parent / kind / name).write_bytes(jpeg)
    lines[kind].append(f"{name},{row['cols']},{row['rows']},{row['samples']},{jpeg[sof + 4]},{digest}\n")
for kind, rows in lines.items():
    (here.parent / kind / 'expected.csv').write_text('file,width,height,components,precision,sha256\n' + ''.join(sorted(rows)))
