/**
 * The authorities that the system believes.
 *
 * @module
 */
import { takeError } from "./bindings/errors.ts";
import { cString, type OpenSsl, toCString } from "./bindings/library.ts";

/**
 * Files with all of them, where a libssl that is not the system's own looks elsewhere: of Debian and
 * Alpine, Fedora, SUSE, FreeBSD and OpenBSD, macOS with Homebrew.
 */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/opt/homebrew/etc/ca-certificates/cert.pem",
  "/usr/local/etc/ca-certificates/cert.pem",
];

/** Where OpenSSL looks itself: X509_STORE_set_default_paths(3). */
const VARIABLES = ["SSL_CERT_FILE", "SSL_CERT_DIR"] as const;

/**
 * Believes the system's authorities: those that the library finds by itself, by SSL_CERT_FILE and
 * SSL_CERT_DIR or where its system keeps them, or else a usual file of them.
 *
 * @throws {Deno.errors.NotFound} where there are none
 */
export function trustSystem(
  lib: OpenSsl,
  store: Deno.PointerObject,
  bundles: readonly string[] = BUNDLES,
): void {
  const count = () => lib.OPENSSL_sk_num(lib.X509_STORE_get0_objects(store));
  const before = count();
  if (lib.X509_STORE_set_default_paths(store) !== 1) {
    throw takeError(lib, "look for the system's authorities");
  }
  const hasFile = count() > before;
  const folders =
    (fromEnvironment("SSL_CERT_DIR") ?? cString(lib.X509_get_default_cert_dir()) ?? "")
      .split(":").filter((folder) => folder !== "");
  const isFound = hasFile || folders.some((folder) => hasHashes(lib, folder)) ||
    bundles.some((path) => lib.X509_STORE_load_file(store, toCString(path)) === 1);
  lib.ERR_clear_error();
  if (isFound) return;
  throw new Deno.errors.NotFound(
    "Cannot use systemCaCerts: the system's authorities are not found (Debian: apt install " +
      `ca-certificates); ${VARIABLES.join(" or ")} can name them, or caCerts`,
  );
}

/** Names as openssl-rehash(1) makes them: of such files one is read when it is looked for. */
const HASHED = /^[0-9a-f]{8}\.\d+$/;

function hasHashes(lib: OpenSsl, folder: string): boolean {
  const context = new Uint8Array(8);
  const path = toCString(folder);
  let isFound = false;
  for (let name; !isFound && (name = cString(lib.OPENSSL_DIR_read(context, path))) !== null;) {
    isFound = HASHED.test(name);
  }
  lib.OPENSSL_DIR_end(context);
  return isFound;
}

/** What OpenSSL reads without asking; here it is asked whether that is permitted. */
function fromEnvironment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) || undefined : undefined;
}
