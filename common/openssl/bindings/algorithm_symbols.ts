/**
 * The functions of libssl and libcrypto that say which cipher suites may be used, and that seal tickets:
 * see symbols.ts.
 *
 * @module
 */

/** Functions for cipher suites and tickets. */
export const ALGORITHMS = {
  // int SSL_CTX_get_security_level(const SSL_CTX *ctx);
  SSL_CTX_get_security_level: { parameters: ["pointer"], result: "i32" },
  // void SSL_CTX_set_security_level(SSL_CTX *ctx, int level);
  SSL_CTX_set_security_level: { parameters: ["pointer", "i32"], result: "void" },
  // STACK_OF(SSL_CIPHER) *SSL_get1_supported_ciphers(SSL *s);
  SSL_get1_supported_ciphers: { parameters: ["pointer"], result: "pointer" },
  // void SSL_set_psk_client_callback(SSL *ssl, SSL_psk_client_cb_func cb);
  SSL_set_psk_client_callback: { parameters: ["pointer", "function"], result: "void" },
  // X509_VERIFY_PARAM *SSL_CTX_get0_param(SSL_CTX *ctx);
  SSL_CTX_get0_param: { parameters: ["pointer"], result: "pointer" },
  // const SSL_CIPHER *SSL_get_pending_cipher(const SSL *s);
  SSL_get_pending_cipher: { parameters: ["pointer"], result: "pointer" },
  // int SSL_CTX_set_tlsext_ticket_key_evp_cb(SSL_CTX *ctx, int (*cb)(SSL *, unsigned char key_name[16],
  //     unsigned char iv[EVP_MAX_IV_LENGTH], EVP_CIPHER_CTX *, EVP_MAC_CTX *, int enc));
  SSL_CTX_set_tlsext_ticket_key_evp_cb: { parameters: ["pointer", "function"], result: "i32" },
  // int X509_VERIFY_PARAM_get_auth_level(const X509_VERIFY_PARAM *param);
  X509_VERIFY_PARAM_get_auth_level: { parameters: ["pointer"], result: "i32" },
  // const EVP_CIPHER *EVP_aes_256_cbc(void);
  EVP_aes_256_cbc: { parameters: [], result: "pointer" },
  // int EVP_EncryptInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, ENGINE *impl,
  //                        const unsigned char *key, const unsigned char *iv);
  EVP_EncryptInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  // int EVP_DecryptInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, ENGINE *impl,
  //                        const unsigned char *key, const unsigned char *iv);
  EVP_DecryptInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  // int EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[]);
  EVP_MAC_CTX_set_params: { parameters: ["pointer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;
