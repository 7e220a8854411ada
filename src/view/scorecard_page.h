/*
 * scorecard_page.h - the parts of a scorecard as HTML. Each appends to the page; nothing here reads
 * a file except the samples' films and ECGs.
 */
#ifndef HL_VIEW_SCORECARD_PAGE_H
#define HL_VIEW_SCORECARD_PAGE_H

#include "view/scorecard.h"
#include "view/scorecard_facts.h"

void hl_card_put_head(hl_buf *to, const hl_card *card); /* doctype to the end of the header */
void hl_card_put_funnel(hl_buf *to, const hl_card *card);
void hl_card_put_splits(hl_buf *to, const hl_card *card);
hl_code hl_card_put_people(hl_buf *to, const hl_card *card, hl_error *err);
hl_code hl_card_put_timing(hl_buf *to, const hl_card *card, hl_error *err);
void hl_card_put_findings(hl_buf *to, const hl_card *card);
void hl_card_put_labs(hl_buf *to, const hl_card *card);
void hl_card_put_tensors(hl_buf *to, const hl_card *card);
void hl_card_put_errors(hl_buf *to, const hl_card *card);
hl_code hl_card_put_origin(hl_buf *to, const hl_card *card, hl_error *err);
void hl_card_put_foot(hl_buf *to);

/* Four admissions with film, ECG and laboratory values. *unreadable counts what could not be shown.
 */
hl_code hl_card_put_samples(hl_buf *to, const hl_card *card, const hl_scorecard_options *options,
                            hl_ctl *ctl, int64_t *unreadable, hl_error *err);

/* A table of counts with bars; the rarest values become "n others". counted: what is counted, for
 * screen readers. show (NULL: none) turns a value into a word. */
void hl_card_put_tally(hl_buf *to, const char *title, const char *counted,
                       const hl_card_tally *tally, hl_str (*show)(hl_str), size_t n_rows);

/* <section> with its heading and explanation (HTML), up to its content; close with _end. */
void hl_card_section(hl_buf *to, const char *id, const char *title, const char *about);
void hl_card_section_end(hl_buf *to);

#endif
