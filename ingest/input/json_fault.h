/* json_fault.h - what keeps a text from being a record in JSON.
 *
 * Place    json_text.h, json_value.h and json_scan.h find it, readers refuse the record by it.
 * Memory   the refusal is the caller's.
 * Threads  pure.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "input/refusal.h"

enum { JSON_DEPTH_MAX = 1000 };

enum json_fault {
    JSON_GOOD,
    JSON_NOT_OBJECT,
    JSON_ENDS_EARLY,
    JSON_NO_VALUE, /* something else where a value should stand */
    JSON_NO_NAME,  /* likewise a member's name */
    JSON_NO_COLON, /* behind a member's name */
    JSON_NO_COMMA, /* behind a value neither a comma nor the closing bracket */
    JSON_BAD_NUMBER,
    JSON_BAD_ESCAPE,
    JSON_LONE_SURROGATE,
    JSON_CONTROL, /* a control character inside a string */
    JSON_TOO_DEEP,
    JSON_TEXT_BEHIND, /* something behind the object */
};
/* The fault in words: "not JSON: a member's name is missing, at byte 17". */
void json_fault_refuse(enum json_fault fault, size_t offset, struct refusal *refusal);
