#include "base/pool.h"

#include "base/ctl.h"
#include "tap.h"

typedef struct {
    int64_t n;
    uint8_t *seen;
    int64_t fail_a, fail_b; /* -1 = none */
    int64_t cancel_at;
    hl_ctl *ctl;
    int max_thread; /* atomic */
    bool in_order;
    int64_t last;
    pthread_t caller;
    bool only_caller;
} blocks;

static hl_code one(void *ctx, int64_t i, int thread, hl_error *err)
{
    blocks *b = ctx;
    int max = __atomic_load_n(&b->max_thread, __ATOMIC_RELAXED);

    __atomic_fetch_add(&b->seen[i], 1, __ATOMIC_RELAXED);
    while (thread > max && !__atomic_compare_exchange_n(&b->max_thread, &max, thread, false,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
    if (b->only_caller) {
        b->in_order = b->in_order && i == b->last + 1 && pthread_equal(pthread_self(), b->caller);
        b->last = i;
    }
    if (i == b->cancel_at)
        __atomic_store_n(&b->ctl->cancel, 1, __ATOMIC_RELAXED);
    if (i == b->fail_a || i == b->fail_b)
        return hl_fail(err, i == b->fail_a ? HL_E_INPUT : HL_E_IO, "block %lld", (long long)i);
    return HL_OK;
}

static blocks make(int64_t n)
{
    return (blocks){.n = n,
                    .seen = calloc((size_t)n + 1, 1),
                    .fail_a = -1,
                    .fail_b = -1,
                    .cancel_at = -1,
                    .last = -1,
                    .in_order = true};
}

static void each_block_is_done_once(void)
{
    for (int threads = 0; threads <= 9; threads += 3) {
        blocks b = make(1000);
        bool good = true;
        is_int(hl_parallel_for(threads, b.n, NULL, one, &b, NULL), HL_OK);
        for (int64_t i = 0; i < b.n; i++)
            good = good && b.seen[i] == 1;
        ok(good);
        ok(b.max_thread < (threads ? threads : 1));
        free(b.seen);
    }
}

static void one_thread_works_in_order_on_the_callers_thread(void)
{
    blocks b = make(100);

    b.only_caller = true;
    b.caller = pthread_self();
    is_int(hl_parallel_for(1, b.n, NULL, one, &b, NULL), HL_OK);
    ok(b.in_order && b.last == 99);
    free(b.seen);
}

static void there_are_no_more_threads_than_blocks(void)
{
    blocks b = make(2);

    is_int(hl_parallel_for(64, b.n, NULL, one, &b, NULL), HL_OK);
    ok(b.max_thread < 2);
    is_int(hl_parallel_for(4, 0, NULL, one, &b, NULL), HL_OK);
    is_int(hl_parallel_for(4, -1, NULL, one, &b, NULL), HL_OK);
    free(b.seen);
}

static void a_failure_ends_the_loop_with_its_message(void)
{
    for (int threads = 1; threads <= 4; threads++) {
        blocks b = make(100000);
        hl_error err = {0};
        int64_t after = 0;
        b.fail_a = 10;
        is_int(hl_parallel_for(threads, b.n, NULL, one, &b, &err), HL_E_INPUT);
        is_str(err.message, "block 10");
        for (int64_t i = 0; i < b.n; i++)
            after += b.seen[i];
        ok(after < b.n);
        free(b.seen);
    }
}

static void of_two_failures_the_first_block_counts(void)
{
    for (int round = 0; round < 200; round++) {
        blocks b = make(8);
        hl_error err = {0};
        b.fail_a = 2;
        b.fail_b = 3;
        hl_code c = hl_parallel_for(4, b.n, NULL, one, &b, &err);
        /* Block 3 is handed out after block 2, so 2 ran whenever 3 did. */
        ok(c == HL_E_INPUT && strcmp(err.message, "block 2") == 0);
        free(b.seen);
    }
}

static void a_request_to_stop_ends_the_loop(void)
{
    hl_ctl ctl = {0};
    hl_error err = {0};
    blocks b = make(100000);

    b.ctl = &ctl;
    b.cancel_at = 50;
    is_int(hl_parallel_for(3, b.n, &ctl, one, &b, &err), HL_E_STOPPED);
    ok(err.message[0] != 0);
    is_int(b.seen[b.n - 1], 0);
    free(b.seen);
}

int main(void)
{
    run(each_block_is_done_once);
    run(one_thread_works_in_order_on_the_callers_thread);
    run(there_are_no_more_threads_than_blocks);
    run(a_failure_ends_the_loop_with_its_message);
    run(of_two_failures_the_first_block_counts);
    run(a_request_to_stop_ends_the_loop);
    return done();
}
