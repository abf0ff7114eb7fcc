/** What docs/rfc9325.md says of both ends, where no other test holds it. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "../testing/assert.ts";
import {
  connectedNet,
  memoryNet,
  type MemoryNetOptions,
  type Sent,
} from "../testing/memory_net.ts";
import { PROTOCOLS } from "../testing/resumption.ts";
import { write } from "./callbacks.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { TlsContextOptions } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

/** Extensions by their numbers in the IANA's registry. */
const EXTENSION = {
  truncated_hmac: 4,
  signature_algorithms: 13,
  extended_master_secret: 23,
  early_data: 42,
  psk_key_exchange_modes: 45,
  post_handshake_auth: 49,
} as const;

/** See SSL_CTX_set_alpn_select_cb(3). */
const ALPN_SELECT = {
  parameters: ["pointer", "pointer", "pointer", "pointer", "u32", "pointer"],
  result: "i32",
} as const;

/** RFC 5746 3.2. */
const RENEGOTIATION_INFO = 0xff01;

/** A hello of either end, as it lies in its record. */
class Hello {
  /** Methods of compression; of a server the one that it has chosen. */
  readonly compression: readonly number[];
  readonly extensions = new Map<number, Uint8Array<ArrayBuffer>>();
  /** Where the length of all extensions stands. */
  readonly extensionsAt: number;

  constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    from: "client" | "server",
    datagram: boolean,
  ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // Headers of record and handshake, version, random; then session, and on DTLS a cookie, by length.
    let at = (datagram ? 13 + 12 : 5 + 4) + 2 + 32;
    at += 1 + bytes[at]!;
    if (from === "client") {
      if (datagram) at += 1 + bytes[at]!;
      at += 2 + view.getUint16(at);
    } else at += 2;
    const methods = from === "client" ? bytes[at++]! : 1;
    this.compression = [...bytes.subarray(at, at + methods)];
    this.extensionsAt = at += methods;
    const end = at + 2 + view.getUint16(at);
    for (at += 2; at < end; at += 4 + view.getUint16(at + 2)) {
      const value = bytes.slice(at + 4, at + 4 + view.getUint16(at + 2));
      this.extensions.set(view.getUint16(at), value);
    }
  }
}

/** The first hello of a client, and of the server that answers it. */
async function hellos(options: MemoryNetOptions): Promise<[client: Hello, server: Hello]> {
  using net = await connectedNet(options);
  const { datagram = true } = options;
  const first = (from: Sent["from"]) => {
    const at = net.sent.findIndex((sent) =>
      sent.from === from && sent.bytes[datagram ? 13 : 5] === (from === "client" ? 1 : 2)
    );
    return new Hello(net.sent[at]!.bytes, from, datagram);
  };
  return [first("client"), first("server")];
}

for (const [protocol, maxVersion] of Object.entries(PROTOCOLS)) {
  const datagram = protocol === "DTLS";
  const client = { maxVersion } as Partial<TlsContextOptions>;
  const isOld = protocol !== "TLS 1.3";

  Deno.test(`a client offers nothing that RFC 9325 rules out (${protocol})`, async () => {
    const [{ compression, extensions }, answer] = await hellos({ datagram, client });
    assertEquals([compression, answer.compression], [[0], [0]]);
    const { truncated_hmac, early_data, post_handshake_auth } = EXTENSION;
    for (const one of [truncated_hmac, early_data, post_handshake_auth]) {
      assertEquals(extensions.has(one), false, String(one));
    }
    const algorithms = extensions.get(EXTENSION.signature_algorithms)!.subarray(2);
    const pairs = Array.from(
      { length: algorithms.length / 2 },
      (_, i) => algorithms.subarray(2 * i, 2 * i + 2).toHex(),
    );
    // ecdsa_secp256r1_sha256 and rsa_pkcs1_sha256; 01.. is MD5, 02.. SHA-1 (RFC 5246 7.4.1.4.1).
    assertEquals(["0403", "0401"].every((one) => pairs.includes(one)), true);
    assertEquals(pairs.filter((one) => /^0[12]/.test(one)), []);
  });

  Deno.test(`both ends bind the master secret to the handshake, or take new keys when they resume (${protocol})`, async () => {
    const [{ extensions }, answer] = await hellos({ datagram, client });
    const { extended_master_secret, psk_key_exchange_modes } = EXTENSION;
    assertEquals(extensions.has(extended_master_secret), true);
    assertEquals(answer.extensions.has(extended_master_secret), isOld);
    // psk_dhe_ke alone (RFC 8446 4.2.9).
    assertEquals(extensions.get(psk_key_exchange_modes)?.toHex(), isOld ? undefined : "0101");
  });

  Deno.test(`a client refuses a server that chooses a protocol it has not offered (${protocol})`, async () => {
    using net = await memoryNet({ datagram, client: { ...client, alpnProtocols: ["coap"] } });
    using made = new DisposableStack();
    const other = new TextEncoder().encode("evil");
    const select = new Deno.UnsafeCallback(ALPN_SELECT, (_ssl, out, length) => {
      write(
        out,
        new Uint8Array(
          BigUint64Array.of(BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(other)))).buffer,
        ),
      );
      write(length, Uint8Array.of(4));
      return 0;
    });
    made.defer(() => select.close());
    lib.SSL_CTX_set_alpn_select_cb(net.serverContext.pointer, select.pointer, null);
    net.run();
    assertMatch(String(net.client.error), /bad extension/);
    assertEquals(net.server.established, false);
  });

  Deno.test(`keys of an exchange are used once (${protocol})`, async () => {
    const shares = await Promise.all([1, 2].map(async () => {
      using net = await connectedNet({ datagram, client: { ...client, groups: "X25519:P-256" } });
      const server = net.sent.filter(({ from }) => from === "server");
      const all = new Uint8Array(server.flatMap(({ bytes }) => [...bytes]));
      // The share of X25519: in a ServerKeyExchange, or behind its group in a ServerHello.
      const before = isOld ? "03001d20" : "001d0020";
      const hex = all.toHex();
      const at = hex.indexOf(before) + before.length;
      return hex.slice(at, at + 64);
    }));
    assertEquals(shares[0]!.length, 64);
    assertNotEquals(shares[0], shares[1]);
  });
}

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";
  const client = { maxVersion: datagram ? "DTLSv1.2" : "TLSv1.2" } as const;

  Deno.test(`a client refuses a server that does not know of safe renegotiation (${protocol})`, async () => {
    using net = await memoryNet({ datagram, client });
    net.passes = (sent) => {
      if (sent.from === "server" && sent.bytes[datagram ? 13 : 5] === 2) {
        sent.bytes = withoutExtension(sent.bytes, datagram, RENEGOTIATION_INFO);
      }
      return true;
    };
    net.run();
    assertMatch(String(net.client.error), /unsafe legacy renegotiation disabled/);
  });

  Deno.test(`AES-GCM's nonces count on from a random one up to version 1.2 (${protocol})`, async () => {
    using net = await connectedNet({ datagram, client });
    const header = datagram ? 13 : 5;
    const nonces = [1, 2, 3].map(() => {
      net.client.send(new Uint8Array(10));
      const { bytes } = net.sent.at(-1)!;
      return new DataView(bytes.buffer, bytes.byteOffset + header).getBigUint64(0);
    });
    assertEquals(nonces.map((one) => BigInt.asUintN(64, one - nonces[0]!)), [0n, 1n, 2n]);
    assert(nonces[0]! > 2n ** 32n, "it is no sequence number");
  });
}

/** A ServerHello without an extension, with all lengths right; what follows it stays. */
function withoutExtension(
  bytes: Uint8Array<ArrayBuffer>,
  datagram: boolean,
  extension: number,
): Uint8Array<ArrayBuffer> {
  const { extensions, extensionsAt } = new Hello(bytes, "server", datagram);
  let at = extensionsAt + 2;
  for (const [one, value] of extensions) {
    if (one === extension) break;
    at += 4 + value.length;
  }
  const gone = 4 + extensions.get(extension)!.length;
  const shorter = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + gone)]);
  const view = new DataView(shorter.buffer);
  // Of the extensions, the record and the message, where two of three bytes are enough; of its fragment.
  const lengths = datagram ? [extensionsAt, 11, 15, 23] : [extensionsAt, 3, 7];
  for (const length of lengths) view.setUint16(length, view.getUint16(length) - gone);
  return shorter;
}
