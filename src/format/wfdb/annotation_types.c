/*
 * annotation_types.c - the table of annotation types: one row a type, in their order.
 *
 * The AHA code is that of a type with any subtype; 14 with subtype -1 is 'U' (annotation_write.c).
 * Sources: ecgcodes.h and ecgmap.h as documented in annot(5); waveform.md 1.3.
 */
#include "format/wfdb/annotation.h"

/* clang-format off */
static const hl_annotation_type types[] = {
    {0, "", "", false, 'O'},
    {1, "N", "Normal beat", true, 'N'},
    {2, "L", "Left bundle branch block beat", true, 'N'},
    {3, "R", "Right bundle branch block beat", true, 'N'},
    {4, "a", "Aberrated atrial premature beat", true, 'N'},
    {5, "V", "Premature ventricular contraction", true, 'V'},
    {6, "F", "Fusion of ventricular and normal beat", true, 'F'},
    {7, "J", "Nodal (junctional) premature beat", true, 'N'},
    {8, "A", "Atrial premature beat", true, 'N'},
    {9, "S", "Supraventricular premature or ectopic beat", true, 'N'},
    {10, "E", "Ventricular escape beat", true, 'E'},
    {11, "j", "Nodal (junctional) escape beat", true, 'N'},
    {12, "/", "Paced beat", true, 'P'},
    {13, "Q", "Unclassifiable beat", true, 'Q'},
    {14, "~", "Change in signal quality", false, 'O'},
    {15, "[15]", "", false, 'O'},
    {16, "|", "Isolated QRS-like artifact", false, 'O'},
    {17, "[17]", "", false, 'O'},
    {18, "s", "ST segment change", false, 'O'},
    {19, "T", "T-wave change", false, 'O'},
    {20, "*", "Systole", false, 'O'},
    {21, "D", "Diastole", false, 'O'},
    {22, "\"", "Comment annotation", false, 'O'},
    {23, "=", "Measurement annotation", false, 'O'},
    {24, "p", "P-wave peak", false, 'O'},
    {25, "B", "Bundle branch block beat (unspecified)", true, 'N'},
    {26, "^", "(Non-captured) pacemaker artifact", false, 'O'},
    {27, "t", "T-wave peak", false, 'O'},
    {28, "+", "Rhythm change", false, 'O'},
    {29, "u", "U-wave peak", false, 'O'},
    {30, "?", "Beat not classified during learning", true, 'Q'},
    {31, "!", "Ventricular flutter wave", true, 'O'},
    {32, "[", "Start of ventricular flutter/fibrillation", false, '['},
    {33, "]", "End of ventricular flutter/fibrillation", false, ']'},
    {34, "e", "Atrial escape beat", true, 'N'},
    {35, "n", "Supraventricular escape beat", true, 'N'},
    {36, "@", "Link to external data (aux contains URL)", false, 'O'},
    {37, "x", "Non-conducted P-wave (blocked APC)", false, 'O'},
    {38, "f", "Fusion of paced and normal beat", true, 'N'},
    {39, "(", "Waveform onset", false, 'O'},
    {40, ")", "Waveform end", false, 'O'},
    {41, "r", "R-on-T premature ventricular contraction", true, 'R'},
    {42, "[42]", "", false, 'O'},
    {43, "[43]", "", false, 'O'},
    {44, "[44]", "", false, 'O'},
    {45, "[45]", "", false, 'O'},
    {46, "[46]", "", false, 'O'},
    {47, "[47]", "", false, 'O'},
    {48, "[48]", "", false, 'O'},
    {49, "[49]", "", false, 'O'},
};
/* clang-format on */

enum { N_TYPES = sizeof types / sizeof *types };

const hl_annotation_type *hl_annotation_type_of(int32_t type)
{
    return type >= 0 && type < N_TYPES ? &types[type] : NULL;
}

int32_t hl_annotation_type_find(hl_str mnemonic)
{
    for (int32_t i = 0; i < N_TYPES; i++)
        if (hl_str_is(mnemonic, types[i].mnemonic))
            return i;
    return -1;
}
