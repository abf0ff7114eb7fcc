import { assertEquals, assertMatch } from "../../common/testing/assert.ts";
import { type Ending, failureOf, startOf } from "./children.ts";

function ending(stderr: string, more: Partial<Ending> = {}): Ending {
  return { code: 1, signal: null, stdout: "", stderr, ...more };
}

Deno.test("failureOf() gives the error that a script has said last", () => {
  assertEquals(failureOf(ending("listening on 127.0.0.1:1\nerror: a\nerror: b\n")), "b");
  assertEquals(failureOf(ending("error: a\ninterrupted; the results are partial\n")), "a");
});

Deno.test("failureOf() never takes progress or a warning for the reason", () => {
  for (
    const line of [
      "listening on 0.0.0.0:1443",
      "tcp-async: listening on 0.0.0.0:1443",
      "warning: 3 datagrams were lost here",
      "interrupted; the results are partial",
      "",
    ]
  ) {
    assertEquals(failureOf(ending(`${line}\n`)), "ended with exit code 1", line);
    const killed = ending(`${line}\n`, { code: 137, signal: "SIGKILL" });
    assertEquals(failureOf(killed), "was ended by SIGKILL", line);
  }
  assertEquals(failureOf(ending("deno: cannot start\n")), "deno: cannot start");
});

Deno.test("startOf() starts the script's file, and a compiled program itself", () => {
  assertMatch(
    startOf("dtls", "client", ["--allow-net"], false).join(" "),
    /^run --quiet --no-prompt --allow-net \S+\/dtls\/client\.ts$/,
  );
  assertEquals(startOf("dtls", "client", ["--allow-net"], true), ["dtls", "client"]);
});
