/**
 * The functions of libssl and libcrypto that are used, each under its C prototype, from
 * openssl/ssl.h, bio.h, err.h, x509.h, x509_vfy.h, pem.h, evp.h, hmac.h, params.h, provider.h and crypto.h of OpenSSL 3.
 *
 * A pointer that C only reads or fills during the call is a "buffer"; everything else that points
 * is a "pointer". `size_t` and `long` come back as bigint, `int` as number: hot paths use `int`.
 *
 * @module
 */

/** Functions of libssl. */
export const LIBSSL = {
  // const SSL_METHOD *TLS_method(void);
  TLS_method: { parameters: [], result: "pointer" },
  // const SSL_METHOD *DTLS_method(void);
  DTLS_method: { parameters: [], result: "pointer" },

  // SSL_CTX *SSL_CTX_new(const SSL_METHOD *method);
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  // void SSL_CTX_free(SSL_CTX *ctx);
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  // long SSL_CTX_ctrl(SSL_CTX *ctx, int cmd, long larg, void *parg);
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  // uint64_t SSL_CTX_set_options(SSL_CTX *ctx, uint64_t options);
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  // int SSL_CTX_use_certificate(SSL_CTX *ctx, X509 *x);
  SSL_CTX_use_certificate: { parameters: ["pointer", "pointer"], result: "i32" },
  // int SSL_CTX_use_PrivateKey(SSL_CTX *ctx, EVP_PKEY *pkey);
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  // int SSL_CTX_check_private_key(const SSL_CTX *ctx);
  SSL_CTX_check_private_key: { parameters: ["pointer"], result: "i32" },
  // X509_STORE *SSL_CTX_get_cert_store(const SSL_CTX *ctx);
  SSL_CTX_get_cert_store: { parameters: ["pointer"], result: "pointer" },
  // int SSL_CTX_add_client_CA(SSL_CTX *ctx, X509 *cacert);
  SSL_CTX_add_client_CA: { parameters: ["pointer", "pointer"], result: "i32" },
  // void SSL_CTX_set_verify(SSL_CTX *ctx, int mode, SSL_verify_cb verify_callback);
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  // void SSL_CTX_set_cert_verify_callback(SSL_CTX *ctx, int (*cb)(X509_STORE_CTX *, void *),
  //                                       void *arg);
  SSL_CTX_set_cert_verify_callback: {
    parameters: ["pointer", "function", "pointer"],
    result: "void",
  },
  // void SSL_CTX_set_verify_depth(SSL_CTX *ctx, int depth);
  SSL_CTX_set_verify_depth: { parameters: ["pointer", "i32"], result: "void" },
  // SSL_verify_cb SSL_get_verify_callback(const SSL *s);
  SSL_get_verify_callback: { parameters: ["pointer"], result: "pointer" },
  // int SSL_CTX_set_session_id_context(SSL_CTX *ctx, const unsigned char *sid_ctx, unsigned int len);
  SSL_CTX_set_session_id_context: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // void SSL_CTX_set_cookie_generate_cb(SSL_CTX *ctx, int (*cb)(SSL *, unsigned char *, unsigned int *));
  SSL_CTX_set_cookie_generate_cb: { parameters: ["pointer", "function"], result: "void" },
  // void SSL_CTX_set_cookie_verify_cb(SSL_CTX *ctx, int (*cb)(SSL *, const unsigned char *, unsigned int));
  SSL_CTX_set_cookie_verify_cb: { parameters: ["pointer", "function"], result: "void" },

  // int SSL_CTX_set_cipher_list(SSL_CTX *ctx, const char *str);
  SSL_CTX_set_cipher_list: { parameters: ["pointer", "buffer"], result: "i32" },
  // int SSL_CTX_set_ciphersuites(SSL_CTX *ctx, const char *str);
  SSL_CTX_set_ciphersuites: { parameters: ["pointer", "buffer"], result: "i32" },
  // int SSL_CTX_set_alpn_protos(SSL_CTX *ctx, const unsigned char *protos, unsigned int protos_len);
  SSL_CTX_set_alpn_protos: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // void SSL_CTX_set_alpn_select_cb(SSL_CTX *ctx, SSL_CTX_alpn_select_cb_func cb, void *arg);
  SSL_CTX_set_alpn_select_cb: { parameters: ["pointer", "function", "pointer"], result: "void" },
  // int SSL_select_next_proto(unsigned char **out, unsigned char *outlen,
  //                           const unsigned char *server, unsigned int server_len,
  //                           const unsigned char *client, unsigned int client_len);
  SSL_select_next_proto: {
    parameters: ["pointer", "pointer", "buffer", "u32", "pointer", "u32"],
    result: "i32",
  },
  // int SSL_CTX_set_tlsext_use_srtp(SSL_CTX *ctx, const char *profiles);
  SSL_CTX_set_tlsext_use_srtp: { parameters: ["pointer", "buffer"], result: "i32", optional: true },
  // const SRTP_PROTECTION_PROFILE *SSL_get_selected_srtp_profile(SSL *s);
  SSL_get_selected_srtp_profile: { parameters: ["pointer"], result: "pointer", optional: true },
  // void SSL_CTX_set_psk_client_callback(SSL_CTX *ctx, SSL_psk_client_cb_func cb);
  SSL_CTX_set_psk_client_callback: { parameters: ["pointer", "function"], result: "void" },
  // void SSL_CTX_set_psk_server_callback(SSL_CTX *ctx, SSL_psk_server_cb_func cb);
  SSL_CTX_set_psk_server_callback: { parameters: ["pointer", "function"], result: "void" },
  // int SSL_CTX_use_psk_identity_hint(SSL_CTX *ctx, const char *hint);
  SSL_CTX_use_psk_identity_hint: { parameters: ["pointer", "buffer"], result: "i32" },
  // void SSL_CTX_set_keylog_callback(SSL_CTX *ctx, SSL_CTX_keylog_cb_func cb);
  SSL_CTX_set_keylog_callback: { parameters: ["pointer", "function"], result: "void" },
  // void SSL_CTX_set_msg_callback(SSL_CTX *ctx, void (*cb)(int, int, int, const void *, size_t,
  //                               SSL *, void *));
  SSL_CTX_set_msg_callback: { parameters: ["pointer", "function"], result: "void" },
  // long SSL_CTX_set_timeout(SSL_CTX *ctx, long t);
  SSL_CTX_set_timeout: { parameters: ["pointer", "i64"], result: "i64" },

  // STACK_OF(SSL_CIPHER) *SSL_CTX_get_ciphers(const SSL_CTX *ctx);
  SSL_CTX_get_ciphers: { parameters: ["pointer"], result: "pointer" },
  // uint16_t SSL_CIPHER_get_protocol_id(const SSL_CIPHER *c);
  SSL_CIPHER_get_protocol_id: { parameters: ["pointer"], result: "u16" },
  // void SSL_CTX_set_psk_find_session_callback(SSL_CTX *ctx, SSL_psk_find_session_cb_func cb);
  SSL_CTX_set_psk_find_session_callback: { parameters: ["pointer", "function"], result: "void" },
  // int SSL_version(const SSL *ssl);
  SSL_version: { parameters: ["pointer"], result: "i32" },
  // const SSL_CIPHER *SSL_CIPHER_find(SSL *ssl, const unsigned char *ptr);
  SSL_CIPHER_find: { parameters: ["pointer", "buffer"], result: "pointer" },
  // SSL_SESSION *SSL_SESSION_new(void);
  SSL_SESSION_new: { parameters: [], result: "pointer" },
  // int SSL_SESSION_set1_master_key(SSL_SESSION *sess, const unsigned char *in, size_t len);
  SSL_SESSION_set1_master_key: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  // int SSL_SESSION_set_cipher(SSL_SESSION *s, const SSL_CIPHER *cipher);
  SSL_SESSION_set_cipher: { parameters: ["pointer", "pointer"], result: "i32" },
  // int SSL_SESSION_set_protocol_version(SSL_SESSION *s, int version);
  SSL_SESSION_set_protocol_version: { parameters: ["pointer", "i32"], result: "i32" },
  // int SSL_CTX_set_session_ticket_cb(SSL_CTX *ctx, SSL_CTX_generate_session_ticket_fn gen_cb,
  //                                   SSL_CTX_decrypt_session_ticket_fn dec_cb, void *arg);
  SSL_CTX_set_session_ticket_cb: {
    parameters: ["pointer", "function", "function", "pointer"],
    result: "i32",
  },

  // int SSL_SESSION_get_protocol_version(const SSL_SESSION *s);
  SSL_SESSION_get_protocol_version: { parameters: ["pointer"], result: "i32" },
  // const SSL_CIPHER *SSL_SESSION_get0_cipher(const SSL_SESSION *s);
  SSL_SESSION_get0_cipher: { parameters: ["pointer"], result: "pointer" },
  // size_t SSL_SESSION_get_master_key(const SSL_SESSION *session, unsigned char *out, size_t outlen);
  SSL_SESSION_get_master_key: { parameters: ["pointer", "buffer", "usize"], result: "usize" },
  // X509 *SSL_SESSION_get0_peer(SSL_SESSION *s);
  SSL_SESSION_get0_peer: { parameters: ["pointer"], result: "pointer" },
  // int SSL_SESSION_has_ticket(const SSL_SESSION *s);
  SSL_SESSION_has_ticket: { parameters: ["pointer"], result: "i32" },
  // int SSL_SESSION_set1_ticket_appdata(SSL_SESSION *ss, const void *data, size_t len);
  SSL_SESSION_set1_ticket_appdata: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  // int SSL_SESSION_get0_ticket_appdata(SSL_SESSION *ss, void **data, size_t *len);
  SSL_SESSION_get0_ticket_appdata: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  // int SSL_CTX_remove_session(SSL_CTX *ctx, SSL_SESSION *session);
  SSL_CTX_remove_session: { parameters: ["pointer", "pointer"], result: "i32" },
  // int SSL_SESSION_is_resumable(const SSL_SESSION *s);
  SSL_SESSION_is_resumable: { parameters: ["pointer"], result: "i32" },
  // void SSL_SESSION_free(SSL_SESSION *session);
  SSL_SESSION_free: { parameters: ["pointer"], result: "void" },
  // int PEM_write_bio_SSL_SESSION(BIO *bp, const SSL_SESSION *x);
  PEM_write_bio_SSL_SESSION: { parameters: ["pointer", "pointer"], result: "i32" },
  // SSL_SESSION *PEM_read_bio_SSL_SESSION(BIO *bp, SSL_SESSION **x, pem_password_cb *cb, void *u);
  PEM_read_bio_SSL_SESSION: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },

  // SSL *SSL_new(SSL_CTX *ctx);
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  // void SSL_free(SSL *ssl);
  SSL_free: { parameters: ["pointer"], result: "void" },
  // void SSL_set0_rbio(SSL *s, BIO *rbio);
  SSL_set0_rbio: { parameters: ["pointer", "pointer"], result: "void" },
  // void SSL_set_bio(SSL *ssl, BIO *rbio, BIO *wbio);
  SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  // uint64_t SSL_set_options(SSL *ssl, uint64_t options);
  SSL_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  // long SSL_ctrl(SSL *ssl, int cmd, long larg, void *parg);
  SSL_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  // void SSL_set_connect_state(SSL *ssl);
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  // void SSL_set_accept_state(SSL *ssl);
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  // int SSL_set1_host(SSL *s, const char *hostname);
  SSL_set1_host: { parameters: ["pointer", "buffer"], result: "i32" },
  // SSL_CTX *SSL_get_SSL_CTX(const SSL *ssl);
  SSL_get_SSL_CTX: { parameters: ["pointer"], result: "pointer" },
  // X509_VERIFY_PARAM *SSL_get0_param(SSL *ssl);
  SSL_get0_param: { parameters: ["pointer"], result: "pointer" },
  // int SSL_do_handshake(SSL *ssl);
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  // int DTLSv1_listen(SSL *ssl, BIO_ADDR *peer);
  DTLSv1_listen: { parameters: ["pointer", "pointer"], result: "i32" },
  // int SSL_read(SSL *ssl, void *buf, int num);
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // int SSL_write(SSL *ssl, const void *buf, int num);
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // int SSL_key_update(SSL *s, int updatetype);
  SSL_key_update: { parameters: ["pointer", "i32"], result: "i32" },
  // int SSL_shutdown(SSL *ssl);
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  // int SSL_get_error(const SSL *ssl, int ret);
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  // long SSL_get_verify_result(const SSL *ssl);
  SSL_get_verify_result: { parameters: ["pointer"], result: "i64" },
  // const char *SSL_state_string(const SSL *ssl);
  SSL_state_string: { parameters: ["pointer"], result: "pointer" },
  // const char *SSL_get_version(const SSL *ssl);
  SSL_get_version: { parameters: ["pointer"], result: "pointer" },
  // const SSL_CIPHER *SSL_get_current_cipher(const SSL *ssl);
  SSL_get_current_cipher: { parameters: ["pointer"], result: "pointer" },
  // const char *SSL_CIPHER_get_name(const SSL_CIPHER *cipher);
  SSL_CIPHER_get_name: { parameters: ["pointer"], result: "pointer" },
  // const char *SSL_group_to_name(SSL *ssl, int id);
  SSL_group_to_name: { parameters: ["pointer", "i32"], result: "pointer" },
  // int SSL_session_reused(const SSL *ssl);
  SSL_session_reused: { parameters: ["pointer"], result: "i32" },
  // SSL_SESSION *SSL_get_session(const SSL *ssl);
  SSL_get_session: { parameters: ["pointer"], result: "pointer" },
  // SSL_SESSION *SSL_get1_session(SSL *ssl);
  SSL_get1_session: { parameters: ["pointer"], result: "pointer" },
  // int SSL_set_session(SSL *ssl, SSL_SESSION *session);
  SSL_set_session: { parameters: ["pointer", "pointer"], result: "i32" },
  // void SSL_get0_alpn_selected(const SSL *ssl, const unsigned char **data, unsigned int *len);
  SSL_get0_alpn_selected: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  // const char *SSL_get_servername(const SSL *s, const int type);
  SSL_get_servername: { parameters: ["pointer", "i32"], result: "pointer" },
  // int SSL_get_peer_signature_type_nid(const SSL *s, int *pnid);
  SSL_get_peer_signature_type_nid: { parameters: ["pointer", "buffer"], result: "i32" },
  // int SSL_export_keying_material(SSL *s, unsigned char *out, size_t olen, const char *label,
  //                                size_t llen, const unsigned char *context,
  //                                size_t contextlen, int use_context);
  SSL_export_keying_material: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize", "buffer", "usize", "i32"],
    result: "i32",
  },
  // void DTLS_set_timer_cb(SSL *s, DTLS_timer_cb cb);
  DTLS_set_timer_cb: { parameters: ["pointer", "function"], result: "void" },
  // const char *SSL_get_psk_identity(const SSL *ssl);
  SSL_get_psk_identity: { parameters: ["pointer"], result: "pointer" },
  // int SSL_get_security_level(const SSL *s);
  SSL_get_security_level: { parameters: ["pointer"], result: "i32" },
  // STACK_OF(X509) *SSL_get_peer_cert_chain(const SSL *ssl);
  SSL_get_peer_cert_chain: { parameters: ["pointer"], result: "pointer" },
  // X509 *SSL_get0_peer_certificate(const SSL *ssl);
  SSL_get0_peer_certificate: { parameters: ["pointer"], result: "pointer" },
  // X509 *SSL_get1_peer_certificate(const SSL *ssl);
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Functions of libcrypto. */
export const LIBCRYPTO = {
  // unsigned long OpenSSL_version_num(void);
  OpenSSL_version_num: { parameters: [], result: "u64" },
  // const char *OpenSSL_version(int type);
  OpenSSL_version: { parameters: ["i32"], result: "pointer" },
  // int OPENSSL_init_crypto(uint64_t opts, const OPENSSL_INIT_SETTINGS *settings);
  OPENSSL_init_crypto: { parameters: ["u64", "pointer"], result: "i32" },

  // unsigned long ERR_get_error(void);
  ERR_get_error: { parameters: [], result: "u64" },
  // void ERR_clear_error(void);
  ERR_clear_error: { parameters: [], result: "void" },
  // const char *ERR_lib_error_string(unsigned long e);
  ERR_lib_error_string: { parameters: ["u64"], result: "pointer" },
  // const char *ERR_reason_error_string(unsigned long e);
  ERR_reason_error_string: { parameters: ["u64"], result: "pointer" },

  // const BIO_METHOD *BIO_s_mem(void);
  BIO_s_mem: { parameters: [], result: "pointer" },
  // BIO *BIO_new(const BIO_METHOD *type);
  BIO_new: { parameters: ["pointer"], result: "pointer" },
  // BIO *BIO_new_mem_buf(const void *buf, int len);
  BIO_new_mem_buf: { parameters: ["buffer", "i32"], result: "pointer" },
  // long BIO_ctrl(BIO *bp, int cmd, long larg, void *parg);
  BIO_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  // int BIO_free(BIO *a);
  BIO_free: { parameters: ["pointer"], result: "i32" },
  // int BIO_read(BIO *b, void *data, int dlen);
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // int BIO_write(BIO *b, const void *data, int dlen);
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // BIO_ADDR *BIO_ADDR_new(void);
  BIO_ADDR_new: { parameters: [], result: "pointer" },
  // void BIO_ADDR_free(BIO_ADDR *);
  BIO_ADDR_free: { parameters: ["pointer"], result: "void" },

  // X509 *PEM_read_bio_X509(BIO *bp, X509 **x, pem_password_cb *cb, void *u);
  PEM_read_bio_X509: { parameters: ["pointer", "pointer", "pointer", "buffer"], result: "pointer" },
  // EVP_PKEY *PEM_read_bio_PrivateKey(BIO *bp, EVP_PKEY **x, pem_password_cb *cb, void *u);
  PEM_read_bio_PrivateKey: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  // void X509_free(X509 *a);
  X509_free: { parameters: ["pointer"], result: "void" },
  // void EVP_PKEY_free(EVP_PKEY *pkey);
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  // const char *EVP_PKEY_get0_type_name(const EVP_PKEY *key);
  EVP_PKEY_get0_type_name: { parameters: ["pointer"], result: "pointer" },
  // X509_NAME *X509_get_subject_name(const X509 *x);
  X509_get_subject_name: { parameters: ["pointer"], result: "pointer" },
  // X509_NAME *X509_get_issuer_name(const X509 *x);
  X509_get_issuer_name: { parameters: ["pointer"], result: "pointer" },
  // int X509_NAME_print_ex(BIO *out, const X509_NAME *nm, int indent, unsigned long flags);
  X509_NAME_print_ex: { parameters: ["pointer", "pointer", "i32", "u64"], result: "i32" },
  // int PEM_write_bio_X509(BIO *bp, const X509 *x);
  PEM_write_bio_X509: { parameters: ["pointer", "pointer"], result: "i32" },
  // const char *OBJ_nid2sn(int n);
  OBJ_nid2sn: { parameters: ["i32"], result: "pointer" },
  // int X509_STORE_add_cert(X509_STORE *xs, X509 *x);
  X509_STORE_add_cert: { parameters: ["pointer", "pointer"], result: "i32" },
  // const char *X509_verify_cert_error_string(long n);
  X509_verify_cert_error_string: { parameters: ["i64"], result: "pointer" },
  // int X509_VERIFY_PARAM_set1_ip_asc(X509_VERIFY_PARAM *param, const char *ipasc);
  X509_VERIFY_PARAM_set1_ip_asc: { parameters: ["pointer", "buffer"], result: "i32" },

  // int X509_self_signed(X509 *cert, int verify_signature);
  X509_self_signed: { parameters: ["pointer", "i32"], result: "i32" },
  // int X509_cmp_current_time(const ASN1_TIME *asn1_time);
  X509_cmp_current_time: { parameters: ["pointer"], result: "i32" },
  // const ASN1_TIME *X509_get0_notBefore(const X509 *x);
  X509_get0_notBefore: { parameters: ["pointer"], result: "pointer" },
  // const ASN1_TIME *X509_get0_notAfter(const X509 *x);
  X509_get0_notAfter: { parameters: ["pointer"], result: "pointer" },
  // int ASN1_TIME_to_tm(const ASN1_TIME *s, struct tm *tm);
  ASN1_TIME_to_tm: { parameters: ["pointer", "buffer"], result: "i32" },
  // void *X509_get_ext_d2i(const X509 *x, int nid, int *crit, int *idx);
  X509_get_ext_d2i: { parameters: ["pointer", "i32", "pointer", "pointer"], result: "pointer" },
  // void GENERAL_NAMES_free(GENERAL_NAMES *);
  GENERAL_NAMES_free: { parameters: ["pointer"], result: "void" },
  // void *GENERAL_NAME_get0_value(const GENERAL_NAME *a, int *ptype);
  GENERAL_NAME_get0_value: { parameters: ["pointer", "buffer"], result: "pointer" },
  // const unsigned char *ASN1_STRING_get0_data(const ASN1_STRING *x);
  ASN1_STRING_get0_data: { parameters: ["pointer"], result: "pointer" },
  // int ASN1_STRING_length(const ASN1_STRING *x);
  ASN1_STRING_length: { parameters: ["pointer"], result: "i32" },
  // int OBJ_obj2txt(char *buf, int buf_len, const ASN1_OBJECT *a, int no_name);
  OBJ_obj2txt: { parameters: ["buffer", "i32", "pointer", "i32"], result: "i32" },

  // int OPENSSL_sk_num(const OPENSSL_STACK *);
  OPENSSL_sk_num: { parameters: ["pointer"], result: "i32" },
  // void *OPENSSL_sk_value(const OPENSSL_STACK *, int);
  OPENSSL_sk_value: { parameters: ["pointer", "i32"], result: "pointer" },
  // OPENSSL_STACK *OPENSSL_sk_new_null(void);
  OPENSSL_sk_new_null: { parameters: [], result: "pointer" },
  // int OPENSSL_sk_push(OPENSSL_STACK *st, const void *data);
  OPENSSL_sk_push: { parameters: ["pointer", "pointer"], result: "i32" },
  // void OPENSSL_sk_free(OPENSSL_STACK *);
  OPENSSL_sk_free: { parameters: ["pointer"], result: "void" },

  // X509_STORE_CTX *X509_STORE_CTX_new(void);
  X509_STORE_CTX_new: { parameters: [], result: "pointer" },
  // void X509_STORE_CTX_free(X509_STORE_CTX *ctx);
  X509_STORE_CTX_free: { parameters: ["pointer"], result: "void" },
  // int X509_STORE_CTX_init(X509_STORE_CTX *ctx, X509_STORE *trust_store, X509 *target,
  //                         STACK_OF(X509) *untrusted);
  X509_STORE_CTX_init: { parameters: ["pointer", "pointer", "pointer", "pointer"], result: "i32" },
  // int X509_STORE_CTX_set_default(X509_STORE_CTX *ctx, const char *name);
  X509_STORE_CTX_set_default: { parameters: ["pointer", "buffer"], result: "i32" },
  // X509_VERIFY_PARAM *X509_STORE_CTX_get0_param(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get0_param: { parameters: ["pointer"], result: "pointer" },
  // int X509_STORE_CTX_get_error(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get_error: { parameters: ["pointer"], result: "i32" },
  // int X509_VERIFY_PARAM_set1(X509_VERIFY_PARAM *to, const X509_VERIFY_PARAM *from);
  X509_VERIFY_PARAM_set1: { parameters: ["pointer", "pointer"], result: "i32" },
  // void X509_VERIFY_PARAM_set_auth_level(X509_VERIFY_PARAM *param, int auth_level);
  X509_VERIFY_PARAM_set_auth_level: { parameters: ["pointer", "i32"], result: "void" },
  // void X509_VERIFY_PARAM_set_hostflags(X509_VERIFY_PARAM *param, unsigned int flags);
  X509_VERIFY_PARAM_set_hostflags: { parameters: ["pointer", "u32"], result: "void" },
  // void X509_STORE_CTX_set_verify_cb(X509_STORE_CTX *ctx, int (*verify_cb)(int ok, X509_STORE_CTX *ctx));
  X509_STORE_CTX_set_verify_cb: { parameters: ["pointer", "pointer"], result: "void" },
  // X509 *X509_STORE_CTX_get_current_cert(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get_current_cert: { parameters: ["pointer"], result: "pointer" },
  // int X509_STORE_CTX_get_error_depth(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get_error_depth: { parameters: ["pointer"], result: "i32" },
  // X509 *X509_STORE_CTX_get0_cert(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get0_cert: { parameters: ["pointer"], result: "pointer" },
  // STACK_OF(X509) *X509_STORE_CTX_get0_untrusted(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get0_untrusted: { parameters: ["pointer"], result: "pointer" },
  // STACK_OF(X509) *X509_STORE_CTX_get0_chain(const X509_STORE_CTX *ctx);
  X509_STORE_CTX_get0_chain: { parameters: ["pointer"], result: "pointer" },
  // void X509_STORE_CTX_set_error(X509_STORE_CTX *ctx, int s);
  X509_STORE_CTX_set_error: { parameters: ["pointer", "i32"], result: "void" },
  // EVP_PKEY *X509_get0_pubkey(const X509 *x);
  X509_get0_pubkey: { parameters: ["pointer"], result: "pointer" },
  // int EVP_PKEY_get_bits(const EVP_PKEY *pkey);
  EVP_PKEY_get_bits: { parameters: ["pointer"], result: "i32" },
  // long X509_get_version(const X509 *x);
  X509_get_version: { parameters: ["pointer"], result: "i64" },
  // uint32_t X509_get_extension_flags(X509 *x);
  X509_get_extension_flags: { parameters: ["pointer"], result: "u32" },
  // uint32_t X509_get_key_usage(X509 *x);
  X509_get_key_usage: { parameters: ["pointer"], result: "u32" },
  // int X509_verify_cert(X509_STORE_CTX *ctx);
  X509_verify_cert: { parameters: ["pointer"], result: "i32" },

  // const EVP_MD *EVP_sha256(void);
  EVP_sha256: { parameters: [], result: "pointer" },
  // unsigned char *HMAC(const EVP_MD *evp_md, const void *key, int key_len,
  //                     const unsigned char *d, size_t n, unsigned char *md, unsigned int *md_len);
  HMAC: {
    parameters: ["pointer", "buffer", "i32", "buffer", "usize", "pointer", "pointer"],
    result: "pointer",
  },

  // int OSSL_PROVIDER_do_all(OSSL_LIB_CTX *ctx, int (*cb)(OSSL_PROVIDER *, void *), void *cbdata);
  OSSL_PROVIDER_do_all: { parameters: ["pointer", "function", "pointer"], result: "i32" },
  // int OSSL_PROVIDER_get_capabilities(const OSSL_PROVIDER *prov, const char *capability,
  //                                    OSSL_CALLBACK *cb, void *arg);
  OSSL_PROVIDER_get_capabilities: {
    parameters: ["pointer", "buffer", "function", "pointer"],
    result: "i32",
  },
  // const OSSL_PARAM *OSSL_PARAM_locate_const(const OSSL_PARAM *p, const char *key);
  OSSL_PARAM_locate_const: { parameters: ["pointer", "buffer"], result: "pointer" },
  // int OSSL_PARAM_get_int(const OSSL_PARAM *p, int *val);
  OSSL_PARAM_get_int: { parameters: ["pointer", "buffer"], result: "i32" },
  // int OSSL_PARAM_get_utf8_string_ptr(const OSSL_PARAM *p, const char **val);
  OSSL_PARAM_get_utf8_string_ptr: { parameters: ["pointer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;
