/*
 * What an element says about others, once all are known: SpecificCharacterSet is handed down to
 * items that have none of their own, and "US or SS" of implicit files is decided by
 * PixelRepresentation, of the same item or an outer one. films.md 3.3, 3.5
 */
#include "format/dicom/dicom_internal.h"

/* Recursion: HL_DICOM_MAX_NESTING deep at most. */
static void settle(hl_dicom_item *item, hl_str charset, bool is_signed)
{
    const hl_dicom_element *own = hl_dicom_find(item, HL_TAG_SpecificCharacterSet);
    int64_t representation;

    if (own && own->value)
        charset = (hl_str){(const char *)own->value, (size_t)own->length};
    item->charset = charset;
    if (hl_dicom_int(hl_dicom_find(item, HL_TAG_PixelRepresentation), 0, &representation))
        is_signed = representation == 1;
    for (size_t i = 0; i < item->n; i++) {
        hl_dicom_element *e = &item->element[i];
        if (memcmp(e->vr, HL_DICOM_VR_US_OR_SS, 2) == 0)
            memcpy(e->vr, is_signed ? "SS" : "US", 2);
        for (size_t k = 0; k < e->n_items; k++)
            settle(&e->item[k], charset, is_signed);
    }
}

void hl_dicom_settle(hl_dicom_item *root)
{
    settle(root, (hl_str){NULL, 0}, false);
}
