// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_ranges.h"

#include "tables/groups.h"

bool verify_ranges_count(struct verify_ranges *ranges, struct error *err)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    struct slice key;
    struct group group;
    enum db_finding found;
    size_t count = 0;
    if (!groups_scan_open(&scan, ranges->snapshot->txn, ranges->view, 1, (struct slice){0},
                          (struct slice){0}, err))
        return false;
    while ((found = groups_scan_next(&scan, &key, &group, err)) == DB_FOUND)
        count++;
    ranges->names = count / 2;
    return found == DB_MISSING;
}

bool verify_ranges_find_end(struct verify_ranges *ranges, struct error *err)
{
    AUTO(groups_scan_close) struct groups_scan scan = {0};
    struct slice key;
    struct group group;
    enum db_finding found = DB_FOUND;
    if (ranges->names == 0) ranges->names = 1;
    buffer_clear(&ranges->to);
    if (!groups_scan_open(&scan, ranges->snapshot->txn, ranges->view, 1, (struct slice){0},
                          buffer_slice(&ranges->from), err))
        return false;
    for (size_t i = 0; i <= ranges->names && found == DB_FOUND; i++)
        found = groups_scan_next(&scan, &key, &group, err);
    if (found == DB_FOUND) buffer_add_slice(&ranges->to, key);
    return found != DB_FAILED;
}

struct verify_portion verify_ranges_portion(const struct verify_ranges *ranges, size_t limit_bytes)
{
    return (struct verify_portion){.limit_bytes = ranges->names == 1 ? 0 : limit_bytes,
                                   .is_range = true,
                                   .from = buffer_slice(&ranges->from),
                                   .to = buffer_slice(&ranges->to)};
}

void verify_ranges_halve(struct verify_ranges *ranges)
{
    ranges->names /= 2;
}

bool verify_ranges_next(struct verify_ranges *ranges)
{
    buffer_set(&ranges->from, buffer_slice(&ranges->to));
    ranges->names *= 2; /* the one after a large one may be small */
    return ranges->to.length > 0;
}

void verify_ranges_done(struct verify_ranges *ranges)
{
    buffer_done(&ranges->from);
    buffer_done(&ranges->to);
}
