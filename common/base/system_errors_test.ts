import { constants } from "node:os";
import { PosixError } from "../posix/errors.ts";
import { isExhausted, isGone, isLoss, systemCode } from "./system_errors.ts";
import { assert, assertEquals } from "../testing/assert.ts";

const { errno } = constants;

/** The same error as Deno, Node and libc's calls throw it. */
function forms(code: keyof typeof errno): Error[] {
  return [
    Object.assign(new Error(`Something (os error ${errno[code]})`), { code }),
    new Error(`Something (os error ${errno[code]})`),
    Object.assign(new Error(`send ${code}`), { code, errno: -errno[code] }),
    new PosixError("send", errno[code]),
  ];
}

Deno.test("systemCode() knows an error in every form, and those without a code by their class", () => {
  for (const error of forms("ENETUNREACH")) assertEquals(systemCode(error), "ENETUNREACH");
  assertEquals(systemCode(new Deno.errors.ConnectionRefused("no")), "ECONNREFUSED");
  assertEquals(systemCode(new Deno.errors.NotConnected("no")), "ENOTCONN");
  assertEquals([new Error("no"), "no", undefined].map(systemCode), [null, null, null]);
});

Deno.test("isLoss() takes for a datagram's what the network, a firewall or the buffers say", () => {
  const codes = [
    ...["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EPERM", "EACCES"],
    ...["ENOBUFS", "ENOMEM", "ENOPROTOOPT", "EPROTO", "ECONNRESET", "EAGAIN"],
  ] as (keyof typeof errno)[];
  for (const code of codes) for (const error of forms(code)) assert(isLoss(error), code);
});

Deno.test("isLoss() takes what a link refuses for lost, and not what UDP cannot carry", () => {
  for (const error of forms("EMSGSIZE")) {
    assertEquals([0, 1500, 65_507, 65_508].map((size) => isLoss(error, size)), [
      ...[true, true, true, false],
    ]);
  }
});

Deno.test("isLoss() leaves the program's own mistakes and its permissions to it", () => {
  const codes = ["EINVAL", "EBADF", "ENOTSOCK", "EAFNOSUPPORT", "EDESTADDRREQ"] as const;
  for (const code of codes) for (const error of forms(code)) assert(!isLoss(error), code);
  for (const type of [Deno.errors.NotCapable, Deno.errors.BadResource, TypeError]) {
    assert(!isLoss(new type("no")));
  }
});

Deno.test("isGone() and isExhausted() tell one connection's end from a lack of everything", () => {
  const gone = ["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EPROTO", "EHOSTUNREACH"] as const;
  for (const error of gone.flatMap(forms)) {
    assertEquals([isGone(error), isExhausted(error)], [true, false], error.message);
  }
  for (const error of (["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"] as const).flatMap(forms)) {
    assertEquals([isGone(error), isExhausted(error)], [false, true], error.message);
  }
  for (const error of (["EINVAL", "EBADF"] as const).flatMap(forms)) {
    assertEquals([isGone(error), isExhausted(error)], [false, false], error.message);
  }
});
