/* A client or a server with wolfSSL, for the interop tests: see peer.h. */
#include "peer.h"
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

static struct plan plan;

static unsigned copy_key(unsigned char *key, unsigned size) {
    if (plan.psk_length > size) return 0;
    memcpy(key, plan.psk, plan.psk_length);
    return plan.psk_length;
}

static unsigned give_key(WOLFSSL *ssl, const char *hint, char *identity, unsigned identity_size,
                         unsigned char *key, unsigned key_size) {
    (void)ssl, (void)hint;
    snprintf(identity, identity_size, "%s", plan.identity);
    return copy_key(key, key_size);
}

static unsigned find_key(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned size) {
    (void)ssl;
    return strcmp(identity, plan.identity) == 0 ? copy_key(key, size) : 0;
}

static WOLFSSL_METHOD *method(void) {
    if (plan.datagram) return plan.server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method();
    if (strcmp(plan.version, "TLSv1.3") == 0) {
        return plan.server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
    }
    return plan.server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
}

static void check(int result, const char *what) {
    if (result == WOLFSSL_SUCCESS) return;
    fprintf(stderr, "%s: %d\n", what, result);
    exit(1);
}

static WOLFSSL_CTX *make_context(void) {
    WOLFSSL_CTX *context = wolfSSL_CTX_new(method());
    if (!context) exit(1);
    if (plan.ciphers) check(wolfSSL_CTX_set_cipher_list(context, plan.ciphers), "ciphers");
    if (plan.identity) {
        wolfSSL_CTX_set_psk_client_callback(context, give_key);
        wolfSSL_CTX_set_psk_server_callback(context, find_key);
        return context;
    }
    check(wolfSSL_CTX_use_certificate_chain_file(context, plan.cert), "certificate");
    check(wolfSSL_CTX_use_PrivateKey_file(context, plan.key, WOLFSSL_FILETYPE_PEM), "key");
    check(wolfSSL_CTX_load_verify_locations(context, plan.ca, NULL), "authority");
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return context;
}

/* Sends back what comes, until one end closes. */
static void echo(WOLFSSL *ssl, int socket_fd) {
    static char message[MAX_MESSAGE];
    for (;;) {
        if (!wolfSSL_pending(ssl) && !wait_for_peer(socket_fd)) {
            wolfSSL_shutdown(ssl);
            return say("closed");
        }
        int length = wolfSSL_read(ssl, message, sizeof message);
        if (length > 0) {
            int sent = wolfSSL_write(ssl, message, length);
            if (sent != length) say("cannot send %d: %d", length, wolfSSL_get_error(ssl, sent));
            continue;
        }
        int error = wolfSSL_get_error(ssl, length);
        if (error == WOLFSSL_ERROR_WANT_READ) continue;
        if (error != WOLFSSL_ERROR_ZERO_RETURN) return say("failed %d", error);
        wolfSSL_shutdown(ssl);
        return say("peer closed");
    }
}

static void run(WOLFSSL_CTX *context, int socket_fd, WOLFSSL_SESSION **session) {
    WOLFSSL *ssl = wolfSSL_new(context);
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    getpeername(socket_fd, (struct sockaddr *)&peer, &length);
    wolfSSL_set_fd(ssl, socket_fd);
    if (plan.datagram) wolfSSL_dtls_set_peer(ssl, &peer, length);
    if (*session) wolfSSL_set_session(ssl, *session);
    int result = plan.server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (result != WOLFSSL_SUCCESS) {
        int error = wolfSSL_get_error(ssl, result);
        say("refused %d %s", error, wolfSSL_ERR_reason_error_string((unsigned long)error));
    } else {
        say("connected");
        echo(ssl, socket_fd);
        if (!plan.server && !*session) *session = wolfSSL_get1_session(ssl);
    }
    wolfSSL_free(ssl);
    close(socket_fd);
}

int main(int count, char **arguments) {
    WOLFSSL_SESSION *session = NULL;
    plan = read_plan(count, arguments);
    wolfSSL_Init();
    WOLFSSL_CTX *context = make_context();
    if (plan.server) {
        for (int listener = listen_socket(&plan);;) {
            run(context, accept_socket(&plan, &listener), &session);
        }
    }
    for (int i = 0; i < plan.connections; i++) run(context, connect_socket(&plan), &session);
    wolfSSL_SESSION_free(session);
    wolfSSL_CTX_free(context);
    return 0;
}
