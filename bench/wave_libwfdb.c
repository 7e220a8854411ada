/* wave_libwfdb - records by the WFDB library in C; see wave_task.h for what it is called with. */
#include "wave_task.h"

#include <math.h>

#include <wfdb/wfdb.h>

struct reader {
    WFDB_Siginfo signal[MAX_SIGNALS];
    int n_signals, frame_samples;
    int64_t at;        /* the frame that getframe() gives next */
    int *signal_of;    /* [frame_samples] */
    WFDB_Sample *room; /* [STEP_FRAMES][frame_samples] */
    double *value;     /* the same in units */
    size_t n_room;
    char name[MAX_PATH]; /* the library wants names it may write to */
};

static reader *reader_new(void)
{
    wfdbquiet();
    setwfdb((char *)".");
    return calloc(1, sizeof(reader));
}

static void reader_free(reader *r)
{
    free(r->signal_of);
    free(r->room);
    free(r->value);
    free(r);
}

static bool fault(const char *what, const char *of)
{
    fprintf(stderr, "%s: %s: %s\n", of, what, wfdberror());
    return false;
}

static bool reader_open(reader *r, const char *record)
{
    snprintf(r->name, sizeof r->name, "%s", record);
    r->n_signals = isigopen(r->name, r->signal, MAX_SIGNALS);
    if (r->n_signals < 1)
        return fault("isigopen", record);
    r->at = r->frame_samples = 0;
    for (int s = 0; s < r->n_signals; s++)
        r->frame_samples += r->signal[s].spf;
    const size_t n = STEP_FRAMES * (size_t)r->frame_samples;
    if (r->n_room < n) {
        r->signal_of = realloc(r->signal_of, (size_t)r->frame_samples * sizeof *r->signal_of);
        r->room = realloc(r->room, n * sizeof *r->room);
        r->value = realloc(r->value, n * sizeof *r->value);
        if (!r->room || !r->value || !r->signal_of)
            abort();
        r->n_room = n;
    }
    for (int s = 0, i = 0; s < r->n_signals; s++)
        for (int k = 0; k < r->signal[s].spf; k++)
            r->signal_of[i++] = s;
    return true;
}

static void reader_close(reader *r)
{
    (void)r;
    wfdbquit();
}

static int64_t reader_frames(const reader *r)
{
    return r->signal[0].nsamp;
}

/* The library reads all signals or none. */
static bool reader_read(reader *r, int64_t from, int64_t n, int signal, bool physical)
{
    (void)signal;
    if (from != r->at && isigsettime(from) < 0)
        return fault("isigsettime", r->name);
    for (int64_t f = 0; f < n; f++)
        if (getframe(r->room + f * r->frame_samples) != r->n_signals)
            return fault("getframe", r->name);
    r->at = from + n;
    for (int64_t f = 0; physical && f < n; f++)
        for (int i = 0; i < r->frame_samples; i++) {
            const WFDB_Sample v = r->room[f * r->frame_samples + i];
            r->value[f * r->frame_samples + i] =
                v == WFDB_INVALID_SAMPLE ? (double)NAN : aduphys((WFDB_Signal)r->signal_of[i], v);
        }
    return true;
}

static bool reader_write(const reader *r, int64_t n, int signal, bool physical, FILE *out)
{
    for (int64_t i = 0; i < n * r->frame_samples; i++) {
        if (signal >= 0 && r->signal_of[i % r->frame_samples] != signal)
            continue;
        if (physical)
            fwrite(&r->value[i], sizeof(double), 1, out);
        else
            fwrite(&r->room[i], sizeof(int32_t), 1, out);
    }
    return !ferror(out);
}

static bool reader_headers(reader *r, const char *record, FILE *out)
{
    const char *slash = strrchr(record, '/');
    const size_t folder = slash ? (size_t)(slash - record) + 1 : 0;
    WFDB_Seginfo *segment;
    bool ok = true;

    snprintf(r->name, sizeof r->name, "%s", record);
    if (isigopen(r->name, r->signal, -MAX_SIGNALS) < 0)
        return fault("isigopen", record);
    const int n_segments = getseginfo(&segment);
    WFDB_Seginfo *kept = malloc((size_t)n_segments * sizeof *kept);
    if (!kept)
        abort();
    memcpy(kept, segment, (size_t)n_segments * sizeof *kept);
    wfdbquit(); /* else headers would be taken for segments of the open record */
    for (int i = 0; i < n_segments && ok; i++) {
        if (kept[i].nsamp == 0) /* the layout */
            continue;
        int32_t n = 0;
        if (strcmp(kept[i].recname, "~") != 0) {
            snprintf(r->name + folder, sizeof r->name - folder, "%s", kept[i].recname);
            n = isigopen(r->name, r->signal, -MAX_SIGNALS);
        }
        ok = n >= 0 || fault("isigopen", kept[i].recname);
        if (out)
            fwrite(&n, sizeof n, 1, out);
    }
    free(kept);
    wfdbquit();
    return ok;
}
