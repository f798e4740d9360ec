/* join.h - what the references of an event lead to: values of other events.
 *
 * Place    commit.c and rebuild.c fill them in before an event is folded, propagation.c as they
 *          were before a commit and as they are, verify_count.c for the proof.
 * Promise  a value is that of the target's event in the transaction; null where the reference is
 *          null or the target's field is, VALUE_UNRESOLVED where there is no such event.
 * Memory   values borrow from the join until its next fill.
 * Threads  as the transaction.
 * Errors   ERROR_CORRUPT: an event cannot be read. That there is no target is an answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "schema/schema.h"

struct join;
/* The table of events must not be written to while the join is open. */
struct join *join_open(const struct txn *txn);
void join_close(struct join *join); /* takes NULL */
/* VALUES: the event's own fields, and room for what follows them, which is filled. */
bool join_fill(struct join *join, const struct stream *stream, struct value *values,
               struct error *err) MUST_CHECK;

/* The event with KEY, as in the table of events, best in the order of keys: DB_MISSING where it is
 * not there or deleted. What *ret_packed borrows is the join's until its next use. */
enum db_finding join_event(struct join *join, struct slice key, struct slice *ret_packed,
                           struct error *err);
/* The key, in the table of events, of what the reference of an event leads to. false: the
 * reference is null. */
bool join_target_key(const struct reference *reference, const struct value *values,
                     struct buffer *key);

static inline void auto_join(struct join **join)
{
    join_close(*join);
}
#define AUTO_JOIN AUTO(auto_join)
