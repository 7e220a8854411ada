#include "synth/archives.h"

#include "base/civil.h"
#include "base/ctl.h"
#include "base/io.h"
#include "base/pool.h"
#include "format/jpeg.h"
#include "format/wfdb/wfdb.h"
#include "synth/chance.h"
#include "synth/ecg.h"
#include "synth/film_dicom.h"
#include "synth/tables.h"

#define FILM_QUALITY 90

typedef struct {
    const hl_synth_plan *plan;
    const char *folder;
    hl_synth_film_format format;
    hl_cpu cpu;
} archive;

/* folder/archive/relative, and its parent folder made. */
static hl_code place_file(const char *folder, const char *archive_name, const char *relative,
                          char path[HL_PATH_BYTES], hl_error *err)
{
    char below[HL_SYNTH_FILE_BYTES + 32];
    snprintf(below, sizeof below, "%s/%s", archive_name, relative);
    hl_code c = hl_path_join(folder, below, path, err);
    if (c != HL_OK)
        return c;
    char *slash = strrchr(path, '/');
    *slash = 0;
    c = hl_make_folder(path, err);
    *slash = '/';
    return c;
}

/* --- ECGs --------------------------------------------------------------------------------------
 */

static hl_synth_ecg_look ecg_look(const hl_synth_subject *s, const hl_synth_record *r, hl_rng *rng)
{
    const double *level = s->admission[r->admission].illness.ecg;
    return (hl_synth_ecg_look){
        .t_wave = 0.55 + 0.33 * level[0] + 0.02 * hl_synth_normal(rng),
        .rate_bpm = 82 + 20 * level[1] + 1.5 * hl_synth_normal(rng),
        .axis_deg = 12 - 38 * level[2] + 3 * hl_synth_normal(rng),
        .fibrillation = s->fibrillation,
    };
}

static void spoil(int16_t sample[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS], hl_synth_wave wave,
                  hl_rng *rng)
{
    switch (wave) {
    case HL_WAVE_DRAWN:
        break;
    case HL_WAVE_NAN: { /* a gap of some samples in one lead: format 16 marks them -32768 */
        int lead = (int)hl_synth_int(rng, 0, 11), from = (int)hl_synth_int(rng, 0, 4900);
        int n = (int)hl_synth_int(rng, 1, 60);
        for (int i = from; i < from + n; i++)
            sample[i][lead] = INT16_MIN;
        break;
    }
    case HL_WAVE_ZERO:
        memset(sample, 0, sizeof *sample * HL_SYNTH_ECG_SAMPLES);
        break;
    case HL_WAVE_LEAD_OFF: {
        int lead = (int)hl_synth_int(rng, 6, 11);
        for (int i = 0; i < HL_SYNTH_ECG_SAMPLES; i++)
            sample[i][lead] = 0;
        break;
    }
    }
}

static hl_code write_record(const archive *a, const hl_synth_subject *s, const hl_synth_record *r,
                            int16_t sample[HL_SYNTH_ECG_SAMPLES][HL_SYNTH_ECG_LEADS], hl_error *err)
{
    char relative[HL_SYNTH_FILE_BYTES], path[HL_PATH_BYTES], name[24], time[16], date[16], note[48];
    hl_wfdb_signal signal[HL_SYNTH_ECG_LEADS];
    const char *comment[1] = {note};
    hl_civil t = hl_civil_of(r->time_s);
    hl_rng rng = hl_rng_of(a->plan->seed, "ecg", (uint64_t)r->study_id);
    hl_synth_ecg_look look = ecg_look(s, r, &rng);
    hl_synth_ecg_draw(&look, rng, sample);
    hl_rng fault = hl_rng_of(a->plan->seed, "ecg-fault", (uint64_t)r->study_id);
    spoil(sample, r->wave, &fault);

    snprintf(name, sizeof name, "%lld", (long long)r->study_id);
    snprintf(time, sizeof time, "%02d:%02d:%02d", t.hour, t.minute, t.second);
    snprintf(date, sizeof date, "%02d/%02d/%04d", t.day, t.month, t.year);
    snprintf(note, sizeof note, " <subject_id>: %lld", (long long)s->subject_id);
    for (int i = 0; i < HL_SYNTH_ECG_LEADS; i++)
        signal[i] = (hl_wfdb_signal){.format = 16,
                                     .samples_per_frame = 1,
                                     .gain = HL_SYNTH_ECG_GAIN,
                                     .calibrated = true,
                                     .units = "mV",
                                     .adc_bits = 16,
                                     .has_checksum = true,
                                     .description = hl_synth_ecg_lead[i]};
    hl_wfdb_header header = {.name = name,
                             .n_signals = HL_SYNTH_ECG_LEADS,
                             .rate_hz = HL_SYNTH_ECG_RATE_HZ,
                             .counter_hz = HL_SYNTH_ECG_RATE_HZ,
                             .n_samples = HL_SYNTH_ECG_SAMPLES,
                             .base_time = time,
                             .base_date = date,
                             .signal = signal,
                             .comment = comment,
                             .n_comments = 1};
    hl_synth_record_path(s, r, relative);
    hl_code c = place_file(a->folder, "mimic-iv-ecg", relative, path, err);
    return c == HL_OK ? hl_wfdb_write(path, &header, sample[0], NULL, NULL, err) : c;
}

static hl_code write_records(void *ctx, int64_t i, int thread, hl_error *err)
{
    (void)thread;
    const archive *a = ctx;
    hl_synth_subject *s = malloc(sizeof *s);
    int16_t(*sample)[HL_SYNTH_ECG_LEADS] = malloc(sizeof *sample * HL_SYNTH_ECG_SAMPLES);
    hl_code c = HL_OK;
    if (!s || !sample)
        c = hl_fail_memory(err, "ECG", sizeof *sample * HL_SYNTH_ECG_SAMPLES);
    if (c == HL_OK)
        hl_synth_plan_subject(a->plan, i, s);
    for (int k = 0; c == HL_OK && k < s->n_records; k++)
        c = write_record(a, s, &s->record[k], sample, err);
    free(sample);
    free(s);
    return c;
}

/* --- films -------------------------------------------------------------------------------------
 */

static hl_synth_film_look film_look(const hl_synth_subject *s, const hl_synth_film *f, hl_rng *rng)
{
    const hl_synth_study *study = &s->study[f->study];
    const double *level = s->admission[study->admission].illness.film;
    return (hl_synth_film_look){
        .width = f->width,
        .height = f->height,
        .portable = study->portable,
        /* The heart looks a little larger on a portable film: it lies farther from the plate. */
        .cardiothoracic =
            0.500 + 0.062 * level[0] + (study->portable ? 0.012 : 0) + 0.004 * hl_synth_normal(rng),
        .basal_opacity = hl_synth_clamp(0.47 + 0.43 * level[1] + 0.03 * hl_synth_normal(rng), 0, 1),
        .inflation = hl_synth_clamp(0.75 * level[2] + 0.06 * hl_synth_normal(rng), -1, 1),
        .body = s->body,
        .device = study->device,
    };
}

static hl_code put_file(const archive *a, const char *archive_name, const char *relative,
                        const hl_buf *bytes, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = place_file(a->folder, archive_name, relative, path, err);
    return c == HL_OK ? hl_write_file(path, bytes->at, bytes->n, NULL, err) : c;
}

static hl_code write_jpeg(const archive *a, const hl_synth_subject *s, int i,
                          const hl_synth_picture *picture, hl_arena *arena, hl_buf *bytes,
                          hl_error *err)
{
    char relative[HL_SYNTH_FILE_BYTES];
    hl_image image;
    hl_buf_clear(bytes);
    hl_synth_film_path(s, &s->film[i], "jpg", relative);
    hl_code c = hl_synth_film_grey(arena, picture, &image, err);
    if (c == HL_OK)
        c = hl_jpeg_encode(&image, FILM_QUALITY, a->cpu, bytes, err);
    return c == HL_OK ? put_file(a, "mimic-cxr-jpg", relative, bytes, err) : c;
}

static hl_code write_dicom(const archive *a, const hl_synth_subject *s, int i,
                           hl_synth_picture *picture, hl_arena *arena, hl_buf *bytes, hl_error *err)
{
    char relative[HL_SYNTH_FILE_BYTES];
    hl_buf_clear(bytes);
    hl_synth_film_path(s, &s->film[i], "dcm", relative);
    hl_code c = hl_synth_film_dicom(a->plan, s, i, picture, arena, bytes, err);
    return c == HL_OK ? put_file(a, "mimic-cxr", relative, bytes, err) : c;
}

static hl_code write_film(const archive *a, const hl_synth_subject *s, int i, hl_arena *arena,
                          hl_buf *bytes, hl_error *err)
{
    hl_synth_picture picture;
    hl_rng rng =
        hl_rng_of(a->plan->seed, "film", (uint64_t)s->index * HL_SYNTH_MAX_EVENTS + (uint64_t)i);
    hl_synth_film_look look = film_look(s, &s->film[i], &rng);
    hl_arena_reset(arena);
    hl_code c = hl_synth_film_draw(arena, &look, rng, &picture, err);
    if (c == HL_OK && a->format != HL_SYNTH_DICOM)
        c = write_jpeg(a, s, i, &picture, arena, bytes, err);
    /* The last one: a fault is drawn into the picture. */
    if (c == HL_OK && a->format != HL_SYNTH_JPEG)
        c = write_dicom(a, s, i, &picture, arena, bytes, err);
    return c;
}

static hl_code write_films(void *ctx, int64_t i, int thread, hl_error *err)
{
    (void)thread;
    const archive *a = ctx;
    hl_synth_subject *s = malloc(sizeof *s);
    hl_arena *arena = hl_arena_new(0);
    hl_buf bytes = {0};
    hl_code c = HL_OK;
    if (!s || !arena)
        c = hl_fail_memory(err, "film", sizeof *s);
    if (c == HL_OK)
        hl_synth_plan_subject(a->plan, i, s);
    for (int k = 0; c == HL_OK && k < s->n_films; k++)
        if (s->film[k].has_file)
            c = write_film(a, s, k, arena, &bytes, err);
    hl_buf_free(&bytes);
    hl_arena_free(&arena);
    free(s);
    return c;
}

/* --- both: a patient is an item ----------------------------------------------------------------
 */

typedef struct {
    archive archive;
    hl_code (*write)(void *ctx, int64_t i, int thread, hl_error *err);
    hl_ctl *ctl;
} counted;

static hl_code write_counted(void *ctx, int64_t i, int thread, hl_error *err)
{
    counted *w = ctx;
    hl_code c = w->write(&w->archive, i, thread, err);
    hl_ctl_done(w->ctl, 1);
    return c;
}

hl_code hl_synth_records_write(const hl_synth_plan *plan, const char *folder, hl_ctl *ctl,
                               hl_error *err)
{
    counted w = {{.plan = plan, .folder = folder}, write_records, ctl};
    hl_ctl_phase(ctl, "drawing ECGs, patients", plan->n_patients);
    return hl_parallel_for(hl_ctl_jobs(ctl), plan->n_patients, ctl, write_counted, &w, err);
}

hl_code hl_synth_films_write(const hl_synth_plan *plan, const char *folder,
                             hl_synth_film_format format, hl_ctl *ctl, hl_error *err)
{
    counted w = {
        {.plan = plan, .folder = folder, .format = format, .cpu = hl_cpu_level(ctl ? ctl->cpu : 0)},
        write_films,
        ctl};
    hl_ctl_phase(ctl, "drawing films, patients", plan->n_patients);
    return hl_parallel_for(hl_ctl_jobs(ctl), plan->n_patients, ctl, write_counted, &w, err);
}
