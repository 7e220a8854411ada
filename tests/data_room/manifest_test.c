#include "data/manifest.h"

#include <sys/wait.h>

#include "tap.h"

static hl_digest digest_of(const char *text)
{
    hl_digest d;

    hl_sha256_of(text, strlen(text), &d);
    return d;
}

static const char *path_of(const char *folder, const char *name)
{
    static char path[8][1200];
    static int turn;
    char *p = path[turn++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static void write_text(const char *folder, const char *name, const char *text)
{
    hl_write_file(path_of(folder, name), text, strlen(text), NULL, NULL);
}

static hl_buf read_text(const char *folder, const char *name)
{
    hl_buf b = {0};

    hl_read_file(path_of(folder, name), (size_t)1 << 24, &b, NULL, NULL);
    return b;
}

static const char recipe_text[] =
    "{\"windows\": {\"ecg_h\": 24}, \"labs\": [50868, \"0.5\"], \"a\": true}";

/* A manifest with something of everything; backwards = files recorded in the other order. */
static hl_manifest *make(const char *in, const hl_json *recipe, bool backwards)
{
    static const hl_manifest_column columns[] = {{"hadm_id", "i64"}, {"charttime", "datetime"}};
    static const char *const files[] = {"hosp/labevents.csv.gz", "a,b.csv",
                                        "hosp/admissions.csv.gz"};
    const int64_t ids[] = {10002, 9, 10001, 10002}, shape[] = {3, 3, 320, 320};
    hl_manifest *m = NULL;
    hl_error err = {0};

    is_int(
        hl_manifest_new("cohort build", "symile", hl_json_root(recipe), "symile-mimic", &m, &err),
        HL_OK);
    is_int(hl_manifest_option(m, "train-n", "80", &err), HL_OK);
    is_int(hl_manifest_option(m, "compat", "true", &err), HL_OK);
    hl_manifest_seed(m, 7);
    hl_manifest_library(m, "libjpeg", "2.1.5");
    is_int(hl_manifest_input(m, "mimiciv", "mimic-iv-hosp", in, &err), HL_OK);
    is_int(hl_manifest_input(m, "ecg", "mimic-iv-ecg", path_of(in, "none"), &err), HL_OK);
    for (int i = 0; i < 3; i++) {
        const char *name = files[backwards ? 2 - i : i];
        hl_digest d = digest_of(name);
        is_int(hl_manifest_read(m, "mimiciv", name, &d, &err), HL_OK);
        is_int(hl_manifest_read(m, "mimiciv", name, &d, &err), HL_OK);
    }
    for (int i = 0; i < 2; i++) {
        const char *name = (i == 0) == backwards ? "val.csv" : "data_npy/x.npy";
        hl_digest d = digest_of(name);
        is_int(hl_manifest_output(m, name, &d, &err), HL_OK);
    }
    is_int(hl_manifest_table(m, "val.csv", 3, columns, 2, &err), HL_OK);
    is_int(hl_manifest_array(m, "data_npy/x.npy", "<f4", shape, 4, "val.csv", &err), HL_OK);
    is_int(hl_manifest_funnel(m, "admissions", 100, &err), HL_OK);
    is_int(hl_manifest_funnel(m, "with an ECG", 40, &err), HL_OK);
    hl_manifest_counts(m, 40, 38, 2);
    is_int(hl_manifest_split(m, "val", 3, ids, 4, &err), HL_OK);
    is_str(err.message, "");
    return m;
}

static const char run_text[] = "{\"host\":\"a\",\"seconds\":0.25}";

static void the_manifest_has_its_fixed_form(void)
{
    char in[256], out[256];
    hl_json *recipe = NULL;
    hl_digest id, sums, part;
    hl_error err = {0};
    char hex[HL_HEX_CHARS];

    snprintf(in, sizeof in, "%s", temp_folder());
    snprintf(out, sizeof out, "%s", temp_folder());
    write_text(in, "SHA256SUMS.txt", "sums\n");
    write_text(in, "manifest.json", "{}\n");
    hl_json_parse(recipe_text, strlen(recipe_text), "recipe", &recipe, NULL);
    hl_manifest *m = make(in, recipe, false);
    is_int(hl_manifest_write(m, out, run_text, &id, &err), HL_OK);
    is_str(err.message, "");

    hl_buf text = read_text(out, "manifest.json");
    hl_sha256_of(text.at, text.n, &part);
    ok(hl_digest_equal(&part, &id));
    like(text.at,
         "{\n  \"manifest\": 1,\n  \"program\": {\n    \"name\": \"hilum\",\n    \"version\": "
         "\"" HL_VERSION
         "\",\n    \"compat\": \"symile-mimic\",\n    \"libraries\": {\n      \"libjpeg\": "
         "\"2.1.5\"\n    }\n  },\n  \"job\": {\n    \"command\": \"cohort build\",\n    "
         "\"options\": {\n      \"train-n\": 80,\n      \"compat\": true\n    },\n    \"seed\": "
         "7,\n    \"shard\": null\n  },\n  \"recipe\": {\n    \"name\": \"symile\",\n");
    part = digest_of("{\"a\":true,\"labs\":[50868,\"0.5\"],\"windows\":{\"ecg_h\":24}}");
    like(text.at, hl_digest_hex(&part, hex)); /* of the recipe */
    part = digest_of("9\n10001\n10002\n");
    like(text.at, hl_digest_hex(&part, hex)); /* of the subjects */
    like(text.at, "\"name\": \"val\",\n      \"rows\": 3,\n      \"subjects\": 3,\n");
    part = digest_of("sums\n");
    like(text.at, hl_digest_hex(&part, hex)); /* identity of the archive */
    part = digest_of("{}\n");
    like(text.at, hl_digest_hex(&part, hex));
    like(text.at, "\"kind\": \"mimic-iv-ecg\",\n      \"read\": {\n        \"files\": 0,\n");
    ok(text.n > 2 && text.at[text.n - 1] == '\n' && text.at[text.n - 2] == '}');
    ok(strchr(text.at, '\r') == NULL);

    hl_buf lines = read_text(out, "SHA256SUMS.txt");
    hl_sha256_of(lines.at, lines.n, &sums);
    char want[100];
    snprintf(want, sizeof want, "\"sums_sha256\": \"%s\"", hl_digest_hex(&sums, hex));
    like(text.at, want);
    snprintf(want, sizeof want, "\"tree_sha256\": \"%s\"", hl_digest_hex(&sums, hex));
    like(text.at, want);
    part = digest_of("data_npy/x.npy");
    char line[200];
    snprintf(line, sizeof line, "%s data_npy/x.npy\n", hl_digest_hex(&part, hex));
    ok(strncmp(lines.at, line, strlen(line)) == 0);
    like(lines.at, " inputs.csv.gz\n");
    ok(!strstr(lines.at, "manifest.json") && !strstr(lines.at, "run.json"));
    hl_buf run = read_text(out, "run.json");
    is_str(run.at, "{\n  \"host\": \"a\",\n  \"seconds\": 0.25\n}\n");
    ok(!strstr(text.at, in) && !strstr(text.at, out));
    hl_buf_free(&run);
    hl_buf_free(&lines);
    hl_buf_free(&text);
    hl_manifest_free(&m);
    ok(m == NULL);
    hl_json_free(&recipe);
    hl_remove_tree(in, NULL);
    hl_remove_tree(out, NULL);
}

static void the_order_in_which_files_are_recorded_does_not_show(void)
{
    char in[256], out[2][256];
    static const char *const name[] = {"manifest.json", "SHA256SUMS.txt", "inputs.csv.gz"};
    hl_json *recipe = NULL;

    snprintf(in, sizeof in, "%s", temp_folder());
    hl_json_parse(recipe_text, strlen(recipe_text), "recipe", &recipe, NULL);
    for (int i = 0; i < 2; i++) {
        snprintf(out[i], sizeof out[i], "%s", temp_folder());
        hl_manifest *m = make(in, recipe, i == 1);
        is_int(hl_manifest_write(m, out[i], i ? "{}" : run_text, NULL, NULL), HL_OK);
        hl_manifest_free(&m);
    }
    for (int i = 0; i < 3; i++) {
        hl_buf a = read_text(out[0], name[i]), b = read_text(out[1], name[i]);
        ok(a.n > 0 && a.n == b.n && memcmp(a.at, b.at, a.n) == 0);
        hl_buf_free(&a);
        hl_buf_free(&b);
    }
    hl_json_free(&recipe);
    hl_remove_tree(in, NULL);
    hl_remove_tree(out[0], NULL);
    hl_remove_tree(out[1], NULL);
}

static void inputs_csv_lists_what_was_read_by_archive_and_path(void)
{
    char in[256], out[256];
    hl_json *recipe = NULL;
    hl_stream *s = NULL;
    hl_buf text = {0};
    char *at, hex[HL_HEX_CHARS], want[600];
    size_t n;
    hl_digest a = digest_of("a,b.csv"), b = digest_of("hosp/admissions.csv.gz");

    snprintf(in, sizeof in, "%s", temp_folder());
    snprintf(out, sizeof out, "%s", temp_folder());
    hl_json_parse(recipe_text, strlen(recipe_text), "recipe", &recipe, NULL);
    hl_manifest *m = make(in, recipe, false);
    is_int(hl_manifest_write(m, out, NULL, NULL, NULL), HL_OK);
    is_int(hl_stream_open(path_of(out, "inputs.csv.gz"), HL_STREAM_PLAIN, NULL, &s, NULL), HL_OK);
    while (hl_stream_next(s, &at, &n, NULL) == HL_OK)
        hl_buf_append(&text, at, n);
    hl_stream_close(&s);
    n = (size_t)snprintf(want, sizeof want, "archive,path,size,sha256\nmimiciv,\"a,b.csv\",7,%s\n",
                         hl_digest_hex(&a, hex));
    snprintf(want + n, sizeof want - n,
             "mimiciv,hosp/admissions.csv.gz,22,%s\nmimiciv,hosp/labevents",
             hl_digest_hex(&b, hex));
    ok(text.n > strlen(want) && strncmp(text.at, want, strlen(want)) == 0);
    hl_buf_free(&text);
    hl_manifest_free(&m);
    hl_json_free(&recipe);
    hl_remove_tree(in, NULL);
    hl_remove_tree(out, NULL);
}

static void coreutils_check_the_sums(void)
{
    char out[256], command[400];
    hl_manifest *m = NULL;
    hl_digest d;

    snprintf(out, sizeof out, "%s", temp_folder());
    is_int(hl_manifest_new("synth", NULL, NULL, NULL, &m, NULL), HL_OK);
    hl_make_folder(path_of(out, "files"), NULL);
    for (int i = 0; i < 3; i++) {
        static const char *const name[] = {"files/b c.csv", "a.csv", "z\\z.txt"};
        hl_write_file(path_of(out, name[i]), name[i], strlen(name[i]), &d, NULL);
        is_int(hl_manifest_output(m, name[i], &d, NULL), HL_OK);
    }
    is_int(hl_manifest_write(m, out, "{}", NULL, NULL), HL_OK);
    snprintf(command, sizeof command, "cd %s && sha256sum -c --quiet --strict SHA256SUMS.txt", out);
    is_int(system(command), 0);
    hl_buf text = read_text(out, "manifest.json");
    like(text.at, "\"recipe\": {\n    \"name\": \"none\",\n    \"sha256\": "
                  "\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",\n    "
                  "\"content\": {}\n  },\n  \"inputs\": [],\n");
    hl_buf_free(&text);
    hl_manifest_free(&m);
    hl_remove_tree(out, NULL);
}

static void a_file_that_changes_during_the_job_is_an_error(void)
{
    hl_manifest *m = NULL;
    hl_error err = {0};
    hl_digest a = digest_of("a"), b = digest_of("b");

    is_int(hl_manifest_new("synth", NULL, NULL, NULL, &m, NULL), HL_OK);
    is_int(hl_manifest_input(m, "cxr", "mimic-cxr-jpg", "/nowhere", &err), HL_OK);
    is_int(hl_manifest_read(m, "cxr", "x.jpg", &a, &err), HL_OK);
    is_int(hl_manifest_read(m, "cxr", "x.jpg", &b, &err), HL_E_INPUT);
    like(err.message, "x.jpg: the file changed while the job ran");
    is_int(hl_manifest_read(m, "cxr", "../x.jpg", &a, &err), HL_E_INPUT);
    is_int(hl_manifest_read(m, "ecg", "x.hea", &a, &err), HL_E_BUG);
    is_int(hl_manifest_output(m, "manifest.json", &a, &err), HL_E_BUG);
    is_int(hl_manifest_option(m, "rate", "0.5", &err), HL_E_BUG);
    hl_manifest_free(&m);
}

static void a_recipe_with_a_decimal_number_is_refused_at_the_start(void)
{
    hl_json *recipe = NULL;
    hl_manifest *m = NULL;
    hl_error err = {0};

    hl_json_parse("{\"crop\": 0.9}", 13, "r", &recipe, NULL);
    is_int(hl_manifest_new("pack", "mine", hl_json_root(recipe), NULL, &m, &err), HL_E_INPUT);
    like(err.message, "recipe mine: crop: 0.9 is a decimal number\nWrite it as a text");
    ok(m == NULL);
    hl_json_free(&recipe);
}

static void a_folder_that_is_not_there_is_an_error(void)
{
    hl_manifest *m = NULL;
    hl_error err = {0};

    is_int(hl_manifest_new("synth", NULL, NULL, NULL, &m, NULL), HL_OK);
    is_int(hl_manifest_write(m, "/nowhere/at/all", "{}", NULL, &err), HL_E_INPUT);
    like(err.message, "/nowhere/at/all/");
    hl_manifest_free(&m);
}

int main(void)
{
    run(the_manifest_has_its_fixed_form);
    run(the_order_in_which_files_are_recorded_does_not_show);
    run(inputs_csv_lists_what_was_read_by_archive_and_path);
    run(coreutils_check_the_sums);
    run(a_file_that_changes_during_the_job_is_an_error);
    run(a_recipe_with_a_decimal_number_is_refused_at_the_start);
    run(a_folder_that_is_not_there_is_an_error);
    return done();
}
