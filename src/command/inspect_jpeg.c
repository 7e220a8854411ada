/* inspect_jpeg.c - a JPEG picture: kind, size, what else it carries, whether it decodes wholly. */
#include "base/log.h"
#include "command/inspect.h"
#include "format/jpeg.h"
#include "format/jpeg_header.h"
#include "format/jpeg_marker.h"

#define MAX_FILE_BYTES ((size_t)1 << 30)

static const char *colours_of(const hl_jpeg_info *info)
{
    switch (info->components) {
    case 1:
        return "grey";
    case 3:
        return "colour";
    case 4:
        return "CMYK";
    default:
        return "of unusual colours";
    }
}

static void put_quality(hl_inspect *in, const hl_buf *file)
{
    hl_jpeg_header header;
    bool exact;

    if (hl_jpeg_header_read((const uint8_t *)file->at, file->n, in->path, &header, NULL) != HL_OK ||
        header.quant_id > 3 || !header.quant[header.quant_id].defined)
        return;
    int quality = hl_jpeg_quality_of(header.quant[header.quant_id].step, &exact);
    hl_inspect_fact(in, "quality", "%s%d (by its quantisation table)", exact ? "" : "about ",
                    quality);
    hl_inspect_put_int(in, "quality", quality);
    hl_json_member_bool(in->json, "quality_exact", exact);
}

/* APPn and COM segments: where camera data, names and dates of people hide. */
static void put_markers(hl_inspect *in, const hl_buf *file)
{
    hl_jpeg_markers list;
    size_t n = 0;

    hl_jpeg_list_markers((const uint8_t *)file->at, file->n, &list);
    hl_json_put_key(in->json, "segments");
    hl_json_open(in->json, '[');
    for (size_t i = 0; i < list.n_markers; i++) {
        const hl_jpeg_marker *m = &list.marker[i];
        char show[HL_SHOW_BYTES];
        if (m->code != 0xfe && (m->code < 0xe0 || m->code > 0xef))
            continue;
        hl_str head = {file->at + m->offset, m->n < 24 ? m->n : 24};
        hl_show(head, show);
        hl_inspect_fact(in, n++ ? "" : "carries", "%s, %zu bytes: %s", hl_jpeg_marker_name(m->code),
                        m->n, show);
        hl_json_open(in->json, '{');
        hl_inspect_put_text(in, "name", hl_str_of(hl_jpeg_marker_name(m->code)));
        hl_inspect_put_int(in, "bytes", (int64_t)m->n);
        hl_inspect_put_text(in, "begins_with", hl_str_of(show));
        hl_json_close(in->json, '}');
    }
    hl_json_close(in->json, ']');
    if (n == 0)
        hl_inspect_fact(in, "carries", "no APP or comment segment");
    hl_inspect_put_int(in, "scans", (int64_t)list.n_scans);
    hl_inspect_put_int(in, "trailing_bytes", (int64_t)list.trailing);
    if (list.trailing)
        hl_inspect_fact(in, "behind", "%zu bytes behind the end marker", list.trailing);
}

/* Least, greatest and mean value over all channels. */
static void put_pixels(hl_inspect *in, const hl_image *image)
{
    int64_t row = (int64_t)image->width * image->channels, sum = 0;
    uint8_t least = 255, most = 0;
    char mean[HL_SIZE_CHARS];

    for (int32_t y = 0; y < image->height; y++) {
        const uint8_t *px = image->px + y * image->row_bytes;
        for (int64_t x = 0; x < row; x++) {
            least = px[x] < least ? px[x] : least;
            most = px[x] > most ? px[x] : most;
            sum += px[x];
        }
    }
    double average = (double)sum / ((double)row * image->height);
    hl_inspect_fact(in, "pixels", "%d to %d, mean %s", least, most, hl_short_text(average, mean));
    hl_inspect_put_int(in, "min", least);
    hl_inspect_put_int(in, "max", most);
    hl_inspect_put_real(in, "mean", average);
}

hl_code hl_inspect_jpeg(hl_inspect *in, hl_error *err)
{
    char size[HL_SIZE_CHARS], hex[HL_HEX_CHARS];
    hl_buf file = {0};
    hl_jpeg_info info;
    hl_digest digest;
    hl_image image;
    hl_code c = hl_read_file(in->path, MAX_FILE_BYTES, &file, &digest, err);

    if (c == HL_OK)
        c = hl_jpeg_read_info(file.at, file.n, in->path, &info, err);
    if (c != HL_OK)
        goto done;
    hl_inspect_title(in, "jpeg", "JPEG picture, %d x %d px, %s, %d bits, %s%s, %s", (int)info.width,
                     (int)info.height, colours_of(&info), (int)info.precision,
                     info.progressive ? "progressive" : "baseline",
                     info.arithmetic ? ", arithmetic coding" : "", hl_size_text(in->bytes, size));
    hl_inspect_put_int(in, "width", info.width);
    hl_inspect_put_int(in, "height", info.height);
    hl_inspect_put_int(in, "components", info.components);
    hl_inspect_put_int(in, "precision", info.precision);
    hl_json_member_bool(in->json, "progressive", info.progressive);
    hl_json_member_bool(in->json, "arithmetic", info.arithmetic);
    hl_inspect_put_int(in, "restart_interval", info.restart_interval);
    hl_inspect_put_digest(in, "sha256", &digest);
    put_quality(in, &file);
    put_markers(in, &file);
    c = hl_jpeg_decode(in->arena, file.at, file.n, in->path, 0, info.height,
                       hl_cpu_level(in->ctl ? in->ctl->cpu : 0), &image, err);
    hl_json_member_bool(in->json, "decodes", c == HL_OK);
    if (c == HL_OK)
        put_pixels(in, &image);
    hl_inspect_fact(in, "sha256", "%s", hl_digest_hex(&digest, hex));
done:
    hl_buf_free(&file);
    return c;
}
