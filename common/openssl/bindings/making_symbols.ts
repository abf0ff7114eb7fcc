/**
 * The functions of libcrypto that make a certificate, each under its C prototype, from openssl/x509.h,
 * x509v3.h and asn1.h of OpenSSL 3.
 *
 * @module
 */

/** Functions of libcrypto. */
export const MAKING = {
  // X509 *X509_new(void);
  X509_new: { parameters: [], result: "pointer" },
  // int X509_set_version(X509 *x, long version);
  X509_set_version: { parameters: ["pointer", "i64"], result: "i32" },
  // ASN1_INTEGER *X509_get_serialNumber(X509 *x);
  X509_get_serialNumber: { parameters: ["pointer"], result: "pointer" },
  // int ASN1_STRING_set(ASN1_STRING *str, const void *data, int len);
  ASN1_STRING_set: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // ASN1_TIME *X509_getm_notBefore(const X509 *x);
  X509_getm_notBefore: { parameters: ["pointer"], result: "pointer" },
  // ASN1_TIME *X509_getm_notAfter(const X509 *x);
  X509_getm_notAfter: { parameters: ["pointer"], result: "pointer" },
  // ASN1_TIME *ASN1_TIME_set(ASN1_TIME *s, time_t t);
  ASN1_TIME_set: { parameters: ["pointer", "i64"], result: "pointer" },
  // X509_NAME *X509_NAME_new(void);
  X509_NAME_new: { parameters: [], result: "pointer" },
  // void X509_NAME_free(X509_NAME *);
  X509_NAME_free: { parameters: ["pointer"], result: "void" },
  // int X509_NAME_add_entry_by_txt(X509_NAME *name, const char *field, int type,
  //                                const unsigned char *bytes, int len, int loc, int set);
  X509_NAME_add_entry_by_txt: {
    parameters: ["pointer", "buffer", "i32", "buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  // int X509_set_subject_name(X509 *x, const X509_NAME *name);
  X509_set_subject_name: { parameters: ["pointer", "pointer"], result: "i32" },
  // int X509_set_issuer_name(X509 *x, const X509_NAME *name);
  X509_set_issuer_name: { parameters: ["pointer", "pointer"], result: "i32" },
  // int X509_set_pubkey(X509 *x, EVP_PKEY *pkey);
  X509_set_pubkey: { parameters: ["pointer", "pointer"], result: "i32" },
  // X509_EXTENSION *X509V3_EXT_nconf_nid(CONF *conf, X509V3_CTX *ctx, int ext_nid,
  //                                      const char *value);
  X509V3_EXT_nconf_nid: { parameters: ["pointer", "pointer", "i32", "buffer"], result: "pointer" },
  // int X509_add_ext(X509 *x, const X509_EXTENSION *ex, int loc);
  X509_add_ext: { parameters: ["pointer", "pointer", "i32"], result: "i32" },
  // void X509_EXTENSION_free(X509_EXTENSION *a);
  X509_EXTENSION_free: { parameters: ["pointer"], result: "void" },
  // int X509_sign(X509 *x, EVP_PKEY *pkey, const EVP_MD *md);
  X509_sign: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;
