import { assert, assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { contextOptions } from "../testing/memory_net.ts";
import { TlsContext, type TlsContextOptions } from "./context.ts";
import { OpenSslError } from "./errors.ts";
import { loadOpenSsl } from "./library.ts";
import { SavedSession } from "./saved_session.ts";
import { TlsSession } from "./session.ts";
import type { TlsServerSettings } from "./settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** The protocols by the newest version that is allowed. */
const PROTOCOLS = { DTLS: "DTLSv1.2", "TLS 1.2": "TLSv1.2", "TLS 1.3": "TLSv1.3" } as const;
type ProtocolName = keyof typeof PROTOCOLS;

/** A server and a client whose sessions share their contexts. */
class Bench implements Disposable {
  readonly #client: TlsContext;
  readonly #server: TlsContext;

  constructor(client: TlsContextOptions, server: TlsContextOptions) {
    this.#client = new TlsContext(client);
    this.#server = new TlsContext(server);
  }

  /** Connects, exchanges a message each way, and says what came of it. */
  connect(session?: SavedSession): { resumed: boolean; peer?: string; saved: SavedSession | null } {
    using client = new TlsSession(this.#client, { serverName: "localhost", session });
    using server = new TlsSession(this.#server);
    const pump = () => {
      for (let moved = true; moved;) {
        moved = false;
        for (const [from, to] of [[client, server], [server, client]] as const) {
          from.drain((bytes) => {
            moved = true;
            to.feed(bytes.slice());
            if (to.handshake()) to.read(new Uint8Array(100));
          });
        }
      }
    };
    client.handshake();
    pump();
    assert(client.established && server.established);
    for (const end of [client, server]) {
      end.write(new Uint8Array(1));
      pump();
    }
    assertEquals(client.resumed, server.resumed);
    const saved = client.save();
    const peer = server.info().peerCertificate?.subject;
    // A session that ends without a word is not to be resumed (RFC 5246 7.2.1).
    for (const end of [client, server]) end.shutdown();
    return { resumed: client.resumed, peer, saved };
  }

  [Symbol.dispose](): void {
    this.#client.close();
    this.#server.close();
  }
}

async function bench(name: ProtocolName, server: TlsServerSettings = {}): Promise<Bench> {
  const datagram = name === "DTLS";
  const maxVersion = PROTOCOLS[name];
  return new Bench(
    { ...await contextOptions("client", datagram), maxVersion },
    { ...await contextOptions("server", datagram), maxVersion, ...server } as TlsContextOptions,
  );
}

for (const name of Object.keys(PROTOCOLS) as ProtocolName[]) {
  for (const sessionTickets of [true, false]) {
    const how = `${name}, ${sessionTickets ? "with tickets" : "from the server's cache"}`;

    Deno.test(`a saved session is resumed, certificates and all (${how})`, async () => {
      using it = await bench(name, { sessionTickets });
      const first = it.connect();
      using saved = first.saved;
      assert(saved !== null);
      const second = it.connect(saved);
      second.saved?.close();
      assertEquals([first.resumed, second.resumed], [false, true]);
      assertEquals(second.peer, first.peer);
    });

    Deno.test(`a saved session can be written down and read again (${how})`, async () => {
      using it = await bench(name, { sessionTickets });
      const { saved } = it.connect();
      const text = saved!.serialize();
      saved!.close();
      assertMatch(text, /^-----BEGIN SSL SESSION PARAMETERS-----\n/);
      using read = SavedSession.parse(text);
      assertEquals(read.serialize(), text);
      const second = it.connect(read);
      second.saved?.close();
      assertEquals(second.resumed, true);
    });
  }

  Deno.test(`sessionCacheSize 0 keeps nothing where there are no tickets (${name})`, async () => {
    using it = await bench(name, { sessionTickets: false, sessionCacheSize: 0 });
    using saved = it.connect().saved;
    if (saved === null) return;
    const second = it.connect(saved);
    second.saved?.close();
    assertEquals(second.resumed, false);
  });

  Deno.test(`sessionCacheSize 1 keeps the newest alone (${name})`, async () => {
    using it = await bench(name, { sessionTickets: false, sessionCacheSize: 1 });
    using old = it.connect().saved;
    using young = it.connect().saved;
    assertEquals([old, young].map((saved) => saved !== null), [true, true]);
    const newest = it.connect(young!);
    newest.saved?.close();
    const oldest = it.connect(old!);
    oldest.saved?.close();
    assertEquals([newest.resumed, oldest.resumed], [true, false]);
  });

  Deno.test(`a session of another server leads to a full handshake (${name})`, async () => {
    using it = await bench(name);
    using other = await bench(name);
    using saved = other.connect().saved;
    const second = it.connect(saved!);
    second.saved?.close();
    assertEquals(second.resumed, false);
  });
}

Deno.test("parse() refuses what is no text, or none that can be one", () => {
  for (const wrong of [undefined, null, 7, {}, new Uint8Array(3)]) {
    assertThrows(() => SavedSession.parse(wrong as string), TypeError, "text must be PEM text");
  }
  for (const wrong of ["", "a\0b", "a".repeat(2 ** 20 + 1)]) {
    assertThrows(() => SavedSession.parse(wrong), RangeError, "Cannot read a session: text must");
  }
});

for (const text of ["no session", "-----BEGIN SSL SESSION PARAMETERS-----\nAAAA\n"]) {
  Deno.test(`parse() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => SavedSession.parse(text), OpenSslError, "Cannot read a session");
  });
}

Deno.test("close() may be called twice, and the session cannot be used after it", async () => {
  using it = await bench("DTLS");
  const { saved } = it.connect();
  saved!.close();
  saved!.close();
  assertThrows(() => saved!.serialize(), TypeError, "it is closed");
  assertThrows(() => it.connect(saved!), TypeError, "it is closed");
});
