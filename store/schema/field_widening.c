// SPDX-License-Identifier: Apache-2.0
#include "schema/field_widening.h"

#include "types/calendar.h"
#include "types/decimal_sum.h"

bool field_widens(enum field_type from, enum field_type to)
{
    if (to == FIELD_STRING) return from != FIELD_STRING;
    if (to == FIELD_FLOAT) return from == FIELD_INT || from == FIELD_DECIMAL;
    return to == FIELD_DECIMAL && from == FIELD_INT;
}

static void become_text(struct value *value, const struct time_zone *zone, struct arena *arena)
{
    AUTO_BUFFER struct buffer text = {0};
    struct value_type const type = {.kind = value->kind};
    if (value->kind == VALUE_TIME) {
        char time[CALENDAR_TEXT_BYTES];
        buffer_add(&text, time, calendar_write(value->time_ns, zone, time));
    } else {
        value_text(value, type, zone, &text);
    }
    *value = (struct value){.kind = VALUE_STRING, .string = arena_copy(arena, buffer_slice(&text))};
}

static void become_float(struct value *value)
{
    struct decimal_sum const exact = decimal_sum_from_decimal(&value->number);
    *value = (struct value){.kind = VALUE_FLOAT, .real = decimal_sum_to_double(&exact)};
}

void field_widen(struct value *value, enum field_type from, enum field_type to,
                 const struct time_zone *zone, struct arena *arena)
{
    if (value->kind == VALUE_NULL) return;
    if (to == FIELD_STRING)
        become_text(value, zone, arena);
    else if (to == FIELD_FLOAT && from != FIELD_FLOAT)
        become_float(value);
}
