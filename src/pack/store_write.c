#include "pack/store.h"

#include "data/csv.h"

enum { W_FILMS, W_ECGS, W_SCALE, N_W };

struct hl_store_writer {
    char folder[HL_PATH_BYTES];
    const char *relative;
    const hl_pack_recipe *r;
    const hl_pack_plan *plan;
    bool compat;
    hl_manifest *manifest;
    hl_out *out[N_W];
    hl_buf items;   /* items.csv */
    hl_buf colour;  /* int64_t item numbers */
    hl_out *planes; /* colour_planes.npy without its header: written when the count is known */
    int64_t n_added, n_colour;
};

static const char *const array_file[N_W] = {"films.npy", "ecgs.npy", "ecg_scale.npy"};

/* A finished file: into the manifest, if it is an output. */
static hl_code note_output(const hl_store_writer *w, const char *file, const hl_digest *digest,
                           const char *descr, const int64_t *shape, size_t n_dims,
                           const char *rows_of, hl_error *err)
{
    char name[HL_PATH_BYTES];

    if (!w->relative)
        return HL_OK;
    hl_code c = hl_path_join(w->relative, file, name, err);
    if (c == HL_OK)
        c = hl_manifest_output(w->manifest, name, digest, err);
    if (c == HL_OK && descr)
        c = hl_manifest_array(w->manifest, name, descr, shape, n_dims, rows_of, err);
    return c;
}

static hl_code write_small(const hl_store_writer *w, const char *file, const hl_buf *bytes,
                           const char *descr, const int64_t *shape, size_t n_dims,
                           const char *rows_of, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_digest digest;
    hl_code c = hl_buf_check(bytes, file, err);

    if (c == HL_OK)
        c = hl_path_join(w->folder, file, path, err);
    if (c == HL_OK)
        c = hl_write_file(path, bytes->at, bytes->n, &digest, err);
    return c == HL_OK ? note_output(w, file, &digest, descr, shape, n_dims, rows_of, err) : c;
}

static hl_code begin_array(hl_store_writer *w, size_t k, const char *descr, const int64_t *shape,
                           size_t n_dims, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf header = {0};
    hl_code c = hl_path_join(w->folder, array_file[k], path, err);

    if (c == HL_OK)
        c = hl_out_create(path, &w->out[k], err);
    if (c == HL_OK)
        c = hl_npy_put_header(&header, descr, shape, n_dims, err);
    if (c == HL_OK)
        c = hl_out_write(w->out[k], header.at, header.n, err);
    hl_buf_free(&header);
    return c;
}

static void array_shapes(const hl_store_writer *w, int64_t shape[N_W][3])
{
    int64_t n = (int64_t)w->plan->n_items;

    memcpy(shape[W_FILMS], (int64_t[]){n, w->r->crop_px, w->r->crop_px}, sizeof shape[0]);
    memcpy(shape[W_ECGS], (int64_t[]){n, w->r->samples, w->r->leads}, sizeof shape[0]);
    memcpy(shape[W_SCALE], (int64_t[]){n, w->r->leads, 2}, sizeof shape[0]);
}

static const char *const array_descr[N_W] = {"|u1", "<i2", "<f8"};

hl_code hl_store_create(const char *folder, const char *relative, const hl_pack_recipe *r,
                        const hl_pack_plan *plan, bool compat, hl_manifest *manifest,
                        hl_store_writer **out, hl_error *err)
{
    hl_store_writer *w = calloc(1, sizeof *w);
    int64_t shape[N_W][3];
    hl_code c = w ? hl_make_folder(folder, err) : hl_fail_memory(err, "a store", sizeof *w);

    if (c == HL_OK) {
        snprintf(w->folder, sizeof w->folder, "%s", folder);
        w->relative = relative;
        w->r = r;
        w->plan = plan;
        w->compat = compat;
        w->manifest = manifest;
        hl_buf_text(&w->items, "item,subject_id,cxr_path,ecg_path,width,height,top,left\n");
        array_shapes(w, shape);
    }
    for (size_t k = 0; c == HL_OK && k < N_W; k++)
        c = begin_array(w, k, array_descr[k], shape[k], 3, err);
    if (c != HL_OK)
        hl_store_abort(&w);
    *out = w;
    return c;
}

void hl_store_abort(hl_store_writer **w)
{
    if (!w || !*w)
        return;
    for (size_t k = 0; k < N_W; k++)
        hl_out_abort(&(*w)->out[k]);
    hl_out_abort(&(*w)->planes);
    hl_buf_free(&(*w)->items);
    hl_buf_free(&(*w)->colour);
    free(*w);
    *w = NULL;
}

/* Green and blue planes go to a temporary, because npy's header needs their number first. */
static hl_code add_colour(hl_store_writer *w, const hl_record_view *v, hl_error *err)
{
    char path[HL_PATH_BYTES];
    size_t plane = (size_t)(w->r->crop_px * w->r->crop_px);
    hl_code c = HL_OK;

    if (!w->planes) {
        c = hl_path_join(w->folder, "colour_planes.raw", path, err);
        if (c == HL_OK)
            c = hl_out_create(path, &w->planes, err);
    }
    if (c == HL_OK)
        c = hl_out_write(w->planes, v->film + plane, 2 * plane, err);
    hl_buf_append(&w->colour, &w->n_added, sizeof w->n_added);
    w->n_colour++;
    return c;
}

hl_code hl_store_add(hl_store_writer *w, const hl_record_view *v, hl_error *err)
{
    const hl_pack_item *item = &w->plan->item[w->n_added];
    double scale[2];
    hl_code c =
        hl_out_write(w->out[W_FILMS], v->film, (size_t)(w->r->crop_px * w->r->crop_px), err);

    if (c == HL_OK && v->head.planes == 3)
        c = add_colour(w, v, err);
    if (c == HL_OK)
        c = hl_out_write(w->out[W_ECGS], v->ecg,
                         (size_t)(w->r->samples * w->r->leads) * sizeof *v->ecg, err);
    for (int64_t k = 0; c == HL_OK && k < w->r->leads; k++) {
        scale[0] = v->gain[k];
        scale[1] = v->baseline[k];
        c = hl_out_write(w->out[W_SCALE], scale, sizeof scale, err);
    }
    hl_buf_printf(&w->items, "%lld,%lld,", (long long)w->n_added, (long long)item->subject_id);
    hl_csv_put(&w->items, hl_str_of(item->cxr_path));
    hl_buf_char(&w->items, ',');
    hl_csv_put(&w->items, hl_str_of(item->ecg_path));
    hl_buf_printf(&w->items, ",%d,%d,%d,%d\n", v->head.width, v->head.height, v->head.top,
                  v->head.left);
    w->n_added++;
    return c;
}

/* --- the splits' own arrays
 * ------------------------------------------------------------------------- */

typedef struct {
    hl_store_writer *w;
    const hl_pack_split *split;
} split_writer;

static hl_code put_array(split_writer *s, const char *name, const char *descr, const hl_buf *values,
                         int64_t width, hl_error *err)
{
    const int64_t shape[2] = {(int64_t)s->split->table->n_rows, width};
    size_t n_dims = width ? 2 : 1;
    char file[256];
    hl_buf bytes = {0};
    hl_code c = hl_buf_check(values, name, err);

    snprintf(file, sizeof file, "%s/%s_%s.npy", s->split->name, name, s->split->name);
    if (c == HL_OK)
        c = hl_npy_put_header(&bytes, descr, shape, n_dims, err);
    hl_buf_append(&bytes, values->at, values->n);
    if (c == HL_OK)
        c = write_small(s->w, file, &bytes, descr, shape, n_dims, s->split->file, err);
    hl_buf_free(&bytes);
    return c;
}

/* Percentiles and whether there is a value (1 = there is), laboratory values in tensor order. A
 * value without a percentile (an item that train never has) gets the mean as well. symile.md 6.4 */
static hl_code put_labs(split_writer *s, hl_error *err)
{
    const hl_pack_plan *p = s->w->plan;
    const hl_column **raw = calloc(2 * p->n_labs, sizeof *raw), **percentile = raw + p->n_labs;
    hl_buf percentiles = {0}, there = {0};
    char name[48];
    hl_code c = raw ? HL_OK : hl_fail_memory(err, "columns", p->n_labs * 16);

    for (size_t k = 0; c == HL_OK && k < p->n_labs; k++) {
        snprintf(name, sizeof name, "%s_percentile", p->lab[k]);
        raw[k] = hl_table_column(s->split->table, p->lab[k]);
        percentile[k] = hl_table_column(s->split->table, name);
    }
    for (size_t i = 0; c == HL_OK && i < s->split->table->n_rows; i++)
        for (size_t k = 0; k < p->n_labs; k++) {
            int64_t has = raw[k]->valid[i];
            float v =
                (float)(has && percentile[k]->valid[i] ? percentile[k]->f64[i] : p->lab_mean[k]);
            hl_buf_append(&percentiles, &v, sizeof v);
            hl_buf_append(&there, &has, sizeof has);
        }
    if (c == HL_OK)
        c = put_array(s, "labs_percentiles", "<f4", &percentiles, (int64_t)p->n_labs, err);
    if (c == HL_OK)
        c = put_array(s, "labs_missingness", "<i8", &there, (int64_t)p->n_labs, err);
    hl_buf_free(&percentiles);
    hl_buf_free(&there);
    free(raw);
    return c;
}

static hl_code put_ids(split_writer *s, const char *name, const int64_t *ids, hl_error *err)
{
    size_t n = s->split->table->n_rows;
    hl_buf values = {0};

    hl_buf_append(&values, ids, n * sizeof *ids);
    hl_code c = put_array(s, name, "<i8", &values, 0, err);
    hl_buf_free(&values);
    return c;
}

static hl_code write_split(hl_store_writer *w, const hl_pack_split *split, hl_error *err)
{
    split_writer s = {w, split};
    char folder[HL_PATH_BYTES];
    hl_code c = hl_path_join(w->folder, split->name, folder, err);

    if (c == HL_OK)
        c = hl_make_folder(folder, err);
    if (c == HL_OK)
        c = put_ids(&s, "item", split->item, err);
    if (c == HL_OK)
        c = put_labs(&s, err);
    if (c == HL_OK)
        c = put_ids(&s, "hadm_id", hl_table_column(split->table, "hadm_id")->i64, err);
    if (c == HL_OK && split->retrieval)
        c = put_ids(&s, "label_hadm_id", hl_table_column(split->table, "label_hadm_id")->i64, err);
    if (c == HL_OK && split->retrieval)
        c = put_ids(&s, "label", hl_table_column(split->table, "label")->i64, err);
    return c;
}

/* --- the end
 * ---------------------------------------------------------------------------------------- */

static void put_texts(hl_json_writer *j, const char *key, const char *const *text, size_t n)
{
    hl_json_put_key(j, key);
    hl_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        hl_json_put_cstr(j, text[i]);
    hl_json_close(j, ']');
}

static hl_code write_description(hl_store_writer *w, hl_error *err)
{
    hl_buf text = {0};
    hl_json_writer j = hl_json_write_to(&text, 2);
    const hl_pack_plan *p = w->plan;

    hl_json_open(&j, '{');
    hl_json_member_int(&j, "store", 1);
    hl_json_member_bool(&j, "compat", w->compat);
    hl_json_member_int(&j, "items", w->n_added);
    hl_json_member_int(&j, "colour_items", w->n_colour);
    hl_json_member_int(&j, "scale_px", w->r->scale_px);
    hl_json_member_int(&j, "crop_px", w->r->crop_px);
    put_texts(&j, "mean", w->r->mean_text, 3);
    put_texts(&j, "std", w->r->std_text, 3);
    hl_json_member_int(&j, "leads", w->r->leads);
    hl_json_member_int(&j, "samples", w->r->samples);
    hl_json_put_key(&j, "labs");
    hl_json_open(&j, '[');
    for (size_t k = 0; k < p->n_labs; k++)
        hl_json_put_cstr(&j, p->lab[k]);
    hl_json_close(&j, ']');
    hl_json_put_key(&j, "splits");
    hl_json_open(&j, '[');
    for (size_t k = 0; k < HL_N_SPLITS; k++) {
        hl_json_open(&j, '{');
        hl_json_member_cstr(&j, "name", p->split[k].name);
        hl_json_member_int(&j, "rows", (int64_t)p->split[k].table->n_rows);
        hl_json_member_bool(&j, "retrieval", p->split[k].retrieval);
        hl_json_close(&j, '}');
    }
    hl_json_close(&j, ']');
    hl_json_close(&j, '}');
    hl_buf_char(&text, '\n');
    hl_code c = write_small(w, "store.json", &text, NULL, NULL, 0, NULL, err);
    hl_buf_free(&text);
    return c;
}

/* The raw planes become colour_planes.npy, streamed block by block. */
static hl_code write_colour(hl_store_writer *w, hl_error *err)
{
    const int64_t items_shape[1] = {w->n_colour};
    const int64_t shape[4] = {w->n_colour, 2, w->r->crop_px, w->r->crop_px};
    char raw[HL_PATH_BYTES], path[HL_PATH_BYTES];
    hl_buf bytes = {0};
    hl_in *in = NULL;
    hl_out *out = NULL;
    hl_digest digest;
    size_t got = 1;
    hl_code c;

    if (!w->n_colour)
        return HL_OK;
    c = hl_npy_put_header(&bytes, "<i8", items_shape, 1, err);
    hl_buf_append(&bytes, w->colour.at, w->colour.n);
    if (c == HL_OK)
        c = write_small(w, "colour_items.npy", &bytes, "<i8", items_shape, 1, NULL, err);
    if (c == HL_OK)
        c = hl_path_join(w->folder, "colour_planes.raw", raw, err);
    if (c == HL_OK)
        c = hl_path_join(w->folder, "colour_planes.npy", path, err);
    if (c == HL_OK)
        c = hl_out_commit(&w->planes, NULL, err);
    if (c == HL_OK)
        c = hl_in_open(raw, &in, err);
    if (c == HL_OK)
        c = hl_out_create(path, &out, err);
    hl_buf_clear(&bytes);
    if (c == HL_OK)
        c = hl_npy_put_header(&bytes, "|u1", shape, 4, err);
    if (c == HL_OK)
        c = hl_out_write(out, bytes.at, bytes.n, err);
    hl_buf_clear(&bytes);
    char *block = hl_buf_reserve(&bytes, 1 << 20);
    if (c == HL_OK && !block)
        c = hl_fail_memory(err, "a block", 1 << 20);
    for (int64_t at = 0; c == HL_OK && got; at += (int64_t)got) {
        c = hl_in_pread(in, block, 1 << 20, at, &got, err);
        if (c == HL_OK && got)
            c = hl_out_write(out, block, got, err);
    }
    if (c == HL_OK)
        c = hl_out_commit(&out, &digest, err);
    hl_out_abort(&out);
    hl_in_close(&in);
    if (c == HL_OK)
        c = hl_remove_tree(raw, err);
    if (c == HL_OK)
        c = note_output(w, "colour_planes.npy", &digest, "|u1", shape, 4, NULL, err);
    hl_buf_free(&bytes);
    return c;
}

hl_code hl_store_finish(hl_store_writer **writer, hl_error *err)
{
    hl_store_writer *w = *writer;
    int64_t shape[N_W][3];
    hl_digest digest;
    hl_code c = HL_OK;

    array_shapes(w, shape);
    hl_assert(w->n_added == (int64_t)w->plan->n_items);
    for (size_t k = 0; c == HL_OK && k < N_W; k++) {
        c = hl_out_commit(&w->out[k], &digest, err);
        if (c == HL_OK)
            c = note_output(w, array_file[k], &digest, array_descr[k], shape[k], 3, "items.csv",
                            err);
    }
    if (c == HL_OK)
        c = write_small(w, "items.csv", &w->items, NULL, NULL, 0, NULL, err);
    if (c == HL_OK)
        c = write_colour(w, err);
    for (size_t k = 0; c == HL_OK && k < HL_N_SPLITS; k++)
        c = write_split(w, &w->plan->split[k], err);
    if (c == HL_OK)
        c = write_description(w, err);
    hl_store_abort(writer);
    return c;
}
