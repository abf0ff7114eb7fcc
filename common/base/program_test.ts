import { assertEquals } from "../testing/assert.ts";
import { commandLine, howStarted, isPart, runsAsPart, runsByItself } from "./program.ts";

Deno.test("howStarted() names the one program where a command runs as a part of it", () => {
  assertEquals([howStarted("deno task certs"), isPart()], ["deno task certs", false]);
  runsAsPart("dtls client");
  try {
    assertEquals([howStarted("deno task certs"), isPart()], ["netpairs dtls client", true]);
  } finally {
    runsByItself();
  }
});

Deno.test("commandLine() names a task, or a compiled program's command", () => {
  assertEquals(commandLine("certs", false), "deno task certs");
  assertEquals(commandLine("certs", true), "netpairs certs");
  assertEquals(commandLine("demo", true), "netpairs run");
});
