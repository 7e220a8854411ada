#include "monitor/spool_internal.h"

#define BLOCK_BYTES ((size_t)256 << 10)

/*
 * One pass over the messages of a kind that are in order (or: that came late, "behind"). A stay's
 * source takes the earlier of the two; only repaired timestamps (repair.h) make the second.
 */
typedef struct {
    hl_in *in;
    bool behind; /* which messages this pass gives */
    hl_spool_range range;
    int64_t at; /* in the file: of the first byte in block that was not used up */
    hl_buf block;
    size_t used; /* of block */
    bool ready, end;
    hl_str message; /* bytes of the next message, while ready */
    int64_t us;
} pass;

typedef struct {
    const hl_spool *s;
    hl_message_kind kind;
    int64_t from_us, to_us;
    pass pass[2];
} source;

struct hl_spool_reader {
    source source[HL_MESSAGE_KINDS];
};

static hl_code damaged(const pass *p, hl_error *err)
{
    return hl_fail(err, HL_E_IO, "the spool is damaged: a message at byte %lld of %s",
                   (long long)p->at, hl_in_name(p->in));
}

/* At least n bytes of the range in the block, unless it ends before. */
static hl_code fill(pass *p, size_t n, hl_error *err)
{
    size_t have = p->block.n - p->used, got = 0;

    if (have >= n)
        return HL_OK;
    int64_t left = p->range.end - p->at - (int64_t)have;
    size_t want = n > BLOCK_BYTES ? n - have : BLOCK_BYTES;
    if ((int64_t)want > left)
        want = (size_t)left;
    if (have > 0)
        memmove(p->block.at, p->block.at + p->used, have);
    p->block.n = have;
    p->used = 0;
    char *to = hl_buf_reserve(&p->block, want + 1);
    if (!to)
        return hl_fail_memory(err, "messages", want);
    hl_code c = hl_in_pread(p->in, to, want, p->at + (int64_t)have, &got, err);
    p->block.n += got;
    return c;
}

/* The next message of the pass within the stay's time, left in p->message. */
static hl_code advance(const source *s, pass *p, hl_error *err)
{
    while (!p->ready && !p->end) {
        uint32_t n = 0;
        bool behind;
        if (p->at >= p->range.end) {
            p->end = true;
            break;
        }
        hl_code c = fill(p, sizeof n, err);
        if (c != HL_OK)
            return c;
        if (p->block.n - p->used < sizeof n)
            return damaged(p, err);
        memcpy(&n, p->block.at + p->used, sizeof n);
        if (n > HL_SPOOL_MAX_MESSAGE || p->range.end - p->at < (int64_t)(sizeof n + n))
            return damaged(p, err);
        c = fill(p, sizeof n + n, err);
        if (c != HL_OK)
            return c;
        if (p->block.n - p->used < sizeof n + n)
            return damaged(p, err);
        p->message = (hl_str){p->block.at + p->used + sizeof n, n};
        if (!hl_spool_peek_message(p->message, &p->us, &behind))
            return damaged(p, err);
        p->ready = behind == p->behind && p->us >= s->from_us && p->us <= s->to_us;
        p->used += sizeof n + n;
        p->at += (int64_t)(sizeof n + n);
    }
    return HL_OK;
}

static hl_code next(void *ctx, hl_message *out, hl_error *err)
{
    source *s = ctx;
    bool behind;
    hl_code c = HL_OK;

    for (int i = 0; c == HL_OK && i < 2; i++)
        c = advance(s, &s->pass[i], err);
    if (c != HL_OK)
        return c;
    pass *p = &s->pass[0];
    if (s->pass[1].ready && (!p->ready || s->pass[1].us < p->us))
        p = &s->pass[1];
    if (!p->ready)
        return HL_END;
    p->ready = false;
    return hl_spool_take_message(s->s, s->kind, p->message, &behind, out) ? HL_OK : damaged(p, err);
}

static hl_code rewind_source(void *ctx, hl_error *err)
{
    source *s = ctx;

    (void)err;
    for (int i = 0; i < 2; i++) {
        pass *p = &s->pass[i];
        p->at = p->range.start;
        p->block.n = p->used = 0;
        p->ready = p->end = false;
    }
    return HL_OK;
}

static hl_code open_source(const hl_spool *s, const hl_spool_patient_files *p,
                           const hl_spool_stretch *stretch, int kind, source *out, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_code c = HL_OK;

    *out = (source){.s = s,
                    .kind = (hl_message_kind)kind,
                    .from_us = stretch->from_us,
                    .to_us = stretch->to_us};
    if (stretch->range[kind].start < stretch->range[kind].end)
        c = hl_spool_data_path(s, p, kind, p->generation, path, err);
    for (int i = 0; c == HL_OK && i < 2; i++) {
        out->pass[i].behind = i == 1;
        out->pass[i].range = stretch->range[kind];
        if (i == 1 && !p->has_behind[kind])
            out->pass[i].range.end = out->pass[i].range.start;
        if (out->pass[i].range.start < out->pass[i].range.end)
            c = hl_in_open(path, &out->pass[i].in, err);
    }
    return c == HL_OK ? rewind_source(out, err) : c;
}

hl_code hl_spool_read(const hl_spool *s, const hl_spool_stay *stay, hl_spool_reader **out,
                      hl_stay_input *input, hl_error *err)
{
    const hl_spool_patient_files *p = hl_spool_find(s, stay->patient);
    const hl_spool_stretch *stretch = hl_spool_find_stretch(p, stay);
    hl_code c = HL_OK;

    *out = NULL;
    if (!stretch || s->n_pending)
        return hl_fail(err, HL_E_BUG,
                       stretch ? "the spool is not settled" : "the spool has no such stay");
    hl_spool_reader *r = *out = calloc(1, sizeof *r);
    if (!r)
        return hl_fail_memory(err, "messages", sizeof *r);
    for (int k = 0; c == HL_OK && k < HL_MESSAGE_KINDS; k++) {
        c = open_source(s, p, stretch, k, &r->source[k], err);
        input->source[k] = (hl_message_source){&r->source[k], next, rewind_source};
    }
    if (c != HL_OK)
        hl_spool_reader_close(out);
    return c;
}

void hl_spool_reader_close(hl_spool_reader **pr)
{
    hl_spool_reader *r = pr ? *pr : NULL;

    if (!r)
        return;
    for (int k = 0; k < HL_MESSAGE_KINDS; k++)
        for (int i = 0; i < 2; i++) {
            hl_in_close(&r->source[k].pass[i].in);
            hl_buf_free(&r->source[k].pass[i].block);
        }
    free(r);
    *pr = NULL;
}
