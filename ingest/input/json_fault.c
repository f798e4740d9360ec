// SPDX-License-Identifier: Apache-2.0
#include "input/json_fault.h"

void json_fault_refuse(enum json_fault fault, size_t offset, struct refusal *refusal)
{
    switch (fault) {
    case JSON_GOOD: return;
    case JSON_NOT_OBJECT: refusal_set(refusal, "not a JSON object"); break;
    case JSON_ENDS_EARLY: refusal_set(refusal, "not JSON: ends too early"); break;
    case JSON_NO_VALUE: refusal_set(refusal, "not JSON: no value"); break;
    case JSON_NO_NAME: refusal_set(refusal, "not JSON: no member name in quotes"); break;
    case JSON_NO_COLON: refusal_set(refusal, "not JSON: no colon behind a name"); break;
    case JSON_NO_COMMA:
        refusal_set(refusal, "not JSON: neither a comma nor an end behind a value");
        break;
    case JSON_BAD_NUMBER: refusal_set(refusal, "not JSON: malformed number"); break;
    case JSON_BAD_ESCAPE: refusal_set(refusal, "not JSON: malformed escape in a string"); break;
    case JSON_LONE_SURROGATE: refusal_set(refusal, "half of a surrogate pair in a string"); break;
    case JSON_CONTROL: refusal_set(refusal, "not JSON: control character in a string"); break;
    case JSON_TOO_DEEP: refusal_set(refusal, "nested deeper than %d levels", JSON_DEPTH_MAX); break;
    case JSON_TEXT_BEHIND: refusal_set(refusal, "not JSON: text behind the object"); break;
    }
    refusal_detail(refusal, ", at byte %zu", offset + 1);
}
