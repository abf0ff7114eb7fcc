/* A client or a server with mbedTLS 2.28, TLS 1.2 and DTLS 1.2, for the interop tests: see peer.h. */
#include "peer.h"
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/timing.h>

static struct plan plan;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_ssl_config config;
static mbedtls_x509_crt cert, ca;
static mbedtls_pk_context key;
static mbedtls_ssl_cookie_ctx cookies;
static mbedtls_ssl_ticket_context tickets;

static const char *reason(int error) {
    static char text[200];
    mbedtls_strerror(error, text, sizeof text);
    return text;
}

static void check(int error, const char *what) {
    if (error == 0) return;
    fprintf(stderr, "%s: %s\n", what, reason(error));
    exit(1);
}

static void configure(void) {
    static int ciphers[2];
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    check(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0), "random numbers");
    mbedtls_ssl_config_init(&config);
    check(mbedtls_ssl_config_defaults(
              &config, plan.server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
              plan.datagram ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
              MBEDTLS_SSL_PRESET_DEFAULT),
          "configuration");
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &drbg);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    if (plan.ciphers) {
        ciphers[0] = mbedtls_ssl_get_ciphersuite_id(plan.ciphers);
        mbedtls_ssl_conf_ciphersuites(&config, ciphers);
    }
    if (plan.server) {
        mbedtls_ssl_cookie_init(&cookies);
        mbedtls_ssl_ticket_init(&tickets);
        check(mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &drbg), "cookies");
        check(mbedtls_ssl_ticket_setup(&tickets, mbedtls_ctr_drbg_random, &drbg,
                                       MBEDTLS_CIPHER_AES_256_GCM, 3600),
              "tickets");
        mbedtls_ssl_conf_dtls_cookies(&config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check,
                                      &cookies);
        mbedtls_ssl_conf_session_tickets_cb(&config, mbedtls_ssl_ticket_write,
                                            mbedtls_ssl_ticket_parse, &tickets);
    }
    if (plan.identity) {
        check(mbedtls_ssl_conf_psk(&config, plan.psk, plan.psk_length,
                                   (const unsigned char *)plan.identity, strlen(plan.identity)),
              "PSK");
        return;
    }
    check(mbedtls_x509_crt_parse_file(&cert, plan.cert), "certificate");
    check(mbedtls_x509_crt_parse_file(&ca, plan.ca), "authority");
    check(mbedtls_pk_parse_keyfile(&key, plan.key, NULL), "key");
    check(mbedtls_ssl_conf_own_cert(&config, &cert, &key), "own certificate");
    mbedtls_ssl_conf_ca_chain(&config, &ca, NULL);
}

static int handshake(mbedtls_ssl_context *ssl) {
    for (;;) {
        int error = mbedtls_ssl_handshake(ssl);
        if (error == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
            mbedtls_ssl_session_reset(ssl);
            mbedtls_ssl_set_client_transport_id(ssl, (const unsigned char *)"peer", 4);
        } else if (error != MBEDTLS_ERR_SSL_WANT_READ && error != MBEDTLS_ERR_SSL_WANT_WRITE) {
            return error;
        }
    }
}

/* Sends back what comes, until one end closes. */
static void echo(mbedtls_ssl_context *ssl, int socket_fd) {
    static unsigned char message[MAX_MESSAGE];
    for (;;) {
        if (!mbedtls_ssl_check_pending(ssl) && !wait_for_peer(socket_fd)) {
            mbedtls_ssl_close_notify(ssl);
            return say("closed");
        }
        int length = mbedtls_ssl_read(ssl, message, sizeof message);
        if (length > 0) {
            int sent = mbedtls_ssl_write(ssl, message, (size_t)length);
            if (sent != length) say("cannot send %d: %s", length, reason(sent));
        } else if (length == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            mbedtls_ssl_close_notify(ssl);
            return say("peer closed");
        } else if (length != MBEDTLS_ERR_SSL_WANT_READ && length != MBEDTLS_ERR_SSL_TIMEOUT) {
            return say("failed %s", reason(length));
        }
    }
}

static void run(int socket_fd, mbedtls_ssl_session *session, int resume) {
    mbedtls_ssl_context ssl;
    mbedtls_timing_delay_context timer;
    mbedtls_net_context net = { socket_fd };
    mbedtls_ssl_init(&ssl);
    check(mbedtls_ssl_setup(&ssl, &config), "setup");
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    if (plan.server) mbedtls_ssl_set_client_transport_id(&ssl, (const unsigned char *)"peer", 4);
    else if (!plan.identity) mbedtls_ssl_set_hostname(&ssl, "localhost");
    if (resume) check(mbedtls_ssl_set_session(&ssl, session), "session");
    int error = handshake(&ssl);
    if (error) {
        say("refused %s", reason(error));
    } else {
        say("connected");
        if (!plan.server && !resume) check(mbedtls_ssl_get_session(&ssl, session), "session");
        echo(&ssl, socket_fd);
    }
    mbedtls_ssl_free(&ssl);
    close(socket_fd);
}

int main(int count, char **arguments) {
    mbedtls_ssl_session session;
    plan = read_plan(count, arguments);
    mbedtls_ssl_session_init(&session);
    configure();
    if (plan.server) {
        for (int listener = listen_socket(&plan);;) run(accept_socket(&plan, &listener), &session, 0);
    }
    for (int i = 0; i < plan.connections; i++) run(connect_socket(&plan), &session, i > 0);
    return 0;
}
