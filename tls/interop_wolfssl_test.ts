/** The library, TLS and DTLS, against clients and servers of wolfssl. */
import { interopTests } from "../common/testing/interop/cases.ts";
import { wolfssl } from "../common/testing/interop/wolfssl.ts";

interopTests(wolfssl());
