#include "film/split.h"

#include "base/io.h"
#include "base/rng.h"
#include "tap.h"

static const hl_film_recipe recipe = {.permille = {988, 8, 4}, .split_seed = 0};

static hl_film_split *by_rule(int64_t permille_train, int64_t permille_validate, int64_t seed)
{
    hl_film_recipe r = {
        .permille = {permille_train, permille_validate, 1000 - permille_train - permille_validate}};
    hl_film_split *split = NULL;
    hl_error err;

    is_int(hl_film_split_new(&r, seed, NULL, HL_CPU_C, &split, &err), HL_OK);
    return split;
}

static void the_rule_is_as_stated(void)
{
    hl_film_split *split = by_rule(700, 100, 17);

    for (int64_t subject = 10000000; subject < 10002000; subject++) {
        hl_rng rng = hl_rng_of(17, "film-split", (uint64_t)subject);
        int64_t u = (int64_t)hl_rng_below(&rng, 1000);
        is_int(hl_film_split_of(split, subject, "any"), u < 700   ? HL_SPLIT_TRAIN
                                                        : u < 800 ? HL_SPLIT_VALIDATE
                                                                  : HL_SPLIT_TEST);
    }
    ok(hl_film_split_digest(split) == NULL);
    hl_film_split_free(&split);
    ok(split == NULL);
}

static void shares_are_met_and_a_seed_changes_who_is_in_them(void)
{
    hl_film_split *a = by_rule(800, 100, 1), *b = by_rule(800, 100, 2);
    int n[HL_FILM_SPLITS] = {0}, moved = 0;

    for (int64_t subject = 10000000; subject < 10050000; subject++) {
        int split = hl_film_split_of(a, subject, "x");
        n[split]++;
        moved += split != hl_film_split_of(b, subject, "x");
        is_int(hl_film_split_of(a, subject, "another film"), split);
    }
    ok(abs(n[HL_SPLIT_TRAIN] - 40000) < 500);
    ok(abs(n[HL_SPLIT_VALIDATE] - 5000) < 350);
    ok(abs(n[HL_SPLIT_TEST] - 5000) < 350);
    ok(moved > 10000);
    hl_film_split_free(&a);
    hl_film_split_free(&b);
}

static void all_may_be_in_one_split(void)
{
    hl_film_split *train = by_rule(1000, 0, 0), *test = by_rule(0, 0, 0);

    for (int64_t subject = 10; subject < 5000; subject += 3) {
        is_int(hl_film_split_of(train, subject, "x"), HL_SPLIT_TRAIN);
        is_int(hl_film_split_of(test, subject, "x"), HL_SPLIT_TEST);
    }
    hl_film_split_free(&train);
    hl_film_split_free(&test);
}

static hl_code by_file(const char *text, hl_film_split **out, hl_error *err)
{
    char path[HL_PATH_BYTES];

    is_int(hl_path_join(temp_folder(), "s.csv", path, err), HL_OK);
    is_int(hl_write_file(path, text, strlen(text), NULL, err), HL_OK);
    return hl_film_split_new(&recipe, -1, path, HL_CPU_C, out, err);
}

static void a_file_says_it_by_patient_or_by_film(void)
{
    hl_film_split *split = NULL;
    hl_error err;

    is_int(by_file("split,subject_id\nvalidate,11\ntest,12\n", &split, &err), HL_OK);
    is_int(hl_film_split_of(split, 11, "x"), HL_SPLIT_VALIDATE);
    is_int(hl_film_split_of(split, 12, "x"), HL_SPLIT_TEST);
    is_int(hl_film_split_of(split, 13, "x"), -1);
    ok(hl_film_split_digest(split) && hl_film_split_digest(split)->bytes == 37);
    hl_film_split_free(&split);
    is_int(by_file("dicom_id,split\nabc,train\nxyz,test\n", &split, &err), HL_OK);
    is_int(hl_film_split_of(split, 11, "abc"), HL_SPLIT_TRAIN);
    is_int(hl_film_split_of(split, 11, "xyz"), HL_SPLIT_TEST);
    is_int(hl_film_split_of(split, 11, "abd"), -1);
    hl_film_split_free(&split);
}

static void a_file_that_contradicts_itself_is_refused(void)
{
    static const char *const row[][2] = {
        {"split,subject_id\ntrain,1\ntest,1\n", "is in two splits"},
        {"split,dicom_id\ntrain,a\ntest,a\n", "is in two splits"},
        {"split,dicom_id,subject_id\ntrain,a,1\ntrain,a,1\ntest,b,1\n", "is in two splits"},
        {"split,subject_id\nval,1\n", "is none of train, validate, test"},
        {"split,subject_id\n,1\n", "is none of train, validate, test"},
        {"split,subject_id\ntrain,1x\n", "is no integer"},
        {"split,study_id\ntrain,1\n", "no column 'subject_id' or 'dicom_id'"},
        {"subject_id\n1\n", "no column 'split'"}};
    hl_film_split *split = NULL;
    hl_error err;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        err = (hl_error){0};
        is_int(by_file(row[i][0], &split, &err), HL_E_INPUT);
        like(err.message, row[i][1]);
        ok(split == NULL);
    }
}

int main(void)
{
    run(the_rule_is_as_stated);
    run(shares_are_met_and_a_seed_changes_who_is_in_them);
    run(all_may_be_in_one_split);
    run(a_file_says_it_by_patient_or_by_film);
    run(a_file_that_contradicts_itself_is_refused);
    return done();
}
