/* hilum merge and hilum manifest, on a small command of the test's own. */
#include "command/command.h"

#include <signal.h>

#include "base/job.h"
#include "command/run.h"
#include "data/manifest.h"
#include "tap.h"

/* --- "squares": writes i*i for i < n, a line each --------------------------------------------- */

static const hl_option squares_options[] = {
    {.name = "n",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "40",
     .min = 0,
     .max = 1000,
     .help = "how many"},
    {.name = "odd-fails", .type = HL_OPT_FLAG, .help = "items 7, 17, ... fail"},
    HL_OPTION_OUT,
    HL_OPTION_JOBS,
    HL_OPTION_RESUME,
    HL_OPTION_SHARD,
    HL_OPTION_STRICT,
    HL_OPTION_MERGE,
    {0},
};

typedef struct {
    bool fails;
    hl_buf lines;
} squares;

static int64_t subject(void *ctx, int64_t i)
{
    (void)ctx;
    return i;
}

static void name(void *ctx, int64_t i, char *out, size_t size)
{
    (void)ctx;
    snprintf(out, size, "%lld", (long long)i);
}

static hl_code work(void *ctx, int64_t i, int thread, hl_arena *scratch, hl_buf *record,
                    hl_error *err)
{
    (void)thread;
    (void)scratch;
    if (((const squares *)ctx)->fails && i % 10 == 7)
        return hl_fail(err, HL_E_INPUT, "seven");
    hl_buf_i64(record, i * i);
    hl_buf_char(record, '\n');
    return HL_OK;
}

static hl_code sink(void *ctx, int64_t i, hl_code code, const void *record, size_t n, hl_error *err)
{
    squares *s = ctx;

    (void)i;
    (void)code;
    (void)err;
    hl_buf_append(&s->lines, record, n);
    return HL_OK;
}

static hl_code close_out(const hl_options *o, squares *s, const hl_job_result *r, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_manifest *m = NULL;
    hl_digest digest, id;
    hl_code c = hl_path_join(hl_options_text(o, "out"), "squares.txt", path, err);

    if (!c)
        c = hl_write_file(path, s->lines.at, s->lines.n, &digest, err);
    if (!c)
        c = hl_manifest_new("squares", NULL, NULL, "book", &m, err);
    if (!c)
        c = hl_manifest_option(m, "n", "40", err);
    if (!c)
        c = hl_manifest_output(m, "squares.txt", &digest, err);
    if (!c)
        c = hl_manifest_output(m, "errors.csv", &r->errors_digest, err);
    if (!c)
        c = hl_manifest_input(m, "numbers", "integers", "/nowhere", err);
    if (!c)
        c = hl_manifest_read(m, "numbers", "a b.csv", &digest, err);
    if (!c)
        c = hl_manifest_funnel(m, "all", 1234567, err);
    if (!c)
        hl_manifest_counts(m, r->items, r->done, r->failed);
    if (!c)
        c = hl_manifest_write(m, hl_options_text(o, "out"), "{\"host\": \"here\"}", &id, err);
    if (!c)
        c = hl_job_clean(hl_options_text(o, "out"), err);
    hl_manifest_free(&m);
    return c;
}

static hl_code run_squares(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    squares s = {.fails = hl_options_flag(o, "odd-fails")};
    hl_buf call = {0};
    hl_code c = hl_options_to_json(o, &call, err);
    hl_job job = {.command = "squares",
                  .recipe = "r",
                  .inputs = "i",
                  .call = call.at,
                  .options = s.fails ? "{\"odd-fails\":true}" : "{}",
                  .n_items = hl_options_int(o, "n", 0),
                  .ctx = &s,
                  .subject_id = subject,
                  .item_name = name,
                  .work = work,
                  .sink = sink};
    hl_job_options jo = {.out = hl_options_text(o, "out"),
                         .n_shards = 1,
                         .resume = hl_options_flag(o, "resume"),
                         .strict = hl_options_flag(o, "strict"),
                         .version = HL_VERSION};
    hl_job_result r;

    if (hl_options_flag(o, "merge"))
        jo.mode = HL_JOB_MERGE;
    else if (hl_options_shard(o, &jo.shard, &jo.n_shards))
        jo.mode = HL_JOB_SHARD;
    if (!c)
        c = hl_job_run(&job, &jo, ctl, &r, err);
    if ((c == HL_OK || c == HL_PARTIAL) && jo.mode != HL_JOB_SHARD) {
        hl_code closed = close_out(o, &s, &r, err);
        c = closed ? closed : c;
        hl_buf_printf(&result->text, "%lld squares\n", (long long)r.done);
    }
    hl_buf_free(&call);
    hl_buf_free(&s.lines);
    return c;
}

static const hl_command hl_command_squares = {.name = "squares",
                                              .summary = "squares",
                                              .about = "",
                                              .option = squares_options,
                                              .run = run_squares};

/* In place of the program's own list: the linker takes these first. */
extern const hl_command hl_command_merge, hl_command_manifest;
const hl_command *const hl_commands[] = {&hl_command_squares, &hl_command_merge,
                                         &hl_command_manifest, NULL};
const hl_command *hl_command_find(const char *wanted)
{
    for (size_t i = 0; hl_commands[i]; i++)
        if (strcmp(hl_commands[i]->name, wanted) == 0)
            return hl_commands[i];
    return NULL;
}

/* --- calls ------------------------------------------------------------------------------------ */

static hl_result result;
static hl_error error;

/* words: "merge OUT --missing"; OUT stands for out. */
static hl_code call(const char *words, const char *out)
{
    char text[600];
    const char *word[16];
    char *save = NULL;
    int n = 0;
    hl_options *o = NULL;

    snprintf(text, sizeof text, "%s", words);
    for (char *w = strtok_r(text, " ", &save); w && n < 16; w = strtok_r(NULL, " ", &save))
        word[n++] = strcmp(w, "OUT") == 0 ? out : w;
    hl_result_free(&result);
    memset(&error, 0, sizeof error);
    const hl_command *command = hl_command_find(word[0]);
    hl_code c = hl_options_from_words(command, n - 1, word + 1, &o, &error);
    if (c == HL_OK)
        c = hl_command_run(command, o, NULL, &result, &error);
    hl_options_free(&o);
    return c;
}

static hl_buf read_text(const char *folder, const char *file)
{
    char path[600];
    hl_buf b = {0};

    snprintf(path, sizeof path, "%s/%s", folder, file);
    hl_read_file(path, (size_t)1 << 24, &b, NULL, NULL);
    return b;
}

static bool same_file(const char *a, const char *b, const char *file)
{
    hl_buf x = read_text(a, file), y = read_text(b, file);
    bool same = x.n > 0 && x.n == y.n && memcmp(x.at, y.at, x.n) == 0;

    hl_buf_free(&x);
    hl_buf_free(&y);
    return same;
}

static void a_merge_writes_what_one_run_writes_manifest_and_all(void)
{
    static const char *const file[] = {"squares.txt", "errors.csv", "manifest.json",
                                       "SHA256SUMS.txt", "inputs.csv.gz"};
    char one[256], out[256];

    snprintf(one, sizeof one, "%s", temp_folder());
    snprintf(out, sizeof out, "%s", temp_folder());
    is_int(call("squares --out OUT --odd-fails", one), HL_PARTIAL);
    is_int(call("squares --out OUT --odd-fails --shard 2/3", out), HL_PARTIAL);
    is_int(call("squares --out OUT --odd-fails --shard 0/3 --jobs 2", out), HL_PARTIAL);

    is_int(call("merge OUT", out), HL_E_INPUT);
    like(error.message, ": 1 shard is missing or different: 1\nRun these again");
    is_str(result.json.at, "{\"missing\":[1],\"differing\":[],\"n\":3}");
    is_int(result.text.n, 0);
    is_int(call("merge OUT --missing", out), HL_OK);
    is_str(result.text.at, "1\n");

    ok(call("squares --out OUT --odd-fails --shard 1/3", out) <= HL_PARTIAL);
    is_int(call("merge OUT --missing", out), HL_OK);
    is_int(result.text.n, 0);
    is_str(result.json.at, "{\"missing\":[],\"differing\":[],\"n\":3}");
    is_int(call("merge OUT --strict", out), HL_E_INPUT);
    like(error.message, "7: seven");
    is_int(call("merge OUT", out), HL_PARTIAL);
    is_str(result.text.at, "36 squares\n");
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        ok(same_file(one, out, file[i]));
    is_int(call("merge OUT", out), HL_OK); /* nothing is left to be done */
    like(result.text.at, "is complete");
    is_int(call("merge OUT --missing", out), HL_OK);
    is_int(result.text.n, 0);
    hl_remove_tree(one, NULL);
    hl_remove_tree(out, NULL);
}

static void a_damaged_part_is_listed(void)
{
    char path[600];
    const char *out = temp_folder();

    for (int i = 0; i < 3; i++) {
        char words[100];
        snprintf(words, sizeof words, "squares --out OUT --shard %d/3", i);
        is_int(call(words, out), HL_OK);
    }
    snprintf(path, sizeof path, "%s/.hilum/part-00001-of-00003.records", out);
    FILE *f = fopen(path, "r+");
    ok(f && fputc('x', f) == 'x' && fclose(f) == 0);
    is_int(call("merge OUT", out), HL_E_INPUT);
    like(error.message, "1 shard is missing or different: 1\n");
    is_str(result.json.at, "{\"missing\":[1],\"differing\":[1],\"n\":3}");
    is_int(call("squares --out OUT --shard 1/3", out), HL_OK);
    is_int(call("merge OUT", out), HL_OK);
    hl_remove_tree(out, NULL);
}

/* --- hilum manifest --------------------------------------------------------------------------- */

static void a_manifest_is_summed_up_for_people(void)
{
    const char *out = temp_folder();
    char hex[HL_HEX_CHARS], line[100];
    hl_digest id;

    is_int(call("squares --out OUT", out), HL_OK);
    hl_buf text = read_text(out, "manifest.json");
    hl_sha256_of(text.at, text.n, &id);
    is_int(call("manifest OUT --id", out), HL_OK);
    snprintf(line, sizeof line, "%s\n", hl_digest_hex(&id, hex));
    is_str(result.text.at, line);
    is_int(call("manifest OUT", out), HL_OK);
    like(result.text.at, hex);
    like(result.text.at, "made by   hilum " HL_VERSION ", hilum squares --n 40\n");
    like(result.text.at, "faithful  book\n");
    like(result.text.at, "recipe    none 44136fa355b3\n");
    like(result.text.at, "input     numbers (integers): 1 file, ");
    like(result.text.at, "outputs   3 files, ");
    like(result.text.at, "items     40, 0 failed\n");
    like(result.text.at, "funnel      1,234,567  all\n");
    is_int(call("manifest OUT --id --ro-crate", out), HL_E_USAGE);
    hl_buf_free(&text);
    hl_remove_tree(out, NULL);
}

static void the_forms_for_other_tools_name_each_file_with_its_digest(void)
{
    const char *out = temp_folder();
    hl_json *json = NULL;

    is_int(call("squares --out OUT", out), HL_OK);
    is_int(call("manifest OUT --in-toto", out), HL_OK);
    is_int(hl_json_parse(result.text.at, result.text.n, "in-toto", &json, &error), HL_OK);
    const hl_json_value *root = hl_json_root(json);
    ok(hl_str_is(hl_json_text(hl_json_get(root, "_type")), "https://in-toto.io/Statement/v1"));
    is_int(hl_json_count(hl_json_get(root, "subject")), 4); /* manifest.json and three files */
    like(result.text.at, "\"name\": \"squares.txt\"");
    like(result.text.at, "\"predicateType\": \"https://slsa.dev/provenance/v1\"");
    like(result.text.at, "\"resolvedDependencies\": [\n");
    hl_json_free(&json);
    is_int(call("manifest OUT --ro-crate", out), HL_OK);
    is_int(hl_json_parse(result.text.at, result.text.n, "ro-crate", &json, &error), HL_OK);
    like(result.text.at, "\"conformsTo\": {\n        \"@id\": \"https://w3id.org/ro/crate/1.1\"");
    like(result.text.at, "\"@id\": \"inputs.csv.gz\",\n      \"@type\": \"File\"");
    hl_json_free(&json);
    hl_remove_tree(out, NULL);
}

static void a_manifest_that_does_not_fit_its_sums_is_refused(void)
{
    char path[600];
    const char *out = temp_folder();

    is_int(call("manifest OUT", out), HL_E_INPUT);
    like(error.message, "manifest.json");
    is_int(call("squares --out OUT", out), HL_OK);
    snprintf(path, sizeof path, "%s/SHA256SUMS.txt", out);
    hl_write_file(path, "x", 1, NULL, NULL);
    is_int(call("manifest OUT", out), HL_E_INPUT);
    like(error.message, "SHA256SUMS.txt: changed since manifest.json was written");
    hl_remove_tree(out, NULL);
}

int main(void)
{
    run(a_merge_writes_what_one_run_writes_manifest_and_all);
    run(a_damaged_part_is_listed);
    run(a_manifest_is_summed_up_for_people);
    run(the_forms_for_other_tools_name_each_file_with_its_digest);
    run(a_manifest_that_does_not_fit_its_sums_is_refused);
    hl_result_free(&result);
    return done();
}
