"""Makes the .dcm files beside it with pydicom 3.0.2: tiny films with windows, tables, padding."""
import os

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

HERE = os.path.dirname(os.path.abspath(__file__))


def lut(first, entries, bits, vr="US"):
    item = Dataset()
    item.add_new(0x00283002, "US", [len(entries), first & 0xFFFF, bits])
    item.add_new(0x00283006, vr, np.array(entries, "<u2").tobytes() if vr == "OW" else list(entries))
    return item


def film(name, look, px, **tags):
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID = "2.25.1"
    d.Rows, d.Columns = px.shape
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated = d.BitsStored = 8 * px.dtype.itemsize
    d.HighBit, d.PixelRepresentation = d.BitsStored - 1, int(px.dtype.kind == "i")
    for key, value in tags.items():
        setattr(d, key, value)
    d.PixelData = px.tobytes()
    d["PixelData"].VR = "OW"
    d.preamble = bytes([look]) + bytes(127)  # fuzz_film_look.c
    d.save_as(os.path.join(HERE, name + ".dcm"), enforce_file_format=True)


ramp = (np.arange(48, dtype="<i2") * 37 - 500).reshape(6, 8)
film("window", 68, ramp, WindowCenter=["40", "50"], WindowWidth=["400", "80"], VOILUTFunction="SIGMOID",
     RescaleSlope="-1.5", RescaleIntercept="-1024", PhotometricInterpretation="MONOCHROME1")
film("voi_table", 4, ramp.astype("<u2"), VOILUTSequence=[lut(100, [0, 9, 70, 800, 4095], 12)], WindowCenter="1", WindowWidth="5")
film("modality_table", 106, ramp, ModalityLUTSequence=[lut(-3, [5, 4, 3, 200], 8, "OW")], PixelPaddingValue=-500)
film("long_words", 74, (ramp.astype("<i4") * 100000), PixelPaddingValue=7)
