/*
 * check_annotations.c - annotation files beside a record: order, types, definitions, the end.
 *
 * Every file RECORD.NAME is one whose NAME is not that of something else. Times are told in frames
 * (EDF: in samples at the highest rate), as the WFDB library counts them.
 * Source: waveform.md 1.3, 1.5.
 */
#include "wave/check.h"

#include <math.h>

#include "format/wfdb/annotation.h"

enum { TYPES = 50, MOST_BYTES = 1 << 30, ARENA_BYTES = 65536 };

typedef struct {
    hl_record_check *k;
    hl_found_at at;
    hl_annotations a;
    double ticks_per_unit; /* of the file, in one unit of the times told */
    int64_t end;           /* of the signals, 0 = not known */
    const char *mnemonic[TYPES], *description[TYPES]; /* NULL = the type is not defined */
    bool seen[TYPES];
    bool seen_invalid;
} annotator;

/* --- types ------------------------------------------------------------------------------------ */

static void set_types(annotator *x)
{
    for (int32_t i = 0; i < TYPES; i++) {
        const hl_annotation_type *t = hl_annotation_type_of(i);
        if (i == 0 || *t->description) {
            x->mnemonic[i] = i == 0 ? " " : t->mnemonic;
            x->description[i] = t->description;
        }
    }
    for (size_t i = 0; i < x->a.n_definitions; i++) {
        const hl_annotation_definition *d = &x->a.definition[i];
        const bool own = !x->mnemonic[d->type];
        x->mnemonic[d->type] = d->mnemonic;
        if (own || *d->description)
            x->description[d->type] = *d->description ? d->description : NULL;
    }
}

static void check_types(annotator *x)
{
    for (int32_t i = 0; i < TYPES; i++) {
        int32_t first = 0;
        if (!x->mnemonic[i])
            continue;
        if (!x->description[i])
            hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at,
                          "no description for annotation type '%s'", x->mnemonic[i]);
        while (!x->mnemonic[first] || strcmp(x->mnemonic[first], x->mnemonic[i]) != 0)
            first++;
        if (first != i)
            hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at,
                          "multiple annotation codes with mnemonic '%s'", x->mnemonic[i]);
    }
}

/* --- annotations ------------------------------------------------------------------------------ */

/* Rounded, halves up. */
static int64_t time_of(const annotator *x, const hl_annotation *a)
{
    const double t = floor((double)a->time / x->ticks_per_unit + 0.5);

    return x->ticks_per_unit == 1 || !(fabs(t) < 9e18) ? a->time : (int64_t)t;
}

static void check_type(annotator *x, int32_t type, int64_t time)
{
    if (type < 0 || type >= TYPES) {
        if (!x->seen_invalid)
            hl_wave_found(x->k->found, HL_FOUND_ERROR, &x->at, "invalid annotation [%d] at s%lld",
                          (int)type, (long long)time);
        x->seen_invalid = true;
        return;
    }
    if (!x->seen[type] && type == 0)
        hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at, "null annotation at s%lld",
                      (long long)time);
    else if (!x->seen[type] && !x->mnemonic[type])
        hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at, "undefined annotation [%d] at s%lld",
                      (int)type, (long long)time);
    x->seen[type] = true;
}

static void check_order(annotator *x)
{
    int64_t before = 0;

    for (size_t i = 0; i < x->a.n; i++) {
        const int64_t time = time_of(x, &x->a.annotation[i]);
        if (i == 0 && time < 0)
            hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at, "first annotation is at s%lld",
                          (long long)time);
        if (i > 0 && time < before)
            hl_wave_found(x->k->found, HL_FOUND_ERROR, &x->at,
                          "annotations out of order (s%lld > s%lld)", (long long)before,
                          (long long)time);
        check_type(x, x->a.annotation[i].type, time);
        before = time;
    }
    if (x->end > 0 && before > x->end)
        hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at,
                      "last annotation is after end of signals (s%lld)", (long long)before);
    if (x->a.n_surplus_bytes > 0)
        hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at, "%lld bytes behind the end mark",
                      (long long)x->a.n_surplus_bytes);
}

/* --- a file ----------------------------------------------------------------------------------- */

static void check_name(const annotator *x)
{
    const char *name = x->at.annotator;
    const size_t digits = strspn(name, "0123456789");

    if (name[digits] == 0)
        hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at, "annotator name is all digits");
    for (; *name; name++)
        if (!(*name >= 'a' && *name <= 'z') && !(*name >= 'A' && *name <= 'Z') &&
            !(*name >= '0' && *name <= '9') && *name != '_') {
            hl_wave_found(x->k->found, HL_FOUND_WARNING, &x->at,
                          "problematic character(s) in annotator name");
            return;
        }
}

static void set_times(annotator *x, int64_t n_frames)
{
    const hl_wfdb_header *h = &x->k->header;
    int64_t most = 1;

    for (int32_t i = 0; h->signal && x->k->is_edf && i < h->n_signals; i++)
        most = h->signal[i].samples_per_frame > most ? h->signal[i].samples_per_frame : most;
    x->ticks_per_unit = 1;
    if (x->a.clock_hz > 0 && h->rate_hz > 0)
        x->ticks_per_unit = x->a.clock_hz / (h->rate_hz * (double)most);
    if (__builtin_mul_overflow(n_frames, most, &x->end))
        x->end = 0;
}

static hl_code check_file(hl_record_check *k, const char *file, const char *name, int64_t n_frames,
                          hl_error *err)
{
    annotator x = {.k = k, .at = {.record = k->here.record, .annotator = name, .signal = -1}};
    hl_arena *arena = hl_arena_new(ARENA_BYTES);
    hl_error local = {0};
    hl_buf bytes = {0};
    hl_code c = arena ? HL_OK : hl_fail_memory(&local, "annotations", ARENA_BYTES);

    check_name(&x);
    if (c == HL_OK)
        c = hl_place_read(k->place, file, MOST_BYTES, &bytes, NULL, &local);
    if (c == HL_OK)
        c = hl_annotations_parse(arena, bytes.n ? bytes.at : "", bytes.n, file, &x.a, &local);
    if (c != HL_OK && !hl_wave_is_finding(c, &local)) {
        if (err)
            *err = local;
        goto done;
    }
    if (c != HL_OK)
        hl_wave_found(k->found, HL_FOUND_ERROR, &x.at, "%s", hl_wave_fault_text(k, &local));
    c = HL_OK;
    set_times(&x, n_frames);
    set_types(&x);
    check_types(&x);
    check_order(&x);
    k->checked->annotations += (int64_t)x.a.n;
done:
    hl_buf_free(&bytes);
    hl_arena_free(&arena);
    return c;
}

/* --- which files ------------------------------------------------------------------------------ */

bool hl_wave_check_is_annotator(const char *ending)
{
    static const char *const other[] = {"hea",  "dat", "info", "xws", "csv", "gz",  "edf", "bdf",
                                        "flac", "txt", "md5",  "pdf", "png", "svg", "html"};

    if (!*ending || strchr(ending, '.') || strchr(ending, '~') || strchr(ending, ' '))
        return false;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (strcmp(ending, other[i]) == 0)
            return false;
    return true;
}

/* Whether a header has the file for samples. */
static bool is_signal_file(const hl_wfdb_header *h, const char *file)
{
    for (int32_t i = 0; h->signal && i < h->n_signals; i++)
        if (strcmp(h->signal[i].file, file) == 0)
            return true;
    return false;
}

hl_code hl_wave_check_annotations(hl_record_check *k, int64_t n_frames, hl_error *err)
{
    const size_t n = strlen(k->target->name);
    hl_names names = {0};
    hl_code c = hl_list_folder(k->target->folder, &names, err);

    for (size_t i = 0; i < names.n && c == HL_OK; i++) {
        const char *file = names.name[i];
        if (strncmp(file, k->target->name, n) == 0 && file[n] == '.' &&
            hl_wave_check_is_annotator(file + n + 1) && !is_signal_file(&k->header, file))
            c = check_file(k, file, file + n + 1, n_frames, err);
    }
    hl_names_free(&names);
    return c;
}
