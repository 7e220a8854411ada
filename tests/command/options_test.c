#include "command/help.h"
#include "command/run.h"
#include "command/suggest.h"

#include "base/ctl.h"
#include "tap.h"

static hl_code run_nothing(const hl_options *o, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    (void)err;
    hl_buf_printf(&result->json, "{\"jobs\":%d}", hl_ctl_jobs(ctl));
    hl_options_to_json(o, &result->text, NULL);
    return HL_OK;
}

static const hl_option table[] = {
    {.name = "cohort",
     .type = HL_OPT_PATH,
     .value = "COHORT",
     .required = true,
     .argument = true,
     .help = "folder of a cohort"},
    {.name = "list", .type = HL_OPT_PATH, .value = "FILE", .argument = true, .help = "only these"},
    HL_OPTION_OUT,
    {.name = "train-n",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "10000",
     .min = 1,
     .max = 99999,
     .help = "rows of train"},
    {.name = "seed",
     .type = HL_OPT_INT,
     .value = "N",
     .min = INT64_MIN,
     .max = INT64_MAX,
     .help = "any number"},
    {.name = "store",
     .type = HL_OPT_CHOICE,
     .value = "WORD",
     .initial = "npy",
     .choices = "npy|compact",
     .help = "how films are kept"},
    {.name = "title", .type = HL_OPT_TEXT, .value = "TEXT", .help = "a title, it's free"},
    {.name = "compat", .type = HL_OPT_FLAG, .help = "as published"},
    HL_OPTION_JOBS,
    HL_OPTION_SHARD,
    HL_OPTION_MERGE,
    HL_OPTION_TEST_VERSION,
    {0},
};
static const hl_command pack = {
    .name = "pack",
    .summary = "make tensors",
    .option = table,
    .about = "First paragraph.\n\nSecond one.\n  as it is",
    .example = {"hilum pack a --out b", "hilum pack a --out b --compat"},
    .run = run_nothing};

static hl_error err;

/* Options from up to 8 words, ended by NULL. */
static hl_options *words(const char *const *word)
{
    hl_options *o = NULL;
    int n = 0;
    while (word[n])
        n++;
    err = (hl_error){0};
    err.code = (int32_t)hl_options_from_words(&pack, n, word, &o, &err);
    return o;
}
#define WORDS(...) words((const char *const[]){__VA_ARGS__, NULL})

static void refused(hl_options *o, const char *part)
{
    ok(o == NULL);
    is_int(err.code, HL_E_USAGE);
    like(err.message, part);
}

static hl_options *json(const char *text)
{
    hl_options *o = NULL;
    err = (hl_error){0};
    err.code = (int32_t)hl_options_from_json(&pack, text, &o, &err);
    return o;
}

static void values_stand_behind_a_blank_or_an_equals_sign(void)
{
    hl_options *o = WORDS("c", "--out", "a=b", "--train-n=7", "--title=", "--seed", "-5");
    ok(o != NULL);
    if (!o)
        return;
    is_str(hl_options_text(o, "out"), "a=b");
    is_int(hl_options_int(o, "train-n", 0), 7);
    is_str(hl_options_text(o, "title"), "");
    is_int(hl_options_int(o, "seed", 0), -5);
    is_str(hl_options_text(o, "cohort"), "c");
    hl_options_free(&o);
    ok(o == NULL);
}

static void defaults_hold_for_what_is_not_given(void)
{
    hl_options *o = WORDS("c", "--out", "o");
    int64_t i, n;
    is_int(hl_options_int(o, "train-n", 3), 10000);
    is_int(hl_options_int(o, "seed", 3), 3);
    is_str(hl_options_text(o, "store"), "npy");
    ok(!hl_options_text(o, "title") && !hl_options_text(o, "list"));
    ok(!hl_options_flag(o, "compat") && !hl_options_given(o, "store"));
    ok(!hl_options_shard(o, &i, &n));
    hl_options_free(&o);
}

static void behind_two_dashes_all_words_are_arguments(void)
{
    hl_options *o = WORDS("--out", "o", "--", "--compat", "-x");
    is_str(hl_options_text(o, "cohort"), "--compat");
    is_str(hl_options_text(o, "list"), "-x");
    hl_options_free(&o);
    o = WORDS("-", "--out", "o");
    is_str(hl_options_text(o, "cohort"), "-");
    hl_options_free(&o);
}

static void a_shard_is_two_numbers(void)
{
    hl_options *o = WORDS("c", "--out", "o", "--shard", "3/64");
    int64_t i = 0, n = 0;
    ok(hl_options_shard(o, &i, &n));
    is_int(i, 3);
    is_int(n, 64);
    hl_options_free(&o);
    refused(WORDS("c", "--out", "o", "--shard", "4/4"),
            "--shard 4/4: the first number goes from 0 to 3");
    refused(WORDS("c", "--out", "o", "--shard", "-1/4"), "the first number goes from 0 to 3");
    refused(WORDS("c", "--out", "o", "--shard", "0/0"), "the second number goes from 1 to 99999");
    refused(WORDS("c", "--out", "o", "--shard", "0/100000"),
            "the second number goes from 1 to 99999");
    refused(WORDS("c", "--out", "o", "--shard", "1"), "'1' is no I/N");
    refused(WORDS("c", "--out", "o", "--shard", "/"), "'/' is no I/N");
    refused(WORDS("c", "--out", "o", "--shard="), "'' is no I/N");
}

static void a_wrong_value_says_what_is_allowed(void)
{
    refused(WORDS("c", "--out", "o", "--train-n", "0"),
            "--train-n: 0 is out of range\nAllowed: 1 to 99999.");
    refused(WORDS("c", "--out", "o", "--train-n", "1e3"),
            "--train-n: '1e3' is no whole number\nAllowed:");
    refused(WORDS("c", "--out", "o", "--train-n", "9223372036854775808"), "is no whole number");
    refused(WORDS("c", "--out", "o", "--store", "np"),
            "--store: 'np' is not one of its values\nAllowed: npy or compact.");
    refused(WORDS("c", "--out="), "--out: the name of the file or folder is empty");
    refused(WORDS("", "--out", "o"), "COHORT: the name of the file or folder is empty");
    refused(WORDS("c", "--out", "o", "--compat=yes"), "--compat takes no value");
    refused(WORDS("c", "--out", "o", "--train-n"), "--train-n needs a value: --train-n N");
    refused(WORDS("c", "--out", "--compat"), "--out needs a value: --out DIR");
}

static void an_unknown_option_suggests_the_nearest(void)
{
    refused(WORDS("c", "--out", "o", "--trian-n", "4"),
            "pack knows no option --trian-n; did you mean --train-n?");
    refused(WORDS("c", "--out", "o", "--train"), "did you mean --train-n?");
    refused(WORDS("c", "--out", "o", "--zzz"), "pack knows no option --zzz\nSee: hilum help pack");
    refused(WORDS("c", "--out", "o", "-x"), "pack knows no option -x");
    refused(WORDS("c", "--out", "o", "--cohort", "x"), "--cohort is given twice");
    refused(WORDS("c", "--out", "o", "--\x01"), "\\x01");
}

static void what_is_required_must_be_there_once(void)
{
    refused(WORDS("--out", "o"), "COHORT is missing: folder of a cohort");
    refused(WORDS("c"), "--out DIR is missing");
    refused(WORDS("c", "--out", "o", "--out", "p"), "--out is given twice");
    refused(WORDS("c", "--out", "o", "--compat", "--compat"), "--compat is given twice");
    refused(WORDS("c", "d", "e", "--out", "o"), "'e' is one argument too many for pack");
}

static void a_hidden_option_comes_only_through_json(void)
{
    refused(WORDS("c", "--out", "o", "--merge"), "pack knows no option --merge");
    refused(WORDS("c", "--out", "o", "--merg"), "pack knows no option --merg\n");
    hl_options *o = json("{\"cohort\": \"c\", \"out\": \"o\", \"merge\": true}");
    hl_buf text = {0};
    ok(hl_options_flag(o, "merge"));
    ok(hl_options_to_json(o, &text, NULL) == HL_OK);
    is_str(text.at, "{\"cohort\":\"c\",\"out\":\"o\"}");
    hl_buf_free(&text);
    hl_options_free(&o);
}

static void the_program_itself_sets_hidden_options_alone(void)
{
    hl_options *o = WORDS("c", "--out", "o");
    ok(hl_options_set_hidden(o, "test-version", "0.0.9", NULL) == HL_OK);
    is_str(hl_options_text(o, "test-version"), "0.0.9");
    ok(hl_options_set_hidden(o, "title", "mine", NULL) == HL_OK);
    ok(hl_options_set_hidden(o, "no-such", "x", NULL) == HL_OK);
    ok(hl_options_text(o, "title") == NULL);
    hl_options_free(&o);
    refused(WORDS("c", "--out", "o", "--test-version", "1"), "pack knows no option --test-version");
}

static void json_gives_the_same_as_words(void)
{
    hl_options *a = WORDS("c", "--out", "o", "--compat", "--shard", "1/4", "--train-n", "8");
    hl_options *b = json(
        "{\"train-n\": 8, \"shard\": \"1/4\", \"compat\": true, \"out\": \"o\", \"seed\": null,"
        " \"cohort\": \"c\"}");
    hl_buf x = {0}, y = {0};
    ok(a && b);
    hl_options_to_json(a, &x, NULL);
    hl_options_to_json(b, &y, NULL);
    is_str(x.at, y.at);
    is_str(x.at,
           "{\"cohort\":\"c\",\"out\":\"o\",\"train-n\":8,\"compat\":true,\"shard\":\"1/4\"}");
    hl_buf_free(&x);
    hl_buf_free(&y);
    hl_options_free(&a);
    hl_options_free(&b);
}

static void json_of_the_wrong_kind_is_refused(void)
{
    refused(json("{\"cohort\": \"c\", \"out\": \"o\", \"train-n\": \"8\"}"),
            "option \"train-n\" must be a whole number");
    refused(json("{\"cohort\": \"c\", \"out\": \"o\", \"train-n\": 8.0}"),
            "option \"train-n\" must be a whole number");
    refused(json("{\"cohort\": \"c\", \"out\": \"o\", \"train-n\": 0}"),
            "option \"train-n\": 0 is out of range");
    refused(json("{\"cohort\": \"c\", \"out\": 5}"), "option \"out\" must be text");
    refused(json("{\"cohort\": \"c\", \"out\": \"o\", \"compat\": 1}"),
            "option \"compat\" must be true or false");
    refused(json("{\"cohort\": \"c\", \"out\": \"o\", \"trainn\": 1}"),
            "did you mean \"train-n\"?");
    refused(json("{\"cohort\": \"c\"}"), "option \"out\" is missing");
    refused(json("[]"), "options must be a JSON object");
    refused(json("{\"out\": "), "options");
    refused(json(""), "options");
}

static void a_false_flag_is_not_given(void)
{
    hl_options *o = json("{\"cohort\": \"c\", \"out\": \"o\", \"compat\": false}");
    ok(o && !hl_options_flag(o, "compat") && !hl_options_given(o, "compat"));
    hl_options_free(&o);
}

static void jobs_reach_the_control_block(void)
{
    hl_options *o = WORDS("c", "--out", "o", "--jobs", "5");
    hl_ctl ctl = {.jobs = 2};
    hl_result result = {0};
    ok(hl_command_run(&pack, o, &ctl, &result, NULL) == HL_OK);
    is_str(result.json.at, "{\"jobs\":5}");
    hl_result_free(&result);
    hl_options_free(&o);
    o = WORDS("c", "--out", "o");
    ctl.jobs = 2;
    ok(hl_command_run(&pack, o, &ctl, &result, NULL) == HL_OK);
    is_str(result.json.at, "{\"jobs\":2}");
    hl_result_free(&result);
    ok(hl_command_run(&pack, o, NULL, &result, NULL) == HL_OK);
    is_str(result.json.at, "{\"jobs\":1}");
    hl_result_free(&result);
    hl_options_free(&o);
}

static void an_unknown_command_is_wrong_usage(void)
{
    char *result = (char *)1;
    err = (hl_error){0};
    is_int(hl_run("no such command", "{}", NULL, &result, &err), HL_E_USAGE);
    ok(result == NULL);
    like(err.message, "there is no command 'no such command'");
    is_int(hl_run(NULL, NULL, NULL, NULL, NULL), HL_E_USAGE);
}

static void help_fits_80_columns_and_leaves_out_the_hidden(void)
{
    hl_buf out = {0};
    hl_help_command(&pack, &out);
    for (const char *at = out.at; *at;) {
        size_t n = strcspn(at, "\n");
        ok(n <= 80);
        at += n + (at[n] == '\n');
    }
    like(out.at, "usage: hilum pack COHORT [FILE] --out DIR [options]\n");
    like(out.at, "  --train-n N   rows of train (default 10000; 1 to 99999)\n");
    like(out.at, "  --store WORD  how films are kept (npy, compact; default npy)\n");
    like(out.at, "(default: the CPUs this process may use; 1 to 1024)");
    like(out.at, "\nFirst paragraph.\n\nSecond one.\n  as it is\n");
    like(out.at, "Examples:\n  hilum pack a --out b\n  hilum pack a --out b --compat\n");
    ok(!strstr(out.at, "--merge"));
    hl_buf_free(&out);
}

static void a_long_example_is_broken_before_an_option(void)
{
    hl_buf out = {0};
    hl_help_example("hilum pack a-cohort-folder --ecg some/where/else --cxr another/place --out "
                    "pack && hilum merge pack",
                    2, &out);
    is_str(out.at, "  hilum pack a-cohort-folder --ecg some/where/else --cxr another/place \\\n"
                   "      --out pack && hilum merge pack\n");
    hl_buf_free(&out);
}

static void a_man_page_escapes_what_roff_would_read(void)
{
    static const hl_option none[] = {
        {.name = "x", .type = HL_OPT_FLAG, .help = ".dot and \\ and 'quote'"}, {0}};
    const hl_command c = {
        .name = "a b", .summary = "does it", .option = none, .about = ".first\n'second"};
    hl_buf out = {0};
    hl_man_command(&c, &out);
    like(out.at, ".TH HILUM\\-A\\-B 1");
    like(out.at, "\n\\&.dot and \\e and 'quote'\n");
    like(out.at, "\n\\&.first\n\\&'second\n");
    hl_buf_free(&out);
}

static void the_nearest_word_is_near(void)
{
    hl_nearest best = {0};
    hl_nearest_try(&best, hl_str_of("reusme"), "resume");
    is_str(best.word, "resume");
    best = (hl_nearest){0};
    hl_nearest_try(&best, hl_str_of("abc"), "xyz");
    hl_nearest_try(&best, hl_str_of(""), "x");
    hl_nearest_try(&best, hl_str_of("a-word-that-is-far-too-long-to-be-a-mistyped-option-name"),
                   "x");
    ok(best.word == NULL);
}

int main(void)
{
    run(values_stand_behind_a_blank_or_an_equals_sign);
    run(defaults_hold_for_what_is_not_given);
    run(behind_two_dashes_all_words_are_arguments);
    run(a_shard_is_two_numbers);
    run(a_wrong_value_says_what_is_allowed);
    run(an_unknown_option_suggests_the_nearest);
    run(what_is_required_must_be_there_once);
    run(a_hidden_option_comes_only_through_json);
    run(the_program_itself_sets_hidden_options_alone);
    run(json_gives_the_same_as_words);
    run(json_of_the_wrong_kind_is_refused);
    run(a_false_flag_is_not_given);
    run(jobs_reach_the_control_block);
    run(an_unknown_command_is_wrong_usage);
    run(help_fits_80_columns_and_leaves_out_the_hidden);
    run(a_long_example_is_broken_before_an_option);
    run(a_man_page_escapes_what_roff_would_read);
    run(the_nearest_word_is_near);
    return done();
}
