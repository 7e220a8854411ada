#include "pack/item.h"

#include "base/ctl.h"
#include "format/jpeg.h"
#include "format/wfdb/wfdb.h"
#include "pack/crop.h"

static size_t head_bytes(const hl_pack_recipe *r)
{
    return sizeof(hl_record_head) + (size_t)r->leads * (sizeof(double) + sizeof(int32_t));
}

size_t hl_record_film_offset(const hl_pack_recipe *r)
{
    return (head_bytes(r) + 15) / 16 * 16;
}

hl_code hl_record_look(const hl_pack_recipe *r, const void *record, size_t n, hl_record_view *out,
                       hl_error *err)
{
    size_t film_at = hl_record_film_offset(r), plane = (size_t)(r->crop_px * r->crop_px);
    size_t ecg = (size_t)(r->samples * r->leads) * sizeof(int16_t);
    const char *at = record;

    if (n >= film_at)
        memcpy(&out->head, record, sizeof out->head);
    if (n < film_at || (out->head.planes != 1 && out->head.planes != 3) ||
        n != film_at + (plane * (size_t)out->head.planes + 15) / 16 * 16 + ecg)
        return hl_fail(err, HL_E_BUG, "a packing record of %zu bytes", n);
    out->gain = (const double *)(const void *)(at + sizeof out->head);
    out->baseline =
        (const int32_t *)(const void *)(at + sizeof out->head + (size_t)r->leads * sizeof(double));
    out->film = (const uint8_t *)at + film_at;
    out->ecg = (const int16_t *)(const void *)(at + n - ecg);
    return HL_OK;
}

/* --- film ----------------------------------------------------------------------------------------
 */

/* Where the crop lies in the scaled film, and the part of it that is film and not black border. */
typedef struct {
    int32_t width, height; /* scaled */
    int32_t top, left;
    hl_rect window; /* in the scaled film */
} placement;

static hl_code place(const hl_pack_recipe *r, const hl_pack_item *item, const hl_jpeg_info *info,
                     placement *p, hl_error *err)
{
    int32_t c = (int32_t)r->crop_px;

    hl_resize_smaller_edge(info->width, info->height, (int32_t)r->scale_px, &p->width, &p->height);
    if (p->width < 1 || p->height < 1 || p->width > HL_IMAGE_MAX_SIDE ||
        p->height > HL_IMAGE_MAX_SIDE)
        return hl_fail_at(err, HL_E_INPUT, item->cxr_path, 0, -1,
                          "%d x %d px cannot be scaled to a smaller edge of %lld", info->width,
                          info->height, (long long)r->scale_px);
    if (item->drawn && !item->has_box)
        return hl_fail_at(err, HL_E_INPUT, item->cxr_path, 0, -1,
                          "the file changed while it was packed");
    p->top = item->drawn ? item->top : hl_crop_centre(p->height, c);
    p->left = item->drawn ? item->left : hl_crop_centre(p->width, c);
    if (item->drawn && (p->top + c > p->height || p->left + c > p->width))
        return hl_fail_at(err, HL_E_INPUT, item->cxr_path, 0, -1,
                          "a crop of %d px at top %d, left %d does not fit into %d x %d px", c,
                          p->top, p->left, p->width, p->height);
    int32_t top = p->top < 0 ? 0 : p->top, left = p->left < 0 ? 0 : p->left;
    int32_t rows = p->height - top < c ? p->height - top : c;
    int32_t columns = p->width - left < c ? p->width - left : c;
    p->window = (hl_rect){.left = left, .top = top, .width = columns, .height = rows};
    return HL_OK;
}

/* Copy the cut film into its planes; what the film does not reach is black. */
static void put_planes(const hl_image *cut, const placement *p, int32_t crop, uint8_t *film)
{
    size_t plane = (size_t)crop * (size_t)crop;
    int32_t down = p->top < 0 ? -p->top : 0, right = p->left < 0 ? -p->left : 0;

    memset(film, 0, plane * (size_t)cut->channels);
    for (int32_t k = 0; k < cut->channels; k++)
        for (int32_t y = 0; y < cut->height; y++) {
            const uint8_t *from = cut->px + y * cut->row_bytes + k;
            uint8_t *to = film + (size_t)k * plane + (size_t)(y + down) * (size_t)crop + right;
            if (cut->channels == 1)
                memcpy(to, from, (size_t)cut->width);
            else
                for (int32_t x = 0; x < cut->width; x++)
                    to[x] = from[x * cut->channels];
        }
}

static hl_code make_film(const hl_pack_options *o, const hl_pack_recipe *r,
                         const hl_pack_item *item, hl_cpu cpu, hl_ctl *ctl, hl_arena *scratch,
                         hl_record_head *head, hl_image *cut, placement *p, hl_error *err)
{
    char path[HL_PATH_BYTES];
    hl_buf file = {0};
    hl_jpeg_info info;
    hl_image image = {0};
    int32_t first = 0, end = 0;
    hl_code c = hl_path_join(o->cxr, item->cxr_path, path, err);

    if (c == HL_OK) {
        c = hl_read_file(path, HL_PACK_MAX_FILM_BYTES, &file, &head->film, err);
        if (c != HL_OK)
            hl_error_below(err, o->cxr);
    }
    hl_ctl_bytes(ctl, (int64_t)file.n);
    if (c == HL_OK)
        c = hl_jpeg_read_info(file.at, file.n, item->cxr_path, &info, err);
    if (c == HL_OK)
        c = place(r, item, &info, p, err);
    if (c == HL_OK) {
        hl_resize_source_rows(info.height, p->height, p->window.top, p->window.height, &first,
                              &end);
        c = hl_jpeg_decode(scratch, file.at, file.n, item->cxr_path, first, end, cpu, &image, err);
    }
    hl_buf_free(&file);
    if (c == HL_OK)
        c = hl_image_resize(scratch, &image, p->width, p->height, p->window, cpu, cut, err);
    head->width = p->width;
    head->height = p->height;
    head->top = p->top;
    head->left = p->left;
    head->planes = cut->channels;
    return c;
}

/* --- ECG
 * ------------------------------------------------------------------------------------------ */

static hl_code check_ecg(const hl_pack_recipe *r, const hl_pack_item *item, const hl_wfdb_record *e,
                         hl_error *err)
{
    if (e->header.n_signals != r->leads)
        return hl_fail_at(err, HL_E_INPUT, item->ecg_path, 0, -1, "%d leads; the recipe needs %lld",
                          e->header.n_signals, (long long)r->leads);
    if (e->n_samples != r->samples)
        return hl_fail_at(err, HL_E_INPUT, item->ecg_path, 0, -1,
                          "%lld samples a lead; the recipe needs %lld", (long long)e->n_samples,
                          (long long)r->samples);
    int missing = 0;
    for (int64_t i = 0; i < r->samples * r->leads; i++)
        missing |= e->sample[i] == INT16_MIN;
    for (int64_t i = 0; missing && i < r->samples * r->leads; i++)
        if (e->sample[i] == INT16_MIN)
            return hl_fail_at(err, HL_E_INPUT, item->ecg_path, 0, -1,
                              "a sample of lead %s was not measured",
                              e->header.signal[i % r->leads].description);
    return HL_OK;
}

/* One physical value throughout: the published scaling then divides 0 by 0. symile.md S7 */
static bool ecg_constant(const hl_pack_recipe *r, const hl_wfdb_record *e)
{
    double first = 0;

    for (int64_t i = 0; i < r->samples * r->leads; i++) {
        const hl_wfdb_signal *s = &e->header.signal[i % r->leads];
        double p = ((double)e->sample[i] - (double)s->baseline) / s->gain;
        if (i == 0)
            first = p;
        else if (p != first)
            return false;
    }
    return true;
}

hl_code hl_record_make(const hl_pack_options *o, const hl_pack_recipe *r, const hl_pack_item *item,
                       hl_cpu cpu, hl_ctl *ctl, hl_arena *scratch, hl_buf *record, hl_error *err)
{
    size_t film_at = hl_record_film_offset(r), plane = (size_t)(r->crop_px * r->crop_px);
    size_t ecg_bytes = (size_t)(r->samples * r->leads) * sizeof(int16_t);
    char path[HL_PATH_BYTES];
    hl_record_head head = {0};
    hl_image cut = {0};
    placement p = {0};
    hl_wfdb_record e;
    hl_code c = make_film(o, r, item, cpu, ctl, scratch, &head, &cut, &p, err);

    if (c == HL_OK)
        c = hl_path_join(o->ecg, item->ecg_path, path, err);
    if (c == HL_OK) {
        c = hl_wfdb_read(scratch, path, &e, err);
        if (c != HL_OK)
            hl_error_below(err, o->ecg);
    }
    if (c == HL_OK)
        c = check_ecg(r, item, &e, err);
    if (c != HL_OK)
        return c;
    head.hea = e.header_digest;
    head.dat = e.signal_digest;
    head.constant = ecg_constant(r, &e);
    head.checksum_faults = e.n_checksum_faults + e.n_initial_faults;
    hl_ctl_bytes(ctl, head.hea.bytes + head.dat.bytes);

    size_t film_bytes = (plane * (size_t)head.planes + 15) / 16 * 16;
    char *to = hl_buf_reserve(record, film_at + film_bytes + ecg_bytes);
    if (!to)
        return hl_fail_memory(err, "a record", film_at + film_bytes + ecg_bytes);
    memset(to, 0, film_at);
    memcpy(to, &head, sizeof head);
    for (int64_t k = 0; k < r->leads; k++) {
        const hl_wfdb_signal *s = &e.header.signal[k];
        memcpy(to + sizeof head + (size_t)k * sizeof(double), &s->gain, sizeof(double));
        memcpy(to + sizeof head + (size_t)r->leads * sizeof(double) + (size_t)k * sizeof(int32_t),
               &s->baseline, sizeof(int32_t));
    }
    memset(to + film_at + plane * (size_t)head.planes, 0, film_bytes - plane * (size_t)head.planes);
    put_planes(&cut, &p, (int32_t)r->crop_px, (uint8_t *)to + film_at);
    memcpy(to + film_at + film_bytes, e.sample, ecg_bytes);
    record->n += film_at + film_bytes + ecg_bytes;
    return HL_OK;
}
