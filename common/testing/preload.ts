/** Opens libssl before any test runs: the resource sanitizer would take it for the first one's. */
import { loadOpenSsl } from "../openssl/library.ts";

loadOpenSsl();
