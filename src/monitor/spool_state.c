#include "base/json.h"
#include "monitor/gather.h"

/* The state as JSON, in the spool's note. */

static const char *const stage_name[] = {"new", "taken", "kept"};

static void put_numbers(hl_json_writer *w, const char *key, const int64_t *at, size_t n)
{
    hl_json_put_key(w, key);
    hl_json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        hl_json_put_int(w, at[i]);
    hl_json_close(w, ']');
}

static void put_files(hl_json_writer *w, const hl_gathered *g)
{
    char hex[HL_HEX_CHARS];

    hl_json_put_key(w, "files");
    hl_json_open(w, '[');
    for (size_t i = 0; i < g->n_files; i++) {
        hl_json_open(w, '{');
        hl_json_member_cstr(w, "name", g->file[i].name);
        hl_json_member_int(w, "bytes", g->file[i].digest.bytes);
        hl_json_member_cstr(w, "sha256", hl_digest_hex(&g->file[i].digest, hex));
        hl_json_close(w, '}');
    }
    hl_json_close(w, ']');
}

hl_code hl_spool_state_set(hl_spool *spool, const hl_spool_state *state, hl_error *err)
{
    const hl_gathered *g = &state->gathered;
    const int64_t counts[] = {g->n_early,  g->n_late,   g->n_strangers, g->n_moved, g->n_doubts,
                              g->has_zone, g->zone_min, g->first_day,   g->last_day};
    hl_buf text = {0};
    hl_json_writer w = hl_json_write_to(&text, 0);

    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "stage", stage_name[state->stage]);
    hl_json_member_cstr(&w, "identity", state->identity);
    hl_json_member_cstr(&w, "manifest", state->manifest);
    hl_json_member_int(&w, "since_us", state->since_us);
    hl_json_member_int(&w, "until_us", state->until_us);
    hl_json_member_int(&w, "shard", state->shard);
    hl_json_member_int(&w, "n_shards", state->n_shards);
    put_numbers(&w, "rows", g->n_rows, HL_MESSAGE_KINDS);
    put_numbers(&w, "findings", g->n_findings, HL_EXPORT_FINDINGS);
    put_numbers(&w, "counts", counts, sizeof counts / sizeof *counts);
    put_files(&w, g);
    hl_json_close(&w, '}');
    hl_code c = hl_buf_check(&text, "the spool's state", err);
    if (c == HL_OK)
        c = hl_spool_set_note(spool, text.at, err);
    hl_buf_free(&text);
    return c;
}

static void take_numbers(const hl_json_value *v, const char *key, int64_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = hl_json_int(hl_json_at(hl_json_get(v, key), i));
}

static hl_code take_files(const hl_json_value *v, hl_arena *arena, hl_gathered *g, hl_error *err)
{
    const hl_json_value *files = hl_json_get(v, "files");

    g->n_files = hl_json_count(files);
    g->file = hl_arena_calloc(arena, g->n_files + 1, sizeof *g->file);
    if (!g->file)
        return hl_fail_memory(err, "the spool's state", g->n_files * sizeof *g->file);
    for (size_t i = 0; i < g->n_files; i++) {
        const hl_json_value *f = hl_json_at(files, i);
        hl_str name = hl_json_text(hl_json_get(f, "name"));
        g->file[i].name = hl_arena_copy(arena, name.at ? name.at : "", name.n);
        g->file[i].digest.bytes = hl_json_int(hl_json_get(f, "bytes"));
        if (!g->file[i].name)
            return hl_fail_memory(err, "the spool's state", name.n);
        if (!hl_digest_parse(hl_json_text(hl_json_get(f, "sha256")), &g->file[i].digest))
            return hl_fail(err, HL_E_INPUT, "the spool's state is damaged");
    }
    return HL_OK;
}

static void take_hex(const hl_json_value *v, const char *key, char out[HL_HEX_CHARS])
{
    hl_str text = hl_json_text(hl_json_get(v, key));

    snprintf(out, HL_HEX_CHARS, "%.*s", (int)(text.n < HL_HEX_CHARS ? text.n : 0),
             text.at ? text.at : "");
}

hl_code hl_spool_state_read(const hl_spool *spool, hl_arena *arena, hl_spool_state *out,
                            hl_error *err)
{
    const char *note = hl_spool_note(spool);
    hl_gathered *g = &out->gathered;
    int64_t counts[9];
    hl_json *json = NULL;

    *out = (hl_spool_state){.gathered = {.first_day = 0, .last_day = -1}};
    if (!note[0])
        return HL_OK;
    hl_code c = hl_json_parse(note, strlen(note), "the spool's state", &json, err);
    if (c != HL_OK)
        return c;
    const hl_json_value *v = hl_json_root(json);
    hl_str stage = hl_json_text(hl_json_get(v, "stage"));
    out->stage = hl_str_is(stage, "taken")  ? HL_SPOOL_TAKEN
                 : hl_str_is(stage, "kept") ? HL_SPOOL_KEPT
                                            : HL_SPOOL_NEW;
    take_hex(v, "identity", out->identity);
    take_hex(v, "manifest", out->manifest);
    out->since_us = hl_json_int(hl_json_get(v, "since_us"));
    out->until_us = hl_json_int(hl_json_get(v, "until_us"));
    out->shard = hl_json_int(hl_json_get(v, "shard"));
    out->n_shards = hl_json_int(hl_json_get(v, "n_shards"));
    take_numbers(v, "rows", g->n_rows, HL_MESSAGE_KINDS);
    take_numbers(v, "findings", g->n_findings, HL_EXPORT_FINDINGS);
    take_numbers(v, "counts", counts, sizeof counts / sizeof *counts);
    g->n_early = counts[0];
    g->n_late = counts[1];
    g->n_strangers = counts[2];
    g->n_moved = counts[3];
    g->n_doubts = counts[4];
    g->has_zone = counts[5] != 0;
    g->zone_min = (int32_t)counts[6];
    g->first_day = counts[7];
    g->last_day = counts[8];
    c = take_files(v, arena, g, err);
    hl_json_free(&json);
    return c;
}
