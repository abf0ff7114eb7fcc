/*
 * What the C programs of the interop tests share: what they are told, sockets, and what they say.
 *
 *     PROGRAM server|client VERSION PORT LOCAL_PORT CONNECTIONS CIPHERS cert CERT KEY CA
 *     PROGRAM server|client VERSION PORT LOCAL_PORT CONNECTIONS CIPHERS psk IDENTITY KEY_IN_HEX
 *
 * A port 0 is any; ciphers "-" are the library's own. A server takes one client after another, a
 * client connects so many times and resumes its first session. What comes is sent back. A line on
 * stdin ends the connection in order. Each event is a line on stdout.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_MESSAGE 16384
#define LONG_MS 60000

struct plan {
    int server, datagram, port, local_port, connections;
    const char *version, *ciphers, *cert, *key, *ca, *identity;
    unsigned char psk[64];
    unsigned psk_length;
};

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static __attribute__((noreturn)) void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct plan read_plan(int count, char **arguments) {
    if (count != 10 && count != 11) exit(2);
    /* What is written to a peer that has gone is an error, and no end of the program. */
    signal(SIGPIPE, SIG_IGN);
    struct plan plan = {
        .server = strcmp(arguments[1], "server") == 0,
        .datagram = arguments[2][0] == 'D',
        .version = arguments[2],
        .port = atoi(arguments[3]),
        .local_port = atoi(arguments[4]),
        .connections = atoi(arguments[5]),
        .ciphers = strcmp(arguments[6], "-") == 0 ? NULL : arguments[6],
    };
    if (strcmp(arguments[7], "cert") == 0) {
        plan.cert = arguments[8];
        plan.key = arguments[9];
        plan.ca = arguments[10];
        return plan;
    }
    plan.identity = arguments[8];
    for (const char *hex = arguments[9]; *hex && plan.psk_length < sizeof plan.psk; hex += 2) {
        unsigned byte;
        if (sscanf(hex, "%2x", &byte) != 1) exit(2);
        plan.psk[plan.psk_length++] = (unsigned char)byte;
    }
    return plan;
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A socket on a port of its own, 0 for any. */
static int bound_socket(const struct plan *plan, int port) {
    int socket_fd = socket(AF_INET, plan->datagram ? SOCK_DGRAM : SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = loopback(port);
    setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(socket_fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    return socket_fd;
}

static int connect_socket(const struct plan *plan) {
    int socket_fd = bound_socket(plan, plan->local_port);
    struct sockaddr_in address = loopback(plan->port);
    if (connect(socket_fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    return socket_fd;
}

/* Begins to listen, and says where. */
static int listen_socket(struct plan *plan) {
    int listener = bound_socket(plan, plan->port);
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (!plan->datagram && listen(listener, 5) < 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    plan->port = ntohs(address.sin_port);
    say("listening %d", plan->port);
    return listener;
}

/* The next client's socket. A UDP socket becomes that client's own, and another listens on. */
static int accept_socket(const struct plan *plan, int *listener) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (!plan->datagram) return accept(*listener, NULL, NULL);
    char byte;
    if (recvfrom(*listener, &byte, 1, MSG_PEEK, (struct sockaddr *)&address, &length) < 0) {
        fail("recvfrom");
    }
    int socket_fd = *listener;
    if (connect(socket_fd, (struct sockaddr *)&address, length) < 0) fail("connect");
    *listener = bound_socket(plan, plan->port);
    return socket_fd;
}

/* Waits for what the peer sends; 0 where the connection is to be ended instead. */
static int wait_for_peer(int socket_fd) {
    struct pollfd waits[] = { { STDIN_FILENO, POLLIN, 0 }, { socket_fd, POLLIN, 0 } };
    char line[64];
    if (poll(waits, 2, LONG_MS) <= 0) fail("poll");
    if (waits[1].revents) return 1;
    if (read(STDIN_FILENO, line, sizeof line) <= 0) exit(0);
    return 0;
}
