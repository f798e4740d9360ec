// SPDX-License-Identifier: Apache-2.0
#include "database/commit_wait.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "database/announce.h"

static int64_t commit_wait_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until something may be there to see, at most LEFT_MS. */
static enum commit_wait_answer commit_wait_sleep(int watch, int output, int64_t left_ms)
{
    struct pollfd told[] = {{.fd = watch, .events = POLLIN}, /* poll passes over -1 */
                            {.fd = output}};                 /* errors are told unasked */
    int const ready = poll(told, COUNT_OF(told),
                           (int)(left_ms < COMMIT_WAIT_LOOK_MS ? left_ms : COMMIT_WAIT_LOOK_MS));
    if (ready < 0 && errno == EINTR) return COMMIT_WAIT_NONE;
    if (ready > 0 && told[1].revents) return COMMIT_WAIT_UNREAD;
    if (ready > 0) announce_watch_clear(watch);
    return COMMIT_WAIT_CAME;
}

static enum commit_wait_answer commit_wait_replaced(const struct store *store, struct error *err)
{
    (void)error_set(err, ERROR_MISSING,
                    "another store has taken the place of the one that is open");
    (void)error_place(err, "%s", store_path(store));
    return COMMIT_WAIT_REPLACED;
}

enum commit_wait_answer commit_wait(struct store *store, uint64_t after, int64_t timeout_ms,
                                    int output, uint64_t *ret_commit_id, struct error *err)
{
    uint64_t newest;
    int64_t const deadline = commit_wait_now_ms() + timeout_ms;
    AUTO_FD int const watch = announce_watch(store); /* before looking: nothing slips through */
    for (;;) {
        if (!store_newest_commit(store, &newest, err)) return COMMIT_WAIT_FAILED;
        if (newest > after) {
            *ret_commit_id = newest;
            return COMMIT_WAIT_CAME;
        }
        if (store_is_replaced(store)) return commit_wait_replaced(store, err);
        int64_t const left = timeout_ms < 0 ? COMMIT_WAIT_LOOK_MS : deadline - commit_wait_now_ms();
        if (left <= 0) return COMMIT_WAIT_NONE;
        enum commit_wait_answer const slept = commit_wait_sleep(watch, output, left);
        if (slept != COMMIT_WAIT_CAME) return slept;
    }
}
