/*
 * json.h - a data set in the DICOM JSON model: PS3.18 annex F; films.md 3.9.
 */
#ifndef HL_FORMAT_DICOM_JSON_H
#define HL_FORMAT_DICOM_JSON_H

#include "base/json.h"
#include "format/dicom/dicom.h"

/* Write the data set as one JSON object: keys of 8 upper-case hex digits, ascending; group 0002 and
 * group lengths left out; binary values of at most 1024 bytes inline, longer ones as BulkDataURI
 * "?offset=O&length=N" of the file. */
hl_code hl_dicom_json(hl_dicom *d, hl_json_writer *w, hl_error *err);

#endif
