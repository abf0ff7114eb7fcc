/**
 * The functions of libssl and libcrypto that have to do with whose certificates are shown, whether
 * they are still good, and where they come from, each under its C prototype, from openssl/ssl.h,
 * tls1.h, x509.h, x509_vfy.h, pkcs12.h, ocsp.h, pem.h and crypto.h of OpenSSL 3.
 *
 * @module
 */

/** Functions of both. */
export const IDENTITIES = {
  // long SSL_CTX_callback_ctrl(SSL_CTX *ctx, int cmd, void (*fp) (void));
  SSL_CTX_callback_ctrl: { parameters: ["pointer", "i32", "function"], result: "i64" },
  // void SSL_CTX_set_client_hello_cb(SSL_CTX *c, SSL_client_hello_cb_fn cb, void *arg);
  SSL_CTX_set_client_hello_cb: { parameters: ["pointer", "function", "pointer"], result: "void" },
  // int SSL_client_hello_get0_ext(SSL *s, unsigned int type, const unsigned char **out,
  //                               size_t *outlen);
  SSL_client_hello_get0_ext: { parameters: ["pointer", "u32", "buffer", "buffer"], result: "i32" },
  // int SSL_use_cert_and_key(SSL *ssl, X509 *x509, EVP_PKEY *privatekey, STACK_OF(X509) *chain,
  //                          int override);
  SSL_use_cert_and_key: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "i32"],
    result: "i32",
  },
  // void SSL_certs_clear(SSL *s);
  SSL_certs_clear: { parameters: ["pointer"], result: "void" },
  // int SSL_set_session_id_context(SSL *ssl, const unsigned char *sid_ctx, unsigned int sid_ctx_len);
  SSL_set_session_id_context: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // As SSL_ctrl, for what C keeps, or frees later.
  SSL_ctrl_kept: {
    name: "SSL_ctrl",
    parameters: ["pointer", "i32", "i64", "pointer"],
    result: "i64",
  },
  // STACK_OF(X509) *SSL_get0_verified_chain(const SSL *s);
  SSL_get0_verified_chain: { parameters: ["pointer"], result: "pointer" },
  // void SSL_set_verify_result(SSL *ssl, long arg);
  SSL_set_verify_result: { parameters: ["pointer", "i64"], result: "void" },
  // void SSL_CTX_set1_cert_store(SSL_CTX *, X509_STORE *);
  SSL_CTX_set1_cert_store: { parameters: ["pointer", "pointer"], result: "void" },

  // void *CRYPTO_malloc(size_t num, const char *file, int line);
  CRYPTO_malloc: { parameters: ["usize", "pointer", "i32"], result: "pointer" },
  // int X509_up_ref(X509 *a);
  X509_up_ref: { parameters: ["pointer"], result: "i32" },
  // int X509_check_issued(X509 *issuer, X509 *subject);
  X509_check_issued: { parameters: ["pointer", "pointer"], result: "i32" },
  // int PEM_write_bio_PrivateKey(BIO *bp, const EVP_PKEY *x, const EVP_CIPHER *enc,
  //                              const unsigned char *kstr, int klen, pem_password_cb *cb, void *u);
  PEM_write_bio_PrivateKey: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "i32", "pointer", "pointer"],
    result: "i32",
  },

  // PKCS12 *d2i_PKCS12_bio(BIO *bp, PKCS12 **p12);
  d2i_PKCS12_bio: { parameters: ["pointer", "pointer"], result: "pointer" },
  // void PKCS12_free(PKCS12 *);
  PKCS12_free: { parameters: ["pointer"], result: "void" },
  // int PKCS12_mac_present(const PKCS12 *p12);
  PKCS12_mac_present: { parameters: ["pointer"], result: "i32" },
  // int PKCS12_verify_mac(PKCS12 *p12, const char *pass, int passlen);
  PKCS12_verify_mac: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // int PKCS12_parse(PKCS12 *p12, const char *pass, EVP_PKEY **pkey, X509 **cert,
  //                  STACK_OF(X509) **ca);
  PKCS12_parse: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },

  // X509_STORE *X509_STORE_new(void);
  X509_STORE_new: { parameters: [], result: "pointer" },
  // void X509_STORE_free(X509_STORE *xs);
  X509_STORE_free: { parameters: ["pointer"], result: "void" },
  // int X509_STORE_set_flags(X509_STORE *xs, unsigned long flags);
  X509_STORE_set_flags: { parameters: ["pointer", "u64"], result: "i32" },
  // int X509_STORE_add_crl(X509_STORE *xs, X509_CRL *x);
  X509_STORE_add_crl: { parameters: ["pointer", "pointer"], result: "i32" },
  // int X509_STORE_set_default_paths(X509_STORE *xs);
  X509_STORE_set_default_paths: { parameters: ["pointer"], result: "i32" },
  // int X509_STORE_load_file(X509_STORE *xs, const char *file);
  X509_STORE_load_file: { parameters: ["pointer", "buffer"], result: "i32" },
  // STACK_OF(X509_OBJECT) *X509_STORE_get0_objects(const X509_STORE *xs);
  X509_STORE_get0_objects: { parameters: ["pointer"], result: "pointer" },
  // const char *X509_get_default_cert_dir(void);
  X509_get_default_cert_dir: { parameters: [], result: "pointer" },
  // const char *OPENSSL_DIR_read(OPENSSL_DIR_CTX **ctx, const char *directory);
  OPENSSL_DIR_read: { parameters: ["buffer", "buffer"], result: "pointer" },
  // int OPENSSL_DIR_end(OPENSSL_DIR_CTX **ctx);
  OPENSSL_DIR_end: { parameters: ["buffer"], result: "i32" },
  // X509_CRL *PEM_read_bio_X509_CRL(BIO *bp, X509_CRL **x, pem_password_cb *cb, void *u);
  PEM_read_bio_X509_CRL: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  // void X509_CRL_free(X509_CRL *a);
  X509_CRL_free: { parameters: ["pointer"], result: "void" },
  // const ASN1_TIME *X509_CRL_get0_nextUpdate(const X509_CRL *crl);
  X509_CRL_get0_nextUpdate: { parameters: ["pointer"], result: "pointer" },

  // OCSP_RESPONSE *d2i_OCSP_RESPONSE(OCSP_RESPONSE **a, const unsigned char **in, long len);
  d2i_OCSP_RESPONSE: { parameters: ["pointer", "buffer", "i64"], result: "pointer" },
  // void OCSP_RESPONSE_free(OCSP_RESPONSE *);
  OCSP_RESPONSE_free: { parameters: ["pointer"], result: "void" },
  // int OCSP_response_status(OCSP_RESPONSE *resp);
  OCSP_response_status: { parameters: ["pointer"], result: "i32" },
  // OCSP_BASICRESP *OCSP_response_get1_basic(OCSP_RESPONSE *resp);
  OCSP_response_get1_basic: { parameters: ["pointer"], result: "pointer" },
  // void OCSP_BASICRESP_free(OCSP_BASICRESP *);
  OCSP_BASICRESP_free: { parameters: ["pointer"], result: "void" },
  // int OCSP_basic_verify(OCSP_BASICRESP *bs, STACK_OF(X509) *certs, X509_STORE *st,
  //                       unsigned long flags);
  OCSP_basic_verify: { parameters: ["pointer", "pointer", "pointer", "u64"], result: "i32" },
  // int OCSP_resp_count(OCSP_BASICRESP *bs);
  OCSP_resp_count: { parameters: ["pointer"], result: "i32" },
  // OCSP_SINGLERESP *OCSP_resp_get0(OCSP_BASICRESP *bs, int idx);
  OCSP_resp_get0: { parameters: ["pointer", "i32"], result: "pointer" },
  // const OCSP_CERTID *OCSP_SINGLERESP_get0_id(const OCSP_SINGLERESP *x);
  OCSP_SINGLERESP_get0_id: { parameters: ["pointer"], result: "pointer" },
  // int OCSP_single_get0_status(OCSP_SINGLERESP *single, int *reason, ASN1_GENERALIZEDTIME **revtime,
  //                             ASN1_GENERALIZEDTIME **thisupd, ASN1_GENERALIZEDTIME **nextupd);
  OCSP_single_get0_status: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  // int OCSP_id_get0_info(ASN1_OCTET_STRING **piNameHash, ASN1_OBJECT **pmd,
  //                       ASN1_OCTET_STRING **pikeyHash, ASN1_INTEGER **pserial, OCSP_CERTID *cid);
  OCSP_id_get0_info: {
    parameters: ["buffer", "buffer", "pointer", "buffer", "pointer"],
    result: "i32",
  },
  // int ASN1_STRING_cmp(const ASN1_STRING *a, const ASN1_STRING *b);
  ASN1_STRING_cmp: { parameters: ["pointer", "pointer"], result: "i32" },
  // OCSP_CERTID *OCSP_cert_to_id(const EVP_MD *dgst, const X509 *subject, const X509 *issuer);
  OCSP_cert_to_id: { parameters: ["pointer", "pointer", "pointer"], result: "pointer" },
  // int OCSP_id_cmp(const OCSP_CERTID *a, const OCSP_CERTID *b);
  OCSP_id_cmp: { parameters: ["pointer", "pointer"], result: "i32" },
  // void OCSP_CERTID_free(OCSP_CERTID *);
  OCSP_CERTID_free: { parameters: ["pointer"], result: "void" },
  // int OCSP_check_validity(ASN1_GENERALIZEDTIME *thisupd, ASN1_GENERALIZEDTIME *nextupd, long sec,
  //                         long maxsec);
  OCSP_check_validity: { parameters: ["pointer", "pointer", "i64", "i64"], result: "i32" },
  // int OBJ_obj2nid(const ASN1_OBJECT *o);
  OBJ_obj2nid: { parameters: ["pointer"], result: "i32" },
  // const EVP_MD *EVP_get_digestbyname(const char *name);
  EVP_get_digestbyname: { parameters: ["pointer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;
