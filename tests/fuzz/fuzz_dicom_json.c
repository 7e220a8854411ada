/*
 * Bytes -> data set -> DICOM JSON: what is written is JSON, one object, no key of which stands
 * there twice; written twice it is the same.
 */
#include <jansson.h>

#include "format/dicom/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hl_code write_json(hl_dicom *d, hl_buf *out)
{
    hl_json_writer w = hl_json_write_to(out, 0);
    hl_error err = {0};
    const hl_code c = hl_dicom_json(d, &w, &err);

    hl_assert(c == HL_OK || err.message[0]);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl_dicom *d = NULL;
    hl_buf text = {0}, again = {0};
    hl_error err = {0};

    if (hl_dicom_memory(data, size, "fuzz.dcm", &d, &err) == HL_OK &&
        write_json(d, &text) == HL_OK) {
        json_t *json = json_loadb(text.at, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        hl_assert(json_is_object(json));
        json_decref(json);
        hl_assert(write_json(d, &again) == HL_OK);
        hl_assert(again.n == text.n && memcmp(again.at, text.at, text.n) == 0);
    }
    hl_buf_free(&again);
    hl_buf_free(&text);
    hl_dicom_close(&d);
    return 0;
}
