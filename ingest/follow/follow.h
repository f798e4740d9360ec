/* follow.h - taking events as they come, until a signal says to stop.
 *
 * Place    cmd_follow.c chooses one of three: a spool directory, a file that grows, standard input.
 * Promise  each record is loaded once, also across kills: what was taken is in the batch log, with
 *          the events. The lock of writers is held for each commit alone, so that other
 *          commands get their turn. A store that has taken the place of the one that what was taken
 *          is in gets nothing: it may lack some of it, and the positions here are not its own.
 * Memory   the caller owns the struct, follow_done what it holds; paths and stream are borrowed.
 * Threads  one, the only one that takes signals.
 * Errors   of one batch: told as a notice, and the next goes on; of the store or the followed thing
 *          itself: returned.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "common/notice.h"
#include "load/batch.h"

/* When to commit: at the first that is reached, counted from the first record that waits. */
struct follow_bound {
    int64_t ms;
    uint64_t bytes;
};
extern const struct follow_bound follow_bound_default;
/* "500ms", "2s", "1min" or "16M": sets one of the two. */
bool follow_read_bound(const char *text, struct follow_bound *bound) MUST_CHECK;

struct follow {
    const char *store_path;
    const char *stream; /* NULL: the only one */
    struct follow_bound bound;
    struct batch_options batch; /* schema and stream are set for each commit */
    struct notices notices;
    struct batch_report report; /* of the last batch */
    bool refused_some;          /* in this run */
    uint64_t refused_batch;     /* of which batch so many refused records were told of */
    uint64_t refused_count;
    void (*meanwhile)(void *context); /* called while it waits for its turn; NULL: nothing is */
    void *meanwhile_context;
    bool is_unrepeatable; /* what is not loaded before the end is lost: wait for the turn */
    /* The newest commit behind the last load: a store that came from it has what was taken. */
    uint64_t commit_id;
    uint64_t commit_nonce;
};
void follow_done(struct follow *follow);

/* Whether there are such a store and stream. From then on SIGTERM and SIGINT interrupt
 * follow_wait alone. */
bool follow_begin(struct follow *follow, struct error *err) MUST_CHECK;
/* Each returns when it is told to stop, at the end of standard input, or when it cannot go on. */
bool follow_spool(struct follow *follow, const char *path, struct error *err) MUST_CHECK;
bool follow_file(struct follow *follow, const char *path, struct error *err) MUST_CHECK;
bool follow_pipe(struct follow *follow, struct error *err) MUST_CHECK;

/* For the three. */
/* Opens the store, loads, closes; the report is follow->report. */
enum batch_ending follow_load(struct follow *follow, const struct batch_input *input,
                              struct error *err) MUST_CHECK;
bool follow_stopped(void);
/* Waits until FD can be read, TIMEOUT_MS is over (-1: never) or a signal says to stop. FD -1: none.
 * Returns whether it can be read. */
bool follow_wait(int fd, int64_t timeout_ms);
int64_t follow_now_ms(void);
/* Whether nobody has the file open for writing, as far as the system tells; it cannot be
 * asked by everyone. */
enum follow_writers { WRITERS_NONE, WRITERS_SOME, WRITERS_UNKNOWN };
enum follow_writers follow_writers(int fd);
