/* Text as number, time and name; what is read must print as something that reads back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "types/file_name.h"

static void check(int good)
{
    if (!good) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct time_zone *utc;
    struct error err;
    struct slice const text = slice_of(bytes, length);
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer name = {0};
    struct decimal number, again;
    struct value value;
    int128 time_ns, time_again;
    char plain[DECIMAL_TEXT_BYTES], time[CALENDAR_TEXT_BYTES];
    if (!utc) check(time_zone_new((struct slice){0}, &utc, &err));
    if (decimal_read(text, &number) == DECIMAL_READ) {
        check(decimal_read(slice_of(plain, decimal_write(&number, plain)), &again) == DECIMAL_READ);
        check(decimal_compare(&number, &again) == 0);
    }
    if (calendar_read(text, utc, &time_ns) && calendar_in_range(time_ns, utc)) {
        check(calendar_read(slice_of(time, calendar_write(time_ns, utc, time)), utc, &time_again));
        check(time_ns == time_again);
    }
    struct value_type const type = {.kind = VALUE_STRING};
    struct value const string = {.kind = VALUE_STRING, .string = text};
    file_name_write(&string, type, utc, &name);
    enum name_reading const reading =
        file_name_read(buffer_slice(&name), type, utc, &arena, &value);
    check(reading != NAME_INVALID);
    if (reading == NAME_EXACT) check(slice_equal(value.string, text));
    (void)file_name_read(text, type, utc, &arena, &value);
    return 0;
}
