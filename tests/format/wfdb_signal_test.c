#include "format/wfdb/signal.h"

#include "tap.h"

static hl_error err;

static const int32_t binary[] = {8, 16, 24, 32, 61, 80, 160, 212, 310, 311};
enum { N_BINARY = sizeof binary / sizeof *binary };

/* --- codes --- */

static void samples_lie_in_the_bytes_as_the_standard_says(void)
{
    static const int32_t gone = HL_WFDB_INVALID;
    static const struct {
        int32_t format, n, n_stored;
        uint8_t stored[12];
        int32_t sample[6];
    } row[] = {
        {16, 4, 8, {0, 0, 0xff, 0xff, 0, 0x80, 0xff, 0x7f}, {0, -1, gone, 32767}},
        {24, 4, 12, {1, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0x80, 0, 0x80, 0xff}, {1, -1, gone, -32768}},
        {32, 3, 12, {1, 2, 3, 4, 0, 0, 0, 0x80, 0xfe, 0xff, 0xff, 0xff}, {0x04030201, gone, -2}},
        {61, 3, 6, {0x12, 0x34, 0x80, 0, 0xff, 0xfe}, {0x1234, gone, -2}},
        {80, 4, 4, {0x80, 0xff, 1, 0}, {0, 127, -127, gone}},
        {160, 4, 8, {0, 0x80, 0xff, 0xff, 1, 0, 0, 0}, {0, 32767, -32767, gone}},
        {212, 5, 8, {0x34, 0x92, 0xab, 0xff, 0x87, 0, 0xff, 0x0f}, {0x234, -1621, 2047, gone, -1}},
        /* s0 = 1, s1 = -1, s2 = 0x155: low five bits 0x15 in word 0, high five 0x0a in word 1 */
        {310, 3, 4, {0x02, 0xa8, 0xfe, 0x57}, {1, -1, 0x155}},
        {310, 5, 8, {0, 0, 0, 0x80, 0x02, 0, 0x00, 0x04}, {0, 0, gone, 1, gone}},
        {310, 4, 6, {0, 0, 0, 0, 0xfc, 0x03}, {0, 0, 0, 510}},
        {311, 3, 4, {0x01, 0xfc, 0x5f, 0x15}, {1, -1, 0x155}},
        {311, 4, 6, {0, 0, 0, 0, 0xff, 0x01}, {0, 0, 0, 511}},
        {311, 5, 8, {0, 0, 0, 0x20, 0x01, 0xfc, 0x0f, 0}, {0, 0, gone, 1, -1}},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const hl_wfdb_format *f = hl_wfdb_format_find(row[i].format);
        int32_t got[6];
        uint8_t back[12] = {0};
        int64_t n;
        hl_wfdb_unpack_samples(f, row[i].stored, row[i].n, got);
        is_mem(got, row[i].sample, (size_t)row[i].n * sizeof *got);
        is_int(hl_wfdb_pack_samples(f, got, row[i].n, NULL, back, &n, &err), HL_OK);
        is_int(n, row[i].n_stored);
        is_mem(back, row[i].stored, (size_t)n);
        ok(hl_wfdb_stored_bytes(f, row[i].n, &n));
        is_int(n, row[i].n_stored);
    }
}

static void bits_that_no_sample_uses_are_not_looked_at(void)
{
    int32_t got[3];

    hl_wfdb_unpack_samples(hl_wfdb_format_find(310), (const uint8_t[]){3, 0, 5, 0}, 3, got);
    is_mem(got, ((const int32_t[]){1, 2, 0}), sizeof got);
    hl_wfdb_unpack_samples(hl_wfdb_format_find(311), (const uint8_t[]){1, 8, 0, 0xc0}, 3, got);
    is_mem(got, ((const int32_t[]){1, 2, 0}), sizeof got);
    hl_wfdb_unpack_samples(hl_wfdb_format_find(212), (const uint8_t[]){1, 0xf0}, 1, got);
    is_int(got[0], 1);
}

static void differences_are_packed_from_values_and_clipped_steps_are_caught_up(void)
{
    static const int32_t value[] = {5, 5, 132, 4, 300, 300, 300, INT32_MAX};
    static const int8_t step[] = {0, 0, 127, -128, 127, 127, 42, 127};
    const hl_wfdb_format *f = hl_wfdb_format_find(8);
    int32_t last = 5, back[8], gone = HL_WFDB_INVALID;
    uint8_t stored[8];
    int64_t n;

    is_int(hl_wfdb_pack_samples(f, value, 4, &last, stored, &n, &err), HL_OK);
    is_int(n, 4);
    is_int(last, 4);
    is_int(hl_wfdb_pack_samples(f, value + 4, 4, &last, stored + 4, &n, &err), HL_OK);
    is_mem(stored, step, 8);
    is_int(last, 427);
    hl_wfdb_unpack_samples(f, stored, 8, back);
    for (int i = 0; i < 8; i++)
        is_int(back[i], step[i]);
    last = INT32_MAX;
    is_int(hl_wfdb_pack_samples(f, &(const int32_t){-INT32_MAX}, 1, &last, stored, &n, &err),
           HL_OK);
    is_int(last, INT32_MAX - 128);
    is_int(hl_wfdb_pack_samples(f, &gone, 1, &last, stored, &n, &err), HL_E_INPUT);
    like(err.message, "sample 0 was not measured; format 8 has no code for that");
}

static void values_that_a_format_cannot_hold_are_refused(void)
{
    static const int32_t bad[][3] = {
        {16, 32768, -32768},  {24, 8388608, -8388608}, {61, 32768, -32768}, {80, 128, -128},
        {160, 32768, -32768}, {212, 2048, -2048},      {310, 512, -512},    {311, 512, -512}};
    int32_t sample[2000] = {0};
    uint8_t stored[8000];
    int64_t n;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const hl_wfdb_format *f = hl_wfdb_format_find(bad[i][0]);
        for (int k = 1; k < 3; k++) {
            char want[100];
            sample[1700] = bad[i][k];
            is_int(hl_wfdb_pack_samples(f, sample, 2000, NULL, stored, &n, &err), HL_E_INPUT);
            snprintf(want, sizeof want, "sample 1700: %d does not fit into format %d (",
                     (int)bad[i][k], (int)bad[i][0]);
            like(err.message, want);
            sample[1700] = bad[i][k] - (bad[i][k] > 0 ? 1 : -1);
            is_int(hl_wfdb_pack_samples(f, sample, 2000, NULL, stored, &n, &err), HL_OK);
        }
    }
}

static void any_length_comes_back_and_nothing_behind_it_is_touched(void)
{
    enum { N = 5000 };
    int32_t *in = malloc((N + 1) * sizeof *in), *out = malloc((N + 1) * sizeof *out);
    uint8_t *stored = malloc(4 * N + 1);
    uint32_t x = 1;

    for (int f = 1; in && out && stored && f < N_BINARY; f++) {
        const hl_wfdb_format *format = hl_wfdb_format_find(binary[f]);
        uint64_t range = (uint64_t)((int64_t)format->most - format->invalid) + 1;
        for (int n = 0; n < N; n += n < 20 ? 1 : n < 1530 ? 755 : n < 1540 ? 1 : 577) {
            int64_t bytes, needed, got;
            for (int i = 0; i < n; i++) {
                x = x * 1664525 + 1013904223;
                in[i] = (int32_t)(format->invalid + (int64_t)(x % range));
                if (in[i] == format->invalid)
                    in[i] = HL_WFDB_INVALID;
            }
            ok(hl_wfdb_stored_bytes(format, n, &bytes));
            stored[bytes] = 0x5a;
            out[n] = 77;
            is_int(hl_wfdb_pack_samples(format, in, n, NULL, stored, &got, &err), HL_OK);
            is_int(got, bytes);
            is_int(stored[bytes], 0x5a);
            ok(hl_wfdb_needed_bytes(format, n, &needed));
            /* exactly what is needed, for a sanitizer to see more being read */
            uint8_t *tight = malloc((size_t)(needed ? needed : 1));
            memcpy(tight, stored, (size_t)needed);
            hl_wfdb_unpack_samples(format, tight, n, out);
            is_mem(out, in, (size_t)n * sizeof *in);
            is_int(out[n], 77);
            /* Two samples at the end of format 310 look like three. */
            bool extra = binary[f] == 310 && n % 3 == 2;
            is_int(hl_wfdb_stored_samples(format, needed), n + extra);
            ok(needed == 0 || hl_wfdb_stored_samples(format, needed - 1) < n);
            free(tight);
        }
    }
    free(in);
    free(out);
    free(stored);
}

static void sizes_are_checked_for_overflow(void)
{
    int64_t n;

    ok(hl_wfdb_stored_bytes(hl_wfdb_format_find(212), INT64_MAX / 3 * 2, &n));
    ok(!hl_wfdb_stored_bytes(hl_wfdb_format_find(212), INT64_MAX, &n));
    ok(!hl_wfdb_stored_bytes(hl_wfdb_format_find(32), INT64_MAX / 3, &n));
    ok(hl_wfdb_stored_bytes(hl_wfdb_format_find(8), INT64_MAX, &n));
    ok(!hl_wfdb_stored_bytes(hl_wfdb_format_find(16), -1, &n));
    ok(!hl_wfdb_stored_bytes(hl_wfdb_format_find(0), 5, &n));
    ok(!hl_wfdb_needed_bytes(hl_wfdb_format_find(516), 5, &n));
    is_int(hl_wfdb_stored_samples(hl_wfdb_format_find(516), 5), 0);
    is_int(hl_wfdb_stored_samples(hl_wfdb_format_find(16), -5), 0);
    is_int(hl_wfdb_stored_samples(hl_wfdb_format_find(311), INT64_MAX), INT64_MAX / 4 * 3 + 2);
    ok(hl_wfdb_format_find(99) == NULL);
}

static void sixteen_bit_readers_see_what_the_others_see(void)
{
    enum { N = 4000 };
    static uint8_t stored[2 * N];
    static int16_t few[N];
    static int32_t wide[N];

    for (size_t i = 0; i < sizeof stored; i++)
        stored[i] = (uint8_t)(i * 37 + i / 251);
    for (int f = 0; f < N_BINARY; f++) {
        const hl_wfdb_format *format = hl_wfdb_format_find(binary[f]);
        if (!format->is_short)
            continue;
        hl_wfdb_unpack_samples(format, stored, N, wide);
        is_int(hl_wfdb_unpack(binary[f], stored, sizeof stored, N, 1, "x", few, &err), HL_OK);
        int differ = 0;
        for (int i = 0; i < N; i++)
            differ += wide[i] == HL_WFDB_INVALID ? few[i] != INT16_MIN : few[i] != wide[i];
        is_int(differ, 0);
    }
}

/* --- files --- */

static hl_arena *arena;

static bool load(const char *folder, const char *name, hl_buf *out)
{
    char path[HL_PATH_BYTES];

    hl_buf_clear(out);
    return hl_path_join(folder, name, path, &err) == HL_OK &&
           hl_read_file(path, (size_t)1 << 28, out, NULL, &err) == HL_OK;
}

/* Signals first .. first + *n - 1 share a file; samples of them all a frame. */
static int64_t group_of(const hl_wfdb_header *h, int32_t first, int32_t *n)
{
    int64_t width = 0;

    for (*n = 0; first + *n < h->n_signals && h->signal[first + *n].group == h->signal[first].group;
         ++*n)
        width += h->signal[first + *n].samples_per_frame;
    return width;
}

/* Bytes of a file unpacked and packed again. A file of format 8 has one signal here. */
static void file_comes_back(const char *folder, const hl_wfdb_signal *s, int *n_files)
{
    const hl_wfdb_format *f = hl_wfdb_format_find(s->format);
    hl_buf file = {0};

    if (!f->unpack || !load(folder, s->file, &file))
        return;
    int64_t n = hl_wfdb_stored_samples(f, (int64_t)file.n - s->offset_bytes), bytes;
    ok(hl_wfdb_stored_bytes(f, n, &bytes));
    int32_t *sample = malloc((size_t)(n + 1) * sizeof *sample), last = s->initial;
    uint8_t *back = malloc((size_t)bytes + 1);
    const uint8_t *stored = (const uint8_t *)file.at + s->offset_bytes;
    hl_wfdb_unpack_samples(f, stored, n, sample);
    int32_t sum = s->initial;
    for (int64_t i = 0; s->format == 8 && i < n; i++)
        sample[i] = sum += sample[i];
    is_int(hl_wfdb_pack_samples(f, sample, n, &last, back, &bytes, &err), HL_OK);
    int64_t left = (int64_t)file.n - s->offset_bytes;
    if (strstr(s->file, "derive_") && n % 3) {
        /* Cut out of longer files: in the last group there are bits of the samples that followed,
         * and 311derive_3 has three bytes of four. */
        is_int(left - bytes, s->format == 311 && n % 3 == 2 ? -1 : 0);
        bytes = left = n / 3 * 4;
    }
    is_int(bytes, left);
    is_mem(back, stored, (size_t)left);
    ++*n_files;
    free(sample);
    free(back);
    hl_buf_free(&file);
}

static void every_file_of_fixed_size_is_packed_to_its_own_bytes(void)
{
    static const char *const folders[] = {"formats", "made", "mixed", "multi"};
    int n_files = 0;

    if (!shared("wfdb/records")) {
        skip("no reference data");
        return;
    }
    for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
        char folder[1000];
        hl_names names = {0};
        snprintf(folder, sizeof folder, "wfdb/records/%s", folders[k]);
        snprintf(folder, sizeof folder, "%s", shared(folder));
        ok(hl_list_tree(folder, &names, &err) == HL_OK);
        for (size_t i = 0; i < names.n; i++) {
            hl_buf text = {0};
            hl_wfdb_header h;
            if (!hl_str_ends(hl_str_of(names.name[i]), ".hea"))
                continue;
            hl_arena_reset(arena);
            char below[2000];
            const char *slash = strrchr(names.name[i], '/');
            snprintf(below, sizeof below, "%s/%.*s", folder,
                     slash ? (int)(slash - names.name[i]) : 0, names.name[i]);
            ok(load(folder, names.name[i], &text));
            ok(hl_wfdb_parse_header(arena, text.at, text.n, "x", &h, &err) == HL_OK);
            int32_t n = 1;
            for (int32_t s = 0; h.n_segments == 0 && s < h.n_signals; s += n) {
                group_of(&h, s, &n);
                file_comes_back(below, &h.signal[s], &n_files);
            }
            hl_buf_free(&text);
        }
        hl_names_free(&names);
    }
    printf("# %d files\n", n_files);
    ok(n_files > 50);
}

/* Signal i of a record in time order, all its samples of all frames that libwfdb gives. */
static int64_t native_samples(const char *folder, const hl_wfdb_header *h, int32_t i, int32_t **out)
{
    const hl_wfdb_signal *s = &h->signal[i];
    const hl_wfdb_format *f = hl_wfdb_format_find(s->format);
    int64_t max_skew = 0, width, before = 0, n_frames = h->n_samples;
    int32_t first = i, n, spf = s->samples_per_frame, sum = s->initial;
    hl_buf file = {0};

    *out = NULL;
    while (first > 0 && h->signal[first - 1].group == s->group)
        before += h->signal[--first].samples_per_frame;
    width = group_of(h, first, &n);
    for (int32_t k = 0; k < h->n_signals; k++)
        if (hl_wfdb_skew_frames(&h->signal[k]) > max_skew)
            max_skew = hl_wfdb_skew_frames(&h->signal[k]);
    if (!f->unpack || !load(folder, s->file, &file))
        return -1;
    int64_t all = hl_wfdb_stored_samples(f, (int64_t)file.n - s->offset_bytes);
    int32_t *sample = malloc((size_t)(all + 1) * sizeof *sample);
    hl_wfdb_unpack_samples(f, (const uint8_t *)file.at + s->offset_bytes, all, sample);
    if (n_frames == 0 || n_frames > all / width)
        n_frames = all / width;
    n_frames -= max_skew;
    *out = malloc((size_t)(n_frames * spf + 1) * sizeof **out);
    for (int64_t t = 0; t < n_frames; t++)
        for (int32_t k = 0; k < spf; k++) {
            int32_t v = sample[(t + hl_wfdb_skew_frames(s)) * width + before + k];
            if (s->format == 8)
                v = sum += v;
            (*out)[t * spf + k] = v == HL_WFDB_INVALID ? -32768 : v;
        }
    free(sample);
    hl_buf_free(&file);
    return n_frames * spf;
}

/* golden/samples.tsv: what libwfdb's getframe gave, each signal as int32, invalid = -32768. */
static void samples_equal_those_of_the_wfdb_library(void)
{
    hl_buf text = {0}, hea = {0};
    bool seen[600] = {false};
    int compared = 0, formats = 0;

    if (!shared("wfdb/golden/samples.tsv")) {
        skip("no reference data");
        return;
    }
    ok(hl_read_file(shared("wfdb/golden/samples.tsv"), 1 << 24, &text, NULL, &err) == HL_OK);
    for (char *line = text.at, *next; line && *line; line = next) {
        char name[200], path[300], folder[2000], hex[HL_HEX_CHARS], want[80];
        int signal;
        long long n, invalid;
        hl_wfdb_header h;
        if ((next = strchr(line, '\n')))
            *next++ = 0;
        if (sscanf(line, "%199[^\t]\t%d\t%*[^\t]\t%lld\t%lld\t%79[0-9a-f]", name, &signal, &n,
                   &invalid, want) != 5)
            continue;
        snprintf(path, sizeof path, "wfdb/records/%s.hea", name);
        if (!shared(path)) /* EDF has no header file */
            continue;
        snprintf(folder, sizeof folder, "%s", shared(path));
        *strrchr(folder, '/') = 0;
        hl_arena_reset(arena);
        ok(load(folder, strrchr(path, '/') + 1, &hea));
        ok(hl_wfdb_parse_header(arena, hea.at, hea.n, name, &h, &err) == HL_OK);
        int32_t *v = NULL;
        int64_t got = h.n_segments ? -1 : native_samples(folder, &h, signal, &v);
        if (got < 0)
            continue;
        long long found = 0;
        for (int64_t i = 0; i < got; i++)
            found += v[i] == -32768;
        hl_digest d;
        hl_sha256_of(v, (size_t)got * sizeof *v, &d);
        if (!tap_check(strcmp(hl_digest_hex(&d, hex), want) == 0, __FILE__, __LINE__,
                       "%s %d: %lld samples, %lld", name, signal, (long long)got, n))
            printf("# format %d\n", (int)h.signal[signal].format);
        is_int(found, invalid);
        formats += !seen[h.signal[signal].format];
        seen[h.signal[signal].format] = true;
        compared++;
        free(v);
    }
    printf("# %d signals in %d formats\n", compared, formats);
    ok(compared > 60);
    is_int(formats, N_BINARY);
    hl_buf_free(&text);
    hl_buf_free(&hea);
}

int main(void)
{
    arena = hl_arena_new(0);
    run(samples_lie_in_the_bytes_as_the_standard_says);
    run(bits_that_no_sample_uses_are_not_looked_at);
    run(differences_are_packed_from_values_and_clipped_steps_are_caught_up);
    run(values_that_a_format_cannot_hold_are_refused);
    run(any_length_comes_back_and_nothing_behind_it_is_touched);
    run(sizes_are_checked_for_overflow);
    run(sixteen_bit_readers_see_what_the_others_see);
    run(every_file_of_fixed_size_is_packed_to_its_own_bytes);
    run(samples_equal_those_of_the_wfdb_library);
    hl_arena_free(&arena);
    return done();
}
