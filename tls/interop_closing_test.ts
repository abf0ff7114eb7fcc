/**
 * What the table of the other implementations has besides, with OpenSSL and GnuTLS: the rest is in
 * interop_clients_test.ts and interop_servers_test.ts.
 */
import { interopTests } from "../common/testing/interop/cases.ts";
import { tool } from "../common/testing/interop/tool.ts";

const REST = [
  "a full handshake, messages of 1 byte and the longest",
  "a right key and a wrong one",
  "the library closes",
  "the peer closes",
  "the peer starts again on its port",
] as const;

interopTests(tool("openssl"), REST);
interopTests(tool("gnutls"), REST);
