#include "base/hash.h"

#include "tap.h"

static void sha256_gives_the_published_values(void)
{
    hl_digest d;
    char hex[HL_HEX_CHARS];

    hl_sha256_of("", 0, &d);
    is_str(hl_digest_hex(&d, hex),
           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    is_int(d.bytes, 0);
    hl_sha256_of("abc", 3, &d);
    is_str(hl_digest_hex(&d, hex),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    is_int(d.bytes, 3);
}

static void a_hash_in_pieces_equals_the_hash_of_the_whole(void)
{
    hl_sha256 *h = hl_sha256_new();
    hl_digest a, b;

    ok(h != NULL);
    for (int again = 0; again < 2; again++) { /* the end makes it ready for the next */
        hl_sha256_add(h, "hel", 3);
        hl_sha256_add(h, "", 0);
        hl_sha256_add(h, NULL, 0);
        hl_sha256_add(h, "lo", 2);
        hl_sha256_end(h, &a);
        hl_sha256_of("hello", 5, &b);
        ok(hl_digest_equal(&a, &b));
    }
    b.bytes++;
    ok(!hl_digest_equal(&a, &b));
    hl_sha256_free(&h);
    ok(h == NULL);
    hl_sha256_free(&h);
}

static void a_pair_has_the_digests_of_its_two(void)
{
    static uint8_t bytes[2][1000];
    static const hl_cpu level[] = {HL_CPU_C, HL_CPU_AVX2, HL_CPU_AVX512};
    int wrong = 0;

    for (size_t i = 0; i < 1000; i++) {
        bytes[0][i] = (uint8_t)(i * 7 + 3);
        bytes[1][i] = (uint8_t)(i * 13 + 1);
    }
    for (size_t k = 0; k < 3; k++)
        for (size_t n = 0; n < 300; n++)
            for (size_t m = n % 7; m < 300; m += 7) {
                hl_digest a, b, want_a, want_b;
                hl_sha256_pair(bytes[0] + 1, n, bytes[1] + 3, m, hl_cpu_level((int32_t)level[k]), &a,
                               &b);
                hl_sha256_of(bytes[0] + 1, n, &want_a);
                hl_sha256_of(bytes[1] + 3, m, &want_b);
                wrong += !hl_digest_equal(&a, &want_a) || !hl_digest_equal(&b, &want_b);
            }
    is_int(wrong, 0);
}

static void a_digest_is_read_back_from_hex(void)
{
    hl_digest a, b = {.bytes = 7};
    char hex[HL_HEX_CHARS];

    hl_sha256_of("x", 1, &a);
    hl_digest_hex(&a, hex);
    ok(hl_digest_parse(hl_str_of(hex), &b));
    is_mem(b.sha256, a.sha256, 32);
    is_int(b.bytes, 7);
    for (char *p = hex; *p; p++)
        *p = *p >= 'a' ? (char)(*p - 32) : *p;
    ok(hl_digest_parse(hl_str_of(hex), &b));
    is_mem(b.sha256, a.sha256, 32);
    ok(!hl_digest_parse((hl_str){hex, 63}, &b));
    hex[5] = 'g';
    ok(!hl_digest_parse(hl_str_of(hex), &b));
    is_mem(b.sha256, a.sha256, 32);
}

static void crc32c_gives_the_check_value(void)
{
    is_int(hl_crc32c(0, "123456789", 9), 0xE3069283);
    is_int(hl_crc32c(hl_crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
    is_int(hl_crc32c(0, "", 0), 0);
}

static void fnv1a_gives_the_published_values(void)
{
    ok(hl_fnv1a64("", 0) == UINT64_C(0xcbf29ce484222325));
    ok(hl_fnv1a64("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    ok(hl_fnv1a64("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    run(sha256_gives_the_published_values);
    run(a_hash_in_pieces_equals_the_hash_of_the_whole);
    run(a_pair_has_the_digests_of_its_two);
    run(a_digest_is_read_back_from_hex);
    run(crc32c_gives_the_check_value);
    run(fnv1a_gives_the_published_values);
    return done();
}
