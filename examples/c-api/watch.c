/* Prints a file of a store, and again after each commit that changed it.
 *
 *   cc watch.c $(pkg-config --cflags --libs libtally) -o watch
 *   ./watch STORE metrics.json [TIMES]
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <tally.h>

/* Prints PATH unless it is as it was at commit *SEEN. */
static enum tally_answer print_changed(const struct tally_snapshot *snapshot, const char *path,
                                       uint64_t *seen, struct tally_error *error)
{
    struct tally_stat stat;
    char *bytes;
    size_t size;
    enum tally_answer answer = tally_stat(snapshot, path, &stat, error);
    if (answer != TALLY_FOUND || stat.commit == *seen) return answer;
    answer = tally_read(snapshot, path, &bytes, &size, error);
    if (answer != TALLY_FOUND) return answer;
    printf("%llu: %s", (unsigned long long)stat.commit, bytes);
    fflush(stdout);
    tally_free(bytes);
    *seen = stat.commit;
    return TALLY_FOUND;
}

/* TIMES commits; 0: for ever. */
static enum tally_answer watch(struct tally_store *store, const char *path, long times,
                               struct tally_error *error)
{
    uint64_t seen = 0;
    for (long i = 0;;) {
        struct tally_snapshot *snapshot;
        if (!tally_snapshot_open(store, &snapshot, error)) return TALLY_FAILED;
        uint64_t newest = tally_snapshot_commit(snapshot);
        enum tally_answer answer = print_changed(snapshot, path, &seen, error);
        tally_snapshot_close(snapshot);
        if (answer == TALLY_FAILED || ++i == times) return answer;
        if (tally_wait(store, newest, -1, &newest, error) == TALLY_FAILED) return TALLY_FAILED;
    }
}

int main(int argc, char **argv)
{
    struct tally_store *store;
    struct tally_error error;
    if (argc < 3) {
        fprintf(stderr, "usage: watch STORE PATH [TIMES]\n");
        return EXIT_FAILURE;
    }
    if (!tally_open(argv[1], &store, &error)) {
        fprintf(stderr, "watch: %s\n", error.message);
        return EXIT_FAILURE;
    }
    enum tally_answer answer = watch(store, argv[2], argc > 3 ? atol(argv[3]) : 0, &error);
    if (answer == TALLY_FAILED) fprintf(stderr, "watch: %s\n", error.message);
    if (answer == TALLY_MISSING) fprintf(stderr, "watch: %s is not there\n", argv[2]);
    tally_close(store);
    return answer == TALLY_FOUND ? EXIT_SUCCESS : EXIT_FAILURE;
}
