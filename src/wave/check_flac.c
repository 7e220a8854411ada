/*
 * check_flac.c - FLAC streams as signal files: the whole stream is proved (every CRC, the MD5, the
 * count), then its samples are looked at.
 *
 * Source: waveform.md 1.2, 1.5, 2.4.
 */
#include "wave/check.h"

#include <stdlib.h>

#include "base/ctl.h"

enum { CHUNK_SAMPLES = 4096 }; /* a channel */

typedef struct {
    hl_segment_check *seg;
    hl_wave_group *g;
    hl_wave_seen *seen; /* [g->n] */
    const hl_flac_info *info;
    hl_found_at at;
    int32_t spf;
} stream;

static void found(const stream *f, const char *text)
{
    hl_wave_found(f->seg->k->found, HL_FOUND_ERROR, &f->at, "%s", text);
}

/* --- does it fit the header? ------------------------------------------------------------------ */

/* false: no sample can be read as the header has it. */
static bool fits(stream *f, bool *readable)
{
    const hl_wfdb_signal *signal = &f->seg->header.signal[f->g->first];
    hl_wave_findings *out = f->seg->k->found;

    for (int32_t i = 1; i < f->g->n; i++)
        if (signal[i].samples_per_frame != f->spf) {
            *readable = false;
            hl_wave_found(out, HL_FOUND_ERROR, &f->at,
                          "%s: signals of a FLAC file must have the same number of samples a "
                          "frame; signal %d has %d, signal %d has %d",
                          f->g->file, (int)f->g->first, (int)f->spf, (int)(f->g->first + i),
                          (int)signal[i].samples_per_frame);
            return false;
        }
    if (f->info->n_channels != f->g->n) {
        found(f, "getvec: wrong number of signals in FLAC signal file");
        hl_wave_found(out, HL_FOUND_ERROR, &f->at,
                      "%s: the FLAC stream has %d channels, the header %d signals", f->g->file,
                      (int)f->info->n_channels, (int)f->g->n);
        return false;
    }
    if (f->info->bits > signal->format - 500) {
        found(f, "getvec: wrong sample resolution in FLAC signal file");
        hl_wave_found(out, HL_FOUND_ERROR, &f->at,
                      "%s: the FLAC stream has %d bits, more than format %d holds", f->g->file,
                      (int)f->info->bits, (int)signal->format);
        return false;
    }
    return true;
}

/* --- samples ---------------------------------------------------------------------------------- */

static void see(const stream *f, int32_t *const sample[], int64_t n, int64_t at)
{
    const int32_t code = f->g->format->invalid;

    for (int32_t i = 0; i < f->g->n; i++)
        hl_wave_see(&f->seen[i], &f->seg->range[f->g->first + i], sample[i], n, 1, at, true, code,
                    code);
}

/* Up to n samples a channel; *got until the first that cannot be had. Why is known already. */
static hl_code read_samples(const stream *f, int64_t n, int64_t *got, hl_error *err)
{
    hl_ctl *ctl = f->seg->k->all->ctl;
    int32_t *room = malloc(HL_FLAC_CHANNELS * CHUNK_SAMPLES * sizeof *room);
    int32_t *to[HL_FLAC_CHANNELS];
    hl_code c = room ? HL_OK : hl_fail_memory(err, "FLAC samples", CHUNK_SAMPLES);
    bool over = false;

    for (int32_t i = 0; i < HL_FLAC_CHANNELS; i++)
        to[i] = room && i < f->info->n_channels ? room + i * CHUNK_SAMPLES : NULL;
    *got = 0;
    while (c == HL_OK && *got < n && !over) {
        const int64_t want = n - *got < CHUNK_SAMPLES ? n - *got : CHUNK_SAMPLES;
        hl_error local = {0};
        int64_t some = 0;
        c = hl_ctl_check(ctl, err);
        if (c != HL_OK)
            break;
        c = hl_flac_read(f->g->flac, *got + f->g->offset_bytes, want, to, &some, &local);
        over = some < want;
        see(f, to, some, *got);
        *got += some;
        if (c == HL_E_INPUT) {
            over = true;
            c = HL_OK;
        } else if (c != HL_OK && err) {
            *err = local;
        }
    }
    free(room);
    return c;
}

/* --- the stream itself ------------------------------------------------------------------------ */

static void found_damage(const stream *f, const hl_flac_findings *p)
{
    hl_wave_found(f->seg->k->found, HL_FOUND_ERROR, &f->at, "%s: damaged at byte %lld: %s",
                  f->g->file, (long long)p->offset, p->message);
}

/* Samples a channel that the header wants, 0 = it says nothing. */
static int64_t wanted(const stream *f)
{
    int64_t n;

    if (f->seg->header.n_samples == 0 ||
        __builtin_mul_overflow(f->seg->header.n_samples, (int64_t)f->spf, &n) ||
        __builtin_add_overflow(n, f->g->offset_bytes, &n))
        return 0;
    return n;
}

static void found_sound(const stream *f, const hl_flac_findings *p)
{
    hl_wave_findings *out = f->seg->k->found;
    const int64_t want = wanted(f);

    if (!p->md5_ok)
        hl_wave_found(out, HL_FOUND_ERROR, &f->at,
                      "%s: the samples do not have the MD5 that the FLAC stream states",
                      f->g->file);
    if (p->surplus_bytes > 0)
        hl_wave_found(out, HL_FOUND_ERROR, &f->at, "%s: %lld bytes behind the last FLAC frame",
                      f->g->file, (long long)p->surplus_bytes);
    if (want > 0 && want != p->n_samples)
        hl_wave_found(out, HL_FOUND_ERROR, &f->at,
                      "%s: the FLAC stream has %lld samples a channel, the header %lld", f->g->file,
                      (long long)p->n_samples, (long long)want);
    else if (want == 0 && (p->n_samples - f->g->offset_bytes) % f->spf != 0)
        hl_wave_found(out, HL_FOUND_WARNING, &f->at,
                      "%s: the last %lld samples a channel fill no frame", f->g->file,
                      (long long)((p->n_samples - f->g->offset_bytes) % f->spf));
}

hl_code hl_wave_check_flac(hl_segment_check *seg, hl_wave_group *g, hl_wave_seen *seen,
                           int64_t *n_frames, bool *readable, bool *damaged, hl_error *err)
{
    stream f = {.seg = seg,
                .g = g,
                .seen = seen,
                .at = hl_wave_check_at(seg, -1),
                .spf = seg->header.signal[g->first].samples_per_frame};
    hl_flac_findings proof = {0};
    int64_t n = INT64_MAX, got;
    hl_code c = hl_flac_open(g->in, seg->k->all->cpu, &g->flac, err);

    *n_frames = 0;
    *damaged = true;
    if (c == HL_OK)
        f.info = hl_flac_info_of(g->flac);
    if (c == HL_OK && !fits(&f, readable))
        return HL_OK;
    if (c == HL_OK)
        c = hl_flac_prove(g->flac, seg->k->all->ctl, &proof, err);
    if (c != HL_OK)
        return c;
    if (proof.damaged)
        found_damage(&f, &proof);
    else
        found_sound(&f, &proof);
    /* A stream that ends between two frames is one that is too short. */
    *damaged = proof.damaged && proof.offset < hl_in_size(g->in);
    if (seg->header.n_samples > 0 &&
        __builtin_mul_overflow(seg->header.n_samples, (int64_t)f.spf, &n))
        n = INT64_MAX;
    if (proof.damaged || n > proof.n_samples)
        n = proof.n_samples > g->offset_bytes ? proof.n_samples - g->offset_bytes : 0;
    c = read_samples(&f, n, &got, err);
    *n_frames = *damaged ? got / f.spf : (proof.n_samples - g->offset_bytes) / f.spf;
    if (*n_frames < 0)
        *n_frames = 0;
    return c;
}
