/* apply_zone.h - whether the events that are stored can be shown in another time zone.
 *
 * Place    apply.c asks before it folds them again.
 * Memory   nothing is kept.
 * Threads  as the transaction.
 * Errors   ERROR_INPUT: the time of an event would be beyond the years that can be shown;
 *          as event_scan.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "kv/db.h"
#include "schema/schema.h"

/* NEXT has the places of the fields as they are stored. */
bool apply_check_zone(const struct txn *txn, const struct schema *old, const struct schema *next,
                      struct error *err) MUST_CHECK;
