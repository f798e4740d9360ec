/* The first byte says how long the key is; key and event follow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "tables/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct schema *schema;
    static const char text[] = "{\"streams\":{\"s\":{\"key\":[\"a\",\"i\"],\"fields\":{\"a\":"
                               "\"string\",\"b\":\"bool\",\"i\":\"int\","
                               "\"d\":\"decimal\",\"t\":\"time\"}}},\"views\":{}}";
    struct slice const utc = {0};
    struct error err;
    struct value values[5];
    AUTO_ARENA struct arena arena = {0};
    if (!schema && !schema_read(slice_text(text), &utc, &schema, &err)) __builtin_trap();
    if (length == 0 || bytes[0] > length - 1) return 0;
    struct event const event = {.key = slice_of(bytes + 1, bytes[0]),
                                .packed = slice_of(bytes + 1 + bytes[0], length - 1 - bytes[0])};
    bool const good = event_unpack(&schema->streams[0], &event, &arena, values);
    (void)good; /* either answer is right */
    return 0;
}
