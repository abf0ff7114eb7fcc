import { assert, assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { type ProtocolName, PROTOCOLS, ResumptionBench } from "../testing/resumption.ts";
import { TlsContext } from "./context.ts";
import type { TlsContextOptions } from "./settings.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { TlsClientSettings, TlsServerSettings } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const KEY = new Uint8Array(32).fill(7);
const PSK = { identity: "sensor-7", key: KEY };
const pskLookup = (identity: string) => identity === PSK.identity ? KEY : null;

/** Two ends of a protocol with just these settings. */
function ends(
  protocol: ProtocolName,
  client: TlsClientSettings,
  server: TlsServerSettings,
): ResumptionBench {
  const shared = { datagram: protocol === "DTLS", maxVersion: PROTOCOLS[protocol] };
  return new ResumptionBench(
    { role: "client", ...shared, ...client } as TlsContextOptions,
    { role: "server", ...shared, ...server } as TlsContextOptions,
  );
}

for (const protocol of Object.keys(PROTOCOLS) as ProtocolName[]) {
  Deno.test(`psk is what authenticates, though the server has a certificate, too (${protocol})`, async () => {
    const { server } = await testCertificates();
    using it = ends(protocol, { psk: PSK }, { ...server, pskLookup });
    const { established, resumed, identities, error } = it.tell();
    assertEquals({ established, resumed, identities }, {
      established: true,
      resumed: false,
      identities: ["sensor-7", "sensor-7"],
    }, String(error));
  });

  Deno.test(`psk that is wrong connects with no server (${protocol})`, async () => {
    const { server } = await testCertificates();
    const psk = { ...PSK, key: new Uint8Array(32) };
    for (const own of [{}, server]) {
      using it = ends(protocol, { psk }, { ...own, pskLookup });
      assertEquals(it.tell().established, false);
    }
  });

  Deno.test(`psk does not connect with a server that has a certificate alone (${protocol})`, async () => {
    const { server } = await testCertificates();
    using it = ends(protocol, { psk: PSK }, server);
    const { established, error } = it.tell();
    assertEquals(established, false);
    const expected = protocol === "TLS 1.3"
      ? /instead of using the pre-shared key/
      : /no shared cipher/;
    assertMatch(String(error), expected);
  });

  Deno.test(`pskLookup beside a cert takes clients of either kind (${protocol})`, async () => {
    const { ca, server, client } = await testCertificates();
    const settings = { ...server, pskLookup, caCerts: [ca], clientCertificate: "require" } as const;
    using it = ends(protocol, { caCerts: [ca], ...client }, settings);
    const { established, identities, peer } = it.tell();
    assertEquals([established, identities], [true, [null, null]]);
    assertEquals(peer, "CN=netpairs client,O=netpairs");
  });

  Deno.test(`pskLookup alone takes no client without a key (${protocol})`, async () => {
    const { ca } = await testCertificates();
    using it = ends(protocol, { caCerts: [ca] }, { pskLookup });
    assertEquals(it.tell().established, false);
  });

  for (const sessionTickets of [true, false]) {
    const how = `${protocol}, ${sessionTickets ? "with tickets" : "from the server's cache"}`;

    Deno.test(`a session with a psk is resumed, and both ends know whose it was (${how})`, () => {
      using it = ends(protocol, { psk: PSK }, { pskLookup, sessionTickets });
      using session = it.connect().saved!;
      const second = it.connect({ session });
      assertEquals([second.resumed, second.identities], [true, ["sensor-7", "sensor-7"]]);
      using again = second.saved!;
      const third = it.tell({ session: again });
      assertEquals([third.resumed, third.identities], [true, ["sensor-7", "sensor-7"]]);
    });

    Deno.test(`a session whose key was taken back is not resumed (${how})`, () => {
      const keys = new Map([[PSK.identity, KEY]]);
      const settings = { pskLookup: (id: string) => keys.get(id), sessionTickets };
      using it = ends(protocol, { psk: PSK }, settings);
      using session = it.connect().saved!;
      keys.clear();
      const { established, heard, error } = it.tell({ session });
      assertEquals([established, heard], [false, false]);
      assertMatch(
        String(error),
        /Cannot resume the session: its client|psk identity not found|key is not known/,
      );
    });

    Deno.test(`a session whose key was changed for another is not resumed (${how})`, () => {
      const keys = new Map([[PSK.identity, KEY]]);
      const settings = { pskLookup: (id: string) => keys.get(id), sessionTickets };
      using it = ends(protocol, { psk: PSK }, settings);
      using first = it.connect().saved!;
      // One that is renewed says so, too.
      using session = it.connect({ session: first }).saved!;
      keys.set(PSK.identity, new Uint8Array(KEY.length).fill(9));
      const { established, heard } = it.tell({ session });
      assertEquals([established, heard], [false, false]);
    });
  }

  Deno.test(`a session with a psk is not resumed with another one (${protocol})`, () => {
    const other = { identity: "sensor-8", key: new Uint8Array(16).fill(8) };
    const lookUp = (id: string) => id === other.identity ? other.key : pskLookup(id);
    using it = ends(protocol, { psk: PSK }, { pskLookup: lookUp });
    using session = it.connect().saved!;
    const second = it.tell({ session, context: it.client({ psk: other }) });
    assertEquals([second.resumed, second.identities], [false, ["sensor-8", "sensor-8"]]);
    const context = it.client({ psk: { ...PSK, key: new Uint8Array(32).fill(9) } });
    assertEquals(it.tell({ session, context }).established, false);
  });
}

/** A client's context that offers an identity beside certificates, which no setting can say. */
function impostor(it: ResumptionBench, settings: TlsClientSettings): {
  context: TlsContext;
  offer: { close(): void };
} {
  const context = it.client(settings);
  const definition = {
    parameters: ["pointer", "pointer", "pointer", "u32", "pointer", "u32"],
    result: "u32",
  } as const;
  const offer = new Deno.UnsafeCallback(definition, (_ssl, _hint, identity, _max, key) => {
    const name = new TextEncoder().encode("sensor-7\0");
    new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(identity!, name.length)).set(name);
    new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(key!, 16)).fill(99);
    return 16;
  });
  loadOpenSsl().SSL_CTX_set_psk_client_callback(context.pointer, offer.pointer);
  return { context, offer };
}

for (const resumes of [false, true]) {
  const how = resumes ? "resumes a session of its own" : "has a good certificate";
  Deno.test(`an identity whose key was not used is nobody's: its client ${how}`, async () => {
    const { ca, server, client } = await testCertificates();
    const asked: string[] = [];
    const settings = {
      ...{ ...server, caCerts: [ca], clientCertificate: "require" as const },
      pskLookup: (identity: string) => (asked.push(identity), KEY),
    };
    using it = ends("TLS 1.3", { caCerts: [ca], ...client }, settings);
    const cipherSuites = "TLS_AES_256_GCM_SHA384";
    const trust = { caCerts: [ca], ...client, cipherSuites };
    using session = it.connect({ context: it.client(trust) }).saved!;
    const { context, offer } = impostor(it, trust);
    const outcome = it.connect({ context, session: resumes ? session : undefined });
    using again = outcome.saved ?? undefined;
    assertEquals([outcome.established, outcome.resumed, outcome.identities[1]], [
      true,
      resumes,
      null,
    ]);
    if (!resumes) assertEquals([...new Set(asked)], ["sensor-7"]);
    const next = it.tell({ context: it.client(trust), session: again });
    assertEquals([next.resumed, next.identities[1]], [again !== undefined, null]);
    offer.close();
  });
}

Deno.test("an identity keeps every character when its session is resumed", () => {
  const psk = { identity: "\ufeffsensor é", key: KEY };
  const asked: string[] = [];
  const lookUp = (identity: string) => (asked.push(identity), KEY);
  using it = ends("TLS 1.3", { psk }, { pskLookup: lookUp });
  using session = it.connect().saved!;
  const second = it.tell({ session });
  assertEquals([second.resumed, second.identities], [true, [psk.identity, psk.identity]]);
  assertEquals([...new Set(asked)], [psk.identity]);
});

Deno.test("a session is not resumed with another certificate of the client's own", async () => {
  const { ca, server, client } = await testCertificates();
  const other = await testCertificates("stranger");
  const settings = { ...server, caCerts: [ca, other.ca], clientCertificate: "require" as const };
  for (const protocol of Object.keys(PROTOCOLS) as ProtocolName[]) {
    using it = ends(protocol, { caCerts: [ca], ...client }, settings);
    using session = it.connect().saved!;
    const second = it.tell({ session, context: it.client(other.client) });
    assertEquals([second.established, second.resumed], [true, false]);
  }
});

Deno.test("a server that prefers SHA-384 agrees with a psk in TLS 1.3 all the same", () => {
  using it = ends("TLS 1.3", { psk: PSK }, {
    pskLookup,
    cipherSuites: "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256",
  });
  assertEquals(it.tell().established, true);
});

Deno.test("psk goes without what would let another server in", async () => {
  const { ca, client } = await testCertificates();
  const beside = { caCerts: [ca], unsafelySkipVerification: true, ...client };
  for (const name of ["caCerts", "cert", "unsafelySkipVerification"] as const) {
    const settings = name === "cert" ? client : { [name]: beside[name] };
    for (const datagram of [true, false]) {
      const options = { role: "client", datagram, psk: PSK, ...settings } as const;
      assertThrows(() => new TlsContext(options), TypeError, `goes without ${name}`);
    }
  }
  new TlsContext({ role: "client", datagram: true, psk: PSK, caCerts: [] }).close();
  const cipherSuites = "TLS_AES_256_GCM_SHA384";
  const options = { role: "client", datagram: false, psk: PSK, cipherSuites } as const;
  assertThrows(() => new TlsContext(options), TypeError, "end in _SHA256");
});

Deno.test("clientCertificate without a cert of the server's own is refused", () => {
  for (const clientCertificate of ["request", "require"] as const) {
    const options = { role: "server", datagram: true, pskLookup, clientCertificate } as const;
    assertThrows(() => new TlsContext(options), TypeError, "clientCertificate needs a cert");
  }
  const none = { role: "server", datagram: true, pskLookup, clientCertificate: "none" } as const;
  const context = new TlsContext(none);
  assert(!context.closed);
  context.close();
});
