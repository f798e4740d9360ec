/* verify_p.h - between verify_count.c, which counts the events again, and verify.c, which compares.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema.h"
#include "store.h"

/* One aggregate of one group, as plainly as can be. */
struct tally {
    uint64_t count; /* of the values that count */
    struct exact sum;
    struct value extreme; /* null: none yet */
    uint8_t *room;        /* of an extreme string, in the arena */
    size_t room_bytes;
};

struct tallied_group {
    struct slice key;         /* packed dimensions, the order of the tree */
    struct value *dimensions; /* strings in the arena */
    uint64_t event_count;
    struct tally *tallies; /* one an aggregate */
};

/* The groups of one depth, sorted by key. */
struct tallied_level {
    struct tallied_group *groups;
    size_t count;
};

struct tallied_view {
    const struct view *view;
    struct arena arena;
    struct tallied_level levels[SCHEMA_DIMENSIONS_MAX + 1];
    uint64_t event_count;
};

bool tallied_view_count(const struct snapshot *snapshot, const struct view *view,
                        struct tallied_view *ret_view, struct error *err) MUST_CHECK;
void tallied_view_done(struct tallied_view *view);
