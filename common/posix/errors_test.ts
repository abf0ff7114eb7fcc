import { describe } from "../base/errors.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { ECONNREFUSED, EINVAL, PosixError } from "./errors.ts";

Deno.test("PosixError() has the system's name and text", () => {
  const error = new PosixError("connect", ECONNREFUSED);
  assert(error instanceof Error);
  assertEquals([error.name, error.code, error.errno], ["PosixError", "ECONNREFUSED", ECONNREFUSED]);
  assertEquals(error.message, "connect: connection refused (ECONNREFUSED)");
  assertEquals(new PosixError("bind", EINVAL).message, "bind: invalid argument (EINVAL)");
});

Deno.test("PosixError() has a text for a number that has no name", () => {
  const error = new PosixError("poll", 9999);
  assertEquals([error.code, error.message], ["errno 9999", "poll: unknown error (errno 9999)"]);
});

Deno.test("describe() says of a system call's error what it says of Deno's", () => {
  const refused = new Deno.errors.ConnectionRefused("os error 111");
  assertEquals(describe(new PosixError("connect", ECONNREFUSED)), describe(refused));
});
