/** The library, TLS and DTLS, against clients and servers of mbedtls. */
import { interopTests } from "../common/testing/interop/cases.ts";
import { mbedtls } from "../common/testing/interop/mbedtls.ts";

interopTests(mbedtls());
