/* source.h - one input: whose bytes it holds, and those bytes decompressed.
 *
 *   source_open -> source_start -> { source_held, source_more, source_take }... -> source_check
 *                       ^----------------------- again -----------------------'   -> source_close
 *
 * Place    readers take records from it; batch asks for identity, progress, and whether it stayed
 *          the same.
 * Promise  the digest is of the bytes as given, compressed or not. A byte order mark at the start
 *          is left out.
 * Units    offsets count bytes of the decompressed stream, a byte order mark included.
 * Memory   what is held moves at source_more alone; it grows as far as the reader lets it.
 * Threads  one owner at a time.
 * Errors   ERROR_INPUT: damaged, ends early, changed meanwhile; ERROR_MISSING, ERROR_DENIED,
 *          ERROR_SYSTEM of open(2) and read(2). Placed at the input.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "common/progress.h"

struct source;
enum source_step { SOURCE_MORE, SOURCE_END, SOURCE_FAILED };

/* PATH, or "-" for standard input. What is no regular file is copied to a nameless file in the
 * directory SPOOL first, as its bytes can be had only once. Errors are placed at the path. */
bool source_open(const char *path, int spool, struct progress *progress, struct source **ret_source,
                 struct error *err) MUST_CHECK;
/* A regular file that is open, and read from its start; it is borrowed until source_close. */
bool source_open_file(const char *path, int fd, struct progress *progress,
                      struct source **ret_source, struct error *err) MUST_CHECK;
/* What there is so far of a plain file that grows. */
struct source_part {
    int fd; /* borrowed until source_close */
    uint64_t end_bytes;
    struct digest digest; /* what the input is known by: it is not read for it */
};
bool source_open_part(const char *path, const struct source_part *part, struct source **ret_source,
                      struct error *err) MUST_CHECK;
/* To look at the beginning: nothing is digested, and of what is no regular file only
 * MOST_BYTES are there. */
bool source_open_head(const char *path, uint64_t most_bytes, struct source **ret_source,
                      struct error *err) MUST_CHECK;
void source_close(struct source *source); /* takes NULL */

struct source_identity {
    struct digest digest;
    uint64_t input_bytes;
    bool compressed;
};
const struct source_identity *source_identity(const struct source *source);
bool source_grows(const struct source *source); /* of source_open_part */
const char *source_path(const struct source *source);
/* The path as it is shown to users. */
void source_write_name(const struct source *source, struct buffer *into);
/* Places ERR at a line of the input, or at all of it if LINE is 0; returns false. */
bool source_place(const struct source *source, uint64_t line, struct error *err);

/* Goes to OFFSET, which is 0 or one that source_offset gave. */
bool source_start(struct source *source, uint64_t offset, struct error *err) MUST_CHECK;
/* What is held from the reader's place on. */
struct slice source_held(const struct source *source);
/* Holds more behind it: at least one byte, and in the long run twice as much each time. */
enum source_step source_more(struct source *source, struct error *err);
void source_take(struct source *source,
                 size_t length); /* moves the reader's place; at most what is held */
/* Takes the zero bytes at the reader's place, as a hole of the file has them, however many.
 * *RET_COUNT: how many; set also where it fails, as at a window, whose owner does it. */
enum source_step source_skip_zeros(struct source *source, uint64_t *ret_count, struct error *err);
uint64_t source_offset(const struct source *source); /* of the reader's place */
uint64_t
source_position(const struct source *source); /* about, in the input as given: for progress */

/* Whether the whole input can be decompressed; source_start afterwards. */
bool source_prove(struct source *source, struct progress *progress, struct error *err) MUST_CHECK;
/* Fails if the file is another one than was digested, as far as its size and times tell; or is
 * shorter than the part. */
bool source_check(const struct source *source, struct error *err) MUST_CHECK;

/* A source that looks at what another one holds, and has nothing until source_look. */
struct source *source_window(void);
/* Puts WINDOW at the byte that is so far behind the place of OF, to see what OF holds from there
 * on, as long as that neither holds more nor is closed. At its end source_more is SOURCE_END if the
 * input ENDS there, else SOURCE_FAILED, and no error is set: the owner of OF knows what follows. */
void source_look(struct source *window, const struct source *of, size_t behind, bool ends);

static inline void auto_source(struct source **source)
{
    source_close(*source);
}
#define AUTO_SOURCE AUTO(auto_source)
