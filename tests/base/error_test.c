/* error, log, ctl, cpu, and the layout of the public structs. */
#include "base/error.h"

#include <errno.h>
#include <pthread.h>

#include "base/cpu.h"
#include "base/ctl.h"
#include "base/log.h"
#include "base/str.h"
#include "tap.h"

static void a_message_without_place_has_no_place(void)
{
    hl_error err = {.line = 3, .offset = 4, .path = "old", .message = "old"};
    is_int(hl_fail(&err, HL_E_USAGE, "--shard %d/%d: no", 4, 4), HL_E_USAGE);
    is_int(err.code, HL_E_USAGE);
    is_str(err.message, "--shard 4/4: no");
    is_str(err.path, "");
    is_int(err.line, 0);
    is_int(err.offset, -1);
}

static void a_place_stands_in_front_and_in_the_fields(void)
{
    hl_error err = {0};
    is_int(hl_fail_at(&err, HL_E_INPUT, "a.csv", 12, 345, "'%s' is no date\nfix it", "x"),
           HL_E_INPUT);
    is_str(err.message, "a.csv:12: 'x' is no date\nfix it");
    is_str(err.path, "a.csv");
    is_int(err.line, 12);
    is_int(err.offset, 345);
    hl_fail_at(&err, HL_E_INPUT, "a.csv", 0, -1, "empty");
    is_str(err.message, "a.csv: empty");
    is_int(err.line, 0);
}

static void no_error_struct_is_fine_everywhere(void)
{
    is_int(hl_fail(NULL, HL_E_IO, "x"), HL_E_IO);
    is_int(hl_fail_at(NULL, HL_E_IO, "p", 1, 1, "x"), HL_E_IO);
    is_int(hl_fail_errno(NULL, "p", "open", ENOENT), HL_E_INPUT);
    is_int(hl_fail_memory(NULL, "x", 5), HL_E_LIMIT);
    is_int(hl_error_context(NULL, "x"), HL_E_BUG);
}

static void errno_becomes_code_and_words(void)
{
    static const struct {
        int errno_value;
        hl_code code;
        const char *message;
    } table[] = {
        {ENOSPC, HL_E_IO,
         "o/x: cannot write: the disk is full\n"
         "Free some space and run the same command again, with --resume where it has that option."},
        {EDQUOT, HL_E_IO,
         "o/x: cannot write: the disk is full (quota reached)\n"
         "Free some space and run the same command again, with --resume where it has that option."},
        {EACCES, HL_E_IO, "o/x: cannot write: no permission"},
        {EPERM, HL_E_IO, "o/x: cannot write: no permission"},
        {EROFS, HL_E_IO, "o/x: cannot write: no permission (the file system is read-only)"},
        {ENOENT, HL_E_INPUT, "o/x: cannot write: no such file or folder"},
        {ENOTDIR, HL_E_INPUT, "o/x: cannot write: a part of the path is a file, not a folder"},
        {ENOMEM, HL_E_LIMIT, "o/x: cannot write: out of memory"},
        {EIO, HL_E_IO, "o/x: cannot write: Input/output error"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        hl_error err = {0};
        is_int(hl_fail_errno(&err, "o/x", "write", table[i].errno_value), table[i].code);
        is_int(err.code, table[i].code);
        is_str(err.message, table[i].message);
        is_str(err.path, "o/x");
    }
}

static void context_goes_in_front_and_keeps_the_place(void)
{
    hl_error err = {0};
    hl_fail_at(&err, HL_E_INPUT, "a", 7, 1, "bad");
    is_int(hl_error_context(&err, "reading %s", "labs"), HL_E_INPUT);
    is_str(err.message, "reading labs: a:7: bad");
    is_str(err.path, "a");
    is_int(err.line, 7);
}

static void a_message_may_be_made_of_itself(void)
{
    hl_error err = {0};
    hl_fail_at(&err, HL_E_INPUT, "a", 7, 1, "bad");
    hl_fail_at(&err, HL_E_LIMIT, err.path, err.line, err.offset, "%s again", err.message);
    is_str(err.message, "a:7: a:7: bad again");
    is_str(err.path, "a");
    hl_error_context(&err, "(%s)", err.message);
    is_str(err.message, "(a:7: a:7: bad again): a:7: a:7: bad again");
}

static void too_long_texts_are_cut_between_characters(void)
{
    char text[3001];
    hl_error err = {0};
    for (size_t shift = 0; shift < 4; shift++) {
        for (size_t i = 0; i + 3 <= sizeof text - 1; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3); /* the euro sign */
        text[sizeof text - 1] = 0;
        memset(text, 'a', shift);
        while (((unsigned char)text[shift] & 0xC0) == 0x80)
            text[shift++] = 'a';
        hl_fail_at(&err, HL_E_INPUT, text, 5, -1, "%s", text);
        is_int(hl_utf8_fault(err.path, strlen(err.path)), -1);
        is_int(hl_utf8_fault(err.message, strlen(err.message)), -1);
        ok(strlen(err.path) >= sizeof err.path - 4);
        ok(strlen(err.message) >= sizeof err.message - 4);
        hl_error_context(&err, "b");
        ok(strncmp(err.message, "b: a", 4) == 0 || strncmp(err.message, "b: \xE2", 4) == 0);
        is_int(hl_utf8_fault(err.message, strlen(err.message)), -1);
        hl_error_context(&err, "%s", text);
        is_int(hl_utf8_fault(err.message, strlen(err.message)), -1);
    }
}

static void every_code_has_its_exit(void)
{
    static const hl_code same[] = {HL_OK,   HL_PARTIAL, HL_E_USAGE, HL_E_INPUT,
                                   HL_E_IO, HL_E_LIMIT, HL_E_BUG,   HL_E_STOPPED};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        is_int(hl_exit_code(same[i]), same[i]);
    is_int(hl_exit_code(HL_END), 70);
}

static void sizes_that_do_not_fit_are_noticed(void)
{
    size_t out = 5;
    ok(!hl_add_size(SIZE_MAX, 1, &out));
    ok(!hl_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    ok(hl_add_size(SIZE_MAX - 1, 1, &out));
    ok(out == SIZE_MAX);
    ok(hl_mul_size(3, 4, &out));
    is_int(out, 12);
}

static void a_job_hears_that_it_shall_stop(void)
{
    hl_ctl ctl = {0};
    hl_error err = {0};
    is_int(hl_ctl_check(NULL, &err), HL_OK);
    is_int(hl_ctl_check(&ctl, &err), HL_OK);
    ctl.cancel = 1;
    is_int(hl_ctl_check(&ctl, &err), HL_E_STOPPED);
    like(err.message, "--resume");
    is_int(hl_ctl_jobs(NULL), 1);
    ctl.jobs = 3;
    is_int(hl_ctl_jobs(&ctl), 3);
}

static void a_phase_starts_its_counters(void)
{
    hl_ctl ctl = {0};
    hl_ctl_done(&ctl, 4);
    hl_ctl_failed(&ctl, 1);
    hl_ctl_bytes(&ctl, 10);
    hl_ctl_phase(&ctl, "two", 9);
    hl_ctl_done(&ctl, 2);
    is_int(ctl.done, 2);
    is_int(ctl.failed, 0);
    is_int(ctl.total, 9);
    is_int(ctl.bytes, 10);
    is_str(ctl.phase, "two");
}

static void log_lines_come_out_in_order(void)
{
    hl_ctl ctl = {.log = hl_log_new()};
    hl_log_level level = HL_LOG_INFO;
    char text[8];
    hl_warn(&ctl, "one %d", 1);
    hl_info(&ctl, "a line that is too long");
    is_int(hl_log_take(ctl.log, &level, text, sizeof text), 1);
    is_int(level, HL_LOG_WARNING);
    is_str(text, "one 1");
    is_int(hl_log_take(ctl.log, &level, text, sizeof text), 1);
    is_int(level, HL_LOG_INFO);
    is_str(text, "a line ");
    is_int(hl_log_take(ctl.log, &level, text, sizeof text), 0);
    hl_warn(&ctl, "left behind");
    hl_log_free(&ctl.log);
    ok(ctl.log == NULL);
    hl_log_free(&ctl.log);
    hl_log_free(NULL);
    hl_warn(&ctl, "into nothing");
    hl_warn(NULL, "into nothing");
}

static void *write_lines(void *ctl)
{
    for (int i = 0; i < 1000; i++)
        hl_info(ctl, "%d", i);
    return NULL;
}

static void threads_share_a_log(void)
{
    hl_ctl ctl = {.log = hl_log_new()};
    pthread_t thread[4];
    hl_log_level level;
    char text[16];
    int n = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(thread + i, NULL, write_lines, &ctl);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    while (hl_log_take(ctl.log, &level, text, sizeof text))
        n++;
    is_int(n, 4000);
    hl_log_free(&ctl.log);
}

static void counts_have_thousands_separators(void)
{
    static const struct {
        int64_t n;
        const char *text;
    } table[] = {{0, "0"},
                 {7, "7"},
                 {999, "999"},
                 {1000, "1,000"},
                 {-1204, "-1,204"},
                 {118171367, "118,171,367"},
                 {INT64_MAX, "9,223,372,036,854,775,807"},
                 {INT64_MIN, "-9,223,372,036,854,775,808"}};
    char out[32];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        is_str(hl_count_text(table[i].n, out), table[i].text);
}

static void a_level_is_never_above_the_machine(void)
{
    hl_cpu best = hl_cpu_level(HL_CPU_BEST);
    ok(best != HL_CPU_BEST);
    is_int(hl_cpu_level(HL_CPU_C), HL_CPU_C);
    is_int(hl_cpu_level((int32_t)best), best);
    is_int(hl_cpu_level(99), best);
#if defined(__x86_64__)
    is_int(hl_cpu_level(HL_CPU_NEON), HL_CPU_C);
    ok(hl_cpu_level(HL_CPU_AVX2) <= HL_CPU_AVX2);
    ok(hl_cpu_level(HL_CPU_AVX512) <= best);
#else
    is_int(hl_cpu_level(HL_CPU_AVX2), HL_CPU_C);
    is_int(hl_cpu_level(HL_CPU_AVX512), HL_CPU_C);
#endif
}

static void a_level_goes_by_its_name(void)
{
    hl_cpu cpu;
    for (int i = HL_CPU_C; i <= HL_CPU_NEON; i++) {
        ok(hl_cpu_parse(hl_cpu_name((hl_cpu)i), &cpu));
        is_int(cpu, i);
    }
    ok(!hl_cpu_parse("avx", &cpu));
    ok(!hl_cpu_parse("", &cpu));
}

static void the_layout_text_tells_the_layout(void)
{
    char want[64];
    snprintf(want, sizeof want, "\"size\": %zu, \"code\": 0", sizeof(hl_error));
    like(hl_abi_layout(), want);
    snprintf(want, sizeof want, "\"message\": %zu}, \"hl_ctl\"", offsetof(hl_error, message));
    like(hl_abi_layout(), want);
    snprintf(want, sizeof want, "\"bytes_end\": %zu}}", offsetof(hl_ctl, bytes_end));
    like(hl_abi_layout(), want);
    is_str(hl_version(), HL_VERSION);
    is_int(hl_abi_version(), HL_ABI_VERSION);
    hl_free(malloc(1));
    hl_free(NULL);
}

static void a_folder_is_taken_off_paths_only(void)
{
    hl_error err = {0};

    hl_fail_at(&err, HL_E_INPUT, "/h/ecg/files/x.hea", 3, -1, "no '/h/ecg/files/y', no /h/ecg/z");
    hl_error_below(&err, "/h/ecg/");
    is_str(err.message, "files/x.hea:3: no 'files/y', no z");
    is_str(err.path, "files/x.hea");
    hl_fail_at(&err, HL_E_INPUT, "data/a/x", 0, -1, "bad");
    hl_error_below(&err, "a"); /* "data/" ends in "a/" */
    is_str(err.message, "data/a/x: bad");
    hl_fail_at(&err, HL_E_INPUT, "files/files/x", 0, -1, "bad");
    hl_error_below(&err, "files"); /* the archive's own folder of that name stays */
    is_str(err.message, "files/x: bad");
    is_str(err.path, "files/x");
}

static void lack_of_memory_is_known_from_other_limits(void)
{
    hl_error err = {0};

    hl_fail_memory(&err, "x", 5);
    hl_error_context(&err, "file");
    ok(hl_error_is_memory(&err));
    hl_fail(&err, HL_E_LIMIT, "too large");
    ok(!hl_error_is_memory(&err));
}

int main(void)
{
    run(a_message_without_place_has_no_place);
    run(a_place_stands_in_front_and_in_the_fields);
    run(no_error_struct_is_fine_everywhere);
    run(errno_becomes_code_and_words);
    run(context_goes_in_front_and_keeps_the_place);
    run(a_message_may_be_made_of_itself);
    run(too_long_texts_are_cut_between_characters);
    run(every_code_has_its_exit);
    run(sizes_that_do_not_fit_are_noticed);
    run(a_job_hears_that_it_shall_stop);
    run(a_phase_starts_its_counters);
    run(log_lines_come_out_in_order);
    run(threads_share_a_log);
    run(counts_have_thousands_separators);
    run(a_level_is_never_above_the_machine);
    run(a_level_goes_by_its_name);
    run(the_layout_text_tells_the_layout);
    run(a_folder_is_taken_off_paths_only);
    run(lack_of_memory_is_known_from_other_limits);
    return done();
}
