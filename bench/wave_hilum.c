/* wave_hilum - records by hilum/wave.h; see wave_task.h for what it is called with. */
#include "wave_task.h"

#include "hilum/wave.h"

struct reader {
    hl_wave *wave;
    void *room[MAX_SIGNALS]; /* [n][samples a frame] of each signal */
    size_t room_bytes[MAX_SIGNALS];
};

static reader *reader_new(void)
{
    return calloc(1, sizeof(reader));
}

static void reader_free(reader *r)
{
    for (int i = 0; i < MAX_SIGNALS; i++)
        free(r->room[i]);
    free(r);
}

static bool fault(const hl_error *err)
{
    fprintf(stderr, "%s\n", err->message);
    return false;
}

static bool reader_open(reader *r, const char *record)
{
    hl_error err = {0};

    return hl_wave_open(record, NULL, &r->wave, &err) == HL_OK || fault(&err);
}

static void reader_close(reader *r)
{
    hl_wave_close(&r->wave);
}

static int64_t reader_frames(const reader *r)
{
    return hl_wave_about(r->wave)->n_frames;
}

/* Memory as one who calls again and again would keep it. */
static void *room_of(reader *r, int32_t s, int64_t n, bool physical)
{
    const size_t bytes = (size_t)(n * hl_wave_about(r->wave)->signal[s].samples_per_frame) *
                         (physical ? sizeof(double) : sizeof(int32_t));

    if (r->room_bytes[s] < bytes) {
        free(r->room[s]);
        r->room[s] = malloc(bytes);
        if (!r->room[s])
            abort();
        r->room_bytes[s] = bytes;
    }
    return r->room[s];
}

static bool reader_read(reader *r, int64_t from, int64_t n, int signal, bool physical)
{
    const hl_wave_window q = {.from = from,
                              .to = from + n,
                              .signal = signal < 0 ? NULL : &signal,
                              .n_signals = 1,
                              .kind = physical ? HL_WAVE_F64 : HL_WAVE_I32};
    hl_error err = {0};
    void *to[MAX_SIGNALS];

    if (signal >= 0)
        to[0] = room_of(r, signal, n, physical);
    for (int32_t s = 0; signal < 0 && s < hl_wave_about(r->wave)->n_signals; s++)
        to[s] = room_of(r, s, n, physical);
    return hl_wave_read(r->wave, &q, to, &err) == HL_OK || fault(&err);
}

static bool reader_write(const reader *r, int64_t n, int signal, bool physical, FILE *out)
{
    const hl_wave_info *info = hl_wave_about(r->wave);
    const int32_t first = signal < 0 ? 0 : signal, end = signal < 0 ? info->n_signals : signal + 1;

    for (int64_t f = 0; f < n; f++)
        for (int32_t s = first; s < end; s++) {
            const int32_t spf = info->signal[s].samples_per_frame;
            for (int64_t i = f * spf; i < (f + 1) * spf; i++) {
                const int32_t *v = (int32_t *)r->room[s] + i, invalid = -32768;
                if (physical)
                    fwrite((double *)r->room[s] + i, sizeof(double), 1, out);
                else
                    fwrite(*v == HL_WAVE_INVALID ? &invalid : v, sizeof *v, 1, out);
            }
        }
    return !ferror(out);
}

static bool reader_headers(reader *r, const char *record, FILE *out)
{
    uint8_t present[MAX_SIGNALS];
    hl_error err = {0};
    bool ok = reader_open(r, record);

    for (int64_t i = 0; ok && i < hl_wave_about(r->wave)->n_segments; i++) {
        int32_t n = 0;
        ok = hl_wave_present(r->wave, i, present, &err) == HL_OK || fault(&err);
        for (int32_t s = 0; s < hl_wave_about(r->wave)->n_signals; s++)
            n += present[s];
        if (out)
            fwrite(&n, sizeof n, 1, out);
    }
    reader_close(r);
    return ok;
}
