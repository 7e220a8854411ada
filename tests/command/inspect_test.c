#include "command/command.h"

#include "data/npy.h"
#include "format/jpeg.h"
#include "format/wfdb/wfdb.h"
#include "tap.h"

extern const hl_command hl_command_inspect;

static hl_result result;
static hl_error err;
static hl_json *json;
static const char *folder;

static const char *put(const char *name, const void *bytes, size_t n)
{
    static char path[4][HL_PATH_BYTES];
    static int turn;
    char *p = path[turn++ % 4];

    ok(hl_path_join(folder, name, p, &err) == HL_OK);
    ok(hl_write_file(p, bytes, n, NULL, &err) == HL_OK);
    return p;
}

static const char *put_text(const char *name, const char *text)
{
    return put(name, text, strlen(text));
}

static hl_code inspect(const char *path)
{
    const char *word[] = {path, "--rows", "2"};
    hl_options *options = NULL;

    hl_json_free(&json);
    hl_buf_free(&result.text);
    hl_buf_free(&result.json);
    err = (hl_error){0};
    if (!ok(hl_options_from_words(&hl_command_inspect, 3, word, &options, &err) == HL_OK))
        return HL_E_BUG;
    hl_code c = (hl_command_inspect.run)(options, NULL, &result, &err); /* run is a macro here */
    hl_options_free(&options);
    /* What is known is well-formed JSON, after a failure too. */
    hl_error json_err = {0};
    if (!ok(hl_json_parse(result.json.at, result.json.n, "result", &json, &json_err) == HL_OK))
        printf("# %s\n", json_err.message);
    return c;
}

static const hl_json_value *member(const char *key)
{
    return json ? hl_json_get(hl_json_root(json), key) : NULL;
}

static void is_text_of(const hl_json_value *v, const char *want)
{
    hl_str t = hl_json_text(v);
    tap_check(hl_str_is(t, want), __FILE__, __LINE__, "'%.*s' is not '%s'", (int)t.n,
              t.at ? t.at : "", want);
}

static const hl_json_value *column(size_t i)
{
    return hl_json_at(member("columns"), i);
}

static void a_table_is_described_column_by_column(void)
{
    const char *path = put_text(
        "t.csv", "id,age,when,sex,dead,x,note\n"
                 "3,91,2150-01-02 03:04:05,F,True,1.5,\"a, b\"\n"
                 "-1,,2149-12-31,M,False,2,\n"
                 "7,50,2150-01-01,F,True,NA,zz\n");

    is_int(inspect(path), HL_OK);
    is_text_of(member("kind"), "csv");
    is_int(hl_json_int(member("rows")), 3);
    is_int(hl_json_count(member("columns")), 7);
    is_text_of(hl_json_get(column(0), "type"), "i64");
    is_int(hl_json_int(hl_json_get(column(0), "min")), -1);
    is_int(hl_json_int(hl_json_get(column(0), "max")), 7);
    is_text_of(hl_json_get(column(1), "type"), "f64"); /* integers with a gap, as pandas has them */
    is_int(hl_json_int(hl_json_get(column(1), "missing")), 1);
    is_text_of(hl_json_get(column(2), "type"), "datetime");
    is_text_of(hl_json_get(column(2), "min"), "2149-12-31 00:00:00");
    is_text_of(hl_json_get(column(2), "max"), "2150-01-02 03:04:05");
    is_text_of(hl_json_get(column(3), "type"), "str");
    is_int(hl_json_int(hl_json_get(hl_json_get(column(3), "values"), "F")), 2);
    is_text_of(hl_json_get(column(4), "type"), "bool");
    is_text_of(hl_json_get(column(5), "type"), "f64");
    ok(hl_json_real(hl_json_get(column(5), "max")) == 2);
    is_int(hl_json_int(hl_json_get(column(5), "missing")), 1);
    is_int(hl_json_count(member("first_rows")), 2);
    is_text_of(hl_json_at(hl_json_at(member("first_rows"), 0), 6), "a, b");
    is_int(hl_json_type_of(hl_json_at(hl_json_at(member("first_rows"), 1), 6)), HL_JSON_NULL);
    like(result.text.at, "t.csv: table, 3 rows x 7 columns, 126 bytes (csv)\n");
    like(result.text.at, "F 2, M 1");
    like(result.text.at, "50 to 91, whole numbers");
}

static void a_column_is_text_as_soon_as_one_value_is(void)
{
    is_int(inspect(put_text("u.csv", "a,b,c\n1,2.5,2150-01-01\n2,x,5\n3.5,1,1\n")), HL_OK);
    is_text_of(hl_json_get(column(0), "type"), "f64");
    ok(hl_json_real(hl_json_get(column(0), "min")) == 1);
    is_text_of(hl_json_get(column(1), "type"), "str");
    is_text_of(hl_json_get(column(2), "type"), "str");
    is_int(inspect(put_text("v.csv", "a,b\n")), HL_OK);
    is_int(hl_json_int(member("rows")), 0);
    is_text_of(hl_json_get(column(0), "type"), "f64");
}

static void a_faulty_table_ends_with_its_place(void)
{
    is_int(inspect(put_text("bad.csv", "a,b\n1,2\n1,2,3\n")), HL_E_INPUT);
    like(err.message, "bad.csv:3");
}

static void content_decides_not_the_name(void)
{
    is_int(inspect(put_text("table.txt", "a,b\n1,2\n")), HL_OK);
    is_text_of(member("kind"), "csv");
    is_int(inspect(put_text("x.csv", "{\"a\": [1, 2]}")), HL_OK);
    is_text_of(member("kind"), "json");
    is_int(inspect(put_text("one.csv", "only\n1\n")), HL_OK);
    is_text_of(member("kind"), "csv");
}

static void what_nobody_knows_is_refused_with_its_first_bytes(void)
{
    is_int(inspect(put_text("x.pdf", "%PDF-1.7\n%\x01")), HL_E_LIMIT);
    like(err.message, "x.pdf: not a format hilum reads (begins with 25 50 44 46 2d 31 2e 37: "
                      "'%PDF-1.7')");
    is_int(inspect(put_text("empty", "")), HL_E_INPUT);
    like(err.message, "empty: the file is empty");
    is_int(inspect("/nowhere/at/all"), HL_E_INPUT);
    is_int(inspect(folder), HL_E_LIMIT);
    like(err.message, "not a layout hilum knows (holds ");
}

static void an_array_is_summed_up(void)
{
    static const int64_t shape[] = {2, 3};
    static const float f[] = {1, -2.5f, NAN, INFINITY, 4, 0};
    static const int64_t wide[] = {INT64_MAX, INT64_MIN, 0, 1, 2, 3};
    static const uint8_t u[] = {0, 255, 7, 7, 7, 8};
    hl_buf file = {0};

    is_int(hl_npy_put_header(&file, "<f4", shape, 2, &err), HL_OK);
    hl_buf_append(&file, f, sizeof f);
    is_int(inspect(put("a.npy", file.at, file.n)), HL_OK);
    is_text_of(member("kind"), "npy");
    is_int(hl_json_int(hl_json_at(member("shape"), 1)), 3);
    ok(hl_json_real(member("min")) == -2.5 && hl_json_real(member("max")) == 4);
    ok(hl_json_real(member("mean")) == 0.625);
    is_int(hl_json_int(member("nan")), 1);
    is_int(hl_json_int(member("infinite")), 1);
    like(result.text.at, "NumPy array, <f4, 2 x 3, 152 bytes");

    hl_buf_clear(&file);
    is_int(hl_npy_put_header(&file, "<i8", shape, 2, &err), HL_OK);
    hl_buf_append(&file, wide, sizeof wide);
    is_int(inspect(put("b.npy", file.at, file.n)), HL_OK);
    is_int(hl_json_int(member("min")), INT64_MIN);
    is_int(hl_json_int(member("max")), INT64_MAX);

    hl_buf_clear(&file);
    is_int(hl_npy_put_header(&file, "|u1", shape, 2, &err), HL_OK);
    hl_buf_append(&file, u, sizeof u);
    is_int(inspect(put("c.npy", file.at, file.n)), HL_OK);
    is_int(hl_json_int(member("max")), 255);
    is_int(inspect(put("d.npy", file.at, file.n - 1)), HL_E_INPUT);
    hl_buf_free(&file);
}

static void a_record_is_described_by_header_data_file_or_name(void)
{
    static const char *const name[] = {"wfdb/good", "wfdb/good.hea"};
    const hl_json_value *s;

    for (size_t i = 0; i < 2; i++) {
        is_int(inspect(fixture(name[i])), HL_OK);
        is_text_of(member("kind"), "wfdb");
        ok(hl_json_real(member("duration_s")) == 2);
        is_int(hl_json_int(member("checksum_faults")), 0);
        s = hl_json_at(member("signals"), 1);
        is_text_of(hl_json_get(s, "name"), "V");
        is_text_of(hl_json_get(s, "checksum"), "right");
        ok(hl_json_real(hl_json_get(s, "max")) == 1.5);
        like(result.text.at, "WFDB record good, 2 signals, 250 Hz, 2 s");
    }
    put("r.dat", "\0\0\1\0\0\0\1\0\0\0\1\200", 12);
    put_text("r.hea", "r 2 100 3\nr.dat 16 10(0)/mV 16 0 0 1 0 flat\nr.dat 16 10 16 0 1 2 0 x\n");
    char dat[HL_PATH_BYTES];
    ok(hl_path_join(folder, "r.dat", dat, &err) == HL_OK);
    is_int(inspect(dat), HL_OK);
    s = hl_json_at(member("signals"), 0);
    ok(hl_json_bool(hl_json_get(s, "flat")));
    is_text_of(hl_json_get(s, "checksum"), "wrong");
    is_int(hl_json_int(hl_json_get(hl_json_at(member("signals"), 1), "missing")), 0);
    like(result.text.at, "2 checksums in the header disagree with the samples");
}

static void a_record_in_a_format_that_is_not_read_is_still_described(void)
{
    const char *path = put_text("f.hea", "f 1 100 3\nf.dat 24 10(0)/mV 10 0 0 1 0 II\n");

    is_int(inspect(path), HL_OK);
    like(result.text.at, "samples not read: ");
    like(result.text.at, "signal format 24 is not supported");
    is_int(inspect(put_text("g.hea", "g twelve 500\n")), HL_E_INPUT);
    like(err.message, "g.hea:1: record line: 'twelve' is no number of signals");
    is_int(inspect(put_text("h.hea", "h 1 100 3\nnone.dat 16\n")), HL_E_INPUT);
    like(err.message, "none.dat");
    like(result.text.at, "WFDB record h");
}

static void a_picture_tells_size_quality_and_segments(void)
{
    hl_arena *arena = hl_arena_new(0);
    hl_buf file = {0};
    hl_image image;

    ok(hl_image_new(arena, 40, 24, 1, &image, &err) == HL_OK);
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 40; x++)
            image.px[y * image.row_bytes + x] = (uint8_t)(5 * x + y);
    is_int(hl_jpeg_encode(&image, 87, hl_cpu_level(HL_CPU_BEST), &file, &err), HL_OK);
    is_int(inspect(put("film", file.at, file.n)), HL_OK);
    is_text_of(member("kind"), "jpeg");
    is_int(hl_json_int(member("width")), 40);
    is_int(hl_json_int(member("height")), 24);
    is_int(hl_json_int(member("quality")), 87);
    ok(hl_json_bool(member("quality_exact")));
    ok(hl_json_bool(member("decodes")));
    is_text_of(hl_json_get(hl_json_at(member("segments"), 0), "name"), "APP0");
    like(result.text.at, "JPEG picture, 40 x 24 px, grey, 8 bits, baseline");
    is_int(inspect(put("cut", file.at, file.n - 20)), HL_E_INPUT);
    ok(member("decodes") && !hl_json_bool(member("decodes")));
    hl_buf_free(&file);
    hl_arena_free(&arena);
}

static void json_is_a_manifest_a_recipe_or_another(void)
{
    is_int(inspect(put_text("m.json",
                            "{\"manifest\": 1,"
                            "\"program\": {\"name\": \"hilum\", \"version\": \"0.1\"},"
                            "\"job\": {\"command\": \"pack\", \"options\": {}, \"seed\": 7},"
                            "\"recipe\": {\"name\": \"r\", \"sha256\": \"0123456789abcdef\"},"
                            "\"inputs\": [{\"role\": \"ecg\", \"kind\": \"mimic-iv-ecg\","
                            "\"read\": {\"files\": 1200, \"bytes\": 5000}}],"
                            "\"outputs\": {\"tables\": [{\"path\": \"t.csv\", \"rows\": 3,"
                            "\"columns\": []}], \"arrays\": [{\"path\": \"a.npy\","
                            "\"dtype\": \"<f4\", \"shape\": [3, 5]}]},"
                            "\"counts\": {\"items\": 3, \"done\": 3, \"failed\": 0,"
                            "\"funnel\": [{\"rule\": \"with film\", \"left\": 12}]}}")),
           HL_OK);
    is_text_of(member("kind"), "manifest");
    like(result.text.at, "manifest of hilum pack, made by hilum 0.1");
    like(result.text.at, "1,200 files  5.0 kB");
    like(result.text.at, "<f4 3 x 5");
    like(result.text.at, "12  with film");
    is_int(inspect(put_text("r.json", "{\"name\": \"mine\", \"tables\": {}}")), HL_OK);
    is_text_of(member("kind"), "recipe");
    is_int(inspect(put_text("l.json", " [1, 2, 3]")), HL_OK);
    is_text_of(member("kind"), "json");
    is_int(hl_json_int(member("count")), 3);
    is_int(inspect(put_text("bad.json", "{\"a\": 1,}")), HL_E_INPUT);
}

static void gzip_is_looked_into(void)
{
    char path[HL_PATH_BYTES];
    hl_gzip *gz = NULL;

    ok(hl_path_join(folder, "x.gz", path, &err) == HL_OK);
    ok(hl_gzip_create(path, 1, &gz, &err) == HL_OK);
    ok(hl_gzip_write(gz, "plain words\n", 12, &err) == HL_OK);
    ok(hl_gzip_commit(&gz, NULL, &err) == HL_OK);
    is_int(inspect(path), HL_OK);
    is_text_of(member("kind"), "gzip");
    is_int(hl_json_int(member("inner_bytes")), 12);
    ok(hl_gzip_create(path, 1, &gz, &err) == HL_OK);
    ok(hl_gzip_write(gz, "a,b\n1,2\n", 8, &err) == HL_OK);
    ok(hl_gzip_commit(&gz, NULL, &err) == HL_OK);
    is_int(inspect(path), HL_OK);
    is_text_of(member("kind"), "csv");
    like(result.text.at, "(csv, gzip)");
}

static void folders_are_known_by_their_layout(void)
{
    const char *outer = folder;
    char inner[HL_PATH_BYTES], files[HL_PATH_BYTES];

    ok(hl_path_join(outer, "ecg", inner, &err) == HL_OK);
    ok(hl_path_join(inner, "files", files, &err) == HL_OK);
    ok(hl_make_folder(files, &err) == HL_OK);
    folder = inner;
    put_text("record_list.csv", "subject_id,study_id\n");
    is_int(inspect(inner), HL_OK);
    is_text_of(member("kind"), "mimic-iv-ecg");
    like(result.text.at, "folder, MIMIC-IV-ECG, 2 entries");
    put_text("manifest.json", "{\"manifest\": 1, \"program\": {}}");
    is_int(inspect(inner), HL_OK);
    is_text_of(member("kind"), "manifest");
    folder = outer;
}

int main(void)
{
    folder = temp_folder();
    run(a_table_is_described_column_by_column);
    run(a_column_is_text_as_soon_as_one_value_is);
    run(a_faulty_table_ends_with_its_place);
    run(content_decides_not_the_name);
    run(what_nobody_knows_is_refused_with_its_first_bytes);
    run(an_array_is_summed_up);
    run(a_record_is_described_by_header_data_file_or_name);
    run(a_record_in_a_format_that_is_not_read_is_still_described);
    run(a_picture_tells_size_quality_and_segments);
    run(json_is_a_manifest_a_recipe_or_another);
    run(gzip_is_looked_into);
    run(folders_are_known_by_their_layout);
    hl_json_free(&json);
    hl_buf_free(&result.text);
    hl_buf_free(&result.json);
    hl_remove_tree(folder, NULL);
    return done();
}
