import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { connectedNet, memoryNet } from "../testing/memory_net.ts";
import { type ProtocolName, PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { ServerIdentity } from "./identity_settings.ts";
import { nameIn } from "./server_name.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

const [good, stranger, elsewhere, other] = await Promise.all(
  (["good", "stranger", "elsewhere", "wrongName"] as const).map(async (kind) =>
    (await testCertificates(kind)).server
  ),
);

/** One for a name, one for a domain, one for a name in that domain, and one for all others. */
const FOUR: ServerIdentity[] = [
  { names: ["One.Example.", "bücher.example"], ...good! },
  { names: ["*.two.example"], ...stranger! },
  { names: ["exact.two.example"], ...elsewhere! },
  { ...other! },
];

const THREE = FOUR.slice(0, 3);

/** The server shows identities of its own instead of one certificate. */
const instead = { cert: undefined, key: undefined, clientCertificate: "none" } as const;

const anyone = { caCerts: [], unsafelySkipVerification: true } as const;

/** A bench whose server has identities. */
function bench(protocol: ProtocolName, identities: ServerIdentity[] = FOUR, more = {}) {
  return resumptionBench(protocol, { ...instead, identities, ...more }, anyone);
}

const CHOSEN: [string | null, { cert: string } | undefined][] = [
  ["one.example", good],
  ["xn--bcher-kva.example", good],
  ["any.two.example", stranger],
  ["exact.two.example", elsewhere],
  ["two.example", other],
  ["a.b.two.example", other],
  ["three.example", other],
  [null, other],
];

for (const protocol of NAMES) {
  Deno.test(`the name that a client asks for decides which certificate it is shown: ${protocol}`, async () => {
    using it = await bench(protocol);
    for (const [serverName, { cert } = { cert: "" }] of CHOSEN) {
      const { shown, serverNames, error } = it.tell({ serverName, unsafelySkipNameCheck: true });
      assertEquals([error, shown], [undefined, cert], `${serverName}`);
      assertEquals(serverNames, [serverName, serverName]);
    }
  });

  for (const sessionTickets of [true, false]) {
    const how = sessionTickets ? "tickets" : "the cache";
    Deno.test(`a session is resumed under its own name alone: ${protocol}, ${how}`, async () => {
      using it = await bench(protocol, FOUR, { sessionTickets });
      for (const serverName of ["one.example", "any.two.example", "three.example"]) {
        const { saved: session } = it.connect({ serverName, unsafelySkipNameCheck: true });
        const asking = { session: session!, unsafelySkipNameCheck: true };
        const again = it.tell({ ...asking, serverName });
        assertEquals([again.error, again.resumed], [undefined, true], serverName);
        assertEquals(again.serverNames, [serverName, serverName]);
        session!.close();
      }
    });

    Deno.test(`sessions are resumed after setIdentities(): ${protocol}, ${how}`, async () => {
      using it = await bench(protocol, FOUR, { sessionTickets });
      const asking = { serverName: "one.example", unsafelySkipNameCheck: true };
      using session = it.connect(asking).saved!;
      it.server.setIdentities([{ names: ["one.example"], ...other! }]);
      const again = it.tell({ ...asking, session });
      assertEquals([again.error, again.resumed], [undefined, true]);
      assertEquals(it.tell(asking).shown, other!.cert);
    });
  }

  Deno.test(`a server with one certificate can show another: ${protocol}`, async () => {
    using it = await resumptionBench(protocol, { clientCertificate: "none" }, anyone);
    assertEquals(it.tell().shown, good!.cert);
    using session = it.connect().saved!;
    it.server.setIdentities([stranger!]);
    assertEquals(it.tell().shown, stranger!.cert);
    assert(it.tell({ session }).resumed);
  });

  Deno.test(`a session is not taken where the client asks for another name: ${protocol}`, async () => {
    const found: (boolean | string | undefined)[] = [];
    using it = await bench(protocol);
    // This library's clients do not offer it: it is offered as another program's would do.
    const { context } = { context: it.client({}) };
    using session = it.connect({ serverName: "one.example", unsafelySkipNameCheck: true, context })
      .saved!;
    const isBoundTo = () => true;
    Object.defineProperty(session, "isBoundTo", { value: isBoundTo });
    for (const serverName of ["any.two.example", "one.example"]) {
      const { resumed, shown } = it.tell({ serverName, unsafelySkipNameCheck: true, session });
      found.push(resumed, shown === stranger!.cert);
    }
    assertEquals(found, [false, true, true, false]);
  });
}

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";
  const server = { ...instead, identities: THREE };

  Deno.test(`a client is refused that asks for what no identity is for (${protocol})`, async () => {
    using net = await memoryNet({ datagram, client: anyone, server, serverName: "three.example" });
    net.run();
    const { error } = net.server;
    assertInstanceOf(error, OpenSslError);
    assertEquals(
      error.message,
      'Cannot complete the handshake: the client asks for "three.example", which no identity is ' +
        "for, and none is for all others",
    );
    assertEquals(
      (net.client.error as Error).message,
      "Cannot complete the handshake: the peer refused: unrecognized name",
    );
  });

  Deno.test(`a client is refused that says no name, where no identity is for all (${protocol})`, async () => {
    using net = await memoryNet({
      datagram,
      client: anyone,
      server: { ...server, ...datagram ? {} : { maxVersion: "TLSv1.3" as const } },
      serverName: "127.0.0.1",
    });
    net.run();
    assertEquals(
      (net.server.error as Error).message,
      "Cannot complete the handshake: the client says no server name, and no identity is for all " +
        "others",
    );
    assert(net.client.error !== null);
  });

  Deno.test(`a client with a key needs no certificate's name (${protocol})`, async () => {
    const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
    const client = { cert: undefined, key: undefined, caCerts: undefined, psk };
    const keyed = { ...server, pskLookup: () => psk.key };
    using net = await connectedNet({
      datagram,
      client,
      server: keyed,
      serverName: "three.example",
    });
    assertEquals(net.server.session!.info().pskIdentity, "sensor-7");
    using unkeyed = await memoryNet({
      datagram,
      client: anyone,
      server: keyed,
      serverName: "three.example",
    });
    unkeyed.run();
    const { message } = unkeyed.server.error as Error;
    assert(message.includes('asks for "three.example", which no identity is for'), message);
  });
}

Deno.test("a handshake that has chosen ends with what it has chosen", async () => {
  using net = await memoryNet({
    datagram: false,
    client: { ...anyone, maxVersion: "TLSv1.2" },
    server: { ...instead, identities: FOUR },
    serverName: "one.example",
  });
  // The server's first flight, with its certificate, is under way when it is renewed.
  net.passes = ({ from }) => from === "client";
  net.run();
  const [, flight] = net.sent;
  net.passes = () => true;
  net.serverContext.setIdentities([{ ...stranger! }]);
  net.deliver(flight!);
  net.settle();
  assertEquals(net.client.error ?? net.server.error, null);
  assertEquals(net.client.session!.info().peerCertificate?.pem, good!.cert);
});

const WRONG: [string, unknown, typeof TypeError | typeof RangeError, string][] = [
  ["none", [], RangeError, "Cannot set identities: identities must have 1 entries at least"],
  ["a text", "PEM", TypeError, "identities must be an array"],
  ["no certificate", [{}], TypeError, "identities[0]: cert with its key, or pkcs12, is wanted"],
  [
    "another's key",
    [{ ...good!, key: stranger!.key }],
    RangeError,
    "Cannot use identities[0].key: it is not the private key of identities[0].cert",
  ],
  ["a misspelt setting", [{ ...good!, name: "x" }], TypeError, "identities[0].name is no setting"],
  ["one good and one bad", [good, { names: ["a"], cert: "x", key: "y" }], RangeError, "[1].cert"],
  [
    "two for all",
    [good, stranger],
    RangeError,
    "identities[1] and identities[0] are without names",
  ],
  [
    "two for one name",
    [{ names: ["a.example"], ...good! }, { names: ["A.EXAMPLE."], ...good! }],
    RangeError,
    "identities[1] and identities[0] are both for a.example",
  ],
];

for (const [what, identities, kind, words] of WRONG) {
  Deno.test(`setIdentities() refuses ${what}, and all stays as it was`, async () => {
    using it = await bench("TLS 1.3");
    const set = () => it.server.setIdentities(identities as ServerIdentity[]);
    assertThrows(set, kind, words);
    const asking = { serverName: "one.example", unsafelySkipNameCheck: true };
    assertEquals(it.tell(asking).shown, good!.cert);
  });
}

Deno.test("setIdentities() is refused where clients have keys alone, and on clients", async () => {
  using net = await connectedNet({
    client: {
      cert: undefined,
      key: undefined,
      caCerts: undefined,
      psk: { identity: "x", key: new Uint8Array(16) },
    },
    server: { ...instead, pskLookup: () => new Uint8Array(16) },
  });
  const words = "its clients have pre-shared keys alone";
  assertThrows(() => net.serverContext.setIdentities([good!]), TypeError, words);
});

Deno.test("nameIn() reads one host's name, and nothing that is malformed", () => {
  const name = new TextEncoder().encode("a.example");
  const list = (...bytes: number[]) => Uint8Array.from([...bytes, ...name]);
  assertEquals(nameIn(list(0, 12, 0, 0, 9)), "a.example");
  const wrong = [
    list(0, 12, 1, 0, 9),
    list(0, 11, 0, 0, 9),
    list(0, 12, 0, 0, 8),
    list(0, 12, 0, 1, 9),
    Uint8Array.of(0, 3, 0, 0, 0),
    new Uint8Array(),
  ];
  assertEquals(wrong.map(nameIn), wrong.map(() => null));
});
