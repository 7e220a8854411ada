#include "view/ecg_paper.h"

#include <strings.h>

const char *const hl_ecg_lead[HL_ECG_ROWS][HL_ECG_COLUMNS] = {
    {"I", "aVR", "V1", "V4"}, {"II", "aVL", "V2", "V5"}, {"III", "aVF", "V3", "V6"}};

double hl_ecg_mv_of(const char *units)
{
    return strcasecmp(units, "mV") == 0 ? 1
           : strcasecmp(units, "uV") == 0 || strcmp(units, "\xc2\xb5V") == 0 ||
                   strcmp(units, "\xce\xbcV") == 0
               ? 1e-3
           : strcmp(units, "V") == 0 ? 1e3
                                     : 0;
}

void hl_ecg_put_grid(hl_buf *to, const hl_ecg_area *a)
{
    const int32_t left = a->left * a->units, top = a->top * a->units;

    for (int pass = 0; pass < 2; pass++) {
        hl_buf_printf(to, "<path class=\"%s\" d=\"", pass ? "mm5" : "mm1");
        for (int32_t mm = 0; mm <= a->width; mm++)
            if ((mm % 5 == 0) == (pass == 1))
                hl_buf_printf(to, "M%d %dv%d", left + mm * a->units, top, a->height * a->units);
        for (int32_t mm = 0; mm <= a->height; mm++)
            if ((mm % 5 == 0) == (pass == 1))
                hl_buf_printf(to, "M%d %dh%d", left, top + mm * a->units, a->width * a->units);
        hl_buf_text(to, "\"/>");
    }
}
