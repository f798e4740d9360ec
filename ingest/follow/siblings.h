/* siblings.h - a log and the files beside it whose names begin with its own: what it was rotated
 * into, from the oldest to the newest.
 *
 * Place    succession.c and follow_file_find.c look for files among them.
 * Promise  a link is a sibling only under the log's own name.
 * Units    times are nanoseconds since 1970.
 * Memory   the list owns its names until siblings_done.
 * Threads  one.
 * Errors   of the folder; a file that is gone, or cannot be looked at, is left out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"

#include <stdint.h>

enum sibling_form {
    SIBLING_LOG,        /* the log's own name */
    SIBLING_PLAIN,      /* as rotation names files: a number, a date, "old" behind the log's name */
    SIBLING_PACKED,     /* the same, compressed with what can be read */
    SIBLING_UNREADABLE, /* the same, compressed with something else */
    SIBLING_OTHER,      /* any other name that begins so */
};
enum sibling_form sibling_form_of(const char *log, const char *name);

struct sibling {
    char *name; /* of one that siblings_read has found, else NULL */
    enum sibling_form form;
    uint64_t inode;
    uint64_t size;
    int64_t begun_ns;   /* when it was made; where nobody knows, or compressed: when last written */
    int64_t written_ns; /* compressing keeps that */
    int64_t renamed_ns; /* or written, or its mode changed */
};
/* Under one name of the folder, without keeping the name. The log itself may be a link, as to the
 * file of the day. */
enum sibling_finding { SIBLING_THERE, SIBLING_GONE, SIBLING_NO_FILE };
enum sibling_finding sibling_find(int folder, const char *log, const char *name,
                                  struct sibling *ret_sibling);
/* All but the name and the form of a file that is open. */
bool sibling_look(int fd, struct sibling *sibling, struct error *err) MUST_CHECK;
/* Whether EACH has what came behind the end of LAST. */
bool sibling_is_behind(const struct sibling *each, const struct sibling *last);

struct siblings {
    struct sibling *at; /* in the order in which they were begun, the log last */
    size_t count;
};
bool siblings_read(int folder, const char *log, struct siblings *ret_siblings,
                   struct error *err) MUST_CHECK;
void siblings_done(const struct siblings *siblings);

#define AUTO_SIBLINGS AUTO(siblings_done)
