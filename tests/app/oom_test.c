/*
 * Out of memory is an ordinary error (app/oom.h) for tables, arrays, records, films, manifests,
 * cohorts and packs.
 */
#include "app/oom.h"

#include "base/cpu.h"
#include "base/ctl.h"
#include "base/json.h"
#include "base/share.h"
#include "data/csv.h"
#include "data/manifest.h"
#include "data/npy.h"
#include "data/recipe.h"
#include "data/table.h"
#include "format/jpeg.h"
#include "format/jpeg_engine.h"
#include "format/wfdb/wfdb.h"
#include "hilum/cohort.h"
#include "hilum/pack.h"

/* A csv with a quoted field longer than a stream's headroom; its .gz is large enough for a thread.
 */
static void make_tables(void)
{
    hl_buf text = {0};
    hl_gzip *gz = NULL;
    hl_error err = {0};
    uint64_t x = 1;

    hl_buf_text(&text, "id,name,value,when,flag\n");
    for (int64_t i = 0; i < 6000; i++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        const char *quote = i % 97 ? "" : "\"", *comma = i % 97 ? "" : ",\n";
        hl_buf_printf(&text, "%lld,%sn%llx%s%s,%lld.5,2180-01-02 03:04:05,True\n", (long long)i,
                      quote, (unsigned long long)(x * x ^ x >> 20), comma, quote,
                      (long long)(x >> 50));
    }
    hl_buf_text(&text, "6000,\"");
    for (int i = 0; i < 100000; i++)
        hl_buf_char(&text, 'x');
    hl_buf_text(&text, "\",1,2180-01-02 03:04:05,False\n");
    ok(hl_write_file(at_home("t.csv"), text.at, text.n, NULL, &err) == HL_OK);
    ok(hl_gzip_create(at_home("t.csv.gz"), 1, &gz, &err) == HL_OK);
    ok(hl_gzip_write(gz, text.at, text.n, &err) == HL_OK);
    ok(hl_gzip_commit(&gz, NULL, &err) == HL_OK);
    hl_buf_free(&text);
}

/* --- small operations ------------------------------------------------------------------------- */

static hl_code read_csv(const char *path, hl_stream_mode mode, hl_error *err)
{
    static const char *const want[] = {"value", "id", "name"};
    static const int64_t near[] = {3, 5, 6000}, far[] = {3, 5, 6000, INT64_C(1) << 40};
    const hl_csv_options options = {.name = "T", .mode = mode, .cpu = HL_CPU_C};
    hl_csv *csv = NULL;
    hl_field f[3];
    int n = 0;
    hl_code c = hl_csv_open(path, want, 3, &options, &csv, err);

    if (c == HL_OK)
        c = hl_csv_filter_ids(csv, 1, near, 3, err);
    if (c == HL_OK)
        c = hl_csv_filter_ids(csv, 1, far, 4, err);
    while (c == HL_OK && (c = hl_csv_next(csv, f, err)) == HL_OK)
        n++;
    if (c == HL_END)
        c = n == 3 ? HL_OK : wrong(err);
    hl_csv_close(&csv);
    return c;
}

static hl_code plain_csv(hl_error *err)
{
    return read_csv(at_home("t.csv"), HL_STREAM_PLAIN, err);
}

static hl_code gzip_csv(hl_error *err)
{
    return read_csv(at_home("t.csv.gz"), HL_STREAM_THREAD, err);
}

static hl_code absent_column(hl_error *err)
{
    static const char *const want[] = {"nothing"};
    hl_csv *csv = NULL;
    hl_error why = {0};
    hl_code c = hl_csv_open(at_home("t.csv"), want, 1, NULL, &csv, &why);

    hl_csv_close(&csv);
    if (c == HL_E_INPUT && strstr(why.message, "no column 'nothing'"))
        return HL_OK;
    *err = why;
    return c;
}

static void tables_of_text_can_be_read(void)
{
    make_tables();
    each_alone_and_all_behind("csv", plain_csv);
    each_alone_and_all_behind("csv.gz on a thread", gzip_csv);
    each_alone_and_all_behind("an absent column", absent_column);
}

static hl_code typed_table(hl_error *err)
{
    const hl_table_options options = {.name = "T", .cpu = HL_CPU_C};
    hl_table *t = NULL, *joined = NULL;
    hl_index *index = NULL;
    hl_buf text = {0};
    int64_t row[2] = {6000, -1};
    hl_code c = hl_table_read(at_home("t.csv.gz"), NULL, 0, &options, &t, err);

    if (c == HL_OK && (t->n_rows != 6001 || t->n_columns != 5 || t->column[0].type != HL_COL_I64 ||
                       t->column[2].type != HL_COL_F64 || t->column[4].type != HL_COL_BOOL))
        c = wrong(err);
    if (c == HL_OK)
        c = hl_index_new_text(&t->column[1], &index, err);
    if (c == HL_OK)
        c = hl_table_new("joined", 2, &joined, err);
    for (size_t i = 0; c == HL_OK && i < t->n_columns; i++)
        c = hl_table_gather(joined, t->column[i].name, &t->column[i], row, err);
    if (c == HL_OK)
        c = hl_table_put_csv(joined, HL_DATES_PANDAS, &text, err);
    if (c == HL_OK && (text.n < 100000 || !hl_str_starts((hl_str){text.at, text.n}, "id,name,")))
        c = wrong(err);
    hl_buf_free(&text);
    hl_index_free(&index);
    hl_table_free(&joined);
    hl_table_free(&t);
    return c;
}

static void typed_tables_can_be_read_joined_and_written(void)
{
    each_alone_and_all_behind("table", typed_table);
}

static hl_code json(hl_error *err)
{
    hl_json *json = NULL;
    hl_digest digest;
    static hl_digest first;
    hl_code c = hl_recipe_read("symile-mimic-1.0", &json, &digest, err);

    if (c == HL_OK && first.bytes && !hl_digest_equal(&first, &digest))
        c = wrong(err);
    if (c == HL_OK)
        first = digest;
    hl_json_free(&json);
    return c;
}

static void json_can_be_read_and_brought_to_its_canonical_form(void)
{
    each_alone_and_all_behind("json", json);
}

static hl_code npy(hl_error *err)
{
    const int64_t shape[2] = {2, 3};
    static const char zeros[24];
    hl_buf file = {0};
    hl_in *in = NULL, *part = NULL;
    hl_npy head;
    hl_code c = hl_npy_put_header(&file, "<f4", shape, 2, err);

    if (c == HL_OK) {
        hl_buf_append(&file, zeros, sizeof zeros);
        c = hl_buf_check(&file, "array", err);
    }
    if (c == HL_OK)
        c = hl_in_memory(file.at, file.n, "a.npy", &in, err);
    if (c == HL_OK)
        c = hl_in_range(in, 0, hl_in_size(in), &part, err);
    if (c == HL_OK)
        c = hl_in_rename(part, "b.npy", err);
    if (c == HL_OK)
        c = hl_npy_read_header(part, &head, err);
    if (c == HL_OK && head.data_bytes != 24)
        c = wrong(err);
    hl_in_close(&part);
    hl_in_close(&in);
    hl_buf_free(&file);
    return c;
}

static hl_code wfdb(hl_error *err)
{
    static const int32_t formats[] = {16, 212};
    static const int16_t sample[6] = {1, -2, 3, -4, 5, -6};
    hl_wfdb_signal signal[2] = {
        {.calibrated = true, .gain = 200, .units = "mV", .description = "I"},
        {.calibrated = true, .gain = 200, .units = "mV", .description = "II"}};
    hl_wfdb_header h = {.name = "rec",
                        .n_signals = 2,
                        .rate_hz = 500,
                        .counter_hz = 500,
                        .n_samples = 3,
                        .signal = signal};
    hl_code c = HL_OK;

    for (int i = 0; i < 2 && c == HL_OK; i++) {
        hl_arena *arena = hl_arena_new(0);
        hl_wfdb_record r = {0};
        signal[0].format = signal[1].format = formats[i];
        signal[0].file = signal[1].file = "rec.dat";
        signal[0].samples_per_frame = signal[1].samples_per_frame = 1;
        c = arena ? hl_wfdb_write(at_home("rec"), &h, sample, NULL, NULL, err)
                  : hl_fail_memory(err, "arena", 0);
        if (c == HL_OK)
            c = hl_wfdb_read(arena, at_home("rec"), &r, err);
        if (c == HL_OK && (r.n_checksum_faults || memcmp(r.sample, sample, sizeof sample) != 0))
            c = wrong(err);
        hl_arena_free(&arena);
    }
    return c;
}

static hl_buf film, film_pixels; /* a file, and its pixels */

static hl_code decode(hl_cpu cpu, hl_error *err)
{
    hl_arena *arena = hl_arena_new(1024);
    hl_image image, small;
    const hl_rect all = {0, 0, 24, 18};
    hl_code c = arena ? hl_jpeg_decode(arena, film.at, film.n, "film", 0, 48, cpu, &image, err)
                      : hl_fail_memory(err, "arena", 0);

    for (int y = 0; c == HL_OK && y < image.height; y++)
        if (memcmp(image.px + y * image.row_bytes, film_pixels.at + 13 + y * 64, 64) != 0)
            c = wrong(err);
    if (c == HL_OK)
        c = hl_image_resize(arena, &image, 24, 18, all, cpu, &small, err);
    hl_arena_free(&arena);
    return c;
}

static hl_code decode_c(hl_error *err)
{
    return decode(HL_CPU_C, err);
}

static hl_code decode_fast(hl_error *err)
{
    return decode(hl_cpu_level(HL_CPU_BEST), err);
}

static hl_code encode(hl_cpu cpu, hl_error *err)
{
    hl_buf file = {0};
    hl_image image = {64, 45, 1, 64, (uint8_t *)film_pixels.at + 13};
    hl_code c = hl_jpeg_encode(&image, 90, cpu, &file, err);

    hl_buf_free(&file);
    return c;
}

static hl_code encode_c(hl_error *err)
{
    return encode(HL_CPU_C, err);
}

static hl_code encode_fast(hl_error *err)
{
    return encode(hl_cpu_level(HL_CPU_BEST), err);
}

static void arrays_records_and_films_can_be_read_and_written(void)
{
    hl_error err = {0};

    each_alone_and_all_behind("npy", npy);
    each_alone_and_all_behind("wfdb", wfdb);
    ok(hl_read_file(fixture("jpeg/2_64x48_q60.jpg"), 1 << 20, &film, NULL, &err) == HL_OK);
    ok(hl_read_file(fixture("jpeg/2_64x48_q60.pgm"), 1 << 20, &film_pixels, NULL, &err) == HL_OK);
    is_int(film_pixels.n, 13 + 64 * 48); /* "P5\n64 48\n255\n" */
    each_alone_and_all_behind("jpeg by libjpeg", decode_c);
    each_alone_and_all_behind("jpeg", decode_fast);
    each_alone_and_all_behind("jpeg encode by libjpeg", encode_c);
    each_alone_and_all_behind("jpeg encode", encode_fast);
    hl_buf_free(&film);
    hl_buf_free(&film_pixels);
}

/* --- the manifest ----------------------------------------------------------------------------- */

static hl_code manifest(hl_error *err)
{
    static hl_digest first;
    const char *out = at_home("manifest");
    const int64_t ids[3] = {3, 1, 3}, shape[1] = {3};
    const hl_manifest_column column = {"a", "i64"};
    hl_manifest *m = NULL;
    hl_digest digest = {.bytes = 7}, id;

    clear(out);
    hl_code c = hl_make_folder(out, err);
    if (c == HL_OK)
        c = hl_manifest_new("test", NULL, NULL, NULL, &m, err);
    if (c == HL_OK)
        c = hl_manifest_option(m, "n", "{\"a\":[1,\"b\"]}", err);
    if (c == HL_OK)
        hl_manifest_library(m, "lib", "1.0");
    if (c == HL_OK)
        c = hl_manifest_input(m, "role", "kind", home, err);
    for (int i = 0; c == HL_OK && i < 70; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d", i);
        c = hl_manifest_read(m, "role", name, &digest, err);
        if (c == HL_OK)
            c = hl_manifest_output(m, name, &digest, err);
    }
    if (c == HL_OK)
        c = hl_manifest_table(m, "t.csv", 3, &column, 1, err);
    if (c == HL_OK)
        c = hl_manifest_array(m, "a.npy", "<f4", shape, 1, "t.csv", err);
    if (c == HL_OK)
        c = hl_manifest_funnel(m, "all", 3, err);
    if (c == HL_OK)
        c = hl_manifest_split(m, "train", 3, ids, 3, err);
    if (c == HL_OK)
        c = hl_manifest_write(m, out, "{\"host\":\"h\"}", &id, err);
    if (c == HL_OK && first.bytes && !hl_digest_equal(&first, &id))
        c = wrong(err);
    if (c == HL_OK)
        first = id;
    hl_manifest_free(&m);
    return c;
}

static void no_manifest(int64_t n)
{
    tap_check(!hl_file_exists(at_home("manifest/manifest.json")), __FILE__, __LINE__,
              "a manifest stands there after allocation %" PRId64 " failed", n);
}

static void a_manifest_is_whole_or_absent(void)
{
    ok(step_through("manifest", manifest, no_manifest, 100000, false) > 50);
    step_through("manifest", manifest, no_manifest, 100000, true);
}

/* --- whole runs ------------------------------------------------------------------------------- */

static char mimiciv[300], ecg[300], cxr[300], recipe[300], whole_cohort[300], whole_pack[300];

static hl_code build_to(const char *out, hl_error *err)
{
    const hl_cohort_options o = {.mimiciv = mimiciv,
                                 .ecg = ecg,
                                 .cxr = cxr,
                                 .out = out,
                                 .recipe = recipe,
                                 .train_n = 3,
                                 .val_n = 2,
                                 .candidate_n = 2,
                                 .seed = -1,
                                 .candidate_seed = -1};
    hl_log *log = hl_log_new();
    hl_ctl ctl = {.jobs = 1, .log = log};
    hl_report report = {0};
    hl_code c = hl_cohort_build(&o, &ctl, &report, err);

    hl_report_free(&report);
    hl_log_free(&log);
    return judge(c, out, whole_cohort, err);
}

static hl_code build(hl_error *err)
{
    clear(at_home("cohort"));
    return build_to(at_home("cohort"), err);
}

/* Files may stand there, whole; the manifest only if all do. */
static void no_half_cohort(int64_t n)
{
    hl_error err = {0};
    hl_code c = same_as(at_home("cohort"), whole_cohort,
                        hl_file_exists(at_home("cohort/manifest.json")), &err);

    tap_check(c == HL_OK, __FILE__, __LINE__, "cohort, after allocation %" PRId64 ": %s", n,
              err.message);
}

static int pack_jobs;
static bool pack_resume;

static hl_code pack_to(const char *out, hl_error *err)
{
    const hl_pack_options o = {.cohort = whole_cohort,
                               .ecg = ecg,
                               .cxr = cxr,
                               .out = out,
                               .store = HL_STORE_COMPACT,
                               .resume = pack_resume};
    hl_ctl ctl = {.jobs = pack_jobs};
    hl_report report = {0};
    hl_code c = hl_pack_run(&o, &ctl, &report, err);

    hl_report_free(&report);
    return judge(c, out, whole_pack, err);
}

static hl_code pack(hl_error *err)
{
    clear(at_home("pack"));
    return pack_to(at_home("pack"), err);
}

/* What is there is right, and the job goes on from it to the whole. */
static void no_half_pack(int64_t n)
{
    hl_error err = {0};
    bool all = hl_file_exists(at_home("pack/manifest.json"));
    hl_code c = same_as(at_home("pack"), whole_pack, all, &err);

    tap_check(c == HL_OK, __FILE__, __LINE__, "pack, after allocation %" PRId64 ": %s", n,
              err.message);
    if (n % 7 != 0 || (all && !hl_is_folder(at_home("pack/.hilum"))))
        return;
    pack_resume = true;
    c = pack_to(at_home("pack"), &err);
    pack_resume = false;
    tap_check(c == HL_OK, __FILE__, __LINE__, "pack resumed after allocation %" PRId64 ": %s", n,
              err.message);
}

/* The published recipe with films of 64 pixels: the same code in less time. */
static bool make_recipe(void)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_error err = {0};
    static const char *const key[] = {"\"scale_px\": 320", "\"crop_px\": 320"};
    bool good = hl_share_path("recipes/symile-mimic-1.0.json", path, &err) == HL_OK &&
                hl_read_file(path, 1 << 20, &text, NULL, &err) == HL_OK;

    for (int i = 0; good && i < 2; i++) {
        char *at = strstr(text.at, key[i]);
        good = at != NULL;
        if (good)
            memcpy(at + strlen(key[i]) - 3, " 64", 3);
    }
    good = good && hl_write_file(recipe, text.at, text.n, NULL, &err) == HL_OK;
    hl_buf_free(&text);
    return good;
}

static bool make_hospital(void)
{
    char command[2 * HL_PATH_BYTES];

    snprintf(command, sizeof command, "tar -xzf '%s' -C '%s' base",
             fixture("faults_archive/faults.tar.gz"), home);
    snprintf(mimiciv, sizeof mimiciv, "%s/base/mimiciv", home);
    snprintf(ecg, sizeof ecg, "%s/base/mimic-iv-ecg", home);
    snprintf(cxr, sizeof cxr, "%s/base/mimic-cxr-jpg", home);
    snprintf(recipe, sizeof recipe, "%s/small.json", home);
    snprintf(whole_cohort, sizeof whole_cohort, "%s/whole-cohort", home);
    snprintf(whole_pack, sizeof whole_pack, "%s/whole-pack", home);
    return system(command) == 0 && make_recipe();
}

enum { RUNS = 500 };

static void a_cohort_is_built_whole_or_without_a_manifest(void)
{
    hl_error err = {0};

    if (!ok(make_hospital()) || !ok(build_to(whole_cohort, &err) == HL_OK))
        return;
    ok(step_through("cohort build", build, no_half_cohort, RUNS, false) >= 500);
}

static void a_pack_is_made_whole_or_can_be_resumed(void)
{
    hl_error err = {0};

    pack_jobs = 1;
    if (!ok(pack_to(whole_pack, &err) == HL_OK))
        return;
    ok(step_through("pack", pack, no_half_pack, RUNS, false) >= 500);
    pack_jobs = 3;
    step_through("pack on threads", pack, no_half_pack, 60, false);
}

int main(void)
{
    snprintf(home, sizeof home, "%s", temp_folder());
    run(tables_of_text_can_be_read);
    run(typed_tables_can_be_read_joined_and_written);
    run(json_can_be_read_and_brought_to_its_canonical_form);
    run(arrays_records_and_films_can_be_read_and_written);
    run(a_manifest_is_whole_or_absent);
    run(a_cohort_is_built_whole_or_without_a_manifest);
    run(a_pack_is_made_whole_or_can_be_resumed);
    ok(hl_remove_tree(home, NULL) == HL_OK);
    return done();
}
