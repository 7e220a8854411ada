/* What a cohort folder says about itself, and what of it can be checked on the spot: view.md 9. */
#include "view/scorecard_facts.h"

#include "base/log.h"

enum { MANIFEST_LIMIT = 64 << 20 };

/* --- manifest.json -------------------------------------------------------------------------- */

/* Read folder/manifest.json if there is one; id = its digest in hex. */
static hl_code read_manifest(const char *folder, hl_json **json, char id[HL_HEX_CHARS],
                             hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf text = {0};
    hl_digest digest;
    hl_code c = hl_path_join(folder, "manifest.json", path, err);

    if (c != HL_OK || !hl_file_exists(path))
        return c;
    c = hl_read_file(path, MANIFEST_LIMIT, &text, &digest, err);
    if (c == HL_OK)
        c = hl_json_parse(text.at, text.n, "manifest.json", json, err);
    if (c == HL_OK && hl_json_type_of(hl_json_root(*json)) != HL_JSON_OBJECT)
        c = hl_fail_at(err, HL_E_INPUT, "manifest.json", 0, -1, "is no JSON object");
    if (c == HL_OK)
        hl_digest_hex(&digest, id);
    hl_buf_free(&text);
    return c;
}

hl_code hl_card_read_manifest(hl_card *card, const char *folder, const char *pack, hl_error *err)
{
    hl_code c = read_manifest(folder, &card->manifest, card->manifest_id, err);

    if (c == HL_OK && pack && !hl_is_folder(pack))
        c = hl_fail(err, HL_E_INPUT, "%s: no such folder\nGive the folder that `hilum pack` wrote.",
                    pack);
    if (c == HL_OK && pack)
        c = read_manifest(pack, &card->pack, card->pack_id, err);
    if (c != HL_OK)
        return c;
    card->pack_root = card->pack ? hl_json_root(card->pack) : NULL;
    if (!card->manifest)
        return HL_OK;

    card->root = hl_json_root(card->manifest);
    const hl_json_value *recipe = hl_json_get(card->root, "recipe");
    card->recipe_name = hl_json_text(hl_json_get(recipe, "name"));
    card->recipe_sha256 = hl_json_text(hl_json_get(recipe, "sha256"));
    card->recipe = hl_json_get(recipe, "content");
    card->recipe_title = hl_json_text(hl_json_get(card->recipe, "title"));
    card->compat = hl_json_text(hl_json_get(hl_json_get(card->root, "program"), "compat"));

    const hl_json_value *funnel = hl_json_get(hl_json_get(card->root, "counts"), "funnel");
    card->step = hl_arena_calloc(card->arena, hl_json_count(funnel) + 1, sizeof *card->step);
    if (!card->step)
        return hl_fail_memory(err, "funnel", hl_json_count(funnel) * sizeof *card->step);
    for (; card->n_steps < hl_json_count(funnel); card->n_steps++) {
        const hl_json_value *step = hl_json_at(funnel, card->n_steps);
        card->step[card->n_steps].rule = hl_json_text(hl_json_get(step, "rule"));
        card->step[card->n_steps].left = hl_json_int(hl_json_get(step, "left"));
    }
    return HL_OK;
}

/* --- errors.csv ----------------------------------------------------------------------------- */

hl_code hl_card_read_errors(hl_card *card, const char *folder, hl_error *err)
{
    static const char name[] = "errors.csv";
    static const char *const want[] = {"item", "code", "message"};
    const hl_csv_options options = {.name = name};
    char path[HL_PATH_BYTES];
    hl_field field[3];
    hl_csv *csv = NULL;
    hl_code c = hl_path_join(folder, name, path, err);

    if (c != HL_OK || !hl_file_exists(path))
        return c;
    c = hl_csv_open(path, want, 3, &options, &csv, err);
    while (c == HL_OK && (c = hl_csv_next(csv, field, err)) == HL_OK) {
        if (card->n_errors++ >= HL_CARD_SHOWN_ERRORS)
            continue;
        hl_card_error *e = &card->error[card->n_errors - 1];
        e->item = hl_arena_str(card->arena, hl_field_str(field[0]));
        e->code = hl_arena_str(card->arena, hl_field_str(field[1]));
        e->message = hl_arena_str(card->arena, hl_field_str(field[2]));
        if (!e->item.at || !e->code.at || !e->message.at)
            c = hl_fail_memory(err, name, field[2].n);
    }
    if (c == HL_END) {
        c = HL_OK;
        card->errors_known = true;
        hl_card_note_file(card, name, hl_csv_digest(csv));
    }
    hl_csv_close(&csv);
    return c;
}

/* --- checks --------------------------------------------------------------------------------- */

static void add(hl_card *card, hl_card_verdict verdict, const char *what, const char *detail)
{
    hl_assert(card->n_checks < HL_CARD_MAX_CHECKS);
    card->check[card->n_checks++] =
        (hl_card_check){.verdict = verdict, .what = what, .detail = detail ? detail : ""};
}

static hl_card_verdict holds_if(bool good)
{
    return good ? HL_CARD_HOLDS : HL_CARD_FAILS;
}

/* "" and NULL digest when the name is not in the list: lines "<64 hex> <path>". */
static bool find_sum(hl_str sums, const char *name, hl_digest *out)
{
    for (size_t i = 0; i < sums.n;) {
        const char *end = memchr(sums.at + i, '\n', sums.n - i);
        hl_str line = {sums.at + i, end ? (size_t)(end - sums.at) - i : sums.n - i};
        i += line.n + 1;
        if (line.n < 66)
            continue;
        hl_str path = {line.at + 65, line.n - 65};
        if (path.at[0] == ' ' || path.at[0] == '*') { /* the two-character form of sha256sum */
            path.at++;
            path.n--;
        }
        if (hl_str_is(path, name))
            return hl_digest_parse((hl_str){line.at, 64}, out);
    }
    return false;
}

static hl_code check_sums(hl_card *card, const char *folder, hl_error *err)
{
    static const char what[] = "The tables are the ones that SHA256SUMS.txt lists";
    char path[HL_PATH_BYTES];
    hl_buf sums = {0};
    const char *wrong = NULL;
    hl_code c = hl_path_join(folder, "SHA256SUMS.txt", path, err);

    if (c != HL_OK)
        return c;
    if (!hl_file_exists(path)) {
        add(card, HL_CARD_UNKNOWN, what, "there is no SHA256SUMS.txt");
        return HL_OK;
    }
    c = hl_read_file(path, MANIFEST_LIMIT, &sums, NULL, err);
    for (size_t i = 0; c == HL_OK && i < card->n_files && !wrong; i++) {
        hl_digest want;
        if (!find_sum((hl_str){sums.at, sums.n}, card->file[i].name, &want) ||
            memcmp(want.sha256, card->file[i].digest.sha256, sizeof want.sha256) != 0)
            wrong = card->file[i].name;
    }
    hl_buf_free(&sums);
    if (c == HL_OK)
        add(card, holds_if(!wrong), what,
            wrong ? hl_arena_printf(card->arena, "%s was changed after it was made", wrong)
                  : hl_arena_printf(card->arena, "%zu of %zu files read here", card->n_files,
                                    card->n_files));
    return c;
}

static void check_errors(hl_card *card)
{
    static const char what[] = "No item failed";
    char text[32];
    const int64_t said = hl_json_int(hl_json_get(hl_json_get(card->root, "counts"), "failed"));

    if (!card->errors_known && !card->root)
        add(card, HL_CARD_UNKNOWN, what, "there is no errors.csv");
    else if (card->errors_known && card->root && said != card->n_errors)
        add(card, HL_CARD_FAILS, what, "errors.csv and manifest.json name different numbers");
    else
        add(card, holds_if((card->errors_known ? card->n_errors : said) == 0), what,
            card->n_errors ? hl_arena_printf(card->arena, "%s in errors.csv",
                                             hl_count_text(card->n_errors, text))
                           : "");
}

static void check_funnel(hl_card *card)
{
    static const char what[] = "The rules end in the rows of the table";
    char a[32], b[32];
    bool falls = true;

    if (card->n_steps == 0) {
        add(card, HL_CARD_UNKNOWN, what, "manifest.json names no rules");
        return;
    }
    for (size_t i = 1; i < card->n_steps; i++)
        falls = falls && card->step[i].left <= card->step[i - 1].left;
    const int64_t last = card->step[card->n_steps - 1].left;
    add(card, holds_if(falls && last == (int64_t)card->n), what,
        hl_arena_printf(card->arena, "%s left, %s rows", hl_count_text(last, a),
                        hl_count_text((int64_t)card->n, b)));
}

static void check_splits(hl_card *card)
{
    int64_t rows = 0, strangers = 0, uneven = 0;
    char a[32], b[32];
    bool retrieval = false, present = false;

    for (size_t k = 0; k < HL_CARD_SPLITS; k++) {
        const hl_card_split *split = &card->split[k];
        present = present || split->present;
        retrieval = retrieval || split->retrieval;
        rows += split->rows;
        strangers += split->strangers;
        uneven += split->uneven;
    }
    if (!present) {
        add(card, HL_CARD_UNKNOWN, "No patient is in two splits", "there are no split tables");
        return;
    }
    add(card, holds_if(card->shared_patients == 0), "No patient is in two splits",
        card->shared_patients
            ? hl_arena_printf(card->arena, "%s are", hl_count_text(card->shared_patients, a))
            : "");
    add(card, holds_if(strangers == 0), "Every admission of the splits is in the cohort table",
        hl_arena_printf(card->arena, "%s of %s", hl_count_text(rows - strangers, a),
                        hl_count_text(rows, b)));
    if (retrieval)
        add(card, holds_if(uneven == 0), "Every query has one true film among equally many",
            uneven ? hl_arena_printf(card->arena, "%s have not", hl_count_text(uneven, a)) : "");
}

/* The manifest's rows and patients of the splits against the tables. */
static void check_declared(hl_card *card)
{
    const hl_json_value *splits = hl_json_get(card->root, "splits");
    const char *wrong = NULL;
    size_t n = 0;

    for (size_t i = 0; i < hl_json_count(splits); i++) {
        const hl_json_value *s = hl_json_at(splits, i);
        const hl_str name = hl_json_text(hl_json_get(s, "name"));
        for (size_t k = 0; k < HL_CARD_SPLITS; k++) {
            const hl_card_split *split = &card->split[k];
            if (!split->present || !hl_str_is(name, split->name))
                continue;
            const int64_t said = hl_json_int(hl_json_get(s, "rows"));
            n++;
            if ((said != split->rows && said != split->candidates) ||
                hl_json_int(hl_json_get(s, "subjects")) != split->patients)
                wrong = split->name;
        }
    }
    if (n > 0)
        add(card, holds_if(!wrong), "Rows and patients are what manifest.json says",
            wrong ? hl_arena_printf(card->arena, "%s differs", wrong) : "");
}

hl_code hl_card_check_all(hl_card *card, const char *folder, hl_error *err)
{
    hl_code c = check_sums(card, folder, err);

    if (c != HL_OK)
        return c;
    check_splits(card);
    check_funnel(card);
    check_declared(card);
    check_errors(card);
    return HL_OK;
}
