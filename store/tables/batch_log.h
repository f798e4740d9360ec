/* batch_log.h - the table of batches: what was ingested, how far, with which result.
 *
 * Place    write_txn.c puts; undo.c says what is in force; batch.c looks for what was loaded
 *          before; documents.c shows.
 * Promise  an entry is written in the transaction of the events it tells of, so a checkpoint and
 *          its events are there together or not at all. Entries are never deleted.
 * Memory   slices of a loaded entry live in the arena given.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: an entry cannot be read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

struct txn;

enum batch_state {
    BATCH_PARTIAL, /* a checkpoint: `resume_offset` says where to go on */
    BATCH_LOADED,  /* all of it is in the store */
};

enum batch_kind {
    BATCH_INGEST,
    BATCH_DELETE, /* of `tally delete`: not found by its digest, as it may be asked for again */
    BATCH_FOLLOW, /* of `tally follow`: an input that grows; its digest is of its name */
    BATCH_UNDO,   /* of `tally undo`: takes back another batch; not found by a digest either */
};

enum { BATCH_REASONS_MAX = 32, BATCH_NAME_BYTES_MAX = 400 };

struct batch_reason {
    struct slice text; /* without the offending value: "revenue: not a number" */
    uint64_t count;
};

/* Between which keys of its stream, without the stream, the events lie that came with a batch: the
 * first and the last one, cut. */
enum { BATCH_KEY_BYTES = 32 };
struct batch_keys {
    uint8_t first[BATCH_KEY_BYTES], last[BATCH_KEY_BYTES];
    uint8_t first_length, last_length; /* of an empty batch both are 0 */
};

struct batch {
    uint64_t
        id; /* 1, 2, ... in order of first commit, as events name it; 0: not in the store yet */
    uint64_t repeats;     /* the batch that had the same bytes, and was loaded before; 0: none */
    uint64_t undoes;      /* the batch that it takes back, or whose place it takes; 0: none */
    uint64_t undone_by;   /* the batch that does so with this one; 0: it is in force */
    struct slice name;    /* which its loader gave it, one of its stream; empty: none */
    struct digest digest; /* of the input's bytes as given; of BATCH_FOLLOW see tail_checkpoint.h */
    uint16_t stream;
    enum batch_kind kind;
    enum batch_state state;
    struct slice source;    /* path as given, or "-" */
    uint64_t input_bytes;   /* as given, perhaps compressed */
    uint64_t resume_offset; /* bytes of decompressed input that are dealt with */
    uint64_t resume_line;   /* line number of what follows, from 1 */
    uint64_t inode;         /* of BATCH_FOLLOW: the file's */
    struct digest tail;     /* likewise: of the bytes in front of `resume_offset` */
    uint64_t read_count;    /* records read: the sum of the next six */
    uint64_t new_count;
    uint64_t duplicate_count;
    uint64_t replaced_count;
    uint64_t stale_count;
    uint64_t deleted_count;
    uint64_t rejected_count;
    uint64_t removed_count;   /* events that went as the batch they came with was taken back */
    uint64_t restored_count;  /* events that came back then, as that batch had changed them */
    uint64_t image_count;     /* of its entries in the undo log, kept or not */
    struct batch_keys keys;   /* of its events */
    uint64_t rejects_bytes;   /* length of the rejects file at this checkpoint */
    struct slice rejects;     /* name of the rejects file within STORE/rejects, or empty */
    struct slice first_error; /* "line 17: revenue: not a number", or empty */
    struct batch_reason reasons[BATCH_REASONS_MAX];
    size_t reason_count; /* the last one collects what is beyond */
    uint64_t first_commit;
    uint64_t last_commit;
};

enum batch_log_finding { BATCH_LOG_FOUND, BATCH_LOG_MISSING, BATCH_LOG_FAILED };
/* The last batch of STREAM with this digest. */
enum batch_log_finding batch_log_find(const struct txn *txn, uint16_t stream,
                                      const struct digest *digest, struct arena *arena,
                                      struct batch *ret_batch, struct error *err);
/* The batch of STREAM in force that has this name. */
enum batch_log_finding batch_log_find_name(const struct txn *txn, uint16_t stream,
                                           struct slice name, struct arena *arena,
                                           struct batch *ret_batch, struct error *err);
/* The batch whose refused records are in the file NAME. */
enum batch_log_finding batch_log_find_rejects(const struct txn *txn, struct slice name,
                                              struct arena *arena, struct batch *ret_batch,
                                              struct error *err);
/* The batch with this id: from 1 up to meta.h's last one, without holes. */
enum batch_log_finding batch_log_get(const struct txn *txn, uint64_t id, struct arena *arena,
                                     struct batch *ret_batch, struct error *err);

/* Writes the entry under its id, which must not be 0, and makes it findable by digest, by its name
 * and by its file of refused records. */
bool batch_log_put(struct txn *txn, const struct batch *batch, struct error *err) MUST_CHECK;
/* Says by which batch this one is undone, or with 0 that it is in force; that is what its name
 * stands for from then on, or no longer. */
bool batch_log_set_undone(struct txn *txn, struct batch *batch, uint64_t undone_by,
                          struct error *err) MUST_CHECK;
/* Adds KEY of the table of events to those of the batch's events. */
void batch_keys_add(struct batch_keys *keys, struct slice key);
struct slice batch_keys_first(const struct batch_keys *keys);
bool batch_keys_have(const struct batch_keys *keys, struct slice key);
