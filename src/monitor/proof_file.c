#include "monitor/proof.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "format/wfdb/annotation.h"
#include "format/wfdb/wfdb.h"

#define BLOCK_BYTES ((size_t)1 << 20)
#define MAX_WHOLE_BYTES ((size_t)512 << 20) /* of a header or an annotation file */

hl_code hl_proof_fail(hl_proof_finding finding, const char *name, hl_error *err)
{
    switch (finding) {
    case HL_PROOF_CLEAN:
        return HL_OK;
    case HL_PROOF_DATE:
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "it would hold a date of the export that was not shifted");
    case HL_PROOF_SEQUENCE:
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "it would hold a sequence number of the monitors' network");
    default:
        return hl_fail_at(err, HL_E_INPUT, name, 0, -1,
                          "it would hold a text of the export that may identify somebody");
    }
}

/* --- a stream in pieces ----------------------------------------------------------------------- */

/*
 *      block:  [carried: 1 byte + context][new bytes ....................]
 *               from = 1 ..................... to = n - context
 */
typedef struct {
    const hl_proof *proof;
    hl_proof_place place;
    const hl_proof_times *times;
    hl_buf block;
    size_t from;
    hl_proof_finding found;
} window;

static hl_code window_add(window *w, const char *at, size_t n, bool is_last, hl_error *err)
{
    size_t context = hl_proof_context(w->proof);

    hl_buf_append(&w->block, at, n);
    hl_code c = hl_buf_check(&w->block, "the proof", err);
    size_t end = is_last ? w->block.n : w->block.n > context ? w->block.n - context : 0;
    if (c != HL_OK || end <= w->from || w->found != HL_PROOF_CLEAN)
        return c;
    hl_proof_piece piece = {.at = w->block.at, .n = w->block.n, .from = w->from, .to = end};
    w->found = hl_proof_piece_of(w->proof, w->place, &piece, w->times);
    memmove(w->block.at, w->block.at + end - 1, w->block.n - end + 1);
    w->block.n -= end - 1;
    w->from = 1;
    return HL_OK;
}

static hl_code look_at_stored(const hl_proof *proof, const char *path, hl_proof_place place,
                              const hl_proof_times *times, hl_proof_finding *found, hl_error *err)
{
    window w = {.proof = proof, .place = place, .times = times};
    char *block = malloc(BLOCK_BYTES);
    hl_in *in = NULL;
    size_t got = BLOCK_BYTES;
    hl_code c = block ? hl_in_open(path, &in, err) : hl_fail_memory(err, "the proof", BLOCK_BYTES);

    for (int64_t at = 0; c == HL_OK && got == BLOCK_BYTES; at += (int64_t)got) {
        c = hl_in_pread(in, block, BLOCK_BYTES, at, &got, err);
        if (c == HL_OK)
            c = window_add(&w, block, got, got < BLOCK_BYTES, err);
    }
    *found = w.found;
    hl_in_close(&in);
    hl_buf_free(&w.block);
    free(block);
    return c;
}

/* --- free texts ------------------------------------------------------------------------------- */

static void look_at_field(const hl_proof *proof, hl_str text, hl_proof_finding *found)
{
    if (*found == HL_PROOF_CLEAN)
        *found = hl_proof_text(proof, HL_PROOF_IN_FIELD, text, NULL);
}

/* A column name as numerics have it, "HR [bpm]": whole, and its two parts. */
static void look_at_column(const hl_proof *proof, hl_str cell, hl_proof_finding *found)
{
    look_at_field(proof, cell, found);
    if (!hl_str_ends(cell, "]"))
        return;
    for (size_t i = cell.n; i > 0; i--)
        if (cell.at[i - 1] == '[') {
            look_at_field(proof, (hl_str){cell.at, i - 1}, found);
            look_at_field(proof, (hl_str){cell.at + i, cell.n - i - 1}, found);
            break;
        }
}

/* Names of a csv's columns. They hold no quotes and no commas (waveform.md A.9). */
static void look_at_columns(const hl_proof *proof, hl_str line, hl_proof_finding *found)
{
    size_t start = 0;

    for (size_t i = 0; i <= line.n; i++) {
        if (i < line.n && line.at[i] != ',')
            continue;
        hl_str cell = {line.at + start, i - start};
        if (cell.n >= 2 && cell.at[0] == '"' && cell.at[cell.n - 1] == '"')
            cell = (hl_str){cell.at + 1, cell.n - 2};
        look_at_column(proof, cell, found);
        start = i + 1;
    }
}

static hl_code look_at_csv(const hl_proof *proof, const char *path, const hl_proof_times *times,
                           hl_proof_finding *found, hl_error *err)
{
    window w = {.proof = proof, .place = HL_PROOF_IN_TEXT, .times = times};
    hl_buf head = {0};
    bool in_head = true;
    hl_stream *s = NULL;
    char *at = NULL;
    size_t n = 0;
    hl_code c = hl_stream_open(path, HL_STREAM_PLAIN, NULL, &s, err);

    while (c == HL_OK && (c = hl_stream_next(s, &at, &n, err)) == HL_OK) {
        const char *end = in_head ? memchr(at, '\n', n) : NULL;
        if (in_head)
            hl_buf_append(&head, at, end ? (size_t)(end - at) : n);
        in_head = in_head && !end;
        c = window_add(&w, at, n, false, err);
    }
    if (c == HL_END)
        c = window_add(&w, "", 0, true, err);
    if (c == HL_OK)
        c = hl_buf_check(&head, "the proof", err);
    *found = w.found;
    if (c == HL_OK)
        look_at_columns(proof, (hl_str){head.at, head.n}, found);
    hl_stream_close(&s);
    hl_buf_free(&w.block);
    hl_buf_free(&head);
    return c;
}

static bool is_id(const char *comment)
{
    hl_str text = hl_str_trim(hl_str_of(comment));

    return hl_str_starts(text, "subject_id ") || hl_str_starts(text, "hadm_id ");
}

static hl_code look_at_header(const hl_proof *proof, hl_arena *arena, const hl_buf *text,
                              const char *name, hl_proof_finding *found, hl_error *err)
{
    hl_wfdb_header h;
    hl_code c = hl_wfdb_parse_header(arena, text->at, text->n, name, &h, err);

    for (int32_t i = 0; c == HL_OK && h.n_segments == 0 && i < h.n_signals; i++) {
        look_at_field(proof, hl_str_of(h.signal[i].description), found);
        look_at_field(proof, hl_str_of(h.signal[i].units), found);
    }
    for (size_t i = 0; c == HL_OK && i < h.n_comments; i++)
        if (!is_id(h.comment[i]))
            look_at_field(proof, hl_str_of(h.comment[i]), found);
    return c;
}

static hl_code look_at_annotations(const hl_proof *proof, hl_arena *arena, const hl_buf *bytes,
                                   const char *name, hl_proof_finding *found, hl_error *err)
{
    hl_annotations a;
    hl_code c = hl_annotations_parse(arena, bytes->at, bytes->n, name, &a, err);

    for (size_t i = 0; c == HL_OK && i < a.n; i++)
        look_at_field(proof, a.annotation[i].aux, found);
    return c;
}

/* --- files ------------------------------------------------------------------------------------ */

static hl_code look_at_free_texts(const hl_proof *proof, const char *path, const char *name,
                                  hl_proof_finding *found, hl_error *err)
{
    bool is_header = hl_str_ends(hl_str_of(name), ".hea");
    hl_arena *arena = hl_arena_new(0);
    hl_buf bytes = {0};
    hl_code c = arena ? hl_read_file(path, MAX_WHOLE_BYTES, &bytes, NULL, err)
                      : hl_fail_memory(err, "the proof", 0);

    if (c == HL_OK)
        c = is_header ? look_at_header(proof, arena, &bytes, name, found, err)
                      : look_at_annotations(proof, arena, &bytes, name, found, err);
    hl_buf_free(&bytes);
    hl_arena_free(&arena);
    return c;
}

hl_code hl_proof_file(const hl_proof *proof, const char *path, const char *name,
                      const hl_proof_times *times, hl_error *err)
{
    hl_str s = hl_str_of(name);
    bool is_gzip = hl_str_ends(s, ".gz");
    bool is_annotation =
        hl_str_ends(s, ".beat") || hl_str_ends(s, ".alarm") || hl_str_ends(s, ".wq");
    bool is_bytes = is_gzip || is_annotation || hl_str_ends(s, ".dat");
    hl_proof_finding found = hl_proof_text(proof, HL_PROOF_IN_TEXT, s, times);
    hl_code c = HL_OK;

    if (found == HL_PROOF_CLEAN)
        c = look_at_stored(proof, path, is_bytes ? HL_PROOF_IN_BYTES : HL_PROOF_IN_TEXT, times,
                           &found, err);
    if (c == HL_OK && found == HL_PROOF_CLEAN && is_gzip)
        c = look_at_csv(proof, path, times, &found, err);
    if (c == HL_OK && found == HL_PROOF_CLEAN && (is_annotation || hl_str_ends(s, ".hea")))
        c = look_at_free_texts(proof, path, name, &found, err);
    return c == HL_OK ? hl_proof_fail(found, name, err) : c;
}

hl_code hl_proof_folder(const hl_proof *proof, const char *folder, int64_t mtime,
                        const hl_proof_times *times, hl_error *err)
{
    hl_names names = {0};
    char path[HL_PATH_BYTES];
    struct stat st;
    hl_code c = hl_list_tree(folder, &names, err);

    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        c = hl_path_join(folder, names.name[i], path, err);
        if (c == HL_OK)
            c = hl_proof_file(proof, path, names.name[i], times, err);
        if (c == HL_OK &&
            (stat(path, &st) != 0 || st.st_mtim.tv_sec != mtime || st.st_mtim.tv_nsec))
            c = hl_fail_at(err, HL_E_BUG, names.name[i], 0, -1,
                           "its time is not the constant that it should be");
    }
    hl_names_free(&names);
    return c;
}
