/*
 * jpeg_dct.h - cosine constants x 2^13 of the accurate integer DCT, forward and inverse.
 *
 * Source: C. Loeffler, A. Ligtenberg, G. Moschytz, "Practical Fast 1-D DCT Algorithms with 11
 * Multiplications", ICASSP 1989, as libjpeg's "islow" uses it. films.md 3.7.6
 */
#ifndef HL_FORMAT_JPEG_DCT_H
#define HL_FORMAT_JPEG_DCT_H

enum {
    F_0_298 = 2446,
    F_0_390 = 3196,
    F_0_541 = 4433,
    F_0_765 = 6270,
    F_0_899 = 7373,
    F_1_175 = 9633,
    F_1_501 = 12299,
    F_1_847 = 15137,
    F_1_961 = 16069,
    F_2_053 = 16819,
    F_2_562 = 20995,
    F_3_072 = 25172
};

#endif
