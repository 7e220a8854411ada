/* libFLAC: the encoder, and the decoder of record. No other file sees it. */
#include "format/flac/stream.h"

#include <FLAC/stream_decoder.h>
#include <FLAC/stream_encoder.h>

/* --- encoding --------------------------------------------------------------------------------- */

struct hl_flac_writer {
    hl_out *out;
    FLAC__StreamEncoder *encoder;
    int32_t n_channels, bits;
    int64_t at;   /* where the encoder writes next: it goes back to finish STREAMINFO */
    hl_code code; /* of the first failed write */
    hl_error err;
};

static FLAC__StreamEncoderWriteStatus write_bytes(const FLAC__StreamEncoder *encoder,
                                                  const FLAC__byte buffer[], size_t bytes,
                                                  uint32_t samples, uint32_t current_frame,
                                                  void *client_data)
{
    hl_flac_writer *w = client_data;
    const int64_t end = hl_out_bytes(w->out);
    hl_code c;

    (void)encoder;
    (void)samples;
    (void)current_frame;
    if (w->code != HL_OK)
        return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    if (w->at == end)
        c = hl_out_write(w->out, buffer, bytes, &w->err);
    else
        c = hl_out_patch(w->out, w->at, buffer, bytes, &w->err);
    w->at += (int64_t)bytes;
    w->code = c;
    return c == HL_OK ? FLAC__STREAM_ENCODER_WRITE_STATUS_OK
                      : FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
}

static FLAC__StreamEncoderSeekStatus seek(const FLAC__StreamEncoder *encoder,
                                          FLAC__uint64 absolute_byte_offset, void *client_data)
{
    hl_flac_writer *w = client_data;

    (void)encoder;
    w->at = (int64_t)absolute_byte_offset;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus tell(const FLAC__StreamEncoder *encoder,
                                          FLAC__uint64 *absolute_byte_offset, void *client_data)
{
    const hl_flac_writer *w = client_data;

    (void)encoder;
    *absolute_byte_offset = (FLAC__uint64)w->at;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

/* waveform.md 4.5: with these and nothing else the bytes are those of the flac program. */
static bool set_up(FLAC__StreamEncoder *e, int32_t n_channels, int32_t bits, hl_flac_effort effort)
{
    bool good = FLAC__stream_encoder_set_channels(e, (uint32_t)n_channels) &&
                FLAC__stream_encoder_set_bits_per_sample(e, (uint32_t)bits) &&
                FLAC__stream_encoder_set_sample_rate(e, 96000);

    switch (effort) {
    case HL_FLAC_BEST:
        return good && FLAC__stream_encoder_set_compression_level(e, 8) &&
               FLAC__stream_encoder_set_max_residual_partition_order(e, 8) &&
               FLAC__stream_encoder_set_do_exhaustive_model_search(e, true) &&
               FLAC__stream_encoder_set_blocksize(e, 4096);
    case HL_FLAC_FAST:
        return good && FLAC__stream_encoder_set_compression_level(e, 5) &&
               FLAC__stream_encoder_set_blocksize(e, 4096);
    }
    return false;
}

hl_code hl_flac_writer_new(hl_out *out, int32_t n_channels, int32_t bits, hl_flac_effort effort,
                           hl_flac_writer **writer, hl_error *err)
{
    hl_flac_writer *w;
    FLAC__StreamEncoderInitStatus status;

    *writer = NULL;
    if (n_channels < 1 || n_channels > HL_FLAC_CHANNELS || (bits != 8 && bits != 16 && bits != 24))
        return hl_fail(err, HL_E_BUG, "FLAC of %d channels with %d bits was asked for",
                       (int)n_channels, (int)bits);
    w = calloc(1, sizeof *w);
    if (!w)
        return hl_fail_memory(err, "FLAC encoder", sizeof *w);
    *w = (hl_flac_writer){.out = out, .n_channels = n_channels, .bits = bits};
    w->encoder = FLAC__stream_encoder_new();
    if (!w->encoder || !set_up(w->encoder, n_channels, bits, effort)) {
        hl_flac_writer_abort(&w);
        return hl_fail_memory(err, "FLAC encoder", sizeof *w);
    }
    status = FLAC__stream_encoder_init_stream(w->encoder, write_bytes, seek, tell, NULL, w);
    if (status != FLAC__STREAM_ENCODER_INIT_STATUS_OK) {
        hl_code c = w->code;
        if (c != HL_OK && err)
            *err = w->err;
        if (c == HL_OK)
            c = hl_fail(err, HL_E_LIMIT, "the FLAC encoder does not start: %s",
                        FLAC__StreamEncoderInitStatusString[status]);
        hl_flac_writer_abort(&w);
        return c;
    }
    *writer = w;
    return HL_OK;
}

/* Why the encoder failed: our own write, as a rule. */
static hl_code failure(hl_flac_writer *w, hl_error *err)
{
    if (w->code == HL_OK)
        return hl_fail(err, HL_E_LIMIT, "the FLAC encoder stopped: %s",
                       FLAC__stream_encoder_get_resolved_state_string(w->encoder));
    if (err)
        *err = w->err;
    return w->code;
}

hl_code hl_flac_writer_add(hl_flac_writer *w, const int32_t *sample, int64_t n, hl_error *err)
{
    const int32_t most = (INT32_C(1) << (w->bits - 1)) - 1;
    /* The encoder takes a count of 32 bits. */
    const int64_t piece = 1 << 20;

    for (int64_t i = 0; i < n * w->n_channels; i++)
        if (sample[i] > most || sample[i] < -most - 1)
            return hl_fail(err, HL_E_BUG, "a sample of %d does not fit in %d bits", (int)sample[i],
                           (int)w->bits);
    while (n > 0) {
        const int64_t m = n < piece ? n : piece;
        if (!FLAC__stream_encoder_process_interleaved(w->encoder, sample, (uint32_t)m))
            return failure(w, err);
        sample += m * w->n_channels;
        n -= m;
    }
    return HL_OK;
}

hl_code hl_flac_writer_end(hl_flac_writer **w, hl_error *err)
{
    hl_code c = HL_OK;

    if (!FLAC__stream_encoder_finish((*w)->encoder) || (*w)->code != HL_OK)
        c = failure(*w, err);
    hl_flac_writer_abort(w);
    return c;
}

void hl_flac_writer_abort(hl_flac_writer **w)
{
    if (!w || !*w)
        return;
    (*w)->code = HL_E_STOPPED; /* nothing is written any more */
    if ((*w)->encoder)
        FLAC__stream_encoder_delete((*w)->encoder);
    free(*w);
    *w = NULL;
}

/* --- the decoder of record -------------------------------------------------------------------- */

typedef struct {
    const uint8_t *bytes;
    size_t n, at;
    hl_buf *out;
    hl_flac_info *info;
    bool failed;
    char why[96];
} record;

static FLAC__StreamDecoderReadStatus give(const FLAC__StreamDecoder *decoder, FLAC__byte buffer[],
                                          size_t *bytes, void *client_data)
{
    record *r = client_data;

    (void)decoder;
    if (*bytes > r->n - r->at)
        *bytes = r->n - r->at;
    if (*bytes == 0)
        return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    memcpy(buffer, r->bytes + r->at, *bytes);
    r->at += *bytes;
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static FLAC__StreamDecoderWriteStatus take(const FLAC__StreamDecoder *decoder,
                                           const FLAC__Frame *frame,
                                           const FLAC__int32 *const buffer[], void *client_data)
{
    record *r = client_data;
    const uint32_t n = frame->header.blocksize, n_channels = frame->header.channels;
    int32_t *to;

    (void)decoder;
    to = (int32_t *)(void *)hl_buf_reserve(r->out, (size_t)n * n_channels * sizeof *to);
    if (!to)
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    for (uint32_t c = 0; c < n_channels; c++)
        for (uint32_t i = 0; i < n; i++)
            to[(size_t)i * n_channels + c] = buffer[c][i];
    r->out->n += (size_t)n * n_channels * sizeof *to;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void note(const FLAC__StreamDecoder *decoder, const FLAC__StreamMetadata *metadata,
                 void *client_data)
{
    record *r = client_data;
    const FLAC__StreamMetadata_StreamInfo *s = &metadata->data.stream_info;

    (void)decoder;
    if (metadata->type != FLAC__METADATA_TYPE_STREAMINFO)
        return;
    *r->info = (hl_flac_info){.min_block = (int32_t)s->min_blocksize,
                              .max_block = (int32_t)s->max_blocksize,
                              .min_frame = (int32_t)s->min_framesize,
                              .max_frame = (int32_t)s->max_framesize,
                              .rate_hz = (int32_t)s->sample_rate,
                              .n_channels = (int32_t)s->channels,
                              .bits = (int32_t)s->bits_per_sample,
                              .n_samples = (int64_t)s->total_samples};
    memcpy(r->info->md5, s->md5sum, sizeof r->info->md5);
    for (size_t i = 0; i < sizeof r->info->md5; i++)
        r->info->has_md5 |= r->info->md5[i] != 0;
}

static void complain(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus status,
                     void *client_data)
{
    record *r = client_data;

    (void)decoder;
    r->failed = true;
    snprintf(r->why, sizeof r->why, "%s", FLAC__StreamDecoderErrorStatusString[status]);
}

hl_code hl_flac_decode_by_library(const void *bytes, size_t n, hl_buf *out, hl_flac_info *info,
                                  hl_error *err)
{
    record r = {.bytes = bytes, .n = n, .out = out, .info = info};
    FLAC__StreamDecoder *d = FLAC__stream_decoder_new();
    hl_code c = HL_OK;

    *info = (hl_flac_info){0};
    if (!d)
        return hl_fail_memory(err, "FLAC decoder", n);
    if (FLAC__stream_decoder_init_stream(d, give, NULL, NULL, NULL, NULL, take, note, complain,
                                         &r) != FLAC__STREAM_DECODER_INIT_STATUS_OK)
        c = hl_fail_memory(err, "FLAC decoder", n);
    /* One by one: after a fault it would go on with the next frame it finds. */
    while (c == HL_OK && !r.failed &&
           FLAC__stream_decoder_get_state(d) != FLAC__STREAM_DECODER_END_OF_STREAM)
        if (!FLAC__stream_decoder_process_single(d))
            break;
    if (c == HL_OK)
        c = hl_buf_check(out, "FLAC samples", err);
    if (c == HL_OK && r.failed)
        c = hl_fail(err, HL_E_INPUT, "libFLAC: %s", r.why);
    if (c == HL_OK && (FLAC__stream_decoder_get_state(d) != FLAC__STREAM_DECODER_END_OF_STREAM ||
                       info->n_channels == 0))
        c = hl_fail(err, HL_E_INPUT, "libFLAC: %s",
                    FLAC__stream_decoder_get_resolved_state_string(d));
    FLAC__stream_decoder_delete(d);
    return c;
}
