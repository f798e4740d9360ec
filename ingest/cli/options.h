/* options.h - command lines: options before, behind and between the positionals.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <getopt.h>

#include "base/bytes.h"
#include "cli/console.h"

/* What a command takes. */
struct usage {
    const char *command;          /* "ingest" */
    const char *line;             /* "tally ingest STORE [FILE...|-]" */
    const char *help;             /* the rest of what --help prints */
    const struct option *options; /* as getopt_long wants them; their codes from 256 on */
    int least_positionals;
    int most_positionals; /* -1: any number */
};

enum {
    OPTION_HELP = 255, /* every command's */
    OPTION_FIRST = 256,
};

/* What became of a command line. */
enum options_answer {
    OPTIONS_GOOD,  /* run */
    OPTIONS_ENDED, /* --help is printed: end well */
    OPTIONS_WRONG, /* told on standard error */
};

/* Calls SET for each option, which returns false after telling what is wrong with it; then puts the
 * positionals into ARGV + *ret_first. ARGV is reordered. */
enum options_answer options_read(const struct usage *usage, int argc, char **argv,
                                 bool (*set)(void *context, int code, const char *value),
                                 void *context, int *ret_first);

/* One line about the command line: "tally: TEXT". */
void options_complain(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same about a name that is not known, with the nearest of NAMES, or the command that tells them. */
void options_complain_unknown(const char *what, const char *wrong, const char *const *names,
                              size_t name_count, const char *prefix, const char *help);

/* "512M", "1.5G" is refused, "1000000": bytes, with K, M, G, T for powers of 1024. */
bool options_read_size(const char *text, size_t *ret_bytes) MUST_CHECK;
