import fc from "fast-check";
import { addressBytes, parseHost } from "../base/addresses.ts";
import { assertEquals } from "../testing/assert.ts";

/** netdb.h and bits/socket.h of Linux: only addresses are read, and nothing is asked for. */
const AI_NUMERICHOST = 4;
const ADDRINFO_BYTES = 48;
const ADDRESS_POINTER_AT = 24;
const AF_INET6 = 10;

/** What getaddrinfo(3) makes of a text: an address's bytes, or null where it is none. */
function opening() {
  const libc = Deno.dlopen("libc.so.6", {
    getaddrinfo: { parameters: ["buffer", "pointer", "buffer", "buffer"], result: "i32" },
    freeaddrinfo: { parameters: ["pointer"], result: "void" },
  });
  const hints = new Uint8Array(ADDRINFO_BYTES);
  hints[0] = AI_NUMERICHOST;
  const read = (text: string): number[] | null => {
    const found = new BigUint64Array(1);
    const name = new TextEncoder().encode(`${text}\0`);
    if (libc.symbols.getaddrinfo(name, null, hints, found) !== 0) return null;
    const info = Deno.UnsafePointer.create(found[0]!)!;
    const address = new Deno.UnsafePointerView(info).getPointer(ADDRESS_POINTER_AT)!;
    const view = new Deno.UnsafePointerView(address);
    const isIpv6 = view.getUint16(0) === AF_INET6;
    const bytes = new Uint8Array(view.getArrayBuffer(isIpv6 ? 16 : 4, isIpv6 ? 8 : 4).slice(0));
    libc.symbols.freeaddrinfo(info);
    return [...bytes];
  };
  return { read, [Symbol.dispose]: () => libc.close() };
}

Deno.test({
  name: "parseHost() reads an address as getaddrinfo(3) does, and takes no more for one",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    using system = opening();
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(..."0123456789abcdefx.:"), maxLength: 20 }),
    );
    fc.assert(
      fc.property(text, (text) => {
        const known = system.read(text);
        let address: string | null = null;
        try {
          const host = parseHost(text);
          if (host.kind !== "name") address = host.text;
        } catch {
          // The system takes more: 127.1, 0x7f.1, a lone number.
          return;
        }
        if (address === null) {
          return assertEquals(known, null, "a name is no address for the system");
        }
        const mapped = [...Array(10).fill(0), 0xff, 0xff];
        const own = [...addressBytes(address)];
        const isMapped = own.length === 4 && known?.length === 16;
        assertEquals(isMapped ? [...mapped, ...own] : own, known);
      }),
      { numRuns: 500 },
    );
  },
});
