/* The order in which a stay becomes a record. Its clock needs every timestamp before the first wall
 * time can be told, so messages pass twice: waves become segments on the first pass, everything
 * else is written on the second. */
#include "monitor/stay.h"

#include <stdlib.h>

#include "base/ctl.h"
#include "base/json.h"
#include "monitor/events.h"
#include "monitor/files.h"
#include "monitor/waves.h"

typedef struct {
    const hl_stay_input *input;
    const hl_stay_options *options;
    hl_stay_result *result;
    hl_clock *clock;
    hl_waves *waves;
    hl_files files;
    hl_stamp last; /* the latest timestamp of any message */
} builder;

static void see_last(builder *b, hl_stamp time)
{
    if (time.has && (!b->last.has || time.us > b->last.us))
        b->last = time;
}

/* The next message of a kind; a kind without a source has none. */
static hl_code next_message(const builder *b, hl_message_kind kind, hl_message *m, hl_error *err)
{
    const hl_message_source *source = &b->input->source[kind];
    hl_code c = hl_ctl_check(b->options->ctl, err);

    if (c != HL_OK)
        return c;
    return source->next ? source->next(source->ctx, m, err) : HL_END;
}

static hl_code rewind_kind(const builder *b, hl_message_kind kind, hl_error *err)
{
    const hl_message_source *source = &b->input->source[kind];

    return source->rewind ? source->rewind(source->ctx, err) : HL_OK;
}

static hl_code take_waves(builder *b, hl_error *err)
{
    hl_message m;
    hl_code c = rewind_kind(b, HL_MESSAGE_WAVE, err);

    while (c == HL_OK && (c = next_message(b, HL_MESSAGE_WAVE, &m, err)) == HL_OK) {
        bool conflict = false;
        see_last(b, m.time);
        if (m.time.has)
            c = hl_clock_add(b->clock, m.sequence, m.time, &conflict, err);
        b->result->n_clock_conflicts += conflict;
        if (c == HL_OK)
            c = hl_waves_add(b->waves, &m, err);
    }
    return c == HL_END ? HL_OK : c;
}

/* The converter's own state at the end of a record tells the latest time of all messages. */
static hl_code find_last(builder *b, hl_message_kind kind, hl_error *err)
{
    hl_message m;
    hl_code c = rewind_kind(b, kind, err);

    while (c == HL_OK && (c = next_message(b, kind, &m, err)) == HL_OK)
        see_last(b, m.time);
    return c == HL_END ? HL_OK : c;
}

static hl_code first_pass(builder *b, hl_error *err)
{
    hl_code c = take_waves(b, err);

    for (int k = HL_MESSAGE_NUMERIC; k < HL_MESSAGE_KINDS && c == HL_OK; k++)
        if (b->options->style == HL_STAY_DOWNCAST)
            c = find_last(b, (hl_message_kind)k, err);
    if (c == HL_OK)
        c = hl_events_see(b->input, b->clock, err);
    return c == HL_OK ? hl_clock_resolve(b->clock, err) : c;
}

/* Wall time of a tick from seqnum0. */
static hl_stamp wall_of(const builder *b, int64_t tick)
{
    int64_t sequence;

    if (__builtin_add_overflow(b->result->base_sequence, tick, &sequence))
        return (hl_stamp){0};
    return hl_clock_wall(b->clock, sequence);
}

/* Segments, layout and master header; the tick that everything else counts from. */
static hl_code finish_waves(builder *b, hl_error *err)
{
    hl_stay_result *r = b->result;
    int64_t base, end;
    bool any_segment, any;
    hl_stamp start = {0};
    hl_code c = hl_waves_flush(b->waves, &base, &end, &any_segment, err);

    if (c != HL_OK)
        return c;
    r->base_sequence = hl_waves_base_sequence(b->waves, &any);
    if (any_segment) {
        r->start = wall_of(b, base);
        r->end = wall_of(b, end);
        start = r->start;
        if (start.has && __builtin_add_overflow(start.us, b->options->shift_us, &start.us))
            return hl_fail(err, HL_E_INPUT, "the start time is out of range");
    }
    c = hl_waves_end(b->waves, start, r, err);
    for (size_t i = 0; i < r->n_files && c == HL_OK; i++)
        c = hl_files_add(&b->files, r->file[i].name, &r->file[i].digest, err);
    if (c == HL_OK && !any)
        c = hl_events_first(b->input, b->clock, &r->base_sequence, &any, err);
    return c;
}

static hl_code add_file(void *ctx, const char *name, const hl_digest *digest, hl_error *err)
{
    return hl_files_add(ctx, name, digest, err);
}

static hl_code write_events(builder *b, hl_error *err)
{
    size_t n;
    const hl_quality *quality = hl_waves_quality(b->waves, &n);

    return hl_events_write(b->input, b->options, b->clock, b->result->base_sequence, quality, n,
                           add_file, &b->files, b->result, err);
}

/* --- what the converter leaves beside the record ---------------------------------------------- */

static void put_properties(const builder *b, hl_buf *to)
{
    hl_json_writer w = hl_json_write_to(to, 1);
    char end[HL_STAMP_CHARS];
    size_t n;
    const int64_t *pair = hl_waves_saved(b->waves, &n);

    hl_json_open(&w, '{');
    hl_json_member_int(&w, "base_sequence_number", b->result->base_sequence);
    hl_json_put_key(&w, "end_time");
    if (b->last.has)
        hl_json_put_text(&w, (hl_str){end, hl_stamp_print(b->last.us, b->last.zone_min, end)});
    else
        hl_json_put_null(&w);
    hl_json_put_key(&w, "saved_intervals");
    hl_json_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        hl_json_open(&w, '[');
        hl_json_put_int(&w, pair[2 * i]);
        hl_json_put_int(&w, pair[2 * i + 1]);
        hl_json_close(&w, ']');
    }
    hl_json_close(&w, ']');
    hl_json_close(&w, '}');
}

static hl_code write_state(builder *b, hl_error *err)
{
    hl_buf text = {0};
    hl_code c;

    put_properties(b, &text);
    c = hl_files_write(&b->files, "properties.json", &text, err);
    hl_buf_free(&text);
    return c;
}

static hl_code list_files(builder *b, hl_arena *arena, hl_error *err)
{
    hl_code c = hl_files_settle(&b->files, b->options->mtime, err);

    if (c != HL_OK)
        return c;
    b->result->n_files = b->files.n;
    b->result->file = hl_arena_calloc(arena, b->files.n, sizeof *b->result->file);
    if (!b->result->file)
        return hl_fail_memory(err, "list of files", b->files.n);
    if (b->files.n > 0)
        memcpy(b->result->file, b->files.file, b->files.n * sizeof *b->result->file);
    return HL_OK;
}

hl_code hl_stay_build(const hl_stay_input *input, const hl_stay_options *options, hl_arena *arena,
                      hl_stay_result *result, hl_error *err)
{
    builder b = {.input = input,
                 .options = options,
                 .result = result,
                 .clock = hl_clock_new(),
                 .files = {.folder = options->folder, .arena = arena}};
    hl_code c;

    *result = (hl_stay_result){0};
    c = b.clock ? hl_waves_new(options, arena, &b.waves, err)
                : hl_fail_memory(err, "clock of a stay", 1);
    if (c == HL_OK)
        c = first_pass(&b, err);
    if (c == HL_OK)
        c = finish_waves(&b, err);
    if (c == HL_OK)
        c = write_events(&b, err);
    if (c == HL_OK && options->style == HL_STAY_DOWNCAST)
        c = write_state(&b, err);
    if (c == HL_OK)
        c = list_files(&b, arena, err);
    hl_waves_free(&b.waves);
    hl_clock_free(&b.clock);
    hl_files_free(&b.files);
    return c;
}
