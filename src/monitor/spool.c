#include "monitor/spool_internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/sort.h"

/* --- growing arrays --------------------------------------------------------------------------- */

static hl_code grow(void **at, size_t n, size_t *cap, size_t item, hl_error *err)
{
    if (n < *cap)
        return HL_OK;
    size_t more = *cap ? 2 * *cap : 8;
    void *p = realloc(*at, more * item);
    if (!p)
        return hl_fail_memory(err, "the spool", more * item);
    *at = p;
    *cap = more;
    return HL_OK;
}

static hl_str uuid_key(const hl_uuid *id)
{
    return (hl_str){(const char *)id->byte, sizeof id->byte};
}

/* --- life ------------------------------------------------------------------------------------- */

void hl_spool_close(hl_spool **ps)
{
    hl_spool *s = ps ? *ps : NULL;

    if (!s)
        return;
    for (size_t i = 0; i < s->n_patients; i++) {
        free(s->patient[i].stretch);
        for (int k = 0; k < HL_MESSAGE_KINDS; k++)
            hl_buf_free(&s->patient[i].pending[k]);
    }
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        hl_strmap_free(&s->definition[k].map);
        free(s->definition[k].decoded);
    }
    hl_strmap_free(&s->patient_map);
    hl_strmap_free(&s->mapping_map);
    free(s->patient);
    free(s->mapping);
    free(s->stay);
    free(s->note);
    hl_buf_free(&s->scratch);
    hl_arena_free(&s->arena);
    free(s);
    *ps = NULL;
}

static hl_spool *new_spool(size_t memory)
{
    hl_spool *s = calloc(1, sizeof *s);
    bool good = s != NULL;

    if (!s)
        return NULL;
    s->memory = memory;
    s->last_patient = -1;
    s->arena = hl_arena_new(0);
    s->patient_map = hl_strmap_new(64);
    s->mapping_map = hl_strmap_new(64);
    s->note = calloc(1, 1);
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        s->definition[k].map = hl_strmap_new(64);
        good = good && s->definition[k].map;
    }
    if (!good || !s->arena || !s->patient_map || !s->mapping_map || !s->note)
        hl_spool_close(&s);
    return s;
}

#define SIGN_NAME "hilum-spool"
static const char sign_text[] =
    "Messages of bedside monitors by patient, for hilum wave build. They identify people:\n"
    "keep this folder as safe as the export itself. hilum removes it when it is done with it.\n";

/* The folder is empty or one of ours. */
static hl_code claim_folder(const char *folder, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_names names = {0};
    bool there = hl_is_folder(folder);
    hl_code c = there ? HL_OK : hl_make_folder(folder, err);

    if (c == HL_OK && !there && chmod(folder, 0700) != 0)
        c = hl_fail_errno(err, folder, "make private", errno);
    if (c == HL_OK)
        c = hl_path_join(folder, SIGN_NAME, path, err);
    if (c != HL_OK || hl_file_exists(path))
        return c;
    c = hl_list_folder(folder, &names, err);
    for (size_t i = 0; c == HL_OK && i < names.n; i++)
        if (strncmp(names.name[i], ".tmp-", 5) != 0)
            c = hl_fail(err, HL_E_USAGE,
                        "%s holds something else: %s\nGive a new or empty folder as --spool.",
                        folder, names.name[i]);
    hl_names_free(&names);
    if (c == HL_OK && chmod(folder, 0700) != 0)
        c = hl_fail_errno(err, folder, "make private", errno);
    return c == HL_OK ? hl_write_file(path, sign_text, sizeof sign_text - 1, NULL, err) : c;
}

hl_code hl_spool_open(const char *folder, size_t memory, hl_spool **out, hl_error *err)
{
    hl_spool *s = *out = new_spool(memory);
    hl_code c = s ? HL_OK : hl_fail_memory(err, "the spool", sizeof *s);

    if (c == HL_OK && strlen(folder) >= sizeof s->folder - 64)
        c = hl_fail(err, HL_E_LIMIT, "a path of %zu bytes is too long", strlen(folder));
    if (c == HL_OK) {
        snprintf(s->folder, sizeof s->folder, "%s", folder);
        c = claim_folder(folder, err);
    }
    if (c == HL_OK)
        c = hl_spool_load(s, err);
    if (c != HL_OK)
        hl_spool_close(out);
    return c;
}

hl_code hl_spool_remove(const char *folder, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_names names = {0};
    hl_code c = hl_path_join(folder, SIGN_NAME, path, err);

    if (c != HL_OK || !hl_file_exists(path))
        return c;
    c = hl_path_join(folder, HL_SPOOL_INDEX, path, err);
    if (c == HL_OK)
        c = hl_remove_tree(path, err);
    if (c == HL_OK)
        c = hl_list_folder(folder, &names, err);
    for (size_t i = 0; c == HL_OK && i < names.n; i++) {
        if (strcmp(names.name[i], SIGN_NAME) == 0)
            continue;
        c = hl_path_join(folder, names.name[i], path, err);
        if (c == HL_OK)
            c = hl_remove_tree(path, err);
    }
    hl_names_free(&names);
    return c == HL_OK ? hl_remove_tree(folder, err) : c;
}

const char *hl_spool_note(const hl_spool *s)
{
    return s->note;
}

hl_code hl_spool_set_note(hl_spool *s, const char *text, hl_error *err)
{
    char *copy = strdup(text);

    if (!copy)
        return hl_fail_memory(err, "the spool", strlen(text));
    free(s->note);
    s->note = copy;
    return HL_OK;
}

/* --- patients, mappings, definitions ---------------------------------------------------------- */

int64_t hl_spool_patient_at(hl_spool *s, hl_uuid id, hl_error *err)
{
    if (s->last_patient >= 0 && memcmp(&s->patient[s->last_patient].id, &id, sizeof id) == 0)
        return s->last_patient;
    int64_t at = hl_strmap_get(s->patient_map, uuid_key(&id));
    if (at < 0) {
        at = (int64_t)s->n_patients;
        if (grow((void **)&s->patient, s->n_patients, &s->cap_patients, sizeof *s->patient, err) ||
            hl_strmap_add(s->patient_map, uuid_key(&id), at, NULL, err))
            return -1;
        s->patient[at] = (hl_spool_patient_files){.id = id, .number = s->next_number++};
        for (int k = 0; k < HL_MESSAGE_KINDS; k++)
            s->patient[at].newest_us[k] = INT64_MIN;
        s->n_patients++;
    }
    return s->last_patient = at;
}

const hl_spool_patient_files *hl_spool_find(const hl_spool *s, hl_uuid id)
{
    int64_t at = hl_strmap_get(s->patient_map, uuid_key(&id));

    return at < 0 ? NULL : &s->patient[at];
}

hl_code hl_spool_map_at(hl_spool *s, hl_uuid mapping, hl_uuid patient, uint32_t *index,
                        hl_error *err)
{
    int64_t at = hl_strmap_get(s->mapping_map, uuid_key(&mapping));
    hl_code c = HL_OK;

    if (at < 0) {
        at = (int64_t)s->n_mappings;
        c = grow((void **)&s->mapping, s->n_mappings, &s->cap_mappings, sizeof *s->mapping, err);
        if (c == HL_OK)
            c = hl_strmap_add(s->mapping_map, uuid_key(&mapping), at, NULL, err);
        if (c != HL_OK)
            return c;
        s->mapping[s->n_mappings++] =
            (struct hl_spool_mapping){.mapping = mapping, .patient = patient};
    }
    *index = (uint32_t)at;
    return HL_OK;
}

bool hl_spool_patient(const hl_spool *s, hl_uuid mapping, hl_uuid *patient)
{
    int64_t at = hl_strmap_get(s->mapping_map, uuid_key(&mapping));

    if (at >= 0)
        *patient = s->mapping[at].patient;
    return at >= 0;
}

hl_code hl_spool_define(hl_spool *s, hl_message_kind kind, hl_str bytes, uint32_t *index,
                        hl_error *err)
{
    hl_spool_definitions *d = &s->definition[kind];
    int64_t at = hl_strmap_get(d->map, bytes);
    hl_code c = HL_OK;

    if (at < 0) {
        at = (int64_t)d->n;
        c = grow((void **)&d->decoded, d->n, &d->cap, sizeof *d->decoded, err);
        if (c == HL_OK)
            c = hl_spool_take_definition(kind, bytes, s->arena, &d->decoded[d->n], err);
        if (c == HL_OK)
            c = hl_strmap_add(d->map, bytes, at, NULL, err);
        d->n += c == HL_OK;
    }
    *index = (uint32_t)at;
    return c;
}

static int64_t definition_id(const hl_message *m)
{
    switch (m->kind) {
    case HL_MESSAGE_WAVE:
        return m->wave->id;
    case HL_MESSAGE_NUMERIC:
        return m->numeric->id;
    default:
        return m->enumeration->id;
    }
}

/* Definitions of an open export stay where they are: one that was seen under an address and an id
 * is the same one. */
static hl_code definition_of(hl_spool *s, const hl_message *m, uint32_t *index, hl_error *err)
{
    const void *d = m->kind == HL_MESSAGE_WAVE      ? (const void *)m->wave
                    : m->kind == HL_MESSAGE_NUMERIC ? (const void *)m->numeric
                                                    : (const void *)m->enumeration;
    size_t slot = (size_t)(((uintptr_t)d >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 54);
    hl_spool_recent *recent = &s->recent[slot % HL_SPOOL_RECENT];

    if (recent->pointer == d && recent->id == definition_id(m)) {
        *index = recent->index;
        return HL_OK;
    }
    hl_buf_clear(&s->scratch);
    hl_code c = hl_spool_put_definition(m->kind, d, &s->scratch, err);
    if (c == HL_OK)
        c = hl_spool_define(s, m->kind, (hl_str){s->scratch.at, s->scratch.n}, index, err);
    if (c == HL_OK)
        *recent = (hl_spool_recent){d, definition_id(m), *index};
    return c;
}

/* --- stretches -------------------------------------------------------------------------------- */

static void unite(hl_spool_stretch *a, const hl_spool_stretch *b)
{
    if (b->from_us < a->from_us) {
        a->from_us = b->from_us;
        a->zone_min = b->zone_min;
    }
    if (b->to_us > a->to_us)
        a->to_us = b->to_us;
    for (int k = 0; k < HL_MESSAGE_KINDS; k++) {
        hl_spool_range *r = &a->range[k];
        const hl_spool_range *other = &b->range[k];
        if (other->start == other->end)
            continue;
        if (r->start == r->end) {
            *r = *other;
            continue;
        }
        r->start = r->start < other->start ? r->start : other->start;
        r->end = r->end > other->end ? r->end : other->end;
    }
}

static bool is_near(const hl_spool_stretch *a, const hl_spool_stretch *b)
{
    return b->from_us - a->to_us <= HL_STAY_GAP_US && a->from_us - b->to_us <= HL_STAY_GAP_US;
}

static void join_next(hl_spool_patient_files *p, size_t i)
{
    unite(&p->stretch[i], &p->stretch[i + 1]);
    memmove(&p->stretch[i + 1], &p->stretch[i + 2], (p->n - i - 2) * sizeof *p->stretch);
    p->n--;
}

/* The stretch of one message into the patient's: widens one, joins two, or is a new one. */
static hl_code add_stretch(hl_spool_patient_files *p, const hl_spool_stretch *one, hl_error *err)
{
    size_t low = 0, high = p->n;

    if (p->last < p->n && one->from_us >= p->stretch[p->last].from_us &&
        one->from_us <= p->stretch[p->last].to_us) {
        unite(&p->stretch[p->last], one);
        return HL_OK;
    }
    while (low < high) { /* the first that does not end more than an hour before */
        size_t middle = low + (high - low) / 2;
        if (one->from_us - p->stretch[middle].to_us > HL_STAY_GAP_US)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == p->n || !is_near(&p->stretch[low], one)) {
        hl_code c = grow((void **)&p->stretch, p->n, &p->cap, sizeof *p->stretch, err);
        if (c != HL_OK)
            return c;
        memmove(&p->stretch[low + 1], &p->stretch[low], (p->n - low) * sizeof *p->stretch);
        p->stretch[low] = *one;
        p->n++;
    } else {
        unite(&p->stretch[low], one);
        if (low + 1 < p->n && is_near(&p->stretch[low], &p->stretch[low + 1]))
            join_next(p, low);
        if (low > 0 && is_near(&p->stretch[low - 1], &p->stretch[low]))
            join_next(p, --low);
    }
    p->last = low;
    return HL_OK;
}

/* --- adding ----------------------------------------------------------------------------------- */

static void forget_stays(hl_spool *s)
{
    free(s->stay);
    s->stay = NULL;
    s->stay_is_old = false;
}

hl_code hl_spool_see(hl_spool *s, hl_uuid patient, hl_stamp time, hl_error *err)
{
    int64_t at = hl_spool_patient_at(s, patient, err);
    hl_spool_stretch one = {.from_us = time.us, .to_us = time.us, .zone_min = time.zone_min};

    forget_stays(s);
    return at < 0 ? HL_E_LIMIT : add_stretch(&s->patient[at], &one, err);
}

hl_code hl_spool_add(hl_spool *s, hl_uuid patient, const hl_message *m, hl_error *err)
{
    int64_t at = hl_spool_patient_at(s, patient, err);
    uint32_t definition = 0, mapping = 0;
    hl_code c = at < 0 ? HL_E_LIMIT : HL_OK;

    forget_stays(s);
    if (c == HL_OK && m->kind != HL_MESSAGE_ALERT)
        c = definition_of(s, m, &definition, err);
    if (c == HL_OK)
        c = hl_spool_map_at(s, m->mapping, patient, &mapping, err);
    if (c != HL_OK)
        return c;
    hl_spool_patient_files *p = &s->patient[at];
    hl_buf *to = &p->pending[m->kind];
    size_t before = to->n;
    bool is_behind = m->time.us < p->newest_us[m->kind];
    c = hl_spool_put_message(m, definition, mapping, is_behind, to, err);
    if (c != HL_OK)
        return c;
    hl_spool_stretch one = {
        .from_us = m->time.us, .to_us = m->time.us, .zone_min = m->time.zone_min};
    one.range[m->kind].start = p->size[m->kind];
    p->size[m->kind] += (int64_t)(to->n - before);
    one.range[m->kind].end = p->size[m->kind];
    p->has_behind[m->kind] = p->has_behind[m->kind] || is_behind;
    if (m->time.us > p->newest_us[m->kind])
        p->newest_us[m->kind] = m->time.us;
    s->n_pending += to->n - before;
    c = add_stretch(p, &one, err);
    return c == HL_OK && s->n_pending > s->memory ? hl_spool_flush(s, err) : c;
}

hl_code hl_spool_settle(hl_spool *s, hl_error *err)
{
    hl_code c = hl_spool_flush(s, err);

    forget_stays(s);
    return c == HL_OK ? hl_spool_store(s, err) : c;
}

/* --- stays ------------------------------------------------------------------------------------ */

static int by_patient_and_time(const void *a, const void *b, void *ctx)
{
    const hl_spool_stay *x = a, *y = b;
    int order = memcmp(&x->patient, &y->patient, sizeof x->patient);

    (void)ctx;
    return order ? order : (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

hl_code hl_spool_stays(hl_spool *s, const hl_spool_stay **stay, size_t *n, hl_error *err)
{
    size_t total = 0, at = 0;

    for (size_t i = 0; i < s->n_patients; i++)
        total += s->patient[i].n;
    if (s->stay_is_old)
        forget_stays(s);
    if (!s->stay) {
        s->stay = calloc(total + 1, sizeof *s->stay);
        if (!s->stay)
            return hl_fail_memory(err, "stays", total * sizeof *s->stay);
        for (size_t i = 0; i < s->n_patients; i++)
            for (size_t k = 0; k < s->patient[i].n; k++) {
                const hl_spool_stretch *r = &s->patient[i].stretch[k];
                s->stay[at++] =
                    (hl_spool_stay){s->patient[i].id, r->from_us, r->to_us, r->zone_min};
            }
        hl_code c = hl_sort_stable(s->stay, total, sizeof *s->stay, by_patient_and_time, NULL, err);
        if (c != HL_OK) {
            forget_stays(s);
            return c;
        }
    }
    *stay = s->stay;
    *n = total;
    return HL_OK;
}

const hl_spool_stretch *hl_spool_find_stretch(const hl_spool_patient_files *p,
                                              const hl_spool_stay *stay)
{
    for (size_t i = 0; p && i < p->n; i++)
        if (p->stretch[i].from_us == stay->from_us && p->stretch[i].to_us == stay->to_us)
            return &p->stretch[i];
    return NULL;
}

hl_code hl_spool_drop(hl_spool *s, const hl_spool_stay *stay, hl_error *err)
{
    int64_t at = hl_strmap_get(s->patient_map, uuid_key(&stay->patient));
    hl_spool_patient_files *p = at < 0 ? NULL : &s->patient[at];
    const hl_spool_stretch *found = hl_spool_find_stretch(p, stay);

    if (!found)
        return hl_fail(err, HL_E_BUG, "the spool has no such stay");
    size_t i = (size_t)(found - p->stretch);
    memmove(&p->stretch[i], &p->stretch[i + 1], (p->n - i - 1) * sizeof *p->stretch);
    p->n--;
    p->last = 0;
    p->has_dropped = true;
    s->stay_is_old = true; /* the list itself stays: callers walk it while they drop */
    return HL_OK;
}
