/**
 * What a message is made of: calls into C, records, headers. No lane is needed for them.
 *
 * @module
 */
import { MessageWriter, parseHeader } from "../../common/model/message.ts";
import { type Libc, loadLibc } from "../../common/posix/libc.ts";
import { connected, type Contexts, contexts, type Ends } from "./ends.ts";
import type { Need } from "./obstacles.ts";

/** A file descriptor that no file has. */
const NO_FD = -1;

/**
 * Registers the group "basics".
 *
 * @param whyNot what is not there on this machine, see {@linkcode Need}
 */
export function registerBasics(whyNot: (need: Need) => string | null): void {
  registerCalls(whyNot("libc") !== null);
  const ignore = whyNot("OpenSSL") !== null;
  for (const datagram of [false, true]) {
    for (const sizeBytes of [100, 16_384]) registerRecord(datagram, sizeBytes, ignore);
  }
  registerHeader();
}

function registerCalls(ignore: boolean): void {
  const group = "basics";
  let libc: Libc | undefined;
  // It returns a constant: what is left is the way to C and back.
  Deno.bench({ name: "FFI call", group, baseline: true, ignore }, () => {
    libc ??= loadLibc();
    libc[libc.platform.errnoLocation]!();
  });
  Deno.bench({ name: "FFI call with a system call", group, ignore }, () => {
    libc ??= loadLibc();
    libc.close(NO_FD);
  });
}

function registerRecord(datagram: boolean, sizeBytes: number, ignore: boolean): void {
  const name = `${datagram ? "DTLS" : "TLS"} record of ${sizeBytes} B sealed and opened`;
  let both: Contexts | undefined;
  let ends: Ends | undefined;
  addEventListener("unload", () => {
    ends?.[Symbol.dispose]();
    both?.[Symbol.dispose]();
  });
  const message = new Uint8Array(sizeBytes).fill(0x41);
  // More room than a record has: then OpenSSL is not asked twice.
  const into = new Uint8Array(2 * 16_384);
  const deliver = (bytes: Uint8Array) => ends!.server.feed(bytes as typeof message);
  Deno.bench({ name, group: "basics", ignore }, () => {
    const { client, server } = ends ??= connected(both ??= contexts(datagram));
    client.write(message);
    client.drain(deliver);
    const length = server.read(into);
    if (length !== sizeBytes) throw new Error(`${length} bytes were opened`);
  });
}

function registerHeader(): void {
  const group = "basics";
  const writer = new MessageWriter("tcp", 100);
  let message = writer.prepare(0, 100);
  let no = 0;
  Deno.bench({ name: "header encoded", group }, () => {
    no = (no + 1) % 100_000;
    message = writer.prepare(no, 100);
    writer.stamp(1_500_000_000_000_000 + no);
  });
  Deno.bench({ name: "header parsed", group }, () => {
    if (parseHeader(message).sizeBytes !== 100) throw new Error("not what was written");
  });
}
