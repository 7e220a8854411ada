/*
 * check_dicom.c - DICOM files searched for what identifies: attributes, hiding places, and with
 * --text the pixels.
 */
#include "base/ctl.h"
#include "base/io.h"
#include "base/pool.h"
#include "film/check.h"
#include "film/look.h"
#include "film/plan.h"

#define MAX_FILE_BYTES ((size_t)4 << 30)

typedef struct {
    hl_checking *check;
    const char **path;
    size_t n;
} search;

static hl_code put_findings(hl_checking *check, const char *path, const hl_deid_findings *found,
                            hl_error *err)
{
    hl_code c = HL_OK;

    for (size_t i = 0; c == HL_OK && i < found->n; i++) {
        const hl_deid_finding *f = &found->at[i];
        c = hl_findings_add(&check->found, f->level, path, f->where, err, "%s %s", f->name,
                            f->reason);
    }
    return c;
}

/* Frames are looked at alone; what is no grey film, or does not decode, is for other commands. */
static hl_code search_pixels(hl_checking *check, const char *path, hl_dicom *d, hl_arena *arena,
                             hl_error *err)
{
    hl_pixels pixels;
    hl_frame frame;
    hl_image plain;
    hl_error fault;
    hl_code c = hl_pixels_describe(d, &pixels, &fault);

    for (int64_t i = 0; c == HL_OK && i < pixels.n_frames && i < 4; i++) {
        c = hl_pixels_frame(d, &pixels, i, arena, check->cpu, &frame, &fault);
        if (c == HL_OK)
            c = hl_look_plain(d, &pixels, &frame, check->cpu, arena, &plain, &fault);
        if (c == HL_OK) {
            c = hl_check_text(check, path, &plain, arena, err);
            if (c != HL_OK)
                return c;
        }
    }
    if (c == HL_OK)
        return HL_OK;
    if (hl_error_is_memory(&fault))
        return hl_fail_memory(err, "a film", 0);
    return hl_findings_add(
        &check->found, HL_DEID_NOTE, path, "", err,
        "its pixels were not searched for text: they cannot be decoded as a film");
}

static hl_code search_file(void *ctx, int64_t i, int thread, hl_error *err)
{
    search *s = ctx;
    hl_checking *check = s->check;
    hl_deid_rules rules = hl_deid_defaults();
    char path[HL_PATH_BYTES];
    hl_buf bytes = {0};
    hl_dicom *d = NULL;
    hl_deid_findings found;
    hl_error fault;
    int64_t study_id;
    hl_str dicom_id;
    hl_arena *arena = hl_arena_new(0);
    hl_code c = hl_path_join(check->o->dir, s->path[i], path, err);

    (void)thread;
    rules.dates_shifted = check->o->dates_shifted;
    if (!hl_film_path_ids(s->path[i], &rules.subject_id, &study_id, &dicom_id))
        rules.subject_id = -1;
    if (c == HL_OK && !arena)
        c = hl_fail_memory(err, "a film", 65536);
    if (c != HL_OK)
        goto done;
    c = hl_read_file(path, MAX_FILE_BYTES, &bytes, NULL, &fault);
    hl_ctl_bytes(check->ctl, (int64_t)bytes.n);
    if (c == HL_OK)
        c = hl_dicom_memory(bytes.at, bytes.n, s->path[i], &d, &fault);
    if (c == HL_E_INPUT || c == HL_E_IO || (c == HL_E_LIMIT && !hl_error_is_memory(&fault))) {
        char *line = strchr(fault.message, '\n');
        size_t n = strlen(s->path[i]);
        if (line)
            *line = 0;
        hl_error_below(&fault, check->o->dir);
        bool named = strncmp(fault.message, s->path[i], n) == 0 && fault.message[n] == ':';
        c = hl_findings_add(&check->found, HL_DEID_HIGH, s->path[i], "", err,
                            "cannot be read, so nothing is known of it: %s",
                            fault.message + (named ? n + 2 : 0));
        goto done;
    }
    if (c != HL_OK) {
        if (err)
            *err = fault;
        goto done;
    }
    c = hl_deid_scan(d, &rules, arena, &found, err);
    if (c == HL_OK)
        c = put_findings(check, s->path[i], &found, err);
    if (c == HL_OK && check->o->text)
        c = search_pixels(check, s->path[i], d, arena, err);
done:
    hl_dicom_close(&d);
    hl_buf_free(&bytes);
    hl_arena_free(&arena);
    hl_ctl_done(check->ctl, 1);
    return c;
}

hl_code hl_check_dicom(hl_checking *check, const hl_names *names, hl_error *err)
{
    hl_arena *arena = hl_arena_new(0);
    search s = {.check = check,
                .path = arena ? hl_arena_calloc(arena, names->n + 1, sizeof *s.path) : NULL};
    hl_code c = s.path ? HL_OK : hl_fail_memory(err, "the list of films", names->n * 8);

    for (size_t i = 0; c == HL_OK && i < names->n; i++) {
        bool is_film;
        c = hl_film_is_candidate(check->o->dir, names->name[i], &is_film, err);
        if (c == HL_OK && is_film)
            s.path[s.n++] = names->name[i];
    }
    check->films = (int64_t)s.n;
    check->files = (int64_t)names->n;
    if (c == HL_OK && s.n == 0)
        c = hl_fail_at(err, HL_E_INPUT, check->o->dir, 0, -1,
                       "neither DICOM files nor an archive of pictures (files/pNN/...) in it");
    hl_ctl_phase(check->ctl, "searching films", (int64_t)s.n);
    if (c == HL_OK)
        c = hl_parallel_for(hl_ctl_jobs(check->ctl), (int64_t)s.n, check->ctl, search_file, &s,
                            err);
    hl_arena_free(&arena);
    return c;
}
