/* The inner loops of the benchmarks, timed where they run:
 *
 *   loops read FILE COUNT THREADS      open, read to the end, close
 *   loops ask PORT REQUEST COUNT       send REQUEST to 127.0.0.1, take an answer as long as the
 *                                      first; \r\n is written so
 *
 * Print nanoseconds per operation: of one thread, all of them working.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20, THREADS_MAX = 64 };

struct reading {
    const char *path;
    uint64_t count;
    pthread_t thread;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "loops: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *read_loop(void *argument)
{
    const struct reading *const reading = argument;
    char *const buffer = malloc(BUFFER_BYTES);
    if (!buffer) fail("memory");
    for (uint64_t i = 0; i < reading->count; i++) {
        int const fd = open(reading->path, O_RDONLY | O_CLOEXEC);
        ssize_t got = 1;
        if (fd < 0) fail(reading->path);
        while (got > 0)
            got = read(fd, buffer, BUFFER_BYTES);
        if (got < 0) fail(reading->path);
        (void)close(fd); /* only read */
    }
    free(buffer);
    return NULL;
}

static void read_file(const char *path, uint64_t count, unsigned threads)
{
    struct reading readings[THREADS_MAX];
    if (threads == 0 || threads > THREADS_MAX) threads = 1;
    double const begun = now_ns();
    for (unsigned i = 0; i < threads; i++) {
        readings[i] = (struct reading){.path = path, .count = count};
        if (pthread_create(&readings[i].thread, NULL, read_loop, &readings[i]) != 0) fail("thread");
    }
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(readings[i].thread, NULL); /* cannot fail: joined once */
    (void)printf("%.0f\n", (now_ns() - begun) / (double)count);
}

static int connect_to(const char *port)
{
    int const one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(port)),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one); /* only a courtesy */
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    return fd;
}

/* "\r\n" as two letters each becomes the line's end. */
static size_t unescape(const char *text, char *bytes, size_t size)
{
    size_t length = 0;
    for (; *text && length + 1 < size; text++) {
        char letter = *text;
        if (letter == '\\' && (text[1] == 'r' || text[1] == 'n'))
            letter = *++text == 'r' ? '\r' : '\n';
        bytes[length++] = letter;
    }
    return length;
}

static void ask(const char *port, const char *text, uint64_t count)
{
    static char request[4096], answer[BUFFER_BYTES];
    size_t const length = unescape(text, request, sizeof request);
    int const fd = connect_to(port);
    ssize_t expected = 0;
    double begun = 0;
    for (uint64_t i = 0; i <= count; i++) {
        if (i == 1) begun = now_ns(); /* the first one tells how long an answer is */
        if (send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
        ssize_t got = 0;
        do {
            ssize_t const more = recv(fd, answer + got, sizeof answer - (size_t)got, 0);
            if (more <= 0) fail("receive");
            got += more;
        } while (got < expected);
        expected = got;
    }
    (void)printf("%.0f\n", (now_ns() - begun) / (double)count);
    (void)close(fd); /* nothing is left to send */
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "read") == 0)
        read_file(argv[2], strtoull(argv[3], NULL, 10), (unsigned)atoi(argv[4]));
    else if (argc == 5 && strcmp(argv[1], "ask") == 0)
        ask(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    else
        return fputs("usage: loops read FILE COUNT THREADS | ask PORT REQUEST COUNT\n", stderr), 2;
    return 0;
}
