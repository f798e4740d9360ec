/* link_check.h - records that would close a cycle in a view by tree(), found before
 * they are committed.
 *
 *   link_check_open -> [link_check_load ->] link_check_record... -> link_check_close
 *
 * Place    ingest/batch, for streams that such views are over.
 * Promise  what is taken can be committed in any order: after all of it no node is below itself. A
 *          record is judged by what is stored and by the records in front of it that were taken.
 * Memory   what the records change is held, and what it was looked up for.
 * Threads  one owner at a time; it has a read transaction of its own.
 * Errors   LINK_UNKNOWN with what reading the store gave. A refused record is an answer.
 * Limits   a record may put its node SCHEMA_CHAIN_MAX deep. What is already below it is not
 *          counted.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "database/store.h"
#include "tables/events.h"

/* Whether a view over the stream has links. */
bool link_check_wanted(const struct schema *schema, const struct stream *stream);

struct link_check;
bool link_check_open(struct store *store, const struct schema *schema, const struct stream *stream,
                     struct link_check **ret_check, struct error *err) MUST_CHECK;
void link_check_close(struct link_check *check); /* takes NULL */

/* Looks up what is stored of all records of a chunk: in the order of their keys, as neighbours are
 * found together, which those that arrive one after the other are not. */
bool link_check_load(struct link_check *check, const struct events_chunk *chunk,
                     struct error *err) MUST_CHECK;

struct link_fault {
    struct slice field; /* that names the parent */
    const char *what;   /* "closes a cycle" */
    struct slice nodes; /* "a -> b -> a", or empty; lives until the next record */
};
enum link_verdict { LINK_TAKEN, LINK_REFUSED, LINK_UNKNOWN };
enum link_verdict link_check_record(struct link_check *check, const struct event *record,
                                    struct link_fault *ret_fault, struct error *err);
