/* succession.h - the files that a log's path has named since the one that is read, in their order.
 *
 *     app.log.2   | app.log.1   app.log
 *     is read     | held, however they are renamed or deleted from here on
 *
 * Place    follow_file.c looks now and then, also while it waits for its turn, and takes the next
 *          one when the one that it reads is over.
 * Promise  what was rotated away before following began is none of them, and neither is a copy of
 *          what was taken: that is told. What came and went without being seen is told, too.
 * Memory   it owns the descriptors of what it holds until succession_done; the rest is borrowed.
 * Threads  one.
 * Errors   of the folder.
 * Limits   SUCCESSORS_MOST are held, and found later are those behind them; a copy is known as one
 *          of the SUCCESSION_KNOWN files that were taken last.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "common/notice.h"
#include "follow/probe.h"
#include "follow/siblings.h"

enum { SUCCESSORS_MOST = 64, SUCCESSION_KNOWN = 64, SUCCESSION_KNOWN_PACKED = 4 };

struct successor {
    int fd;
    uint64_t inode;
    enum sibling_form form;
};

struct succession {
    int folder;
    const char *path; /* absolute */
    const char *name; /* in the folder */
    const struct notices *notices;
    int64_t since_ns;      /* what was written last before, was there when following began */
    struct sibling newest; /* of the files so far; its name is not known */
    uint64_t truncated;    /* of a log that was truncated: it is behind its copies; 0: none */
    struct successor held[SUCCESSORS_MOST];
    size_t count;
    struct probe known[SUCCESSION_KNOWN]; /* of files that were taken to their end */
    size_t known_count;                   /* ever */
    uint64_t arrivals;                    /* how often another file got the path's name */
    uint64_t seen;                        /* how many of these were opened */
    struct buffer told;                   /* names that were told of, each with a NUL */
};
void succession_done(struct succession *succession);

/* From here on those behind FD are looked for; it is read by the caller. */
bool succession_begin(struct succession *succession, int fd, enum sibling_form form,
                      struct error *err) MUST_CHECK;
/* The same where there is no file yet: those that were made later. IS_GONE: there was one, which
 * was taken up to then; those that were written later. */
void succession_begin_at(struct succession *succession, int64_t time_ns, bool is_gone);
/* Holds what there is behind the newest file. FD: the one that is read; -1: none. */
bool succession_look(struct succession *succession, int fd, struct error *err) MUST_CHECK;
/* The same in front of the log, if that is held: it may have been copied and truncated since.
 * Before FD is closed. */
bool succession_look_again(struct succession *succession, int fd, struct error *err) MUST_CHECK;
/* Hands over the first one that is held; there has to be one. */
struct successor succession_take(struct succession *succession);
/* Puts one in front of those that are held. */
void succession_put(struct succession *succession, struct successor successor);
void succession_drop(struct succession *succession); /* closes all that are held */
/* A file was taken to its end. */
void succession_know(struct succession *succession, const struct probe *probe);
/* Reads what WATCH has of the folder; from succession_look on it is known what did not stay. */
void succession_count_arrivals(struct succession *succession, int watch);
