/* batch.h - one input into the store: the pipeline of `tally ingest`.
 *
 *   source -> reader -> bind -> events_chunk -> commit_chunk -> announce
 *                          `--> rejects
 *
 * Place    cmd_ingest.c and follow.c call it under the lock of writers, once for each input.
 * Promise  a batch that was killed goes on behind its last commit. One that was loaded is left
 *          alone where its stream has no key, or where nothing has changed the stream or the
 *          schema since; else it is applied again, by the stream's rule. With a name, it is the
 *          name that tells a repeat: other bytes are refused, or take the place of the ones that it
 *          stood for, in one commit. Memory is bounded by
 *          `resources`, about, whatever the input's size; a record that is longer is still held as
 *          a whole.
 * Memory   the report owns its texts until batch_report_done; options are borrowed.
 * Threads  called by one; commits go on a thread of their own (commit_job.h).
 * Errors   by the ending: REFUSED is about this input, STOPPED about the store.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/resources.h"
#include "common/notice.h"
#include "common/progress.h"
#include "common/reject_limit.h"
#include "database/store.h"
#include "input/input_format.h"
#include "load/tail_checkpoint.h"
#include "schema/schema.h"
#include "tables/batch_log.h"

struct batch_options {
    const struct schema *schema;
    const struct stream *stream;
    enum input_format format;
    bool strict;
    bool dry_run;
    bool again;        /* also what was loaded already */
    const char *name;  /* which the batch has, one of its stream; NULL: none */
    bool replace;      /* it takes the place of the one that has the name */
    bool mount_silent; /* as the report of the batch before has it */
    struct reject_limit limit;
    struct resources resources;
    bool (*stopped)(void); /* looked at between commits; NULL: it goes on to the end */
    const struct notices *notices;
    struct progress *progress;
};

/* One input: a whole one, which its bytes name, or what there is so far of one that grows. */
struct batch_input {
    const char *path;                         /* or "-" */
    const struct tail_checkpoint *checkpoint; /* NULL: a whole one */
    bool is_open; /* of a whole one: it is `fd`, whatever the path names by now */
    int fd;
};

enum batch_ending {
    BATCH_INGESTED, /* a report with counts; also of a dry run */
    BATCH_KNOWN,    /* it was loaded before, and would change nothing: nothing is done */
    /* of an input that grows: it is not what it was; nothing behind its checkpoint is loaded */
    BATCH_CHANGED,
    BATCH_PAUSED,  /* told to stop: it goes on behind its checkpoint */
    BATCH_REFUSED, /* this input cannot be ingested; another may */
    BATCH_STOPPED, /* the store cannot take any */
};

struct batch_report {
    struct batch batch; /* as it stands in the batch log; of a dry run, as it would */
    double seconds;
    bool too_many_rejects; /* why it was refused */
    bool mount_silent;     /* a mount did not answer in time: it is not waited for as long again */
    struct arena arena;    /* of texts in `batch` */
};
void batch_report_done(struct batch_report *report);

/* OPTIONS' schema is to be read anew for the next input, as this one may have changed it
 * (learn_dictionaries.h). The report is filled as far as things went, ERR where the ending is
 * REFUSED or STOPPED. */
enum batch_ending batch_ingest(struct store *store, const struct batch_input *input,
                               const struct batch_options *options, struct batch_report *ret_report,
                               struct error *err) MUST_CHECK;
