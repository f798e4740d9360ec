/* rejects.h - the records of a batch that were refused, kept verbatim for their owner.
 *
 *   STORE/rejects/DIGEST.tsv    LINE TAB REASON TAB RECORD NEWLINE, RECORD with its line ends
 *
 *   rejects_init -> rejects_resume -> { { rejects_begin -> rejects_add... -> rejects_end }...
 *                                       rejects_sync [commit] }... -> rejects_done
 *
 * Place    batch_refuse.c writes, batch_commit.c syncs.
 * Promise  what rejects_sync reported is on the disk before the commit that counts it; what a
 *          killed ingest left behind its last checkpoint is cut off when the batch goes on. No file
 *          is made without a refused record.
 * Memory   some 256 KiB pending, whatever the length of a record: its parts are
 *          written as they come.
 * Threads  the reading one; it syncs before it hands a commit to the job.
 * Errors   those of the disk: ERROR_FULL, ERROR_DENIED, ERROR_SYSTEM. The batch cannot go on, as
 *          nothing may be refused unseen.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"
#include "tables/batch_log.h"

enum { REJECTS_NAME_BYTES = 72 };

struct rejects {
    int store;  /* its directory, borrowed */
    int folder; /* STORE/rejects; -1: not opened */
    int fd;     /* -1: not opened */
    char name[REJECTS_NAME_BYTES];
    uint64_t bytes; /* of the file, with what is pending */
    struct buffer pending;
};

/* The batch's digest and stream make the name, and where it repeats another one BATCH_ID, which it
 * has or gets. */
void rejects_init(struct rejects *rejects, int store, const struct batch *batch, uint64_t batch_id);
void rejects_done(struct rejects *rejects); /* what is pending is lost; takes an inited one */
/* Cuts the file to what the checkpoint counts, or removes what an attempt without one has left. */
bool rejects_resume(struct rejects *rejects, const struct batch *batch,
                    struct error *err) MUST_CHECK;
/* A record may come in parts. */
void rejects_begin(struct rejects *rejects, uint64_t line, struct slice reason);
bool rejects_add(struct rejects *rejects, struct slice part, struct error *err) MUST_CHECK;
void rejects_end(struct rejects *rejects);
bool rejects_sync(struct rejects *rejects, struct error *err) MUST_CHECK;
