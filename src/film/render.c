#include "hilum/film.h"

#include <stdlib.h>

#include "base/ctl.h"
#include "base/log.h"
#include "base/map.h"
#include "data/run_info.h"
#include "film/archive.h"
#include "film/deid.h"
#include "film/labels.h"

#define DEFAULT_RECIPE "mimic-cxr-jpg-2.0.0"

typedef struct {
    const hl_film_options *o;
    hl_ctl *ctl;
    hl_arena *arena; /* of the whole call */
    hl_arena *scratch;
    hl_json *recipe_json;
    char recipe_hex[HL_HEX_CHARS];
    hl_film_recipe r;
    hl_film_map *map;
    hl_film_split *split;
    hl_film_plan plan;
    hl_film_job job;
    hl_shelf shelf;
    hl_manifest *manifest;
    hl_film_archive *archive;
    hl_film_counts counts;
    char folder[HL_PATH_BYTES]; /* of the films */
} rendering;

/* --- set up ----------------------------------------------------------------------------------- */

static hl_code take_recipe(rendering *p, hl_error *err)
{
    hl_digest digest;
    hl_code c =
        hl_recipe_read(p->o->recipe ? p->o->recipe : DEFAULT_RECIPE, &p->recipe_json, &digest, err);

    if (c == HL_OK)
        c = hl_film_recipe_read(p->arena, p->recipe_json, &p->r, err);
    if (c == HL_OK)
        hl_digest_hex(&digest, p->recipe_hex);
    if (c == HL_OK && p->o->quality) {
        if (p->r.look.format != HL_FILM_JPEG)
            return hl_fail(err, HL_E_USAGE, "--quality: recipe %s writes PNG, which loses nothing",
                           p->r.name);
        p->r.look.quality = p->o->quality;
    }
    if (c == HL_OK && p->o->as_published && !p->r.system)
        c = hl_fail(err, HL_E_USAGE, "--as-published: recipe %s is no published system", p->r.name);
    return c;
}

static hl_code make_workers(rendering *p, hl_error *err)
{
    size_t n = (size_t)hl_ctl_jobs(p->ctl);

    p->job = (hl_film_job){.in = p->folder,
                           .out = p->o->out,
                           .o = p->o,
                           .r = &p->r,
                           .plan = &p->plan,
                           .ctl = p->ctl,
                           .cpu = hl_cpu_level(p->ctl ? p->ctl->cpu : 0),
                           .worker = calloc(n, sizeof(hl_film_worker))};
    if (!p->job.worker)
        return hl_fail_memory(err, "workers", n * sizeof(hl_film_worker));
    for (size_t i = 0; i < n; i++)
        p->job.worker[i].soon = -1;
    p->job.shelf = &p->shelf;
    return hl_shelf_new(&p->shelf, (int)n, err);
}

static void free_all(rendering *p)
{
    for (int i = 0; p->job.worker && i < hl_ctl_jobs(p->ctl); i++) {
        hl_buf_free(&p->job.worker[i].file);
        hl_buf_free(&p->job.worker[i].picture);
    }
    free(p->job.worker);
    hl_shelf_free(&p->shelf);
    hl_film_archive_abort(&p->archive);
    hl_film_split_free(&p->split);
    hl_film_map_free(&p->map);
    hl_manifest_free(&p->manifest);
    hl_json_free(&p->recipe_json);
    hl_arena_free(&p->scratch);
    hl_arena_free(&p->arena);
}

/* --- one film --------------------------------------------------------------------------------- */

static bool names_a_picture(const char *out)
{
    hl_str s = hl_str_of(out);

    return hl_str_ends(s, ".jpg") || hl_str_ends(s, ".jpeg") || hl_str_ends(s, ".png");
}

/* The name's ending says what is written. */
static hl_code fit_format(rendering *p, hl_error *err)
{
    bool png = hl_str_ends(hl_str_of(p->o->out), ".png");

    if (png && p->o->quality)
        return hl_fail(err, HL_E_USAGE, "--quality: %s is a PNG, which loses nothing", p->o->out);
    if (png && p->r.look.format == HL_FILM_JPEG)
        p->r.look.format = HL_FILM_PNG8;
    else if (!png && p->r.look.format != HL_FILM_JPEG)
        return hl_fail(err, HL_E_USAGE, "%s: recipe %s writes PNG\nName the file .png.", p->o->out,
                       p->r.name);
    return HL_OK;
}

static hl_code render_one(rendering *p, hl_report *report, hl_error *err)
{
    hl_film_record r;
    hl_digest digest;
    char hex[HL_HEX_CHARS];
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    hl_code c = fit_format(p, err);

    if (c == HL_OK && (p->o->n_shards || p->o->resume || p->o->map || p->o->records ||
                       p->o->splits || p->o->labels))
        c = hl_fail(err, HL_E_USAGE,
                    "%s is one picture: --shard, --resume, --map, --records, --split-file and "
                    "--labels are for archives",
                    p->o->out);
    if (c == HL_OK && p->o->every_frame)
        c = hl_fail(err, HL_E_USAGE, "--every-frame is for archives; one film takes --frame");
    if (c == HL_OK)
        c = hl_film_single(&p->job, p->o->in, p->o->out, &r, p->arena, &digest, err);
    if (c != HL_OK)
        return c;
    if (r.warnings.n)
        hl_warn(p->ctl, "%s: %.*s", p->o->in, (int)r.warnings.n, r.warnings.at);
    hl_buf_printf(&text, "%s: %d x %d px, %.*s, values %lld to %lld%s, %lld bytes\n", p->o->out,
                  r.columns, r.rows, (int)r.photometric.n, r.photometric.at, (long long)r.min,
                  (long long)r.max, r.inverted ? ", inverted" : "", (long long)digest.bytes);
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", p->o->out);
    hl_json_member_cstr(&w, "sha256", hl_digest_hex(&digest, hex));
    hl_json_member_int(&w, "bytes", digest.bytes);
    hl_json_member_int(&w, "rows", r.rows);
    hl_json_member_int(&w, "columns", r.columns);
    hl_json_member_text(&w, "photometric", r.photometric);
    hl_json_member_int(&w, "min", r.min);
    hl_json_member_int(&w, "max", r.max);
    hl_json_member_bool(&w, "inverted", r.inverted);
    hl_json_member_cstr(&w, "recipe", p->r.name);
    hl_json_close(&w, '}');
    c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    *report = (hl_report){.json = json.at, .text = text.at};
    return c;
}

/* --- the job ---------------------------------------------------------------------------------- */

static int64_t item_subject(void *ctx, int64_t i)
{
    return ((rendering *)ctx)->plan.item[i].subject_id;
}

static void item_name(void *ctx, int64_t i, char *out, size_t size)
{
    snprintf(out, size, "%s", ((rendering *)ctx)->plan.item[i].name);
}

/* The job puts an item's name beside or in front of its message. */
static void without_name(hl_error *err, const char *name)
{
    size_t n = strlen(name);

    if (err && strncmp(err->message, name, n) == 0 && err->message[n] == ':' &&
        err->message[n + 1] == ' ')
        memmove(err->message, err->message + n + 2, strlen(err->message + n + 2) + 1);
}

static hl_code work(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                    hl_error *err)
{
    rendering *p = ctx;
    hl_code c = hl_film_work(&p->job, i, thread, scratch, record, err);

    if (c != HL_OK) {
        hl_error_below(err, p->folder);
        without_name(err, p->plan.item[i].name);
    }
    return c;
}

static void ahead(void *ctx, int64_t i, int thread)
{
    rendering *p = ctx;
    char path[HL_PATH_BYTES];

    p->job.worker[thread].soon = i;
    if (hl_path_join(p->folder, p->plan.item[i].path, path, NULL) == HL_OK)
        hl_prefetch(path);
}

/* The pictures of a record are in their places, whole: true. */
static bool pictures_there(const rendering *p, const hl_film_item *item, const hl_film_record *r)
{
    char ending[HL_ENDING_BYTES], relative[HL_PATH_BYTES], path[HL_PATH_BYTES];
    bool there = true;

    for (int32_t i = 0; there && i < r->n_pictures; i++) {
        hl_in *in = NULL;
        hl_film_ending(&p->r.look, r->picture[i].frame, ending);
        there = hl_film_place(item, ending, relative, NULL) == HL_OK &&
                hl_path_join(p->o->out, relative, path, NULL) == HL_OK &&
                hl_in_open(path, &in, NULL) == HL_OK &&
                hl_in_size(in) == r->picture[i].digest.bytes;
        hl_in_close(&in);
    }
    return there;
}

/* A picture that somebody took away between two runs is made again. */
static hl_code make_again(rendering *p, int64_t i, hl_error *err)
{
    hl_arena *scratch = hl_arena_new(0);
    hl_buf record = {0};
    hl_code c = scratch ? hl_film_work(&p->job, i, 0, scratch, &record, err)
                        : hl_fail_memory(err, "a film", 1 << 16);

    hl_buf_free(&record);
    hl_arena_free(&scratch);
    return c;
}

/* A film that is refused leaves no picture behind: neither of a former attempt nor of the frames
 * before the one that failed, which are written one by one from the first on. */
static hl_code remove_pictures(const rendering *p, const hl_film_item *item, hl_error *err)
{
    char ending[HL_ENDING_BYTES], relative[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    if (!item->dicom_id || item->refusal)
        return HL_OK; /* a twin's place belongs to nobody: no attempt has written there */
    for (int64_t frame = 0; c == HL_OK; frame++) {
        hl_film_ending(&p->r.look, frame, ending);
        c = hl_film_place(item, ending, relative, err);
        if (c == HL_OK)
            c = hl_path_join(p->o->out, relative, path, err);
        if (c == HL_OK && frame > 0 && !hl_file_exists(path))
            return HL_OK;
        if (c == HL_OK)
            c = hl_remove_tree(path, err);
    }
    return c;
}

static hl_code sink(void *ctx, int64_t i, hl_code code, const void *record, size_t n, hl_error *err)
{
    rendering *p = ctx;
    const hl_film_item *item = &p->plan.item[i];
    hl_film_record r;
    hl_str *cell = NULL;
    char path[HL_PATH_BYTES];

    if (i == 0) {
        hl_code begun = hl_film_archive_new(&p->job, p->split, p->manifest, &p->archive, err);
        if (begun != HL_OK)
            return begun;
    }
    hl_arena_reset(p->scratch);
    if (code != HL_OK) {
        hl_code c = remove_pictures(p, item, err);
        if (c == HL_OK && !p->o->strict_rows)
            c = hl_film_refused_row(&p->job, i, p->scratch, &cell, err);
        return c == HL_OK ? hl_film_archive_add(p->archive, item, NULL, cell, err) : c;
    }
    hl_code c = hl_film_record_look(record, n, p->r.n_columns, p->scratch, &r, err);
    if (c == HL_OK && !pictures_there(p, item, &r))
        c = make_again(p, i, err);
    snprintf(path, sizeof path, "%s%.*s", item->name, c == HL_OK ? (int)r.gz.n : 0, r.gz.at);
    if (c == HL_OK)
        c = hl_manifest_read(p->manifest, "films", path, &r.input, err);
    return c == HL_OK ? hl_film_archive_add(p->archive, item, &r, NULL, err) : c;
}

static hl_code put_options(const rendering *p, hl_buf *out, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    const hl_digest *split = hl_film_split_digest(p->split);
    char hex[HL_HEX_CHARS];

    hl_json_open(&w, '{');
    hl_json_member_bool(&w, "as-published", p->o->as_published);
    hl_json_member_bool(&w, "view-from-code", p->o->view_from_code);
    hl_json_member_bool(&w, "every-frame", p->o->every_frame);
    hl_json_member_bool(&w, "strict-rows", p->o->strict_rows);
    hl_json_member_bool(&w, "allow-identifying", p->o->allow_identifying);
    hl_json_member_int(&w, "quality", p->r.look.quality);
    hl_json_member_int(&w, "seed", p->o->seed >= 0 ? p->o->seed : p->r.split_seed);
    hl_json_member_cstr(&w, "split-file", split ? hl_digest_hex(split, hex) : NULL);
    hl_json_member_bool(&w, "map", p->map != NULL);
    hl_json_close(&w, '}');
    return hl_buf_check(out, "options", err);
}

static hl_code run_job(rendering *p, hl_job_result *result, hl_error *err)
{
    char inputs[HL_HEX_CHARS];
    hl_buf options = {0};
    hl_job job = {.command = "film render",
                  .recipe = p->recipe_hex,
                  .call = p->o->call,
                  .n_items = (int64_t)p->plan.n,
                  .ctx = p,
                  .subject_id = item_subject,
                  .item_name = item_name,
                  .work = work,
                  .ahead = ahead,
                  .sink = sink};
    hl_job_options jo = {.out = p->o->out,
                         .version = p->o->version ? p->o->version : HL_VERSION,
                         .resume = p->o->resume,
                         .strict = p->o->strict};

    hl_job_set_part(&jo, p->o->shard, p->o->n_shards, p->o->merge);
    hl_code c = put_options(p, &options, err);

    job.options = options.at;
    job.inputs = hl_digest_hex(&p->plan.inputs, inputs);
    hl_ctl_phase(p->ctl, "rendering films", (int64_t)p->plan.n);
    if (c == HL_OK)
        c = hl_job_run(&job, &jo, p->ctl, result, err);
    hl_buf_free(&options);
    return c;
}

/* --- manifest and report ---------------------------------------------------------------------- */

static hl_code start_manifest(rendering *p, hl_error *err)
{
    static const char *const flag[] = {"as-published", "view-from-code", "every-frame",
                                       "strict-rows", "allow-identifying"};
    const int32_t on[] = {p->o->as_published, p->o->view_from_code, p->o->every_frame,
                          p->o->strict_rows, p->o->allow_identifying};
    char number[HL_F64_CHARS];
    hl_code c = hl_manifest_new("film render", p->r.name, hl_json_root(p->recipe_json),
                                p->o->as_published ? p->r.system : NULL, &p->manifest, err);

    for (size_t i = 0; c == HL_OK && i < sizeof flag / sizeof *flag; i++)
        c = hl_manifest_option(p->manifest, flag[i], on[i] ? "true" : "false", err);
    hl_print_i64(p->r.look.quality, number);
    if (c == HL_OK)
        c = hl_manifest_option(p->manifest, "quality", number, err);
    if (c == HL_OK)
        c = hl_manifest_option(p->manifest, "split", p->o->splits ? "\"file\"" : "\"rule\"", err);
    if (c == HL_OK)
        c = hl_manifest_option(p->manifest, "map", p->map ? "true" : "false", err);
    if (c == HL_OK)
        hl_manifest_seed(p->manifest, p->o->seed >= 0 ? p->o->seed : p->r.split_seed);
    if (c == HL_OK)
        c = hl_manifest_input(p->manifest, "films", "dicom", p->folder, err);
    if (c == HL_OK && p->plan.records.bytes >= 0)
        c = hl_manifest_read(p->manifest, "films",
                             p->o->records ? "record list" : p->plan.records_path, &p->plan.records,
                             err);
    if (c == HL_OK && p->o->labels)
        c = hl_manifest_input(p->manifest, "labels", "label tables", p->o->labels, err);
    return c;
}

static const char *first_unmapped(const rendering *p)
{
    for (size_t i = 0; i < p->plan.n; i++)
        if (!p->plan.item[i].dicom_id)
            return p->plan.item[i].path;
    return "";
}

static void warn(const rendering *p)
{
    char n[32];

    if (p->plan.n_unlisted)
        hl_warn(p->ctl, "%s DICOM files are not in the record list and were left alone",
                hl_count_text(p->plan.n_unlisted, n));
    if (p->plan.n_ignored)
        hl_warn(p->ctl, "%s files are no DICOM by name or beginning and were left alone",
                hl_count_text(p->plan.n_ignored, n));
    if (p->plan.n_unmapped)
        hl_warn(p->ctl,
                "%s films are not in the map (hilum film map --extend adds them), or cannot be "
                "read; the first: %s",
                hl_count_text(p->plan.n_unmapped, n), first_unmapped(p));
    if (p->counts.no_split)
        hl_warn(p->ctl,
                "%s films are of patients that the split file does not have: they are in "
                "no split",
                hl_count_text(p->counts.no_split, n));
    if (p->counts.warned)
        hl_warn(p->ctl, "%s films were rendered with a warning: see films-report.csv",
                hl_count_text(p->counts.warned, n));
}

static void put_text(const rendering *p, const hl_job_result *job, const hl_digest *id, hl_buf *to)
{
    char n[32], m[32], hex[HL_HEX_CHARS];

    if (!id) {
        hl_buf_printf(to, "shard %lld/%lld: %s films done", (long long)p->o->shard,
                      (long long)p->o->n_shards, hl_count_text(job->done, n));
        if (job->failed)
            hl_buf_printf(to, ", %s refused; hilum merge will list them",
                          hl_count_text(job->failed, n));
        hl_buf_printf(to, "\nThe last step is: hilum merge %s\n", p->o->out);
        return;
    }
    hl_buf_printf(to, "films     %10s rendered", hl_count_text(p->counts.films, n));
    if (job->failed)
        hl_buf_printf(to, ", %s refused (errors.csv)", hl_count_text(job->failed, m));
    hl_buf_printf(to, "\nstudies   %10s\n", hl_count_text(p->counts.studies, n));
    hl_buf_printf(to, "patients  %10s\n", hl_count_text(p->counts.subjects, n));
    for (size_t i = 0; i < HL_FILM_SPLITS; i++)
        hl_buf_printf(to, "%-9s %10s films\n", hl_film_split_name[i],
                      hl_count_text(p->counts.split_rows[i], n));
    hl_buf_printf(to, "\nwritten to %s\nmanifest   %s\n", p->o->out, hl_digest_hex(id, hex));
}

static hl_code put_report(const rendering *p, const hl_job_result *job, const hl_digest *id,
                          hl_report *report, hl_error *err)
{
    hl_buf text = {0}, json = {0};
    hl_json_writer w = hl_json_write_to(&json, 0);
    char hex[HL_HEX_CHARS];

    put_text(p, job, id, &text);
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "out", p->o->out);
    hl_json_member_int(&w, "items", job->items);
    hl_json_member_int(&w, "done", job->done);
    hl_json_member_int(&w, "failed", job->failed);
    hl_json_member_int(&w, "resumed", job->resumed);
    if (id) {
        hl_json_member_int(&w, "pictures", p->counts.pictures);
        hl_json_member_int(&w, "studies", p->counts.studies);
        hl_json_member_int(&w, "patients", p->counts.subjects);
    }
    hl_json_member_cstr(&w, "manifest", id ? hl_digest_hex(id, hex) : NULL);
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&text, "a report", err);
    if (c == HL_OK)
        c = hl_buf_check(&json, "a report", err);
    *report = (hl_report){.json = json.at, .text = text.at};
    return c;
}

static hl_code close_folder(rendering *p, const hl_run_info *run, const hl_job_result *job,
                            hl_digest *id, hl_error *err)
{
    hl_buf run_json = {0};
    hl_code c = hl_film_archive_finish(&p->archive, &p->counts, err);

    if (c == HL_OK && p->o->labels)
        c = hl_film_labels_copy(p->o->labels, p->o->out, p->manifest, err);
    if (c == HL_OK)
        c = hl_manifest_output(p->manifest, "errors.csv", &job->errors_digest, err);
    if (c == HL_OK)
        c = hl_run_put(run, "film render", p->o->call, p->ctl, &run_json, err);
    hl_manifest_counts(p->manifest, job->items, job->done, job->failed);
    if (c == HL_OK)
        c = hl_manifest_write(p->manifest, p->o->out, run_json.at, id, err);
    if (c == HL_OK) /* last: until then the run can be resumed */
        c = hl_job_clean(p->o->out, err);
    hl_buf_free(&run_json);
    return c;
}

/* --- an archive ------------------------------------------------------------------------------- */

static hl_code find_folder(rendering *p, hl_error *err)
{
    if (!hl_file_exists(p->o->in))
        return hl_fail_at(err, HL_E_INPUT, p->o->in, 0, -1, "there is no such file or folder");
    if (!hl_is_folder(p->o->in))
        return hl_fail(err, HL_E_USAGE,
                       "%s is one film: OUT must then end in .jpg or .png\n"
                       "Give the folder to make an archive of it.",
                       p->o->in);
    snprintf(p->folder, sizeof p->folder, "%s", p->o->in);
    return HL_OK;
}

/* A patient must be in one split; a file that names films may say otherwise. Seen before the films
 * are rendered. */
static hl_code check_splits(const rendering *p, hl_error *err)
{
    hl_map *patient = hl_map_new(0);
    hl_code c = patient ? HL_OK : hl_fail_memory(err, "the splits", 64);

    for (size_t i = 0; c == HL_OK && p->o->splits && i < p->plan.n; i++) {
        const hl_film_item *item = &p->plan.item[i];
        int split =
            item->dicom_id ? hl_film_split_of(p->split, item->subject_id, item->dicom_id) : -1;
        int64_t was = -1;
        if (split >= 0)
            c = hl_map_add(patient, item->subject_id, split, &was, err);
        if (c == HL_OK && was >= 0 && was != split)
            c = hl_fail(err, HL_E_INPUT,
                        "%s: the split file has subject_id %lld in %s and in %s\n"
                        "A patient must be in one split only.",
                        p->o->splits, (long long)item->subject_id, hl_film_split_name[was],
                        hl_film_split_name[split]);
    }
    hl_map_free(&patient);
    return c;
}

static hl_code prove_labels(const rendering *p, hl_error *err)
{
    const char *const taken[] = {
        p->r.metadata_file, p->r.split_file, "IMAGE_FILENAMES", "RECORDS",  "errors.csv",
        "films-report.csv", "inputs.csv.gz", "SHA256SUMS.txt",  "run.json", "manifest.json"};

    return p->o->labels ? hl_film_labels_prove(p->o->labels, taken, sizeof taken / sizeof *taken,
                                               p->ctl, err)
                        : HL_OK;
}

static hl_code prepare(rendering *p, hl_error *err)
{
    hl_job_options jo = {.out = p->o->out, .resume = p->o->resume};

    hl_job_set_part(&jo, p->o->shard, p->o->n_shards, p->o->merge);
    hl_code c = find_folder(p, err);

    if (c == HL_OK && p->o->frame)
        c = hl_fail(err, HL_E_USAGE, "--frame is for one film; an archive takes --every-frame");
    if (c == HL_OK)
        c = hl_job_check_out(&jo, err);
    if (c == HL_OK && p->o->map)
        c = hl_film_map_read(p->o->map, p->job.cpu, &p->map, err);
    p->job.map = p->map;
    if (c == HL_OK && p->map && p->o->records)
        c = hl_fail(err, HL_E_USAGE, "--map and --records both give ids: choose one");
    if (c == HL_OK)
        c = prove_labels(p, err);
    if (c == HL_OK)
        c = hl_film_split_new(&p->r, p->o->seed, p->o->splits, p->job.cpu, &p->split, err);
    if (c == HL_OK)
        c = hl_film_plan_make(p->folder, p->o, &p->r, p->map, p->ctl, p->arena, &p->plan, err);
    if (c == HL_OK)
        c = check_splits(p, err);
    if (c == HL_OK)
        c = start_manifest(p, err);
    return c;
}

static hl_code render_archive(rendering *p, const hl_run_info *run, hl_report *report,
                              hl_error *err)
{
    hl_job_result job = {0};
    hl_digest id;
    hl_code c = prepare(p, err), done;

    if (c == HL_OK)
        c = run_job(p, &job, err);
    done = c;
    if (c != HL_OK && c != HL_PARTIAL)
        return c;
    if (p->o->n_shards > 0 && !p->o->merge) {
        c = put_report(p, &job, NULL, report, err);
        return c == HL_OK ? done : c;
    }
    c = close_folder(p, run, &job, &id, err);
    if (c == HL_OK) {
        warn(p);
        c = put_report(p, &job, &id, report, err);
    }
    return c == HL_OK ? done : c;
}

hl_code hl_film_render(const hl_film_options *options, hl_ctl *ctl, hl_report *report,
                       hl_error *err)
{
    rendering p = {.o = options, .ctl = ctl, .arena = hl_arena_new(0), .scratch = hl_arena_new(0)};
    hl_run_info run = hl_run_begin();
    hl_code c = p.arena && p.scratch ? HL_OK : hl_fail_memory(err, "film render", 0);

    if (c == HL_OK)
        c = make_workers(&p, err);
    if (c == HL_OK)
        c = take_recipe(&p, err);
    if (c == HL_OK)
        c = names_a_picture(options->out) && !hl_is_folder(options->in)
                ? render_one(&p, report, err)
                : render_archive(&p, &run, report, err);
    free_all(&p);
    return c;
}
