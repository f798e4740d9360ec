// SPDX-License-Identifier: Apache-2.0
#include "metrics_text.h"

enum { NS_PER_MS = 1000000, MS_PER_SECOND = 1000 };

void metrics_text_head(struct buffer *text, const char *name, const char *type, const char *help)
{
    buffer_format(text, "# HELP tallyfs_%s %s\n# TYPE tallyfs_%s %s\n", name, help, name, type);
}

void metrics_text_seconds(struct buffer *text, int64_t ns)
{
    int64_t const ms = ns / NS_PER_MS;
    buffer_format(text, "%lld.%03lld\n", (long long)(ms / MS_PER_SECOND),
                  (long long)(ms % MS_PER_SECOND));
}

void metrics_text_number(struct buffer *text, const char *name, const char *type, const char *help,
                         uint64_t number)
{
    metrics_text_head(text, name, type, help);
    buffer_format(text, "tallyfs_%s %llu\n", name, (unsigned long long)number);
}

void metrics_text_time(struct buffer *text, const char *name, const char *help, int64_t ns)
{
    metrics_text_head(text, name, "gauge", help);
    buffer_format(text, "tallyfs_%s ", name);
    metrics_text_seconds(text, ns);
}
