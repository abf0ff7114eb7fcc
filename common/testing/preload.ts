/** Opens libssl and libc before any test runs: the resource sanitizer would take them for leaks. */
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { loadLibc } from "../posix/libc.ts";

loadOpenSsl();
try {
  loadLibc();
} catch {
  // The tests that call it say why it cannot be had.
}
