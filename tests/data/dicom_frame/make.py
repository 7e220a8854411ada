"""Makes the files beside it with pydicom 3.0.2: the header of tests/fuzz/fuzz_dicom_frame.c, then the first
frame of a DICOM fixture as it is encoded there."""
import os
import struct

from pydicom import dcmread
from pydicom.encaps import get_frame

HERE = os.path.dirname(os.path.abspath(__file__))
CODECS = ["raw", "deflate", "rle", "jpeg", "jpeg_ls", "jpeg_2000"]
FIXTURES = {
    "raw": ["synthetic/raw_frames", "real/SC_rgb_small_odd"],
    "deflate": ["synthetic/deflated_frames"],
    "rle": ["real/SC_rgb_rle", "real/SC_rgb_rle_16bit", "real/rtdose_rle"],
    "jpeg": ["synthetic/u8_jpeg_extended8", "real/SC_rgb_small_odd_jpeg", "real/SC_rgb_jpeg_gdcm",
             "real/JPEG-lossy"],
    "jpeg_ls": ["real/JPEGLSNearLossless_08", "real/JPEGLSNearLossless_16", "real/SC_rgb_jls_lossy_line",
                "real/SC_rgb_jls_lossy_sample"],
    "jpeg_2000": ["synthetic/u8_j2k_tiles", "synthetic/u8_j2k_precincts", "synthetic/u8_j2k_edge_tiles",
                  "real/693_J2KI", "synthetic/u12_htj2k_lossy"],
}

for codec, names in FIXTURES.items():
    for name in names:
        d = dcmread(os.path.join(HERE, "..", "dicom", name + ".dcm"))
        kind = [1, 8, 16, 32].index(d.BitsAllocated) | (d.SamplesPerPixel == 3) << 2
        kind |= d.PixelRepresentation << 3 | d.get("PlanarConfiguration", 0) << 4
        frame = d.PixelData
        if d["PixelData"].is_undefined_length:
            frame = get_frame(d.PixelData, 0, number_of_frames=int(d.get("NumberOfFrames", 1)))
        with open(os.path.join(HERE, codec + "_" + os.path.basename(name)), "wb") as f:
            f.write(struct.pack("<4B2H", CODECS.index(codec), kind, d.BitsStored - 1, d.HighBit, d.Columns, d.Rows))
            f.write(frame)
