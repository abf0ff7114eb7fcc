import { UsageError } from "../../common/base/errors.ts";
import { assertEquals, assertThrows } from "../../common/testing/assert.ts";
import { readWanted } from "./arguments.ts";
import { VERSIONS } from "./suites.ts";

Deno.test("readWanted() takes all versions where none is named, and where all are", () => {
  assertEquals(readWanted([]), { versions: VERSIONS, files: [] });
  assertEquals(readWanted(["3.5", "all"]), { versions: VERSIONS, files: [] });
  assertEquals(readWanted(["a_test.ts"]), { versions: VERSIONS, files: ["a_test.ts"] });
});

Deno.test("readWanted() takes versions once each, the oldest first, and files behind them", () => {
  const wanted = readWanted(["4.0", "3.5", "4.0", "dtls/a_test.ts", "all"]);
  assertEquals(wanted, { versions: ["3.5", "4.0"], files: ["dtls/a_test.ts", "all"] });
});

Deno.test("readWanted() refuses a version that there is no suite for", () => {
  for (const version of ["3.0", "4", "3.5.9"]) {
    assertThrows(
      () => readWanted([version, "a_test.ts"]),
      UsageError,
      `libssl ${version}: 3.5, 3.6, 4.0 or all is allowed`,
    );
  }
});
