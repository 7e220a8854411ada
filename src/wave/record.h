/*
 * record.h - an open record, inside: the timeline of pieces, the segments that are open, buffers.
 *
 *      record.c    header, layout, timeline                        hl_wave_open()
 *      segment.c   one segment: its files, native samples of a stretch of frames
 *      read.c      a window: pieces in turn, mapped, averaged or held, made physical
 *      times.c     times in text
 *
 * Source: waveform.md 1.1, 1.1a, 1.2, 1.6.
 */
#ifndef HL_WAVE_RECORD_H
#define HL_WAVE_RECORD_H

#include "base/arena.h"
#include "base/place.h"
#include "format/edf.h"
#include "format/flac/flac.h"
#include "format/wfdb/signal.h"
#include "hilum/wave.h"

/* A run of signals that share a file. The same name further down is a group of its own. */
typedef struct {
    const char *file;
    const hl_wfdb_format *format;
    int32_t first, n;      /* signals of the segment */
    int64_t frame_samples; /* of all its signals in one frame */
    int64_t offset_bytes;  /* binary: prolog; FLAC: samples a channel to skip */
    int64_t n_frames;      /* that the file holds; set when it is opened */
    int32_t *sum;          /* format 8: each signal's value before frame sum_at */
    int64_t sum_at;
    hl_in *in; /* NULL = not opened yet */
    hl_flac *flac;
} hl_wave_group;

/* How a signal of the record is found in a segment. */
typedef struct {
    int32_t from; /* signal of the segment; -1 = it has none */
    bool same;    /* the segment's values are the record's */
    double scale; /* else value = floor(x * scale + shift) + lift */
    double shift;
    int32_t lift; /* not 0: x * scale + shift > 0 for all x of the format, and fits */
    double gain;  /* of the segment, for physical values */
    int32_t baseline;
} hl_wave_source;

/* What a window wants of one signal of a group. */
typedef struct {
    int64_t from, to; /* frames of the file */
    int64_t ends;     /* segment frame behind the last that can be had */
    int64_t column;   /* of its first sample within a frame of the group */
    int32_t spf;
    int32_t channel; /* signal within the group */
    int32_t *out;
} hl_wave_lane;

typedef struct {
    int64_t piece; /* of the timeline; -1 = free */
    uint64_t used; /* when, for the choice of the one to close */
    hl_arena *arena;
    hl_wfdb_header header;
    hl_wave_group *group;
    int32_t n_groups;
    int32_t *group_of;      /* [header.n_signals]; -1 = without file */
    hl_wave_source *source; /* [record's signals] */
} hl_wave_open_segment;

enum { HL_WAVE_OPEN_SEGMENTS = 6 };

struct hl_wave {
    hl_arena *arena;
    hl_place *place;
    hl_cpu cpu;
    char name[HL_PATH_BYTES];     /* of the record, as asked for */
    char folder[HL_PATH_BYTES];   /* of the record */
    hl_wfdb_header header;        /* the record's own */
    const hl_wfdb_signal *signal; /* whose signals the record has: header's, or the layout's */
    hl_edf *edf;                  /* NULL = WFDB */
    int64_t *edf_record;          /* [pieces]: first data record of a piece; -1 = a gap */
    int64_t max_skew;             /* frames */
    hl_wave_info info;
    hl_wave_segment *piece; /* info.segment */
    hl_wave_open_segment open[HL_WAVE_OPEN_SEGMENTS];
    uint64_t clock;
    hl_arena *glance; /* of a header that is only looked at; NULL before the first */
    int32_t *scratch; /* samples on their way, [n_scratch] */
    size_t n_scratch;
    void *chunk; /* stored and unpacked samples of some frames, [n_chunk] bytes */
    size_t n_chunk;
    hl_wave_lane *lane; /* [n_lanes], for the group in work */
    int32_t n_lanes;
};

/* hl_wave_open() of a record in a place that is open already; the handle takes it over. */
hl_code hl_wave_open_in(hl_place **place, const char *name, const hl_ctl *ctl, hl_wave **out,
                        hl_error *err);

/* A path for messages: folder/name. */
const char *hl_wave_path(const hl_wave *w, const char *name, char out[HL_PATH_BYTES]);

/* The segment of piece i, opened if it is not. HL_E_INPUT: its header is absent, nested, has
 * another rate. */
hl_code hl_wave_segment_open(hl_wave *w, int64_t i, hl_wave_open_segment **out, hl_error *err);
void hl_wave_segment_close(hl_wave_open_segment *s);

/* Make the groups of a segment from its header. */
hl_code hl_wave_segment_groups(hl_wave_open_segment *s, hl_error *err);

/* Open every file of a segment, and tell how many frames all of them have. */
hl_code hl_wave_segment_length(hl_wave *w, hl_wave_open_segment *s, int64_t *n_frames,
                               hl_error *err);

/*
 * Stored samples of segment frames from .. to - 1 of signal s[k], skew taken out, into to[k]
 * ([(to - from) * spf], invalid ones HL_WFDB_INVALID). *got frames were read for all signals; fewer
 * comes with the reason. damaged_is_gap: damaged FLAC blocks give invalid samples instead.
 */
hl_code hl_wave_segment_read(hl_wave *w, hl_wave_open_segment *seg, int64_t from, int64_t to,
                             int32_t n, const int32_t s[], int32_t *const to_k[],
                             bool damaged_is_gap, int64_t *got, hl_error *err);

/* hl_wave_read(), and on failure how many frames of the window are good all the same. */
hl_code hl_wave_read_some(hl_wave *w, const hl_wave_window *window, void *const to[], int64_t *got,
                          hl_error *err);

#endif
