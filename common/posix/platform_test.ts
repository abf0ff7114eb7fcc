import { RunError } from "../base/errors.ts";
import { assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { platformOf } from "./platform.ts";

for (const arch of ["x86_64", "aarch64"]) {
  Deno.test(`platformOf() knows Linux and macOS on ${arch}`, () => {
    assertEquals(platformOf("linux", arch).library, "libc.so.6");
    assertEquals(platformOf("darwin", arch).library, "/usr/lib/libSystem.B.dylib");
  });
}

const OTHERS = [["windows", "x86_64"], ["freebsd", "x86_64"], ["linux", "riscv64"]] as const;

for (const [os, arch] of OTHERS) {
  Deno.test(`platformOf() refuses ${os} on ${arch}, and says what works there`, () => {
    const error = assertThrows(() => platformOf(os, arch), RunError);
    assertMatch(error.message, new RegExp(`; this is ${os} on ${arch}: use --io async$`));
  });
}
