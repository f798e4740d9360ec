/* event_text.h - a text of an event in few bytes: what is only written as text, numbers and hashes
 * and UUIDs, is stored as what it is.
 *
 *   4158                                     [head][2 bytes]      an integer
 *   7c9e6679-7425-40de-944b-e07fc1f90ae7     [head][16 bytes]     a UUID
 *   00ab34ff                                 [head][8][4 bytes]   hexadecimal digits
 *   eu-central                               [head]               the field's dictionary has it
 *   user_4158                                [head][head][2 bytes]    begins as its texts do
 *   eu-central                               [head][10 bytes]     any other
 *
 * With one dictionary a text has one form, so that equal texts are equal bytes.
 *
 * Place    events.c.
 * Memory   a text borrows from what it is read from where it stands there as it is, or from the
 *          dictionary, else it is the arena's.
 * Threads  pure.
 * Errors   event_text_unpack: false, these bytes were not written here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "types/dictionary.h"

/* The head of a field without a value; no text has it. */
enum { EVENT_TEXT_NULL = 0 };

/* DICTIONARY: NULL, or the field's, here as there. */
void event_text_pack(struct slice text, const struct dictionary *dictionary, struct buffer *into);
/* FROM stands at a head, which is not EVENT_TEXT_NULL. */
bool event_text_unpack(struct slice *from, const struct dictionary *dictionary, struct arena *arena,
                       struct slice *ret_text) MUST_CHECK;
/* The same where nobody asks for the text. */
bool event_text_pass(struct slice *from) MUST_CHECK;
