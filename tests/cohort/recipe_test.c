#include "cohort/recipe.h"

#include "base/io.h"
#include "base/share.h"
#include "pack/recipe.h"
#include "tap.h"

/* The published recipe with one piece of text replaced, read; *err as the reader left it. */
static hl_code read_changed(const char *from, const char *to, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0}, changed = {0};
    hl_arena *arena = hl_arena_new(0);
    hl_json *json = NULL;
    hl_cohort_recipe r;
    hl_pack_recipe p;

    *err = (hl_error){0};
    ok(hl_share_path("recipes/symile-mimic-1.0.json", path, err) == HL_OK);
    ok(hl_read_file(path, 1 << 20, &text, NULL, err) == HL_OK);
    hl_buf_append(&text, "", 1);
    const char *at = strstr(text.at, from);
    if (ok(at != NULL)) {
        hl_buf_append(&changed, text.at, (size_t)(at - text.at));
        hl_buf_text(&changed, to);
        hl_buf_text(&changed, at + strlen(from));
    }
    hl_code c = hl_json_parse(changed.at, changed.n, "mine.json", &json, err);
    if (c == HL_OK)
        c = hl_cohort_recipe_read(arena, json, &r, err);
    if (c == HL_OK) {
        hl_recipe_at top = hl_recipe_top(json);
        c = hl_pack_recipe_read(&top, &p, err);
    }
    hl_json_free(&json);
    hl_arena_free(&arena);
    hl_buf_free(&text);
    hl_buf_free(&changed);
    return c;
}

static void the_published_recipe_says_what_was_published(void)
{
    hl_arena *arena = hl_arena_new(0);
    hl_json *json = NULL;
    hl_cohort_recipe r;
    hl_pack_recipe p;
    hl_digest digest;

    ok(hl_recipe_read("symile-mimic-1.0", &json, &digest, NULL) == HL_OK);
    ok(hl_cohort_recipe_read(arena, json, &r, NULL) == HL_OK);
    is_str(r.system, "symile-mimic");
    is_int(r.n_labs, 50);
    is_int(r.lab[0].itemid, 51221);
    is_int(r.lab[49].itemid, 52135);
    is_int(r.film_window.from_s, 86400);
    is_int(r.film_window.to_s, 259200);
    ok(r.film_window.from_open && !r.film_window.to_open);
    ok(!r.ecg_window.from_open && !r.ecg_window.to_open && r.ecg_window.from_s == -86400);
    is_int(r.train_n, 10000);
    is_int(r.val_n, 750);
    is_int(r.candidate_n, 10);
    is_int(r.n_drop, 34);
    ok(r.split == HL_SPLIT_BY_ADMISSION && !r.distinct_patients);
    hl_recipe_at top = hl_recipe_top(json);
    ok(hl_pack_recipe_read(&top, &p, NULL) == HL_OK);
    is_int(p.scale_px, 320);
    is_int(p.crop_px, 320);
    is_int(p.leads, 12);
    is_int(p.samples, 5000);
    ok(p.mean[0] == 0.485f && p.std[2] == 0.225f);
    hl_json_free(&json);
    hl_arena_free(&arena);
}

static void a_recipe_that_is_wrong_names_the_key(void)
{
    static const struct {
        const char *from, *to, *message;
    } wrong[] = {
        {"\"system\"", "\"sistem\"", "sistem"},
        {"\"from\": \"open\"", "\"from\": \"ajar\"", "film.window.from: 'ajar' is none of"},
        {"\"from_s\": 86400", "\"from_s\": \"1 day\"", "film.window.from_s: must be"},
        {"\"to_s\": 259200", "\"to_s\": 3600", "film.window.to_s: 3600 is outside 86400 to"},
        {"\"views\": [\"AP\", \"PA\"]", "\"views\": \"AP\"", "film.views: must be"},
        {"\"views\": [\"AP\", \"PA\"],", "", "film.views: is missing"},
        {"\"itemid\": 51265", "\"itemid\": 51221", "labs.items[1].itemid: 51221 is listed twice"},
        {"\"itemid\": 51265", "\"itemid\": -1", "labs.items[1].itemid: -1 is outside 0 to"},
        {"\"itemid\": 51265", "\"item\": 51265", "labs.items[1].item"},
        {"\"at_least\": 1", "\"at_least\": 51", "labs.at_least: 51 is outside 1 to 50"},
        {"\"rule\": \"anchor\"", "\"rule\": \"guess\"", "age.rule: 'guess' is none of"},
        {"\"rule\": \"admission\"", "\"rule\": \"chance\"", "splits.rule: 'chance' is none of"},
        {"\"train_n\": 10000,", "", "splits.train_percent: is missing"},
        {"\"candidate_n\": 10", "\"candidate_n\": 1", "splits.candidate_n: 1 is outside 2 to"},
        {"\"crop_px\": 320", "\"crop_px\": 0", "tensors.film.crop_px: 0 is outside 1 to 8192"},
        {"\"0.229\"", "\"0\"", "tensors.film.std: must be above zero"},
        {"\"0.485\"", "\"much\"", "tensors.film.mean: item 0 must be a decimal in a text"},
        {"\"leads\": 12", "\"leads\": 1000", "tensors.ecg.leads: 1000 is outside 1 to 64"},
        {"\"leads\": 12", "\"leads\": true", "tensors.ecg.leads: must be"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        hl_error err;
        is_int(read_changed(wrong[i].from, wrong[i].to, &err), HL_E_INPUT);
        like(err.message, wrong[i].message);
        is_str(err.path, "mine.json");
    }
}

static void a_value_may_have_limits(void)
{
    hl_error err;
    is_int(read_changed("{\"itemid\": 51221,", "{\"itemid\": 51221, \"low\": \"5\", \"high\": \"70.5\",", &err),
           HL_OK);
    is_int(read_changed("{\"itemid\": 51221,", "{\"itemid\": 51221, \"low\": \"five\",", &err), HL_E_INPUT);
    like(err.message, "labs.items[0].low");
}

static void a_recipe_that_is_not_there_is_a_usage_error(void)
{
    hl_json *json = NULL;
    hl_digest digest;
    hl_error err = {0};

    is_int(hl_recipe_read("symile", &json, &digest, &err), HL_E_USAGE);
    like(err.message, "no recipe 'symile'");
    is_int(hl_recipe_read("./nowhere.json", &json, &digest, &err), HL_E_INPUT);
    ok(json == NULL);
}

int main(void)
{
    run(the_published_recipe_says_what_was_published);
    run(a_recipe_that_is_wrong_names_the_key);
    run(a_value_may_have_limits);
    run(a_recipe_that_is_not_there_is_a_usage_error);
    return done();
}
