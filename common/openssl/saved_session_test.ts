import fc from "fast-check";
import { assert, assertEquals, assertMatch, assertThrows } from "../testing/assert.ts";
import { type ProtocolName, PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { CertificateError, OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { SavedSession } from "./saved_session.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

for (const name of Object.keys(PROTOCOLS) as ProtocolName[]) {
  for (const sessionTickets of [true, false]) {
    const how = `${name}, ${sessionTickets ? "with tickets" : "from the server's cache"}`;

    Deno.test(`a saved session is resumed, certificates and all (${how})`, async () => {
      using it = await resumptionBench(name, { sessionTickets });
      const first = it.connect();
      using saved = first.saved;
      assert(saved !== null);
      const second = it.connect({ session: saved });
      second.saved?.close();
      assertEquals([first.resumed, second.resumed], [false, true]);
      assertEquals(second.peer, first.peer);
    });

    Deno.test(`a saved session can be written down and read again (${how})`, async () => {
      using it = await resumptionBench(name, { sessionTickets });
      const { saved } = it.connect();
      const text = saved!.serialize();
      saved!.close();
      assertMatch(text, /^-----BEGIN SSL SESSION PARAMETERS-----\n/);
      using read = SavedSession.parse(text);
      assertEquals(read.serialize(), text);
      const second = it.connect({ session: read });
      second.saved?.close();
      assertEquals(second.resumed, true);
    });
  }

  Deno.test(`sessionCacheSize 0 keeps nothing where there are no tickets (${name})`, async () => {
    using it = await resumptionBench(name, { sessionTickets: false, sessionCacheSize: 0 });
    using saved = it.connect().saved;
    if (saved === null) return;
    const second = it.connect({ session: saved });
    second.saved?.close();
    assertEquals(second.resumed, false);
  });

  Deno.test(`sessionCacheSize 1 keeps the newest alone (${name})`, async () => {
    using it = await resumptionBench(name, { sessionTickets: false, sessionCacheSize: 1 });
    using old = it.connect().saved;
    using young = it.connect().saved;
    assertEquals([old, young].map((saved) => saved !== null), [true, true]);
    const newest = it.connect({ session: young! });
    newest.saved?.close();
    const oldest = it.connect({ session: old! });
    oldest.saved?.close();
    assertEquals([newest.resumed, oldest.resumed], [true, false]);
  });

  Deno.test(`a session of another server leads to a full handshake (${name})`, async () => {
    using it = await resumptionBench(name);
    using other = await resumptionBench(name);
    using saved = other.connect().saved;
    const second = it.connect({ session: saved! });
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
  using it = await resumptionBench("DTLS");
  const { saved } = it.connect();
  saved!.close();
  saved!.close();
  assertThrows(() => saved!.serialize(), TypeError, "it is closed");
  assertThrows(() => it.connect({ session: saved! }), TypeError, "session is closed");
});

Deno.test("parse() of a text changed at random gives a session that harms nothing, or refuses it", async () => {
  using it = await resumptionBench("TLS 1.3");
  const { saved } = it.connect();
  const text = saved!.serialize();
  saved!.close();
  const change = fc.record({
    at: fc.nat(text.length - 1),
    length: fc.nat(3),
    by: fc.string({ maxLength: 3 }),
  });
  const outcomes = { refused: 0, connected: 0 };
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let hostile = text;
      for (const { at, length, by } of changes) {
        hostile = hostile.slice(0, at) + by + hostile.slice(at + length);
      }
      let session: SavedSession;
      try {
        session = SavedSession.parse(hostile);
      } catch (error) {
        assert(error instanceof OpenSslError || error instanceof RangeError, String(error));
        outcomes.refused++;
        return;
      }
      using _session = session;
      const { established, error } = it.tell({ session });
      // The server makes a full handshake where the ticket was changed, and none where the secret was
      // (RFC 8446 4.2.11); where the certificate was, it does not pass.
      const isRefused = error instanceof CertificateError ||
        /binder does not verify/.test(`${error}`);
      assert(established || isRefused, String(error));
      outcomes.connected++;
    }),
    { numRuns: 300 },
  );
  assert(outcomes.refused > 10 && outcomes.connected > 10, JSON.stringify(outcomes));
});

Deno.test("parse() of any text refuses it, and nothing else happens", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.uint8Array().map(String)), (text) => {
      for (const whole of [text, `-----BEGIN SSL SESSION PARAMETERS-----\n${text}\n`]) {
        assertThrows(() => SavedSession.parse(whole), Error, "Cannot read a session");
      }
    }),
    { numRuns: 500 },
  );
});
