/* feed.h - changed rows as lines of JSON, commit by commit.
 *
 *   feed_begin -> feed_next, again and again -> feed_done
 *
 *   {"commit":7,"time":"…","op":"snapshot","reason":"…"}  forget all rows: the next lines have them
 *   {"commit":7,"time":"…","op":"r","path":"…","before":null,"after":{…}}    as it is
 *   {"commit":8,"time":"…","op":"c","path":"…","before":null,"after":{…}}    is new
 *   {"commit":8,"time":"…","op":"u","path":"…","before":{…},"after":{…}}     is another
 *   {"commit":8,"time":"…","op":"d","path":"…","before":{…},"after":null}    is gone
 *   {"commit":8,"time":"…","op":"commit","nonce":"…"}     that was all up to commit 8
 *
 * The letters are those of Debezium. Of what was committed while nobody watched, "u" and "d" tell
 * the row as it is by now, without "before".
 *
 * Place    cmd_watch.c.
 * Promise  whoever applies the lines up to one with "commit" has the rows of that commit. Commits
 *          between two looks are told as one, by the number of the last.
 * Memory   lines up to FEED_BYTES and one more; row_changes.h says the rest. The caller's texts are
 *          borrowed until feed_done.
 * Threads  one owner.
 * Errors   those of opening a store and reading it; ERROR_INPUT, ERROR_MISSING of a path that no
 *          row has. Whole lines were written before.
 * Limits   a snapshot stays open from commit to commit, so that a reader that does not take the
 *          lines makes the store keep what is replaced.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "tree/row_paths.h"

enum { FEED_BYTES = 1 << 16 };

struct feed {
    /* The caller's. */
    const char *store_path;
    const char *const *paths; /* none: every row */
    size_t path_count;
    bool has_from;          /* else behind the newest commit */
    uint64_t from;          /* 0: with all rows that there are */
    const char *from_nonce; /* as a line told it; NULL: the number is trusted */
    /* Takes whole lines; false: nobody reads them. */
    bool (*write)(void *context, struct slice lines);
    void *context;
    int output; /* a descriptor that tells when its reader goes away, or -1 */
    /* Its own. */
    struct store *store;
    struct snapshot *shown; /* the commit that was told last */
    struct row_paths rows;
    struct buffer lines;
    bool is_unread; /* `write` said so */
};

enum feed_answer { FEED_GOES_ON, FEED_UNREAD, FEED_FAILED };
/* Tells what there is to tell up to the newest commit. */
enum feed_answer feed_begin(struct feed *feed, struct error *err);
/* Waits for the next commit and tells it. Goes on with a store that takes the place of this one. */
enum feed_answer feed_next(struct feed *feed, struct error *err);
void feed_done(struct feed *feed);
