/* refusal.h - why a record did not become an event.
 *
 * Place    readers and bind fill it; batch counts by its kind, rejects keep its text.
 * Promise  both texts are one line without control characters.
 * Memory   it owns both texts until refusal_done, and is used again for the next record.
 * Threads  one owner at a time.
 * Errors   none: a refusal is an answer about a record, not a failure.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

struct refusal {
    struct buffer text; /* "revenue: 'abc' is not a number" */
    struct buffer kind; /* the same for all of its kind: "revenue: not a number" */
};

void refusal_done(struct refusal *refusal); /* takes a zeroed one */
/* Text and kind alike. */
void refusal_set(struct refusal *refusal, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds to the text what only this record has: a place, a number. */
void refusal_detail(struct refusal *refusal, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds TEXT behind what, in a form that can be shown, cut where it is long. */
void refusal_add(struct refusal *refusal, const char *what, struct slice text);
/* About the value of one field; WHAT goes on after "is not", as "a number". */
void refusal_set_value(struct refusal *refusal, struct slice field, struct slice value,
                       const char *what);
/* About one field whatever its value: "event_id: key is missing". */
void refusal_set_field(struct refusal *refusal, struct slice field, const char *what);
