/* batch_p.h - one input on its way into the store: what batch.c, batch_refuse.c and
 * batch_commit.c share.
 *
 * Place    batch.c makes one load an input; batch_refuse.c, batch_commit.c and
 *          batch_links.c take part.
 * Memory   the load owns what it opens until batch.c ends it.
 * Threads  the reading one. While `job_is_under_way`, the chunk that is not `chunk` and the batch
 *          of the job are the job's.
 * Errors   `store_failed` tells whose an error is: the store's, or the input's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/event_reader.h"
#include "load/batch.h"
#include "load/commit_job.h"
#include "load/rejects.h"
#include "write/link_check.h"

struct load {
    struct store *store;
    const struct batch_options *options; /* `own` */
    struct batch_options own;
    struct schema *learned; /* NULL, or the options', with dictionaries: see learn_dictionaries.h */
    struct buffer layout;   /* of that, to be committed */
    const struct tail_checkpoint *checkpoint; /* NULL: the input is whole */
    struct batch_report *report;
    struct batch *batch; /* of the report */
    struct source *source;
    struct event_reader *reader;
    struct binder binder;
    struct refusal refusal; /* of a record that its link refuses */
    struct events_chunk chunks[2];
    struct events_chunk
        *chunk; /* the one that is filled; the other may be on its way into the store */
    size_t chunk_bytes_most; /* by what the commits so far cost: see load_begin_chunks */
    struct commit_job job;
    bool job_is_under_way;
    bool has_links;           /* a view over the stream is by tree(): see batch_links.c */
    struct link_check *links; /* NULL: not begun */
    struct arena kept_texts;
    struct buffer kept; /* the text and line of each record in the chunk */
    struct rejects rejects;
    uint64_t commit_id;          /* of the store, when the batch was looked up */
    uint64_t batch_id;           /* what `batch` has, or gets with its first commit */
    uint64_t repeats;            /* see struct batch */
    uint64_t replaces;           /* the batch whose place it takes, in one commit; 0: none */
    struct value dropped_before; /* see struct binder */
    uint64_t refused_bytes;      /* of the records refused since the last commit */
    uint64_t chunk_count;        /* committed or previewed in this run */
    uint64_t zero_bytes;         /* in front of records so far; no part of them */
    bool store_failed;           /* else the input did */
    bool has_changed;            /* or, of one that grows, was truncated meanwhile */
    bool is_stopped;             /* or nothing failed: it was told to stop */
    /* Of an input that grows: bytes around the place where this run began, and
     * their digest then. */
    uint64_t begin;
    uint64_t begin_end;
    struct digest begin_digest;
};

/* Keeps a refused record and the reason. */
bool load_refuse(struct load *load, struct record *record, const struct refusal *reason,
                 struct error *err) MUST_CHECK;
/* Of a stream with links, of a record that is added to the chunk: keeps its text until it is known
 * whether it is taken. */
void load_keep_record(struct load *load, const struct record *record);
/* Refuses the records of the chunk that would close a cycle; before it is
 * committed or previewed. */
bool load_check_links(struct load *load, struct error *err) MUST_CHECK;
/* Whether the event would be taken behind those that were asked for before; else it gets a reason.
 */
bool load_validate_links(struct load *load, struct read_event *event, struct error *err) MUST_CHECK;
void load_links_done(struct load *load);
/* Before the first chunk is filled. */
void load_begin_chunks(struct load *load);
/* The same where all of the input goes into one commit. */
void load_begin_only_chunk(struct load *load);
/* Whether the chunk should be committed before more is added. */
bool load_is_full(const struct load *load);
/* Begins to commit the chunk with a checkpoint, and goes on with the other one. PLACE: where the
 * batch would go on. */
bool load_commit(struct load *load, enum batch_state state, bool is_last, struct reader_place place,
                 struct error *err) MUST_CHECK;
/* Waits for the commit that is under way, if one is, and takes over what came of it. */
bool load_await(struct load *load, struct error *err) MUST_CHECK;
