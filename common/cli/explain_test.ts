import { InterruptedError, RunError, UsageError } from "../base/errors.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { namingOption, withCertificateHint, withHint } from "./explain.ts";

const OPTIONS = { protocol: "dtls", tlsVersion: null, ciphers: null, groups: null } as const;

Deno.test("namingOption() names the version that the library does not know", () => {
  const error = new RangeError("Cannot use minVersion DTLSv1.3: OpenSSL 3.0.19 does not know it");
  const named = namingOption(error, { ...OPTIONS, tlsVersion: "1.3" });
  assert(named instanceof UsageError);
  assertEquals(named.message, "--tls-version 1.3: OpenSSL 3.0.19 does not know DTLS 1.3");
  assert(namingOption(error, OPTIONS) === error, "the option was not given");
});

Deno.test("namingOption() names ciphers of which the library knows none", () => {
  for (const setting of ["ciphers", "cipherSuites"]) {
    const error = new Error(`Cannot use the ${setting}: no cipher match`);
    const named = namingOption(error, { ...OPTIONS, ciphers: "FOO" });
    assert(named instanceof UsageError);
    assertEquals(
      named.message,
      "--ciphers FOO: no cipher match; openssl-ciphers(1) has their names",
    );
  }
});

Deno.test("namingOption() names groups that cannot be used", () => {
  const error = new Error("Cannot use the groups: ffdhe2048 is none of DTLS 1.2");
  const named = namingOption(error, { ...OPTIONS, groups: "ffdhe2048" });
  assert(named instanceof UsageError);
  assertEquals(
    named.message,
    "--groups ffdhe2048: ffdhe2048 is none of DTLS 1.2; such as X25519:P-256, with colons",
  );
  assert(namingOption(error, OPTIONS) === error, "the option was not given");
});

Deno.test("namingOption() leaves all other errors as they are", () => {
  const given = { ...OPTIONS, groups: "FOO", tlsVersion: "1.2", ciphers: "FOO" } as const;
  for (const error of [new Error("Cannot use the mtu: no"), new RunError("no file"), "text"]) {
    assert(namingOption(error, given) === error);
  }
});

const HINT = "make certificates once and copy certs/pem to both machines";

Deno.test("withCertificateHint() says the same of a wrong authority on every engine", () => {
  const wanted = `Cannot do it: the peer's certificate is not from an authority in ca.pem; ${HINT}`;
  for (
    const reason of [
      "is not from an authority in ca.pem",
      "is refused: unable to get local issuer certificate",
      "is refused: self-signed certificate in certificate chain",
      "is refused: certificate signature failure",
    ]
  ) {
    assertEquals(withCertificateHint(`Cannot do it: the peer's certificate ${reason}`), wanted);
  }
});

Deno.test("withCertificateHint() says it where the peer knows no such authority", () => {
  for (const line of ["the peer refused: unknown ca", "the server refused (alert: unknown ca)"]) {
    assertEquals(withCertificateHint(line), `${line}; ${HINT}`);
  }
});

Deno.test("withHint() leaves what is about no authority as it is", () => {
  for (
    const error of [new RunError("the peer's certificate has expired"), new InterruptedError()]
  ) {
    assert(withHint(error) === error);
  }
  const hinted = withHint(new Error("the peer refused: unknown ca"));
  assert(hinted instanceof RunError && hinted.message.endsWith(HINT));
});
