/* time_zone.h - the offsets of one time zone, from its TZif bytes.
 *
 * Place    schema.h owns one; calendar.h asks it.
 * Promise  the whole of time: transitions of the file, then its POSIX footer rule, before the
 *          first transition the first standard type. "UTC" needs no file.
 * Memory   time_zone_new copies; time_zone_free releases.
 * Threads  immutable after time_zone_new.
 * Errors   ERROR_SCHEMA: no such zone; ERROR_MISSING: no database of zones; ERROR_CORRUPT: bytes
 *          that are no TZif.
 * Source   RFC 8536 (TZif versions 1 to 4), POSIX TZ strings as extended there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"
#include "base/error.h"

struct time_zone;

/* Reads the bytes of an IANA zone from the machine's database (/usr/share/zoneinfo, or the
 * directory in TZDIR). NAME is checked: letters, digits, _ + - and single slashes; no "..". An
 * unknown name is ERROR_SCHEMA with the nearest known name as remedy where there is one; a missing
 * database names the package tzdata. "UTC" gives empty bytes without a look at the disk. */
bool time_zone_load(struct slice name, struct buffer *ret_bytes, struct error *err) MUST_CHECK;
/* BYTES as time_zone_load gave them, perhaps years ago on another machine; empty is UTC. */
bool time_zone_new(struct slice bytes, struct time_zone **ret_zone, struct error *err) MUST_CHECK;
void time_zone_free(struct time_zone *zone); /* takes NULL */

int32_t time_zone_offset(const struct time_zone *zone,
                         int64_t utc_seconds); /* seconds east of UTC */

/* How often the wall clock shows LOCAL_SECONDS (local time counted as if it were UTC): 0 in a gap,
 * 1, or 2 where it is repeated. The offsets are in order of time; in a gap the first is the offset
 * before it, the second the one behind it. */
int time_zone_local(const struct time_zone *zone, int64_t local_seconds, int32_t ret_offsets[2]);
/* The offsets under which the wall clock shows some second of [local_start, local_start + length),
 * each once, in order of time; returns how many: 0 where all of it is skipped, more than 1 where
 * local time alone does not tell. No zone has had more than ZONE_OFFSETS_MAX within an hour. */
enum { ZONE_OFFSETS_MAX = 4 };
int time_zone_shown(const struct time_zone *zone, int64_t local_start, int64_t length_seconds,
                    int32_t ret_offsets[ZONE_OFFSETS_MAX]);
