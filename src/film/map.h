/*
 * map.h - pseudonyms: which patient, study and film of a hospital becomes which id of the archive,
 * and by how many days a patient's dates move.
 *
 * A csv with one row a film:
 *
 *   PatientID,StudyInstanceUID,SOPInstanceUID,subject_id,study_id,dicom_id,date_shift_days,uid_salt
 *
 * The first three are the hospital's, as the files hold them; they decide. date_shift_days and
 * uid_salt may be absent (0, none). A patient has one subject_id and one shift, a study one patient
 * and one study_id. Whoever holds the map can undo the pseudonyms: it never goes into the archive.
 */
#ifndef HL_FILM_MAP_H
#define HL_FILM_MAP_H

#include "base/cpu.h"
#include "base/io.h"

typedef struct hl_film_map hl_film_map;

typedef struct {
    int64_t subject_id, study_id, shift_days;
    const char *dicom_id;
} hl_film_pseudonym;

hl_code hl_film_map_read(const char *path, hl_cpu cpu, hl_film_map **out, hl_error *err);
void hl_film_map_free(hl_film_map **map);

/* By the film's own UID; false: not in the map. *fits = false: the map has another patient or study
 * for this film than the file. */
bool hl_film_map_find(const hl_film_map *map, hl_str patient_id, hl_str study_uid, hl_str sop_uid,
                      hl_film_pseudonym *out, bool *fits);

/* Another UID that stands for uid wherever it occurs: "2.25." and a number of 128 bits, made of
 * uid_salt and uid by SHA-256. "": the map has no salt. Fails for want of memory only. */
#define HL_UID_BYTES 65
hl_code hl_film_map_uid(const hl_film_map *map, hl_str uid, char out[HL_UID_BYTES], hl_error *err);

#endif
