#include "monitor/quality.h"

/* Far beyond any message; keeps products with a period within 64 bits. */
#define MOST_INDEX (INT64_C(1) << 40)

/* A single NUL byte is how the export writes an empty text. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
}

/* The next number of a list; false at its end, and with *bad at something else. */
static bool next_index(hl_str *list, int64_t *out, bool *bad)
{
    hl_str word;

    while (list->n > 0 && is_blank(*list->at)) {
        list->at++;
        list->n--;
    }
    word = (hl_str){list->at, 0};
    while (word.n < list->n && !is_blank(list->at[word.n]))
        word.n++;
    if (word.n == 0)
        return false;
    list->at += word.n;
    list->n -= word.n;
    if (hl_parse_i64(word, out) && *out >= -MOST_INDEX && *out <= MOST_INDEX)
        return true;
    *bad = true;
    return false;
}

/* "a b a b ...": samples a to b of the message, both included. A pair that ends before it begins
 * says nothing. Ticks before 0 cannot be annotated; the converter leaves such intervals out, kept.
 */
static hl_code take_intervals(hl_intervals *to, hl_str list, int64_t start, int64_t period,
                              int64_t *n_bad, hl_error *err)
{
    int64_t a, b;
    bool bad = false;
    hl_code c = HL_OK;

    while (c == HL_OK && next_index(&list, &a, &bad)) {
        if (!next_index(&list, &b, &bad)) {
            bad = true;
            break;
        }
        bad = bad || b < a;
        if (b >= a && start + a * period >= 0)
            c = hl_intervals_pile(to, start + a * period, start + (b + 1) * period, err);
    }
    *n_bad += bad;
    return c;
}

hl_code hl_quality_take(hl_quality_track *track, const hl_message *m, int64_t start, int64_t *n_bad,
                        hl_error *err)
{
    const int64_t period = m->wave->sample_period;
    hl_str list = m->paced;
    int64_t i;
    bool bad = false;
    hl_code c = take_intervals(&track->invalid, m->invalid, start, period, n_bad, err);

    if (c == HL_OK)
        c = take_intervals(&track->unavailable, m->unavailable, start, period, n_bad, err);
    while (c == HL_OK && next_index(&list, &i, &bad))
        if (start + i * period >= 0)
            c = hl_intervals_pile(&track->paced, start + i * period, start + i * period, err);
    *n_bad += bad;
    return c;
}

hl_code hl_quality_settle(hl_quality_track *track, hl_error *err)
{
    hl_code c = hl_intervals_settle(&track->invalid, err);

    if (c == HL_OK)
        c = hl_intervals_settle(&track->unavailable, err);
    return c == HL_OK ? hl_intervals_settle(&track->paced, err) : c;
}

void hl_quality_free(hl_quality_track *track)
{
    hl_intervals_free(&track->invalid);
    hl_intervals_free(&track->unavailable);
    hl_intervals_free(&track->paced);
}
