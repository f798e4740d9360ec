// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>

#include "schema/schema.h"

enum { NAMES_MAX = 32 };

void options_complain(const char *format, ...)
{
    struct error err;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* a cut is harmless */
    va_end(arguments);
    (void)error_set(&err, ERROR_INPUT, "%s", text);
    (void)console_error(&err);
}

void options_complain_unknown(const char *what, const char *wrong, const char *const *names,
                              size_t name_count, const char *prefix, const char *help)
{
    struct slice slices[NAMES_MAX];
    size_t const count = name_count < NAMES_MAX ? name_count : NAMES_MAX;
    for (size_t i = 0; i < count; i++)
        slices[i] = slice_text(names[i]);
    struct slice const nearest = schema_nearest(slice_text(wrong), slices, count);
    if (nearest.length)
        options_complain("unknown %s '%s%s' (did you mean '%s%.*s'?)", what, prefix, wrong, prefix,
                         (int)nearest.length, (const char *)nearest.at);
    else
        options_complain("unknown %s '%s%s' (see '%s')", what, prefix, wrong, help);
}

/* What getopt_long could not take, which it leaves in front of the next argument. */
static void complain_option(const struct usage *usage, const char *argument)
{
    const char *names[NAMES_MAX] = {"help"};
    size_t count = 1;
    for (const struct option *option = usage->options; option->name; option++) {
        if (count < NAMES_MAX) names[count++] = option->name;
    }
    if (strncmp(argument, "--", 2) != 0) {
        options_complain("unknown option '-%c' (see 'tally %s --help')", optopt, usage->command);
        return;
    }
    AUTO_FREE char *const wrong = strdup(argument + 2);
    if (!wrong) return;
    char *const value = strchr(wrong, '=');
    if (value) *value = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], wrong) == 0) {
            options_complain("option '--%s' takes no value (see 'tally %s --help')", wrong,
                             usage->command);
            return;
        }
    }
    char help[40];
    (void)snprintf(help, sizeof help, "tally %s --help", usage->command); /* fits */
    options_complain_unknown("option", wrong, names, count, "--", help);
}

static void options_print_help(const struct usage *usage)
{
    (void)printf("usage: %s\n\n%s", usage->line, usage->help); /* console_end looks */
}

static bool check_positionals(const struct usage *usage, int count)
{
    bool const good = count >= usage->least_positionals &&
                      (usage->most_positionals < 0 || count <= usage->most_positionals);
    if (!good)
        options_complain("too %s arguments (usage: %s)",
                         count < usage->least_positionals ? "few" : "many", usage->line);
    return good;
}

enum options_answer options_read(const struct usage *usage, int argc, char **argv,
                                 bool (*set)(void *context, int code, const char *value),
                                 void *context, int *ret_first)
{
    struct option table[NAMES_MAX] = {{.name = "help", .val = OPTION_HELP}};
    size_t count = 1;
    for (const struct option *option = usage->options; option->name; option++) {
        if (count + 1 < NAMES_MAX) table[count++] = *option;
    }
    table[count] = (struct option){.name = NULL};
    opterr = 0;
    for (;;) {
        int const code = getopt_long(argc, argv, ":h", table, NULL);
        if (code == -1) break;
        switch (code) {
        case 'h':
        case OPTION_HELP: options_print_help(usage); return OPTIONS_ENDED;
        case '?': complain_option(usage, argv[optind - 1]); return OPTIONS_WRONG;
        case ':':
            options_complain("option '%s' needs a value (see 'tally %s --help')", argv[optind - 1],
                             usage->command);
            return OPTIONS_WRONG;
        default:
            if (!set(context, code, optarg)) return OPTIONS_WRONG;
            break;
        }
    }
    if (!check_positionals(usage, argc - optind)) return OPTIONS_WRONG;
    *ret_first = optind;
    return OPTIONS_GOOD;
}

bool options_read_size(const char *text, size_t *ret_bytes)
{
    static const char units[] = "KMGT";
    size_t bytes = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        size_t const digit = (size_t)(*at - '0');
        if (bytes > (SIZE_MAX - digit) / 10) return false;
        bytes = bytes * 10 + digit;
    }
    if (at == text) return false;
    const char *const unit = *at ? strchr(units, *at & ~0x20) : NULL;
    if (unit) {
        unsigned const shift = 10 * (unsigned)(unit - units + 1);
        if (bytes > SIZE_MAX >> shift) return false;
        bytes <<= shift;
        at++;
        if (at[0] == 'i') at++;
    }
    if (*at == 'B' || *at == 'b') at++;
    if (*at) return false;
    *ret_bytes = bytes;
    return true;
}
