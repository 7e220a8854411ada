#include "data/run_info.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/cpu.h"
#include "base/ctl.h"
#include "base/json.h"

static double clock_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

hl_run_info hl_run_begin(void)
{
    return (hl_run_info){clock_s(CLOCK_REALTIME), clock_s(CLOCK_MONOTONIC)};
}

static double cpu_seconds(const struct rusage *u)
{
    return (double)u->ru_utime.tv_sec + (double)u->ru_stime.tv_sec +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static void put_utc(hl_json_writer *w, const char *key, double s)
{
    char text[HL_TIME_CHARS + 1];

    hl_print_time((int64_t)s, text);
    text[10] = 'T';
    text[19] = 'Z';
    text[20] = 0;
    hl_json_member_cstr(w, key, text);
}

static void put_number(hl_json_writer *w, const char *key, double v)
{
    hl_json_put_key(w, key);
    hl_json_put_real(w, (double)(int64_t)(v * 1000) / 1000);
}

hl_code hl_run_put(const hl_run_info *run, const char *command, const char *options_json,
                   const hl_ctl *ctl, hl_buf *out, hl_error *err)
{
    hl_json_writer w = hl_json_write_to(out, 2);
    struct rusage usage = {0};
    char host[256] = "";
    hl_json *options = NULL;
    double seconds = clock_s(CLOCK_MONOTONIC) - run->began_s;

    getrusage(RUSAGE_SELF, &usage);
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = 0;
    hl_json_open(&w, '{');
    hl_json_member_cstr(&w, "command", command);
    hl_json_put_key(&w, "options");
    if (options_json &&
        hl_json_parse(options_json, strlen(options_json), "options", &options, NULL) == HL_OK)
        hl_json_put_value(&w, hl_json_root(options));
    else
        hl_json_put_null(&w);
    put_utc(&w, "started", run->started_s);
    put_utc(&w, "ended", run->started_s + seconds);
    put_number(&w, "seconds", seconds);
    put_number(&w, "cpu_seconds", cpu_seconds(&usage));
    hl_json_member_int(&w, "peak_memory_kib", usage.ru_maxrss);
    hl_json_member_cstr(&w, "host", host);
    hl_json_member_int(&w, "threads", hl_ctl_jobs(ctl));
    hl_json_member_cstr(&w, "simd", hl_cpu_name(hl_cpu_level(ctl ? ctl->cpu : 0)));
    hl_json_close(&w, '}');
    hl_buf_char(out, '\n');
    hl_json_free(&options);
    return hl_buf_check(out, "run.json", err);
}
