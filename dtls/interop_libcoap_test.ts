/** The library's DTLS against libcoap's clients and servers. */
import { interopTests } from "../common/testing/interop/cases.ts";
import { libcoap } from "../common/testing/interop/libcoap.ts";

interopTests(libcoap("openssl"));
interopTests(libcoap("gnutls"));
