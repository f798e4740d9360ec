/* From the bytes of a TZif file to a zone, and from its name to the bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "types/time_zone_p.h"

enum { ZONE_BYTES_MAX = 1 << 20, NAME_MAX_BYTES = 100 };

static bool broken(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "the description of the time zone cannot be read");
    return error_remedy(err, "reinstall the package tzdata");
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* One block of a TZif file: counts, then arrays. */
struct block {
    uint32_t utc_count, wall_count, leap_count, time_count, type_count, name_bytes;
};
enum { HEADER_BYTES = 44, TYPE_BYTES = 6 };

static bool time_zone_read_header(struct slice *from, uint8_t *ret_version, struct block *ret_block)
{
    if (from->length < HEADER_BYTES || memcmp(from->at, "TZif", 4) != 0) return false;
    *ret_version = from->at[4];
    *ret_block = (struct block){
        .utc_count = read_u32(from->at + 20),
        .wall_count = read_u32(from->at + 24),
        .leap_count = read_u32(from->at + 28),
        .time_count = read_u32(from->at + 32),
        .type_count = read_u32(from->at + 36),
        .name_bytes = read_u32(from->at + 40),
    };
    *from = slice_of(from->at + HEADER_BYTES, from->length - HEADER_BYTES);
    return ret_block->type_count > 0 && ret_block->type_count <= 256;
}

static uint64_t block_bytes(const struct block *block, unsigned time_bytes)
{
    return (uint64_t)block->time_count * (time_bytes + 1) +
           (uint64_t)block->type_count * TYPE_BYTES + block->name_bytes +
           (uint64_t)block->leap_count * (time_bytes + 4) + block->wall_count + block->utc_count;
}

static bool read_transitions(const uint8_t *at, const struct block *block, unsigned time_bytes,
                             struct time_zone *zone)
{
    const uint8_t *const indices = at + (size_t)block->time_count * time_bytes;
    const uint8_t *const types = indices + block->time_count;
    zone->at = memory_alloc(block->time_count * sizeof *zone->at);
    zone->offsets = memory_alloc(block->time_count * sizeof *zone->offsets);
    zone->count = block->time_count;
    zone->first_offset = (int32_t)read_u32(types);
    for (size_t i = 0; i < block->time_count; i++) {
        if (indices[i] >= block->type_count) return false;
        zone->at[i] = time_bytes == 8 ? read_i64(at + i * 8) : (int32_t)read_u32(at + i * 4);
        zone->offsets[i] = (int32_t)read_u32(types + indices[i] * (size_t)TYPE_BYTES);
        if (zone->offsets[i] < -OFFSET_MOST || zone->offsets[i] > OFFSET_MOST) return false;
        if (i > 0 && zone->at[i] <= zone->at[i - 1]) return false;
    }
    return zone->first_offset >= -OFFSET_MOST && zone->first_offset <= OFFSET_MOST;
}

/* The footer: std offset [dst [offset] , rule , rule]. Each reader moves *at on. */
static bool time_zone_skip_name(const char **at)
{
    const char *const start = *at;
    if (**at == '<') {
        while (**at && **at != '>')
            (*at)++;
        return *(*at)++ == '>';
    }
    while ((**at | 0x20) >= 'a' && (**at | 0x20) <= 'z')
        (*at)++;
    return *at - start >= 3;
}

static bool time_zone_read_number(const char **at, int most, int *ret_number)
{
    int number = 0;
    if (**at < '0' || **at > '9') return false;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (**at - '0');
        if (number > most) return false;
    }
    *ret_number = number;
    return true;
}

/* [+-]hh[:mm[:ss]], hours up to 167 as RFC 8536 extends POSIX. */
static bool time_zone_read_clock(const char **at, int32_t *ret_seconds)
{
    int hours, minutes = 0, seconds = 0;
    int const sign = **at == '-' ? -1 : 1;
    if (**at == '-' || **at == '+') (*at)++;
    if (!time_zone_read_number(at, 167, &hours)) return false;
    if (**at == ':') {
        (*at)++;
        if (!time_zone_read_number(at, 59, &minutes)) return false;
        if (**at == ':') {
            (*at)++;
            if (!time_zone_read_number(at, 59, &seconds)) return false;
        }
    }
    *ret_seconds = sign * (hours * SECONDS_PER_HOUR + minutes * 60 + seconds);
    return true;
}

static bool read_rule(const char **at, struct rule *rule)
{
    if (*(*at)++ != ',') return false;
    if (**at == 'M') {
        (*at)++;
        rule->kind = RULE_MONTH;
        if (!time_zone_read_number(at, 12, &rule->month) || rule->month < 1 || *(*at)++ != '.' ||
            !time_zone_read_number(at, 5, &rule->week) || rule->week < 1 || *(*at)++ != '.' ||
            !time_zone_read_number(at, 6, &rule->day))
            return false;
    } else {
        rule->kind = **at == 'J' ? RULE_JULIAN : RULE_DAY;
        if (**at == 'J') (*at)++;
        if (!time_zone_read_number(at, 365, &rule->day)) return false;
    }
    rule->seconds = 2 * SECONDS_PER_HOUR;
    if (**at != '/') return true;
    (*at)++;
    return time_zone_read_clock(at, &rule->seconds);
}

static bool read_footer(const char *at, struct time_zone *zone)
{
    int32_t west;
    if (*at == '\0') return true; /* no rule: the last offset holds for ever */
    if (!time_zone_skip_name(&at) || !time_zone_read_clock(&at, &west)) return false;
    zone->standard = -west;
    zone->has_footer = true;
    if (*at == '\0') return true;
    zone->has_summer = true;
    zone->summer = zone->standard + SECONDS_PER_HOUR;
    if (!time_zone_skip_name(&at)) return false;
    if (*at != ',') {
        if (!time_zone_read_clock(&at, &west)) return false;
        zone->summer = -west;
    }
    return read_rule(&at, &zone->to_summer) && read_rule(&at, &zone->to_standard) && *at == '\0';
}

static bool read_zone(struct slice bytes, struct time_zone *zone)
{
    uint8_t version;
    struct block block;
    unsigned time_bytes = 4;
    if (!time_zone_read_header(&bytes, &version, &block)) return false;
    if (version >= '2') { /* the first block is for old readers: what counts stands behind it */
        uint64_t const skipped = block_bytes(&block, 4);
        if (bytes.length < skipped) return false;
        bytes = slice_of(bytes.at + skipped, bytes.length - (size_t)skipped);
        if (!time_zone_read_header(&bytes, &version, &block)) return false;
        time_bytes = 8;
    }
    uint64_t const used = block_bytes(&block, time_bytes);
    if (bytes.length < used) return false;
    if (!read_transitions(bytes.at, &block, time_bytes, zone)) return false;
    if (time_bytes == 4) return true;
    bytes = slice_of(bytes.at + used, bytes.length - (size_t)used);
    if (bytes.length < 2 || bytes.at[0] != '\n') return false;
    const uint8_t *const end = memchr(bytes.at + 1, '\n', bytes.length - 1);
    if (!end) return false;
    AUTO_BUFFER struct buffer footer = {0};
    buffer_add(&footer, bytes.at + 1, (size_t)(end - bytes.at - 1));
    buffer_add_byte(&footer, '\0');
    return read_footer((const char *)footer.at, zone);
}

bool time_zone_new(struct slice bytes, struct time_zone **ret_zone, struct error *err)
{
    struct time_zone *const zone = memory_alloc(sizeof *zone);
    if (bytes.length > 0 && !read_zone(bytes, zone)) {
        time_zone_free(zone);
        return broken(err);
    }
    *ret_zone = zone;
    return true;
}

void time_zone_free(struct time_zone *zone)
{
    if (!zone) return;
    free(zone->at);
    free(zone->offsets);
    free(zone);
}

static bool is_name(struct slice name)
{
    if (name.length == 0 || name.length > NAME_MAX_BYTES || name.at[0] == '/') return false;
    for (size_t i = 0; i < name.length; i++) {
        uint8_t const c = name.at[i];
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool const other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        bool const slash = c == '/' && name.at[i - 1] != '/' && i + 1 < name.length;
        if (!letter && !other && !slash) return false;
    }
    return true;
}

static const char *database(void)
{
    const char *const directory = getenv("TZDIR");
    return directory && *directory ? directory : "/usr/share/zoneinfo";
}

static bool unknown(struct slice name, struct error *err)
{
    struct stat status;
    if (stat(database(), &status) < 0) {
        (void)error_set(err, ERROR_MISSING, "there is no time zone database in %s", database());
        return error_remedy(err, "install the package tzdata");
    }
    (void)error_set(err, ERROR_SCHEMA, "no time zone '%.*s'", (int)name.length, name.at);
    return error_remedy(err, "use an IANA name such as Europe/Berlin; see `ls %s`", database());
}

bool time_zone_load(struct slice name, struct buffer *ret_bytes, struct error *err)
{
    AUTO_BUFFER struct buffer path = {0};
    struct stat status;
    if (slice_is(name, "UTC")) return true;
    if (!is_name(name)) return unknown(name, err);
    buffer_format(&path, "%s/%.*s", database(), (int)name.length, name.at);
    buffer_add_byte(&path, '\0');
    AUTO_FD int const fd = open((char *)path.at, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return unknown(name, err);
    if (fd < 0 || fstat(fd, &status) < 0) return error_system(err, errno, "%s", (char *)path.at);
    if (!S_ISREG(status.st_mode)) return unknown(name, err);
    if (status.st_size > ZONE_BYTES_MAX) return broken(err);
    buffer_reserve(ret_bytes, (size_t)status.st_size + 1);
    ssize_t const got = read(fd, ret_bytes->at, (size_t)status.st_size);
    if (got != status.st_size)
        return error_system(err, got < 0 ? errno : EIO, "%s", (char *)path.at);
    ret_bytes->length = (size_t)got;
    return true;
}
