#include "view/scorecard.h"

#include "view/scorecard_facts.h"
#include "view/scorecard_page.h"

static hl_code check_folder(const char *folder, const char *option, hl_error *err)
{
    if (!folder || hl_is_folder(folder))
        return HL_OK;
    return hl_fail(err, HL_E_INPUT, "--%s %s: no such folder", option, folder);
}

hl_code hl_scorecard(const hl_scorecard_options *options, hl_ctl *ctl, hl_buf *out,
                     hl_scorecard_summary *summary, hl_error *err)
{
    hl_card card = {0};
    hl_code c = check_folder(options->ecg, "ecg", err);

    *summary = (hl_scorecard_summary){0};
    if (c == HL_OK)
        c = check_folder(options->cxr, "cxr", err);
    if (c == HL_OK)
        c = hl_card_read(&card, options->cohort, options->pack, options->cpu, ctl, err);
    if (c != HL_OK)
        goto done;

    hl_card_put_head(out, &card);
    hl_card_put_funnel(out, &card);
    hl_card_put_splits(out, &card);
    c = hl_card_put_samples(out, &card, options, ctl, &summary->unreadable, err);
    if (c == HL_OK)
        c = hl_card_put_people(out, &card, err);
    if (c == HL_OK)
        c = hl_card_put_timing(out, &card, err);
    if (c != HL_OK)
        goto done;
    hl_card_put_findings(out, &card);
    hl_card_put_labs(out, &card);
    hl_card_put_tensors(out, &card);
    hl_card_put_errors(out, &card);
    c = hl_card_put_origin(out, &card, err);
    hl_card_put_foot(out);
    if (c == HL_OK)
        c = hl_buf_check(out, "scorecard", err);

    summary->rows = (int64_t)card.n;
    summary->patients = card.patients;
    summary->checks = (int64_t)card.n_checks;
    for (size_t i = 0; i < card.n_checks; i++) {
        summary->failed_checks += card.check[i].verdict == HL_CARD_FAILS;
        summary->unknown_checks += card.check[i].verdict == HL_CARD_UNKNOWN;
    }
done:
    hl_card_free(&card);
    return c;
}
