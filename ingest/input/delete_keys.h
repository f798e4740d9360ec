/* delete_keys.h - the keys of events, as a command or a file names them.
 *
 * Place    cmd_delete.c. Of a file with records (NDJSON, a JSON array, CSV with a header) the
 *          fields of the key count; of any other each line is a key.
 * Promise  a key that cannot be read is an error with its place: nothing is left out.
 * Memory   keys are copied into the chunk; the file is read as they are asked for.
 * Threads  one owner at a time.
 * Errors   ERROR_INPUT with file and line.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "common/progress.h"
#include "input/bind.h"
#include "tables/events.h"

/* TEXT is the value of a key of one field, or a JSON array of one value a field.
 * Adds it to CHUNK. */
bool delete_keys_add_text(struct binder *binder, struct slice text, struct events_chunk *chunk,
                          struct error *err) MUST_CHECK;
struct delete_keys;
/* The file PATH, or standard input if it is "-". SPOOL: see source_open. BINDER is borrowed until
 * delete_keys_close. */
bool delete_keys_open(struct binder *binder, const char *path, int spool, struct progress *progress,
                      struct delete_keys **ret_file, struct error *err) MUST_CHECK;
void delete_keys_close(struct delete_keys *file); /* takes NULL */
/* Goes to the first key: before the first read, too. */
bool delete_keys_rewind(struct delete_keys *file, struct error *err) MUST_CHECK;
/* Adds the next keys to CHUNK, until it takes MOST_BYTES or there are no more. */
bool delete_keys_read(struct delete_keys *file, size_t most_bytes, struct events_chunk *chunk,
                      struct error *err) MUST_CHECK;
