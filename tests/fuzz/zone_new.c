// SPDX-License-Identifier: Apache-2.0
#include "types/time_zone.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static int64_t const instants[] = {-62135596800, -1, 0, 1767225600, 4102444800, 253402300799};
    struct time_zone *zone;
    struct error err;
    if (!time_zone_new(slice_of(bytes, length), &zone, &err)) return 0;
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        int32_t offsets[ZONE_OFFSETS_MAX];
        (void)time_zone_offset(zone, instants[i]);
        (void)time_zone_local(zone, instants[i], offsets);
        (void)time_zone_shown(zone, instants[i], 3600, offsets);
    }
    time_zone_free(zone);
    return 0;
}
