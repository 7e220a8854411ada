"""Makes the .npy fixtures with numpy 2.1.2; run in this folder."""
import numpy as np

np.save("f4_2x3.npy", np.arange(6, dtype="<f4").reshape(2, 3))
np.save("i8_scalar.npy", np.array(7, dtype="<i8"))
np.save("u1_5.npy", np.arange(5, dtype="u1"))
np.save("f8_fortran.npy", np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)))
np.save("m8_3.npy", np.zeros(3, dtype="datetime64[ns]"))
np.save("empty_0x4.npy", np.zeros((0, 4), dtype="?"))
np.save("record.npy", np.zeros(2, dtype=[("a", "<i4"), ("b", "<f4")]))
for version in (2, 0), (3, 0):
    with open("version_%d.npy" % version[0], "wb") as f:
        np.lib.format.write_array(f, np.arange(4, dtype="<i2"), version=version)
with open("headers.txt", "w") as f:  # what numpy.save writes before the data, as hex
    import io
    for descr, shape in [("<f4", (10000, 3, 320, 320)), ("<i8", (10000,)), ("<f4", ()), ("|u1", (1, 2)),
                         ("<f8", tuple(range(1, 13))), ("<f8", tuple([7] * 17)), ("<f8", tuple([10**17] + [1] * 13)),
                         ("<i2", tuple([1] * 25)), ("<i2", tuple([1] * 32)), ("<i8", (123456789012, 5))]:
        b = io.BytesIO()
        np.lib.format.write_array_header_1_0(b, {"descr": descr, "fortran_order": False, "shape": shape})
        f.write("%s %s %s\n" % (descr, "x".join(map(str, shape)) or "-", b.getvalue().hex()))
    # The last two fill 128 bytes exactly before padding.
    for shape in [(3,) * n for n in range(1, 27)] + [(3,) * 12 + (100000,), (3,) * 13 + (100,)]:
        b = io.BytesIO()
        np.lib.format.write_array_header_1_0(b, {"descr": "<f4", "fortran_order": False, "shape": shape})
        f.write("<f4 %s %s\n" % ("x".join(map(str, shape)), b.getvalue().hex()))
