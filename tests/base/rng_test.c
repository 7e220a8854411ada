#include "base/rng.h"

#include "base/hash.h"
#include "tap.h"

/* --- counter-based -----------------------------------------------------------------------------
 */

static void values_are_those_of_the_definition(void)
{
    /* Computed from the definition in rng.c with Python's integers. */
    hl_rng rng = hl_rng_of(0, "crop", 0);
    is_int(hl_rng_u64(&rng), UINT64_C(0xB18178A9BA7CFDF3));
    is_int(hl_rng_u64(&rng), UINT64_C(0x71A28BB362D77AA5));
    is_int(hl_rng_u64(&rng), UINT64_C(0x785538AE40ADAF92));
    rng = hl_rng_of(42, "split", UINT64_C(10000032));
    is_int(hl_rng_u64(&rng), UINT64_C(0x579FA01E8C8F60CE));
    rng = hl_rng_of(UINT64_MAX, "", UINT64_MAX);
    is_int(hl_rng_u64(&rng), UINT64_C(0xDA213F2AA6FDE400));
    rng = hl_rng_of(7, "n", 1);
    is_int(hl_rng_below(&rng, 1000), 846);
    ok(hl_rng_f64(&rng) == 0x1.74e178327f2b6p-1);
}

static void normal_values_have_fixed_bits(void)
{
    /* The same steps in Python. */
    static const uint64_t want[] = {
        UINT64_C(0xBFD3A6F64DDC7FE3), UINT64_C(0xBFD6FC7DBB0884BC), UINT64_C(0x3FD9D193EA489668),
        UINT64_C(0xBFEF2175FC7E6ABC), UINT64_C(0xBFE66E023EC2531B), UINT64_C(0xC0027E10DD33EBB6),
        UINT64_C(0x3FE35D45CAD776E6), UINT64_C(0xBFE2257B2BABBC1D), UINT64_C(0x3FFDB7048EDF5D89),
        UINT64_C(0x3FE2DFE6F95613F2), UINT64_C(0x3FFA00E66A66F442), UINT64_C(0xBFE114B3494F86C4)};
    hl_rng rng = hl_rng_of(3, "noise", 9);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        double x = hl_rng_normal(&rng);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        is_int(bits, want[i]);
    }
}

static void every_part_of_the_key_matters(void)
{
    uint64_t first = 0;
    for (int i = 0; i < 5; i++) {
        hl_rng rng = hl_rng_of(i == 1, i == 2 ? "b" : i == 3 ? "" : "a", i == 4);
        uint64_t v = hl_rng_u64(&rng);
        if (i == 0)
            first = v;
        else
            ok(v != first);
    }
}

static void below_is_uniform_and_in_range(void)
{
    enum { N = 600000, KINDS = 6 };
    int count[KINDS] = {0};
    double chi2 = 0;
    for (uint64_t i = 0; i < N; i++) {
        hl_rng rng = hl_rng_of(5, "dice", i);
        uint64_t v = hl_rng_below(&rng, KINDS);
        if (!ok(v < KINDS))
            return;
        count[v]++;
    }
    for (int i = 0; i < KINDS; i++)
        chi2 += pow(count[i] - N / KINDS, 2) / (N / KINDS);
    ok(chi2 < 20.5); /* 5 degrees of freedom, p = 0.001 */
    hl_rng rng = hl_rng_of(5, "dice", 0);
    is_int(hl_rng_below(&rng, 0), 0);
    is_int(hl_rng_below(&rng, 1), 0);
    for (int i = 0; i < 1000; i++)
        ok(hl_rng_below(&rng, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

static void every_bit_is_set_half_the_time(void)
{
    enum { N = 100000 };
    int along[64] = {0}, across[64] = {0};
    hl_rng one = hl_rng_of(1, "bits", 1);
    for (uint64_t i = 0; i < N; i++) {
        hl_rng other = hl_rng_of(1, "bits", i);
        uint64_t a = hl_rng_u64(&one), b = hl_rng_u64(&other);
        for (int k = 0; k < 64; k++) {
            along[k] += (int)(a >> k & 1);
            across[k] += (int)(b >> k & 1);
        }
    }
    for (int k = 0; k < 64; k++) { /* sd 158; five of them */
        ok(abs(along[k] - N / 2) < 790);
        ok(abs(across[k] - N / 2) < 790);
    }
}

static void doubles_and_normals_have_their_moments(void)
{
    enum { N = 1000000 };
    double sum = 0, sum2 = 0, sum4 = 0, normal = 0, normal2 = 0, normal3 = 0;
    hl_rng rng = hl_rng_of(2, "moments", 0);
    int tail = 0;
    for (int i = 0; i < N; i++) {
        double u = hl_rng_f64(&rng), x = hl_rng_normal(&rng);
        if (!ok(u >= 0 && u < 1) || !ok(isfinite(x)))
            return;
        sum += u;
        sum2 += u * u;
        normal += x;
        normal2 += x * x;
        normal3 += x * x * x;
        sum4 += x * x * x * x;
        tail += fabs(x) > 1.959963984540054;
    }
    ok(fabs(sum / N - 0.5) < 0.0015);
    ok(fabs(sum2 / N - 1.0 / 3) < 0.0015);
    ok(fabs(normal / N) < 0.005);
    ok(fabs(normal2 / N - 1) < 0.008);
    ok(fabs(normal3 / N) < 0.02);
    ok(fabs(sum4 / N - 3) < 0.05);
    ok(abs(tail - N / 20) < 1100);
}

/* --- MT19937: lines of rules/rng.txt -------------------------------------------------------------
 */

/* The next number of a line; moves *p behind it. */
static uint64_t number(char **p)
{
    return strtoull(*p, p, 10);
}

static void check_permutation(char *p, bool hash)
{
    hl_mt19937 g;
    hl_mt19937_seed(&g, (uint32_t)number(&p));
    size_t n = number(&p);
    int64_t *got = malloc(n * sizeof *got);
    hl_mt19937_permutation(&g, n, got);
    if (hash) { /* int64 in memory is little-endian on all machines that hilum is for */
        hl_digest d;
        char hex[HL_HEX_CHARS];
        hl_sha256_of(got, n * sizeof *got, &d);
        p[strcspn(p, "\n")] = 0;
        is_str(hl_digest_hex(&d, hex), p + 1);
    } else {
        for (size_t i = 0; i < n; i++)
            is_int(got[i], number(&p));
    }
    free(got);
}

static void check_choice(char *p)
{
    hl_mt19937 g;
    hl_mt19937_seed(&g, (uint32_t)number(&p));
    size_t n = number(&p), k = number(&p);
    int64_t *got = malloc(n * sizeof *got);
    while (*p == ' ') {
        hl_mt19937_permutation(&g, n, got);
        for (size_t i = 0; i < k; i++)
            is_int(got[i], number(&p));
    }
    free(got);
}

static void check_line(char *line)
{
    hl_mt19937 g;
    char *p = strchr(line, ' ');
    *p++ = 0;
    if (strcmp(line, "u32") == 0) {
        hl_mt19937_seed(&g, (uint32_t)number(&p));
        while (*p == ' ')
            is_int(hl_mt19937_u32(&g), number(&p));
    } else if (strcmp(line, "at") == 0) {
        hl_mt19937_seed(&g, (uint32_t)number(&p));
        for (uint64_t i = number(&p); i > 0; i--)
            hl_mt19937_u32(&g);
        is_int(hl_mt19937_u32(&g), number(&p));
    } else if (strcmp(line, "permutation") == 0) {
        check_permutation(p, false);
    } else if (strcmp(line, "sha256") == 0) {
        check_permutation(p, true);
    } else if (strcmp(line, "choice") == 0) {
        check_choice(p);
    } else if (strcmp(line, "randint") == 0) {
        hl_mt19937_seed(&g, (uint32_t)number(&p)); /* seeds beyond 32 bits: modulo 2^32 */
        while (*p == ' ') {
            uint32_t range = (uint32_t)number(&p);
            is_int(hl_mt19937_u32(&g) % range, number(&p));
        }
    } else {
        tap_check(false, __FILE__, __LINE__, "unknown line '%s'", line);
    }
}

static void mt19937_gives_numpys_and_torchs_values(void)
{
    FILE *f = fopen(fixture("rules/rng.txt"), "r");
    char *line = NULL;
    size_t room = 0;
    int n = 0;
    if (!ok(f != NULL))
        return;
    for (; getline(&line, &room, f) > 0; n++)
        check_line(line);
    is_int(n, 60);
    free(line);
    fclose(f);
}

static void an_interval_of_one_value_draws_nothing(void)
{
    hl_mt19937 g;
    hl_mt19937_seed(&g, 0);
    is_int(hl_mt19937_interval(&g, 0), 0);
    is_int(hl_mt19937_interval(&g, UINT32_MAX), 2357136044);
}

int main(void)
{
    run(values_are_those_of_the_definition);
    run(normal_values_have_fixed_bits);
    run(every_part_of_the_key_matters);
    run(below_is_uniform_and_in_range);
    run(every_bit_is_set_half_the_time);
    run(doubles_and_normals_have_their_moments);
    run(mt19937_gives_numpys_and_torchs_values);
    run(an_interval_of_one_value_draws_nothing);
    return done();
}
