#include "command/inspect.h"

/*
 * inspect.c - hilum inspect FILE: what a file is and holds.
 *
 * Formats are recognised by content; a name decides only where content cannot (a signal file has no
 * magic bytes, a damaged header is still called .hea). Each row of the table below has a test on
 * the first bytes and a describer in a file of its own; the first row that fits describes.
 */
#include "base/ctl.h"

/* The first bytes of the file, inflated where it is gzip. */
typedef struct {
    const char *path;
    const char *at;
    size_t n;
    bool gzip;
} head;

static bool begins(const head *h, const char *magic, size_t n)
{
    return h->n >= n && memcmp(h->at, magic, n) == 0;
}

static bool named(const head *h, const char *tail)
{
    return hl_str_ends(hl_str_of(h->path), tail);
}

/* No control bytes but line ends and tabs. */
static bool is_text(const head *h)
{
    for (size_t i = 0; i < h->n; i++) {
        unsigned char ch = (unsigned char)h->at[i];
        if (ch < ' ' && ch != '\n' && ch != '\r' && ch != '\t')
            return false;
    }
    return h->n > 0;
}

/* Line number i_line of the head, without its end; empty when there is none. */
static hl_str line_of(const head *h, size_t i_line)
{
    const char *at = h->at, *end = h->at + h->n;

    if (begins(h, "\xef\xbb\xbf", 3))
        at += 3;
    for (;;) {
        const char *lf = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (i_line-- == 0)
            return (hl_str){at, (size_t)((lf ? lf : end) - at)};
        if (!lf)
            return (hl_str){end, 0};
        at = lf + 1;
    }
}

static bool is_npy(const head *h)
{
    return !h->gzip && begins(h, "\x93NUMPY", 6);
}

static bool is_jpeg(const head *h)
{
    return !h->gzip && begins(h, "\xff\xd8\xff", 3);
}

static bool is_json(const head *h)
{
    hl_str text = {h->at, h->n};

    if (h->gzip || !is_text(h))
        return false;
    if (begins(h, "\xef\xbb\xbf", 3))
        text = (hl_str){h->at + 3, h->n - 3};
    for (; text.n > 0; text.at++, text.n--)
        if (!strchr(" \t\r\n", *text.at))
            return *text.at == '{' || *text.at == '[';
    return false;
}

/* The second blank-separated word of a line is a whole number. */
static bool second_word_is_number(hl_str line)
{
    size_t i = 0, digits = 0;

    while (i < line.n && line.at[i] != ' ' && line.at[i] != '\t')
        i++;
    if (i == 0)
        return false;
    while (i < line.n && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++;
    while (i + digits < line.n && line.at[i + digits] >= '0' && line.at[i + digits] <= '9')
        digits++;
    return digits > 0 && !memchr(line.at, ',', line.n);
}

/* "NAME NSIG ..." and below it "FILE FORMAT ...", comments and blank lines aside. */
static bool is_wfdb_header(const head *h)
{
    int found = 0;

    if (h->gzip || !is_text(h))
        return false;
    if (named(h, ".hea"))
        return true;
    for (size_t i = 0; i < 64 && found < 2; i++) {
        hl_str line = hl_str_trim(line_of(h, i));
        if (line.n == 0 || *line.at == '#' || *line.at == '\r')
            continue;
        if (!second_word_is_number(line))
            return false;
        found++;
    }
    return found == 2;
}

/* Only its header knows what a signal file holds. */
static bool is_wfdb_signal(const head *h)
{
    char path[HL_PATH_BYTES];
    size_t n = strlen(h->path);

    if (h->gzip || !named(h, ".dat") || n >= sizeof path)
        return false;
    snprintf(path, sizeof path, "%.*s.hea", (int)n - 4, h->path);
    return hl_file_exists(path);
}

/* Two lines with commas. A table of one column can only be told by its name. */
static bool is_csv(const head *h)
{
    if (!is_text(h))
        return false;
    if (named(h, ".csv") || named(h, ".csv.gz"))
        return true;
    hl_str first = line_of(h, 0), second = line_of(h, 1);
    return first.n && memchr(first.at, ',', first.n) &&
           (second.n == 0 || memchr(second.at, ',', second.n));
}

static bool is_dicom(const head *h)
{
    return hl_inspect_dicom_marked(h->at, h->n);
}

static bool is_bare_dicom(const head *h)
{
    return hl_inspect_dicom_bare(h->at, h->n);
}

static bool is_gzip(const head *h)
{
    return h->gzip;
}

static const struct {
    bool (*is)(const head *h);
    hl_code (*describe)(hl_inspect *in, hl_error *err);
} formats[] = {
    {is_dicom, hl_inspect_dicom},      {is_npy, hl_inspect_npy},
    {is_jpeg, hl_inspect_jpeg},        {is_wfdb_signal, hl_inspect_wfdb},
    {is_bare_dicom, hl_inspect_dicom}, {is_json, hl_inspect_json},
    {is_wfdb_header, hl_inspect_wfdb}, {is_csv, hl_inspect_csv},
    {is_gzip, hl_inspect_gzip},
};

static hl_code fail_unknown(const head *h, hl_error *err)
{
    char hex[3 * 8 + 1] = "", show[HL_SHOW_BYTES];
    size_t n = h->n < 8 ? h->n : 8;

    for (size_t i = 0; i < n; i++)
        snprintf(hex + 3 * i, 4, "%02x ", (unsigned char)h->at[i]);
    if (n)
        hex[3 * n - 1] = 0;
    return hl_fail_at(err, HL_E_LIMIT, h->path, 0, -1,
                      "not a format hilum reads (begins with %s: '%s')\n"
                      "hilum inspect knows CSV, JSON, npy, DICOM, JPEG, gzip and WFDB files.",
                      hex, hl_show((hl_str){h->at, n}, show));
}

static hl_code describe_file(hl_inspect *in, hl_error *err)
{
    hl_stream *s = NULL;
    head h = {.path = in->path};
    char *at;
    hl_code c = hl_stream_open(in->path, HL_STREAM_PLAIN, NULL, &s, err);

    if (c != HL_OK)
        return c;
    in->bytes = hl_stream_size_in(s);
    in->gzip = h.gzip = hl_stream_is_gzip(s);
    hl_inspect_put_int(in, "bytes", in->bytes);
    hl_json_member_bool(in->json, "gzip", in->gzip);
    c = hl_stream_next(s, &at, &h.n, err);
    if (c == HL_END && in->bytes == 0) {
        c = hl_fail_at(err, HL_E_INPUT, in->path, 0, -1, "the file is empty");
        goto done;
    }
    if (c != HL_OK && c != HL_END)
        goto done;
    h.at = c == HL_OK ? at : "";
    h.n = c == HL_OK ? h.n : 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].is(&h)) {
            c = formats[i].describe(in, err);
            goto done;
        }
    c = fail_unknown(&h, err);
done:
    hl_stream_close(&s);
    return c;
}

/* A record is usually named without extension: "files/p1000/.../40000037". */
static bool is_record_name(hl_inspect *in)
{
    char *header = hl_arena_printf(in->arena, "%s.hea", in->path);

    return header && !hl_file_exists(in->path) && hl_file_exists(header);
}

static hl_code run(const hl_options *options, hl_ctl *ctl, hl_result *result, hl_error *err)
{
    hl_json_writer json = hl_json_write_to(&result->json, 2);
    hl_inspect in = {.path = hl_options_text(options, "file"),
                     .rows = hl_options_int(options, "rows", 3),
                     .png = hl_options_text(options, "png"),
                     .frame = hl_options_int(options, "frame", 1),
                     .arena = hl_arena_new(0),
                     .ctl = ctl,
                     .text = &result->text,
                     .json = &json};
    hl_code c;

    if (!in.arena)
        return hl_fail_memory(err, "inspect", 0);
    if (!in.png && hl_options_given(options, "frame")) {
        hl_arena_free(&in.arena);
        return hl_fail(err, HL_E_USAGE, "--frame is the frame that --png shows: give both");
    }
    hl_json_open(&json, '{');
    hl_inspect_put_text(&in, "path", hl_str_of(in.path));
    if (hl_is_folder(in.path))
        c = hl_inspect_folder(&in, err);
    else if (is_record_name(&in))
        c = hl_inspect_wfdb(&in, err);
    else
        c = describe_file(&in, err);
    if (!in.json_whole)
        hl_json_close(&json, '}');
    hl_arena_free(&in.arena);
    if (c == HL_OK && in.png && !in.json_whole)
        c = hl_fail(err, HL_E_USAGE, "--png is for DICOM files; %s is none", in.path);
    if (c == HL_OK)
        c = hl_buf_check(&result->text, "the description", err);
    if (c == HL_OK)
        c = hl_buf_check(&result->json, "the description", err);
    return c;
}

static const hl_option options_of_inspect[] = {
    {.name = "file",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .required = true,
     .argument = true,
     .help = "file or folder to describe; a WFDB record also without extension"},
    {.name = "rows",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "3",
     .min = 0,
     .max = 100,
     .help = "first rows of a table to show"},
    {.name = "png",
     .type = HL_OPT_PATH,
     .value = "FILE",
     .help = "write a frame of a DICOM file as a picture, darkest to brightest value"},
    {.name = "frame",
     .type = HL_OPT_INT,
     .value = "N",
     .initial = "1",
     .min = 1,
     .max = INT32_MAX,
     .help = "the frame that --png shows"},
    {0},
};

const hl_command hl_command_inspect = {
    .name = "inspect",
    .summary = "say what a file is and holds",
    .about =
        "Describes one file: a table (columns, types, missing values, ranges, first rows; the\n"
        "whole file is read and checked), a NumPy array, a WFDB record, a DICOM file (every\n"
        "element), a JPEG picture, a recipe, the manifest of an output folder, other JSON, gzip\n"
        "data. A folder is described by its layout. What a file is, is told by its content, not\n"
        "by its name. --json of a DICOM file is the DICOM JSON model (PS3.18 F) and nothing else.\n"
        "\n"
        "A damaged file ends with exit code 3 and the place of the fault; a file of a kind that\n"
        "hilum does not read with 5.",
    .option = options_of_inspect,
    .example = {"hilum inspect hospital/mimiciv/hosp/labevents.csv.gz",
                "hilum inspect --json hospital/mimic-iv-ecg/record_list.csv"},
    .run = run,
};
