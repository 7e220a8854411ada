/*
 * header_write.c - fields to header text, in the two layouts that published data have.
 *
 * What could not be read back as the same field is refused, not written.
 * Sources: header(5); waveform.md 1.1, 4.3.
 */
#include "format/wfdb/wfdb.h"

#include <math.h>

#include "format/wfdb/header_text.h"
#include "format/wfdb/signal.h"

/* --- what may be written ---------------------------------------------------------------------- */

/* Text that would not come back as the same field: empty, or with a blank or control byte. */
static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text <= ' ')
            return false;
    return true;
}

/* A field that a writer left NULL. */
static const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static bool is_line(const char *text)
{
    return !text[strcspn(text, "\r\n")];
}

static hl_code refuse(hl_error *err, const hl_wfdb_header *h, const char *what, const char *text)
{
    char show[HL_SHOW_BYTES], name[HL_SHOW_BYTES];

    return hl_fail(err, HL_E_INPUT, "record %s: %s '%s' cannot stand in a WFDB header",
                   hl_show(hl_str_of(text_or(h->name, "")), name), what,
                   hl_show(hl_str_of(text), show));
}

static hl_code check_record(const hl_wfdb_header *h, hl_error *err)
{
    const char *name = text_or(h->name, "");
    const char *time = text_or(h->base_time, ""), *date = text_or(h->base_date, "");
    int64_t ms;

    if (!is_token(name) || strchr(name, '/') || *name == '#')
        return refuse(err, h, "the name", name);
    if (!(h->rate_hz > 0) || !isfinite(h->rate_hz) || !isfinite(h->counter_hz) ||
        !isfinite(h->base_counter))
        return hl_fail(err, HL_E_INPUT, "record %s: a rate is no number above 0", name);
    if (h->n_signals < 0 || h->n_samples < 0 || h->n_segments < 0)
        return hl_fail(err, HL_E_INPUT, "record %s: a count is below 0", name);
    if ((*time && (!is_token(time) || !hl_wfdb_read_time(hl_str_of(time), &ms))) ||
        (!*time && *date))
        return refuse(err, h, "the base time", time);
    if (*date && !is_token(date))
        return refuse(err, h, "the base date", date);
    for (size_t i = 0; i < h->n_comments; i++)
        if (!is_line(h->comment[i]))
            return refuse(err, h, "the comment", h->comment[i]);
    return HL_OK;
}

static hl_code check_signal(const hl_wfdb_header *h, const hl_wfdb_signal *s, hl_error *err)
{
    const char *file = text_or(s->file, ""), *description = text_or(s->description, "");

    if (!hl_wfdb_is_plain_name(hl_str_of(file)) || !is_token(file) || *file == '#')
        return refuse(err, h, "the signal file", file);
    if (!hl_wfdb_format_find(s->format))
        return hl_fail(err, HL_E_INPUT, "record %s: %d is no signal format of WFDB", h->name,
                       (int)s->format);
    if (!isfinite(s->gain))
        return hl_fail(err, HL_E_INPUT, "record %s: a gain is no number", h->name);
    if (!is_token(text_or(s->units, "mV")))
        return refuse(err, h, "the unit", s->units);
    if (!is_line(description))
        return refuse(err, h, "the description", description);
    if (*description && !s->has_checksum && hl_wfdb_has_file(s))
        return refuse(err, h, "without a checksum in front, the description", description);
    return HL_OK;
}

static hl_code check_segment(const hl_wfdb_header *h, const hl_wfdb_segment *s, hl_error *err)
{
    const char *name = text_or(s->name, "");

    if (!hl_wfdb_is_plain_name(hl_str_of(name)) || !is_token(name) || *name == '+' ||
        *name == '#' || strlen(name) > HL_WFDB_SEGMENT_NAME_BYTES)
        return refuse(err, h, "the segment name", name);
    if (s->n_samples < 0)
        return hl_fail(err, HL_E_INPUT, "record %s: segment %s has a length below 0", h->name,
                       name);
    return HL_OK;
}

static hl_code check_all(const hl_wfdb_header *h, hl_error *err)
{
    hl_code c = check_record(h, err);

    for (int32_t i = 0; i < h->n_segments && c == HL_OK; i++)
        c = check_segment(h, &h->segment[i], err);
    for (int32_t i = 0; i < h->n_signals && h->n_segments == 0 && c == HL_OK; i++)
        c = check_signal(h, &h->signal[i], err);
    return c;
}

/* FMT[xSPF][:SKEW][+OFFSET] */
static void put_format(hl_buf *to, const hl_wfdb_signal *s)
{
    hl_buf_i64(to, s->format);
    if (s->samples_per_frame > 1)
        hl_buf_printf(to, "x%d", (int)s->samples_per_frame);
    if (s->skew > 0)
        hl_buf_printf(to, ":%d", (int)s->skew);
    if (s->offset_bytes > 0)
        hl_buf_printf(to, "+%lld", (long long)s->offset_bytes);
}

/* --- as wfdb-python --------------------------------------------------------------------------- */

static void put_record_line(hl_buf *to, const hl_wfdb_header *h)
{
    hl_buf_printf(to, "%s %d ", h->name, (int)h->n_signals);
    /* wfdb-python prints a whole rate without a point, other reals as Python does. */
    if (h->rate_hz == floor(h->rate_hz) && h->rate_hz < 1e15)
        hl_buf_i64(to, (int64_t)h->rate_hz);
    else
        hl_buf_f64(to, h->rate_hz);
    if ((h->counter_hz != h->rate_hz && h->counter_hz > 0) || h->base_counter != 0) {
        hl_buf_char(to, '/');
        hl_buf_f64(to, h->counter_hz > 0 ? h->counter_hz : h->rate_hz);
    }
    if (h->base_counter != 0) {
        hl_buf_char(to, '(');
        hl_buf_f64(to, h->base_counter);
        hl_buf_char(to, ')');
    }
    hl_buf_printf(to, " %lld", (long long)h->n_samples);
    if (h->base_time && *h->base_time)
        hl_buf_printf(to, " %s", h->base_time);
    if (h->base_date && *h->base_date)
        hl_buf_printf(to, " %s", h->base_date);
    hl_buf_char(to, '\n');
}

static void put_signal_line(hl_buf *to, const hl_wfdb_signal *s)
{
    hl_buf_printf(to, "%s ", s->file);
    put_format(to, s);
    hl_buf_char(to, ' ');
    hl_buf_f64(to, s->calibrated ? s->gain : 0);
    hl_buf_printf(to, "(%d)/%s %d %d %d", (int)s->baseline, text_or(s->units, "mV"),
                  (int)s->adc_bits, (int)s->adc_zero, (int)s->initial);
    if (s->has_checksum || (s->description && *s->description))
        hl_buf_printf(to, " %d %d", (int)s->checksum, (int)s->block_bytes);
    if (s->description && *s->description)
        hl_buf_printf(to, " %s", s->description);
    hl_buf_char(to, '\n');
}

hl_code hl_wfdb_put_header(hl_buf *to, const hl_wfdb_header *h, hl_error *err)
{
    hl_code c = check_all(h, err);

    if (c == HL_OK && h->n_segments > 0)
        c = hl_fail(err, HL_E_INPUT, "record %s: a record of %d segments is not written this way",
                    h->name, (int)h->n_segments);
    if (c != HL_OK)
        return c;
    put_record_line(to, h);
    for (int32_t i = 0; i < h->n_signals; i++)
        put_signal_line(to, &h->signal[i]);
    for (size_t i = 0; i < h->n_comments; i++)
        hl_buf_printf(to, "#%s\n", h->comment[i]);
    return hl_buf_check(to, "WFDB header", err);
}

/* --- as MIMIC-IV-WDB -------------------------------------------------------------------------- */

#define CRLF "\r\n"

/* The fewest digits that read back as v, without a point where there is no fraction (999.56, 200,
 * 1e+16), and with a point in every locale. */
static void put_real(hl_buf *to, double v)
{
    char text[40];
    double back;

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        char *comma = strchr(text, ',');
        if (comma)
            *comma = '.';
        if (hl_parse_f64(hl_str_of(text), &back) && back == v)
            break;
    }
    hl_buf_text(to, text);
}

static void put_record_line_crlf(hl_buf *to, const hl_wfdb_header *h)
{
    double counter_hz = h->counter_hz > 0 ? h->counter_hz : h->rate_hz;

    hl_buf_text(to, h->name);
    if (h->n_segments > 0)
        hl_buf_printf(to, "/%d", (int)h->n_segments);
    hl_buf_printf(to, " %d ", (int)h->n_signals);
    put_real(to, h->rate_hz);
    if (counter_hz != h->rate_hz || h->base_counter != 0) {
        hl_buf_char(to, '/');
        put_real(to, counter_hz);
    }
    if (h->base_counter != 0) {
        hl_buf_char(to, '(');
        put_real(to, h->base_counter);
        hl_buf_char(to, ')');
    }
    hl_buf_printf(to, " %lld", (long long)h->n_samples);
    if (h->base_time && *h->base_time)
        hl_buf_printf(to, " %s", h->base_time);
    if (h->base_date && *h->base_date)
        hl_buf_printf(to, " %s", h->base_date);
    hl_buf_text(to, CRLF);
}

/* The checksum is written unsigned; a signal without a file has 0. */
static void put_signal_line_crlf(hl_buf *to, const hl_wfdb_signal *s)
{
    hl_buf_printf(to, "%s ", s->file);
    put_format(to, s);
    hl_buf_char(to, ' ');
    put_real(to, s->calibrated ? s->gain : 0);
    if (s->baseline != s->adc_zero)
        hl_buf_printf(to, "(%d)", (int)s->baseline);
    hl_buf_printf(to, "/%s %d %d %d", text_or(s->units, "mV"), (int)s->adc_bits, (int)s->adc_zero,
                  (int)s->initial);
    if (s->has_checksum || !hl_wfdb_has_file(s))
        hl_buf_printf(to, " %d %d", (int)(uint16_t)s->checksum, (int)s->block_bytes);
    if (s->description && *s->description)
        hl_buf_printf(to, " %s", s->description);
    hl_buf_text(to, CRLF);
}

hl_code hl_wfdb_put_header_crlf(hl_buf *to, const hl_wfdb_header *h, hl_error *err)
{
    hl_code c = check_all(h, err);

    if (c != HL_OK)
        return c;
    if (h->version[0] > 0)
        hl_buf_printf(to, "#wfdb %d.%d" CRLF, (int)h->version[0], (int)h->version[1]);
    put_record_line_crlf(to, h);
    for (int32_t i = 0; i < h->n_segments; i++)
        hl_buf_printf(to, "%s %lld" CRLF, h->segment[i].name, (long long)h->segment[i].n_samples);
    for (int32_t i = 0; i < h->n_signals && h->n_segments == 0; i++)
        put_signal_line_crlf(to, &h->signal[i]);
    for (size_t i = 0; i < h->n_comments; i++)
        hl_buf_printf(to, "#%s" CRLF, h->comment[i]);
    return hl_buf_check(to, "WFDB header", err);
}
