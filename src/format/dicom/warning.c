/* Warnings, and errors that name file, tag and byte. */
#include "format/dicom/dicom_internal.h"

size_t hl_dicom_n_warnings(const hl_dicom *d)
{
    return d->n_warnings;
}

hl_dicom_warning hl_dicom_warning_at(const hl_dicom *d, size_t i)
{
    return i < d->n_warnings ? d->warning[i] : (hl_dicom_warning){.offset = -1, .text = ""};
}

void hl_dicom_warn(hl_dicom *d, uint32_t tag, int64_t offset, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < d->n_warnings; i++)
        if (strcmp(d->warning[i].text, text) == 0)
            return;
    if (d->n_warnings >= HL_DICOM_MAX_WARNINGS)
        return;
    if (!d->warning)
        d->warning = hl_arena_calloc(d->arena, HL_DICOM_MAX_WARNINGS, sizeof *d->warning);
    char *copy = hl_arena_copy(d->arena, text, strlen(text));
    if (d->warning && copy)
        d->warning[d->n_warnings++] = (hl_dicom_warning){tag, offset, copy};
}

/* "(0028,0010) Rows" */
static void name_tag(uint32_t tag, char *out, size_t n)
{
    char text[HL_DICOM_TAG_CHARS];
    const hl_dicom_entry *e = hl_dicom_entry_of(tag);

    snprintf(out, n, "%s%s%s", hl_dicom_tag_text(tag, text), e && e->keyword[0] ? " " : "",
             e ? e->keyword : "");
}

static hl_code fail(const hl_dicom *d, hl_code code, uint32_t tag, int64_t offset, hl_error *err,
                    const char *fmt, va_list ap)
{
    char name[100] = "", place[40] = "", text[600];

    vsnprintf(text, sizeof text, fmt, ap);
    if (tag)
        name_tag(tag, name, sizeof name);
    if (offset >= 0)
        snprintf(place, sizeof place, "%sbyte %lld", tag ? " at " : "", (long long)offset);
    return hl_fail_at(err, code, d->name, 0, offset, "%s%s%s%s", name, place,
                      tag || offset >= 0 ? ": " : "", text);
}

hl_code hl_dicom_fail(const hl_dicom *d, hl_code code, uint32_t tag, hl_error *err, const char *fmt,
                      ...)
{
    va_list ap;

    va_start(ap, fmt);
    fail(d, code, tag, -1, err, fmt, ap);
    va_end(ap);
    return code;
}

hl_code hl_dicom_fail_at(const hl_dicom *d, hl_code code, uint32_t tag, int64_t offset,
                         hl_error *err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fail(d, code, tag, offset, err, fmt, ap);
    va_end(ap);
    return code;
}
