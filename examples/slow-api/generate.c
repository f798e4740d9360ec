/* generate - events of a web shop as NDJSON or CSV on standard output, the same ones each time.
 *
 *   generate COUNT [ndjson|csv] [FIRST]
 *
 * Event N (from FIRST, 1 if it is not given) has event_id evt_N, an event_ts within 90 days from
 * 2026-01-01, one of 10,000 users, one of 3 regions and a revenue of 0 to 99. Each event is a
 * function of its number alone, so that two runs over different ranges make one set.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS = 90, SECONDS_PER_DAY = 86400, USERS = 10000, REVENUES = 100 };

static const char *const regions[] = {"us-east", "eu-central", "ap-south"};

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t mix(uint64_t state)
{
    state += 0x9e3779b97f4a7c15u;
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
    return state ^ (state >> 31);
}

/* 2026-01-01 and the DAYS after it lie in January, February and March. */
static void write_time(uint64_t second, char text[static 21])
{
    static const unsigned month_days[] = {31, 28, 31};
    unsigned day = (unsigned)(second / SECONDS_PER_DAY), month = 0;
    unsigned const rest = (unsigned)(second % SECONDS_PER_DAY);
    while (day >= month_days[month])
        day -= month_days[month++];
    (void)snprintf(text, 21, "2026-%02u-%02uT%02u:%02u:%02uZ", (month + 1) % 100, (day + 1) % 100,
                   rest / 3600 % 100, rest / 60 % 60, rest % 60);
}

int main(int argc, char **argv)
{
    uint64_t const count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    int const csv = argc > 2 && strcmp(argv[2], "csv") == 0;
    uint64_t const first = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (count == 0 || first == 0) {
        (void)fputs("usage: generate COUNT [ndjson|csv] [FIRST]\n", stderr);
        return 1;
    }
    if (csv) (void)puts("event_id,event_ts,user_id,region,revenue");
    for (uint64_t n = first; n < first + count; n++) {
        char time[21];
        uint64_t const random = mix(n), other = mix(random);
        write_time(random % ((uint64_t)DAYS * SECONDS_PER_DAY), time);
        (void)printf(
            csv ? "evt_%llu,%s,user_%llu,%s,%llu\n"
                : "{\"event_id\":\"evt_%llu\",\"event_ts\":\"%s\",\"user_id\":\"user_%llu\","
                  "\"region\":\"%s\",\"revenue\":%llu}\n",
            (unsigned long long)n, time, (unsigned long long)(other % USERS),
            regions[(other >> 32) % 3], (unsigned long long)((other >> 40) % REVENUES));
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("generate");
        return 1;
    }
    return 0;
}
