/** The library's TLS against clients and servers of Node. */
import { interopTests } from "../common/testing/interop/cases.ts";
import { nodeTls } from "../common/testing/interop/node.ts";

interopTests(nodeTls());
