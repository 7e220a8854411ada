#include "pack/expand.h"

#include "base/ctl.h"
#include "base/pool.h"

void hl_film_levels(float mean, float std, float out[256])
{
    for (int i = 0; i < 256; i++)
        out[i] = ((float)i / 255.0f - mean) / std;
}

/* What the published scripts leave of 0/0: the default NaN of x86-64, on every machine. S7 */
static float default_nan(void)
{
    const uint32_t bits = 0xffc00000u;
    float nan;

    memcpy(&nan, &bits, sizeof nan);
    return nan;
}

static double physical(int16_t raw, const double *scale)
{
    return ((double)raw - scale[1]) / scale[0];
}

static bool one_scale(const double *scale, int64_t leads)
{
    for (int64_t k = 1; k < leads; k++)
        if (scale[2 * k] != scale[0] || scale[2 * k + 1] != scale[1])
            return false;
    return true;
}

/* All leads share gain and baseline, as MIMIC-IV-ECG's do: a value depends on the raw sample alone,
 * so each level that occurs is computed once. low and high: smallest and largest raw sample. */
static hl_code scale_by_level(const int16_t *ecg, const double *scale, int64_t n, int16_t low,
                              int16_t high, float *out, hl_error *err)
{
    double p_low = physical(low, scale), p_high = physical(high, scale);
    double mn = p_low < p_high ? p_low : p_high, mx = p_low < p_high ? p_high : p_low;
    size_t n_levels = (size_t)(high - low) + 1;
    float *level = malloc(n_levels * sizeof *level);

    if (!level)
        return hl_fail_memory(err, "an ECG", n_levels * sizeof *level);
    for (size_t i = 0; i < n_levels; i++)
        level[i] = (float)(2 * (physical((int16_t)(low + (int)i), scale) - mn) / (mx - mn) - 1);
    for (int64_t i = 0; i < n; i++)
        out[i] = level[ecg[i] - low];
    free(level);
    return HL_OK;
}

static void raw_range(const int16_t *ecg, int64_t n, int16_t *low, int16_t *high)
{
    int16_t mn = ecg[0], mx = ecg[0];

    for (int64_t i = 1; i < n; i++) {
        mn = ecg[i] < mn ? ecg[i] : mn;
        mx = ecg[i] > mx ? ecg[i] : mx;
    }
    *low = mn;
    *high = mx;
}

static void scale_each(const int16_t *ecg, const double *scale, int64_t samples, int64_t leads,
                       double mn, double mx, float *out)
{
    for (int64_t t = 0; t < samples; t++)
        for (int64_t k = 0; k < leads; k++) {
            int64_t i = t * leads + k;
            out[i] = (float)(2 * (physical(ecg[i], scale + 2 * k) - mn) / (mx - mn) - 1);
        }
}

/* Smallest and largest physical value over all leads together. */
static void physical_range(const int16_t *ecg, const double *scale, int64_t samples, int64_t leads,
                           double *mn, double *mx)
{
    *mn = *mx = physical(ecg[0], scale);
    for (int64_t t = 0; t < samples; t++)
        for (int64_t k = 0; k < leads; k++) {
            double p = physical(ecg[t * leads + k], scale + 2 * k);
            *mn = p < *mn ? p : *mn;
            *mx = p > *mx ? p : *mx;
        }
}

static void fill(float *out, int64_t n, float v)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = v;
}

hl_code hl_ecg_scale(const int16_t *ecg, const double *scale, int64_t samples, int64_t leads,
                     bool compat, float *out, hl_error *err)
{
    int64_t n = samples * leads;
    float constant = compat ? default_nan() : 0.0f;
    int16_t low, high;
    double mn, mx;

    if (one_scale(scale, leads)) {
        raw_range(ecg, n, &low, &high);
        if (physical(low, scale) != physical(high, scale))
            return scale_by_level(ecg, scale, n, low, high, out, err);
        fill(out, n, constant);
        return HL_OK;
    }
    physical_range(ecg, scale, samples, leads, &mn, &mx);
    if (mn == mx)
        fill(out, n, constant);
    else
        scale_each(ecg, scale, samples, leads, mn, mx, out);
    return HL_OK;
}

/* --- arrays
 * ---------------------------------------------------------------------------------------- */

/* One large array of one split: a unit of parallel work. */
typedef struct {
    const hl_store *store;
    const hl_store_split *split;
    bool film;
    const char *folder, *relative;
    hl_manifest *manifest;
    hl_ctl *ctl;
    hl_cpu cpu;
    const float (*level)[256];
    hl_digest digest; /* of the file written */
} array_job;

static hl_code read_at(hl_in *in, int64_t start, int64_t row, size_t row_bytes, void *to,
                       hl_error *err)
{
    size_t got = 0;
    hl_code c = hl_in_pread(in, to, row_bytes, start + row * (int64_t)row_bytes, &got, err);

    if (c == HL_OK && got != row_bytes)
        c = hl_fail_at(err, HL_E_INPUT, hl_in_name(in), 0, -1, "the file ends in row %lld",
                       (long long)row);
    return c;
}

static hl_code film_row(const array_job *j, int64_t item, uint8_t *planes, float *out,
                        hl_error *err)
{
    const hl_store *s = j->store;
    size_t plane = (size_t)(s->r.crop_px * s->r.crop_px);
    int64_t colour = s->colour_of[item];
    hl_code c = read_at(s->films, s->films_at, item, plane, planes, err);

    if (c == HL_OK && colour >= 0)
        c = read_at(s->planes, s->planes_at, colour, 2 * plane, planes + plane, err);
    for (size_t k = 0; c == HL_OK && k < 3; k++)
        hl_lut_f32(j->level[k], planes + (colour >= 0 ? k * plane : 0), out + k * plane, plane,
                   j->cpu);
    return c;
}

static hl_code ecg_row(const array_job *j, int64_t item, int16_t *ecg, double *scale, float *out,
                       hl_error *err)
{
    const hl_store *s = j->store;
    size_t n = (size_t)(s->r.samples * s->r.leads);
    hl_code c = read_at(s->ecgs, s->ecgs_at, item, n * sizeof *ecg, ecg, err);

    if (c == HL_OK)
        c = read_at(s->scale, s->scale_at, item, (size_t)s->r.leads * 2 * sizeof *scale, scale,
                    err);
    return c == HL_OK ? hl_ecg_scale(ecg, scale, s->r.samples, s->r.leads, s->compat, out, err) : c;
}

/* Item of each row of a split. */
static hl_code read_rows(const hl_store *s, const hl_store_split *split, int64_t **out,
                         hl_error *err)
{
    char file[256], path[HL_PATH_BYTES];
    hl_in *in = NULL;
    hl_npy npy;
    size_t n = (size_t)split->rows * sizeof **out, got = 0;
    hl_code c;

    snprintf(file, sizeof file, "%.100s/item_%.100s.npy", split->name, split->name);
    *out = malloc(n + sizeof **out);
    c = *out ? hl_path_join(s->folder, file, path, err) : hl_fail_memory(err, "rows", n);
    if (c == HL_OK)
        c = hl_in_open(path, &in, err);
    if (c == HL_OK)
        c = hl_npy_read_header(in, &npy, err);
    if (c == HL_OK &&
        (npy.n_dims != 1 || npy.shape[0] != split->rows || strcmp(npy.descr, "<i8") != 0))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "type or shape is not what store.json says");
    if (c == HL_OK)
        c = hl_in_pread(in, *out, n, npy.data_offset, &got, err);
    for (int64_t i = 0; c == HL_OK && i < split->rows; i++)
        if ((*out)[i] < 0 || (*out)[i] >= s->n_items)
            c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "row %lld: item %lld is not in the store",
                           (long long)i, (long long)(*out)[i]);
    hl_in_close(&in);
    return c;
}

static hl_code note_array(const array_job *j, const char *file, const hl_digest *digest,
                          const char *descr, const int64_t *shape, size_t n_dims, hl_error *err)
{
    char name[HL_PATH_BYTES], rows_of[80];
    hl_code c = hl_path_join(j->relative, file, name, err);

    snprintf(rows_of, sizeof rows_of, "%.60s.csv", j->split->name);
    if (c == HL_OK)
        c = hl_manifest_output(j->manifest, name, digest, err);
    return c == HL_OK ? hl_manifest_array(j->manifest, name, descr, shape, n_dims, rows_of, err)
                      : c;
}

static void array_shape(const array_job *j, int64_t shape[4])
{
    const hl_pack_recipe *r = &j->store->r;

    shape[0] = j->split->rows;
    shape[1] = j->film ? 3 : 1;
    shape[2] = j->film ? r->crop_px : r->samples;
    shape[3] = j->film ? r->crop_px : r->leads;
}

static void array_file(const array_job *j, char file[256])
{
    snprintf(file, 256, "%.60s/%s_%.60s.npy", j->split->name, j->film ? "cxr" : "ecg",
             j->split->name);
}

static hl_code write_array(array_job *j, hl_error *err)
{
    const hl_pack_recipe *r = &j->store->r;
    int64_t shape[4];
    array_shape(j, shape);
    size_t n_values = (size_t)(shape[1] * shape[2] * shape[3]);
    char file[256], path[HL_PATH_BYTES];
    hl_buf header = {0};
    hl_out *out = NULL;
    int64_t *row = NULL;
    float *values = malloc(n_values * sizeof *values);
    double *scale = malloc((size_t)r->leads * 2 * sizeof *scale);
    void *stored = malloc(j->film ? n_values : n_values * sizeof(int16_t));
    hl_code c = values && stored && scale ? HL_OK : hl_fail_memory(err, "a row", n_values * 6);

    array_file(j, file);
    if (c == HL_OK)
        c = read_rows(j->store, j->split, &row, err);
    if (c == HL_OK)
        c = hl_path_join(j->folder, file, path, err);
    if (c == HL_OK)
        c = hl_npy_put_header(&header, "<f4", shape, 4, err);
    if (c == HL_OK)
        c = hl_out_create(path, &out, err);
    if (c == HL_OK)
        c = hl_out_write(out, header.at, header.n, err);
    for (int64_t i = 0; c == HL_OK && i < j->split->rows; i++) {
        c = j->film ? film_row(j, row[i], stored, values, err)
                    : ecg_row(j, row[i], stored, scale, values, err);
        if (c == HL_OK)
            c = hl_out_write(out, values, n_values * sizeof *values, err);
        if (c == HL_OK)
            c = hl_ctl_check(j->ctl, err);
        hl_ctl_done(j->ctl, 1);
    }
    if (c == HL_OK)
        c = hl_out_commit(&out, &j->digest, err);
    hl_out_abort(&out);
    hl_buf_free(&header);
    free(values);
    free(stored);
    free(scale);
    free(row);
    return c;
}

/* The small arrays are in the store as they are published: copy them. */
static hl_code copy_array(array_job *j, const char *name, hl_error *err)
{
    char file[256], from[HL_PATH_BYTES], to[HL_PATH_BYTES];
    hl_buf bytes = {0};
    hl_in *in = NULL;
    hl_npy npy;
    hl_digest digest;
    hl_code c;

    snprintf(file, sizeof file, "%.60s/%s_%.60s.npy", j->split->name, name, j->split->name);
    c = hl_path_join(j->store->folder, file, from, err);
    if (c == HL_OK)
        c = hl_path_join(j->folder, file, to, err);
    if (c == HL_OK)
        c = hl_in_open(from, &in, err);
    if (c == HL_OK)
        c = hl_npy_read_header(in, &npy, err);
    if (c == HL_OK && (npy.n_dims < 1 || npy.shape[0] != j->split->rows))
        c = hl_fail_at(err, HL_E_INPUT, from, 0, -1, "shape is not what store.json says");
    if (c == HL_OK)
        c = hl_read_file(from, (size_t)hl_in_size(in), &bytes, NULL, err);
    if (c == HL_OK)
        c = hl_write_file(to, bytes.at, bytes.n, &digest, err);
    if (c == HL_OK)
        c = note_array(j, file, &digest, npy.descr, npy.shape, npy.n_dims, err);
    hl_in_close(&in);
    hl_buf_free(&bytes);
    return c;
}

/* --- the folder
 * -------------------------------------------------------------------------------------- */

static hl_code write_text(const hl_store *s, const char *folder, const char *relative,
                          const char *file, const hl_buf *text, hl_manifest *manifest,
                          hl_error *err)
{
    char path[HL_PATH_BYTES], name[HL_PATH_BYTES];
    hl_digest digest;
    hl_code c = hl_buf_check(text, file, err);

    (void)s;
    if (c == HL_OK)
        c = hl_path_join(folder, file, path, err);
    if (c == HL_OK)
        c = hl_path_join(relative, file, name, err);
    if (c == HL_OK)
        c = hl_write_file(path, text->at, text->n, &digest, err);
    return c == HL_OK ? hl_manifest_output(manifest, name, &digest, err) : c;
}

/* metadata.json as the published script writes it; labs_order.json says what the columns of the
 * laboratory arrays are. */
static hl_code write_texts(const hl_store *s, const char *folder, const char *relative,
                           hl_manifest *manifest, hl_error *err)
{
    static const char *const key[] = {"train size", "val size", "val retrieval size", "test size"};
    hl_buf text = {0};
    hl_json_writer j = hl_json_write_to(&text, 4);
    hl_code c;

    hl_json_open(&j, '{');
    for (size_t k = 0; k < s->n_splits && k < 4; k++) {
        hl_json_member_int(&j, key[k], s->split[k].rows);
    }
    hl_json_member_int(&j, "cxr_scale", s->r.scale_px);
    hl_json_member_int(&j, "cxr_crop", s->r.crop_px);
    hl_json_close(&j, '}');
    c = write_text(s, folder, relative, "metadata.json", &text, manifest, err);
    hl_buf_clear(&text);
    j = hl_json_write_to(&text, 4);
    hl_json_open(&j, '[');
    for (size_t k = 0; k < s->n_labs; k++)
        hl_json_put_cstr(&j, s->lab[k]);
    hl_json_close(&j, ']');
    hl_buf_char(&text, '\n');
    if (c == HL_OK)
        c = write_text(s, folder, relative, "labs_order.json", &text, manifest, err);
    hl_buf_free(&text);
    return c;
}

static hl_code expand_one(void *ctx, int64_t i, int thread, hl_error *err)
{
    array_job *jobs = ctx;
    (void)thread;
    return write_array(&jobs[i], err);
}

static hl_code copy_small(array_job *j, hl_error *err)
{
    static const char *const name[] = {"labs_percentiles", "labs_missingness", "hadm_id",
                                       "label_hadm_id", "label"};
    hl_code c = HL_OK;

    for (size_t k = 0; c == HL_OK && k < (j->split->retrieval ? 5 : 3); k++)
        c = copy_array(j, name[k], err);
    return c;
}

hl_code hl_expand(const hl_store *store, const char *folder, const char *relative,
                  hl_manifest *manifest, hl_ctl *ctl, hl_error *err)
{
    array_job jobs[2 * HL_N_SPLITS];
    float level[3][256];
    char sub[HL_PATH_BYTES];
    int64_t rows = 0;
    size_t n = 0;
    hl_code c = HL_OK;

    for (size_t k = 0; k < 3; k++)
        hl_film_levels(store->r.mean[k], store->r.std[k], level[k]);
    for (size_t k = 0; c == HL_OK && k < store->n_splits; k++) {
        for (int film = 1; film >= 0; film--)
            jobs[n++] = (array_job){.store = store,
                                    .split = &store->split[k],
                                    .film = film,
                                    .folder = folder,
                                    .relative = relative,
                                    .manifest = manifest,
                                    .ctl = ctl,
                                    .cpu = hl_cpu_level(ctl ? ctl->cpu : 0),
                                    .level = (const float(*)[256])level};
        rows += 2 * store->split[k].rows;
        c = hl_path_join(folder, store->split[k].name, sub, err);
        if (c == HL_OK)
            c = hl_make_folder(sub, err);
        if (c == HL_OK)
            c = copy_small(&jobs[n - 1], err);
    }
    hl_ctl_phase(ctl, "writing tensors", rows);
    if (c == HL_OK)
        c = hl_parallel_for(hl_ctl_jobs(ctl), (int64_t)n, ctl, expand_one, jobs, err);
    for (size_t k = 0; c == HL_OK && k < n; k++) {
        char file[256];
        int64_t shape[4];
        array_file(&jobs[k], file);
        array_shape(&jobs[k], shape);
        c = note_array(&jobs[k], file, &jobs[k].digest, "<f4", shape, 4, err);
    }
    if (c == HL_OK)
        c = write_texts(store, folder, relative, manifest, err);
    return c;
}
