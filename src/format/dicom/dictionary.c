/* The standard's names and VRs of tags (PS3.6), from dictionary.tsv. films.md 3.10 */
#include "format/dicom/dicom.h"

#include "format/dicom/dictionary_table.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const hl_dicom_entry *hl_dicom_entry_of(uint32_t tag)
{
    size_t low = 0, n = COUNT(tags);

    if (tag & 0x00010000) /* odd groups are private; 60xx must not match them */
        return NULL;
    while (n > 1) { /* no branch that depends on the data */
        const size_t half = n / 2;
        low += tags[low + half] <= tag ? half : 0;
        n -= half;
    }
    if (tags[low] == tag)
        return &entries[low];
    for (size_t i = 0; i < COUNT(repeating); i++)
        if ((tag & repeating[i].mask) == repeating[i].entry.tag)
            return &repeating[i].entry;
    return NULL;
}

static const hl_dicom_entry *entry_at(size_t i)
{
    return i < COUNT(entries) ? &entries[i] : &repeating[i - COUNT(entries)].entry;
}

const hl_dicom_entry *hl_dicom_entry_named(const char *keyword)
{
    size_t low = 0, high = COUNT(by_keyword);

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const hl_dicom_entry *e = entry_at(by_keyword[middle]);
        const int order = strcmp(keyword, e->keyword);
        if (order == 0)
            return e;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *hl_dicom_tag_text(uint32_t tag, char out[HL_DICOM_TAG_CHARS])
{
    snprintf(out, HL_DICOM_TAG_CHARS, "(%04X,%04X)", (unsigned)(tag >> 16),
             (unsigned)(tag & 0xFFFF));
    return out;
}
