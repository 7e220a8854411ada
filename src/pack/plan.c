#include "pack/plan.h"

#include "base/ctl.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/sort.h"
#include "format/jpeg.h"
#include "pack/crop.h"

void hl_pack_plan_free(hl_pack_plan *plan)
{
    for (size_t k = 0; k < HL_N_SPLITS; k++) {
        hl_table_free(&plan->split[k].table);
        free(plan->split[k].item);
    }
    free(plan->item);
    hl_arena_free(&plan->arena);
    *plan = (hl_pack_plan){0};
}

/* --- the cohort's files
 * --------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return strcmp(a, b);
}

/* labs_means.json: keys "<itemid>_percentile". Tensors take them in the order of the keys as text.
 * symile.md 6.4, S24 */
static hl_code read_labs(const char *folder, hl_pack_plan *p, hl_manifest *manifest,
                         hl_sha256 *inputs, hl_error *err)
{
    char path[HL_PATH_BYTES], key[48];
    hl_buf text = {0};
    hl_json *json = NULL;
    hl_digest digest;
    hl_code c = hl_path_join(folder, "labs_means.json", path, err);

    if (c == HL_OK)
        c = hl_read_file(path, 1 << 24, &text, &digest, err);
    if (c == HL_OK)
        c = hl_manifest_read(manifest, "cohort", "labs_means.json", &digest, err);
    if (c == HL_OK)
        c = hl_json_parse(text.at, text.n, path, &json, err);
    const hl_json_value *root = c == HL_OK ? hl_json_root(json) : NULL;
    p->n_labs = hl_json_count(root);
    if (c == HL_OK && (hl_json_type_of(root) != HL_JSON_OBJECT || p->n_labs == 0))
        c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "must be an object of mean percentiles");
    if (c == HL_OK) {
        hl_sha256_add(inputs, digest.sha256, sizeof digest.sha256);
        p->lab = hl_arena_calloc(p->arena, p->n_labs, sizeof *p->lab);
        p->lab_mean = hl_arena_calloc(p->arena, p->n_labs, sizeof *p->lab_mean);
        if (!p->lab || !p->lab_mean)
            c = hl_fail_memory(err, "laboratory values", p->n_labs * 32);
    }
    for (size_t i = 0; c == HL_OK && i < p->n_labs; i++) {
        hl_str name = hl_str_of(hl_json_key(root, i));
        if (!hl_str_ends(name, "_percentile") || name.n <= 11 || name.n - 11 >= sizeof *p->lab)
            c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "'%.60s' is no <itemid>_percentile",
                           name.at);
        else
            memcpy(p->lab[i], name.at, name.n - 11);
    }
    if (c == HL_OK)
        c = hl_sort_stable(p->lab, p->n_labs, sizeof *p->lab, by_text, NULL, err);
    for (size_t i = 0; c == HL_OK && i < p->n_labs; i++) {
        snprintf(key, sizeof key, "%s_percentile", p->lab[i]);
        const hl_json_value *mean = hl_json_get(root, key);
        if (hl_json_type_of(mean) != HL_JSON_REAL && hl_json_type_of(mean) != HL_JSON_INT)
            c = hl_fail_at(err, HL_E_INPUT, path, 0, -1, "'%.60s' must be a number", key);
        else
            p->lab_mean[i] = hl_json_real(mean);
    }
    hl_json_free(&json);
    hl_buf_free(&text);
    return c;
}

static hl_code read_split(const char *folder, hl_pack_plan *p, hl_pack_split *split,
                          hl_manifest *manifest, hl_sha256 *inputs, hl_error *err)
{
    char path[HL_PATH_BYTES];
    size_t n = 6 + 2 * p->n_labs, k = 0;
    hl_col_spec *spec = hl_arena_calloc(p->arena, n, sizeof *spec);
    hl_table_options options = {.name = split->file};
    hl_code c = spec ? hl_path_join(folder, split->file, path, err)
                     : hl_fail_memory(err, "columns", n * sizeof *spec);

    if (c != HL_OK)
        return c;
    spec[k++] = (hl_col_spec){.name = "subject_id", .type = HL_COL_I64, .required = true};
    spec[k++] = (hl_col_spec){.name = "hadm_id", .type = HL_COL_I64, .required = true};
    spec[k++] = (hl_col_spec){.name = "cxr_path", .type = HL_COL_TEXT, .required = true};
    spec[k++] = (hl_col_spec){.name = "ecg_path", .type = HL_COL_TEXT, .required = true};
    for (size_t i = 0; i < p->n_labs; i++) {
        const char *name = hl_arena_printf(p->arena, "%s_percentile", p->lab[i]);
        if (!name)
            return hl_fail_memory(err, "columns", 48);
        spec[k++] = (hl_col_spec){.name = p->lab[i], .type = HL_COL_F64};
        spec[k++] = (hl_col_spec){.name = name, .type = HL_COL_F64};
    }
    if (split->retrieval) {
        spec[k++] = (hl_col_spec){.name = "label_hadm_id", .type = HL_COL_I64, .required = true};
        spec[k++] = (hl_col_spec){.name = "label", .type = HL_COL_I64, .required = true};
    }
    c = hl_table_read(path, spec, k, &options, &split->table, err);
    if (c == HL_OK)
        c = hl_manifest_read(manifest, "cohort", split->file, &split->table->digest, err);
    if (c == HL_OK)
        hl_sha256_add(inputs, split->table->digest.sha256, sizeof split->table->digest.sha256);
    return c;
}

/* --- items
 * ------------------------------------------------------------------------------------------ */

static hl_code check_paths(const hl_pack_split *split, size_t row, const char *cxr, const char *ecg,
                           hl_error *err)
{
    const char *bad = !hl_path_is_inside(hl_str_of(cxr))   ? cxr
                      : !hl_path_is_inside(hl_str_of(ecg)) ? ecg
                                                           : NULL;
    if (!bad)
        return HL_OK;
    return hl_fail_at(err, HL_E_INPUT, split->file, 0, -1,
                      "row %zu: '%.200s' leads out of the archive", row + 1, bad);
}

static hl_code add_items(hl_pack_plan *p, hl_pack_split *split, bool own, hl_strmap *seen,
                         hl_error *err)
{
    const hl_table *t = split->table;
    const hl_column *cxr = hl_table_column(t, "cxr_path"), *ecg = hl_table_column(t, "ecg_path");
    hl_buf key = {0};
    int64_t was = -1;
    hl_code c = HL_OK;

    split->item = malloc((t->n_rows + 1) * sizeof *split->item);
    if (!split->item)
        return hl_fail_memory(err, split->file, t->n_rows * 8);
    for (size_t i = 0; c == HL_OK && i < t->n_rows; i++) {
        hl_pack_item item = {.subject_id = hl_table_column(t, "subject_id")->i64[i],
                             .cxr_path = cxr->text[i].at,
                             .ecg_path = ecg->text[i].at,
                             .drawn = own};
        c = check_paths(split, i, item.cxr_path, item.ecg_path, err);
        if (c == HL_OK && !own) {
            hl_buf_clear(&key);
            hl_buf_str(&key, cxr->text[i]);
            hl_buf_char(&key, '\n');
            hl_buf_str(&key, ecg->text[i]);
            c = hl_buf_check(&key, "a path", err);
            if (c == HL_OK)
                c = hl_strmap_add(seen, (hl_str){key.at, key.n}, (int64_t)p->n_items, &was, err);
        }
        if (c == HL_OK) {
            split->item[i] = own || was < 0 ? (int64_t)p->n_items : was;
            if (own || was < 0)
                p->item[p->n_items++] = item;
        }
    }
    hl_buf_free(&key);
    return c;
}

static hl_code list_items(hl_pack_plan *p, hl_error *err)
{
    size_t n = 0;
    hl_strmap *seen = hl_strmap_new(1024);
    hl_code c = HL_OK;

    for (size_t k = 0; k < HL_N_SPLITS; k++)
        n += p->split[k].table->n_rows;
    p->item = calloc(n + 1, sizeof *p->item);
    if (!p->item || !seen)
        c = hl_fail_memory(err, "items", n * sizeof *p->item);
    for (size_t k = 0; c == HL_OK && k < HL_N_SPLITS; k++)
        c = add_items(p, &p->split[k], k == HL_SPLIT_TRAIN, seen, err);
    hl_strmap_free(&seen);
    return c;
}

/* --- the crops of train
 * ------------------------------------------------------------------------------ */

typedef struct {
    const hl_pack_options *o;
    const hl_pack_plan *plan;
    const hl_pack_recipe *r;
    int32_t (*size)[2]; /* [train rows] scaled width, height; 0 = unknown */
} size_pass;

/* Scaled size of a train film: from the first bytes, which nearly always hold the frame header,
 * else from the whole file. A film that cannot be read is reported when it is packed. */
static hl_code look_at_film(void *ctx, int64_t i, int thread, hl_error *err)
{
    size_pass *s = ctx;
    char path[HL_PATH_BYTES];
    uint8_t head[4096];
    hl_in *in = NULL;
    hl_buf whole = {0};
    hl_jpeg_info info;
    hl_error why = {0};
    size_t n = 0;
    hl_code c = hl_path_join(s->o->cxr, s->plan->item[i].cxr_path, path, err);

    (void)thread;
    if (c != HL_OK)
        return c;
    if (hl_in_open(path, &in, &why) == HL_OK &&
        hl_in_pread(in, head, sizeof head, 0, &n, &why) == HL_OK &&
        (hl_jpeg_read_info(head, n, path, &info, NULL) == HL_OK ||
         (hl_read_file(path, HL_PACK_MAX_FILM_BYTES, &whole, NULL, &why) == HL_OK &&
          hl_jpeg_read_info(whole.at, whole.n, path, &info, NULL) == HL_OK)))
        hl_resize_smaller_edge(info.width, info.height, (int32_t)s->r->scale_px, &s->size[i][0],
                               &s->size[i][1]);
    hl_buf_free(&whole);
    hl_in_close(&in);
    if (!hl_error_is_memory(&why))
        return HL_OK;
    if (err)
        *err = why;
    return HL_E_LIMIT;
}

/* Random crops as torchvision draws them from torch's generator, in row order. symile.md 6.5 */
static hl_code draw_crops(const hl_pack_options *o, const hl_pack_recipe *r, hl_ctl *ctl,
                          hl_pack_plan *p, hl_error *err)
{
    size_t n = p->split[HL_SPLIT_TRAIN].table->n_rows;
    size_pass pass = {.o = o, .plan = p, .r = r, .size = calloc(n + 1, sizeof *pass.size)};
    hl_code c = pass.size ? HL_OK : hl_fail_memory(err, "films", n * sizeof *pass.size);
    hl_mt19937 g;

    hl_ctl_phase(ctl, "looking at film sizes", (int64_t)n);
    if (c == HL_OK)
        c = hl_parallel_for(hl_ctl_jobs(ctl), (int64_t)n, ctl, look_at_film, &pass, err);
    hl_mt19937_seed(&g, (uint32_t)o->crop_seed);
    for (size_t i = 0; c == HL_OK && i < n; i++) {
        hl_pack_item *item = &p->item[i];
        item->has_box = pass.size[i][0] > 0;
        if (item->has_box)
            hl_crop_draw(&g, pass.size[i][0], pass.size[i][1], (int32_t)r->crop_px, &item->top,
                         &item->left);
    }
    free(pass.size);
    return c;
}

static hl_code read_crops(const hl_pack_options *o, hl_pack_plan *p, hl_sha256 *inputs,
                          hl_error *err)
{
    const hl_col_spec column[] = {{.name = "row", .type = HL_COL_I64, .required = true},
                                  {.name = "top", .type = HL_COL_I64, .required = true},
                                  {.name = "left", .type = HL_COL_I64, .required = true}};
    hl_table_options options = {.name = o->crop_boxes};
    hl_table *t = NULL;
    size_t n = p->split[HL_SPLIT_TRAIN].table->n_rows;
    hl_code c = hl_table_read(o->crop_boxes, column, 3, &options, &t, err);

    for (size_t i = 0; c == HL_OK && i < t->n_rows; i++) {
        int64_t row = t->column[0].i64[i], top = t->column[1].i64[i], left = t->column[2].i64[i];
        if (row < 0 || row >= (int64_t)n || p->item[row].has_box || top < 0 || left < 0 ||
            top > HL_IMAGE_MAX_SIDE || left > HL_IMAGE_MAX_SIDE)
            c = hl_fail_at(
                err, HL_E_INPUT, o->crop_boxes, 0, -1,
                "row %lld: no such row of train.csv, given twice, or a crop that cannot be",
                (long long)row);
        else {
            p->item[row].has_box = true;
            p->item[row].top = (int32_t)top;
            p->item[row].left = (int32_t)left;
        }
    }
    for (size_t i = 0; c == HL_OK && i < n; i++)
        if (!p->item[i].has_box)
            c = hl_fail_at(err, HL_E_INPUT, o->crop_boxes, 0, -1,
                           "no crop for row %zu of train.csv", i);
    if (c == HL_OK)
        hl_sha256_add(inputs, t->digest.sha256, sizeof t->digest.sha256);
    hl_table_free(&t);
    return c;
}

hl_code hl_pack_plan_make(const hl_pack_options *o, const hl_pack_recipe *r, hl_manifest *manifest,
                          hl_ctl *ctl, hl_pack_plan *out, hl_error *err)
{
    static const hl_pack_split splits[HL_N_SPLITS] = {
        [HL_SPLIT_TRAIN] = {.name = "train", .file = "train.csv"},
        [HL_SPLIT_VAL] = {.name = "val", .file = "val.csv"},
        [HL_SPLIT_VAL_RETRIEVAL] = {.name = "val_retrieval",
                                    .file = "val_retrieval.csv",
                                    .retrieval = true},
        [HL_SPLIT_TEST] = {.name = "test", .file = "test.csv", .retrieval = true}};
    hl_sha256 *inputs = hl_sha256_new();
    hl_code c = HL_OK;

    *out = (hl_pack_plan){.arena = hl_arena_new(0)};
    memcpy(out->split, splits, sizeof splits);
    if (!inputs || !out->arena)
        c = hl_fail_memory(err, "a plan", 1 << 16);
    if (c == HL_OK)
        c = read_labs(o->cohort, out, manifest, inputs, err);
    for (size_t k = 0; c == HL_OK && k < HL_N_SPLITS; k++)
        c = read_split(o->cohort, out, &out->split[k], manifest, inputs, err);
    if (c == HL_OK)
        c = list_items(out, err);
    if (c == HL_OK)
        c = o->crop_boxes ? read_crops(o, out, inputs, err) : draw_crops(o, r, ctl, out, err);
    if (c == HL_OK)
        hl_sha256_end(inputs, &out->inputs);
    hl_sha256_free(&inputs);
    return c;
}
