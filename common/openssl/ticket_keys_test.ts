import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { KEY } from "../testing/psk.ts";
import {
  type ProtocolName,
  PROTOCOLS,
  ResumptionBench,
  resumptionBench,
} from "../testing/resumption.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions, TlsServerSettings } from "./settings.ts";
import { TICKET_KEY_BYTES } from "./ticket_keys.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

const [OLD, NEW, OTHER] = [1, 2, 3].map((n) => new Uint8Array(TICKET_KEY_BYTES).fill(n)) as [
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
];

/** A server of its own, as in another process: nothing but its settings is the same. */
const server = (protocol: ProtocolName, settings: TlsServerSettings) =>
  resumptionBench(protocol, settings);

for (const protocol of NAMES) {
  Deno.test(`servers with the same ticketKeys resume each other's sessions (${protocol})`, async () => {
    using one = await server(protocol, { ticketKeys: [OLD] });
    using other = await server(protocol, { ticketKeys: [OLD] });
    using stranger = await server(protocol, { ticketKeys: [OTHER] });
    using without = await server(protocol, {});
    using session = one.connect().saved!;
    for (const [bench, resumed] of [[other, true], [stranger, false], [without, false]] as const) {
      using again = one.connect().saved!;
      const { established, resumed: is, peer } = bench.tell({ session: again });
      assertEquals([established, is], [true, resumed]);
      assertEquals(peer, "CN=netpairs client,O=netpairs");
    }
    assertEquals(other.tell({ session }).resumed, true);
  });

  Deno.test(`a key's session is resumed by another server while it knows the key (${protocol})`, () => {
    const bench = (pskLookup: TlsServerSettings["pskLookup"]) => {
      const shared = { datagram: protocol === "DTLS", maxVersion: PROTOCOLS[protocol] };
      return new ResumptionBench(
        { role: "client", ...shared, psk: { identity: "sensor-7", key: KEY } } as TlsContextOptions,
        { role: "server", ...shared, pskLookup, ticketKeys: [OLD] } as TlsContextOptions,
      );
    };
    using one = bench(() => KEY);
    using other = bench(() => KEY);
    using strict = bench(() => null);
    // Another sensor-7: its clients are others.
    using another = bench(() => new Uint8Array(KEY.length).fill(9));
    using session = one.connect().saved!;
    const { resumed, identities } = other.tell({ session });
    assertEquals([resumed, identities], [true, ["sensor-7", "sensor-7"]]);
    for (const refusing of [strict, another]) {
      using again = one.connect().saved!;
      assertEquals(refusing.tell({ session: again }).established, false);
    }
  });

  Deno.test(`no server that knows keys alone resumes a session of nobody (${protocol})`, async () => {
    const { ca, server: { cert, key } } = await testCertificates();
    const shared = { datagram: protocol === "DTLS", maxVersion: PROTOCOLS[protocol] };
    // A suite that a pre-shared key would have, too.
    const suite = protocol === "TLS 1.3" ? { cipherSuites: "TLS_AES_128_GCM_SHA256" } : {};
    const bench = (settings: TlsServerSettings) =>
      new ResumptionBench(
        { role: "client", ...shared, ...suite, caCerts: [ca] } as TlsContextOptions,
        { role: "server", ...shared, ...settings, ticketKeys: [OLD] } as TlsContextOptions,
      );
    using open = bench({ cert, key });
    using keyed = bench({ pskLookup: () => KEY });
    using session = open.connect().saved!;
    using again = open.connect().saved!;
    assertEquals(open.tell({ session }).resumed, true);
    assertEquals(keyed.tell({ session: again }).established, false);
  });

  Deno.test(`a session of other ciphers than a server's is not resumed (${protocol})`, async () => {
    const [name, weak, strong] = protocol === "TLS 1.3"
      ? ["cipherSuites", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"] as const
      : ["ciphers", "ECDHE+AES256+SHA384", "ECDHE+AESGCM"] as const;
    using lax = await server(protocol, { ticketKeys: [OLD], [name]: weak });
    using strict = await server(protocol, { ticketKeys: [OLD], [name]: strong });
    const both = { [name]: `${strong}:${weak}` };
    for (const [bench, resumed] of [[lax, true], [strict, false]] as const) {
      using session = lax.connect({ context: lax.client(both) }).saved!;
      const { established, resumed: is } = bench.tell({ session, context: lax.client(both) });
      assertEquals([established, is], [true, resumed]);
    }
  });

  Deno.test(`ticketKeys are rotated: old tickets are read and replaced (${protocol})`, async () => {
    using old = await server(protocol, { ticketKeys: [OLD] });
    using both = await server(protocol, { ticketKeys: [NEW, OLD] });
    using only = await server(protocol, { ticketKeys: [NEW] });
    using first = old.connect().saved!;
    const second = both.connect({ session: first });
    using renewed = second.saved!;
    assertEquals(second.resumed, true);
    assertEquals(only.tell({ session: renewed }).resumed, true);
    using late = old.connect().saved!;
    const full = only.tell({ session: late });
    assertEquals([full.established, full.resumed], [true, false]);
  });

  Deno.test(`setTicketKeys() changes the keys of a server that runs (${protocol})`, async () => {
    using it = await server(protocol, {});
    using its = it.connect().saved!;
    it.server.setTicketKeys([OLD]);
    assertEquals(it.tell({ session: its }).resumed, false);
    using session = it.connect().saved!;
    it.server.setTicketKeys([NEW, OLD]);
    const second = it.connect({ session });
    using renewed = second.saved!;
    assertEquals(second.resumed, true);
    it.server.setTicketKeys([NEW]);
    using third = it.connect({ session: renewed }).saved!;
    assert(third);
    it.server.setTicketKeys([OTHER]);
    const full = it.tell({ session: third });
    assertEquals([full.established, full.resumed], [true, false]);
  });

  Deno.test(`a session of another demand for certificates is not resumed (${protocol})`, async () => {
    const [{ ca }, stranger] = await Promise.all([
      testCertificates(),
      testCertificates("stranger"),
    ]);
    const ticketKeys = [OLD];
    const demanding = { clientCertificate: "require", caCerts: [ca], ticketKeys } as const;
    const others: TlsServerSettings[] = [
      { clientCertificate: "none", ticketKeys },
      { clientCertificate: "request", caCerts: [ca], ticketKeys },
      { clientCertificate: "require", caCerts: [ca, stranger.ca], ticketKeys },
    ];
    using strict = await server(protocol, demanding);
    for (const settings of others) {
      using lax = await server(protocol, settings);
      using session = lax.connect().saved!;
      const { established, resumed, peer } = strict.tell({ session });
      assertEquals([established, resumed, peer], [true, false, "CN=netpairs client,O=netpairs"]);
    }
  });
}

Deno.test("setTicketKeys() refuses what is none, and a context without tickets", async () => {
  const { server } = await testCertificates();
  using context = new TlsContext({ role: "server", datagram: true, ...server });
  const set = (keys: unknown) => () => context.setTicketKeys(keys as Uint8Array[]);
  assertThrows(
    set([]),
    RangeError,
    "Cannot set the ticket keys: keys must have 1 entries at least",
  );
  assertThrows(set([OLD.subarray(1)]), RangeError, "keys[0] must be");
  assertThrows(set([OLD, OLD.slice()]), RangeError, "must differ in their first 16 bytes");
  for (const wrong of [undefined, OLD, "secret", [1]]) assertThrows(set(wrong), TypeError, "keys");
  set([OLD, NEW])();
  using client = new TlsContext({ role: "client", datagram: true });
  const tickets = { sessionTickets: false };
  using without = new TlsContext({ role: "server", datagram: true, ...server, ...tickets });
  for (const one of [client, without]) {
    assertThrows(() => one.setTicketKeys([OLD]), TypeError, "the context has no tickets");
  }
  context.close();
  assertThrows(set([OLD]), TypeError, "is closed");
});

Deno.test("ticketKeys are copied", async () => {
  const key = OLD.slice();
  using one = await server("DTLS", { ticketKeys: [key] });
  key.fill(9);
  using other = await server("DTLS", { ticketKeys: [OLD] });
  using session = one.connect().saved!;
  assertEquals(other.tell({ session }).resumed, true);
});
