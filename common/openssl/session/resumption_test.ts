import { assert, assertEquals, assertInstanceOf, assertMatch } from "../../testing/assert.ts";
import { testCertificates } from "../../testing/certs.ts";
import { end, makeChain } from "../../testing/authority_chain.ts";
import { chainOf } from "../../testing/chain.ts";
import {
  type Asking,
  type ProtocolName,
  PROTOCOLS,
  type ResumptionBench,
  resumptionBench,
} from "../../testing/resumption.ts";
import { CertificateError } from "../bindings/errors.ts";
import { loadOpenSsl } from "../bindings/library.ts";
import { SavedSession } from "../saved_session.ts";
import { bindingOf } from "../session_trust.ts";
import type { TlsClientSettings } from "../settings.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

/** The same session from its text; the first is closed. */
function reread(session: SavedSession, change = (text: string) => text): SavedSession {
  using _old = session;
  return SavedSession.parse(change(session.serialize()));
}

const BINDING = /^netpairs-binding: .*$/m;

const withoutBinding = (text: string) => text.replace(BINDING, "");

/** Saves a session in one way, and connects with it in another. */
interface Case {
  name: string;
  saved?: { settings?: TlsClientSettings } & Asking;
  then?: { settings?: TlsClientSettings } & Asking;
  /** Whether the second one is resumed, a full one, or refused for its certificate. */
  is: "resumed" | "full" | "refused";
}

async function cases(): Promise<Case[]> {
  const [{ ca }, stranger] = await Promise.all([testCertificates(), testCertificates("stranger")]);
  const unverified = { caCerts: [], unsafelySkipVerification: true };
  return [
    { name: "the same name and authorities", is: "resumed" },
    {
      name: "the same authorities in another order",
      saved: { settings: { caCerts: [ca, stranger.ca] } },
      then: { settings: { caCerts: [stranger.ca, ca] } },
      is: "resumed",
    },
    { name: "another good name", then: { serverName: "127.0.0.1" }, is: "full" },
    { name: "another bad name", then: { serverName: "other.example" }, is: "refused" },
    { name: "more authorities", then: { settings: { caCerts: [ca, stranger.ca] } }, is: "full" },
    { name: "other authorities", then: { settings: { caCerts: [stranger.ca] } }, is: "refused" },
    { name: "no authority", then: { settings: { caCerts: [] } }, is: "refused" },
    { name: "no verification before", saved: { settings: unverified }, is: "full" },
    {
      name: "no verification before, and other authorities",
      saved: { settings: unverified },
      then: { settings: { caCerts: [stranger.ca] } },
      is: "refused",
    },
    { name: "no verification any more", then: { settings: unverified }, is: "full" },
    { name: "a name that was not checked", saved: { unsafelySkipNameCheck: true }, is: "full" },
    {
      name: "a bad name that was not checked",
      saved: { serverName: "other.example", unsafelySkipNameCheck: true },
      then: { serverName: "other.example" },
      is: "refused",
    },
  ];
}

function run(it: ResumptionBench, { saved = {}, then = {} }: Case, text: boolean) {
  const context = (settings?: TlsClientSettings) => settings ? it.client(settings) : undefined;
  const first = it.connect({ ...saved, context: context(saved.settings) });
  assert(first.saved !== null, String(first.error));
  using session = text ? reread(first.saved) : first.saved;
  return it.tell({ ...then, context: context(then.settings), session });
}

for (const protocol of NAMES) {
  for (const one of await cases()) {
    for (const text of [false, true]) {
      const how = text ? "read from text" : "kept";
      Deno.test(`a session ${how} with ${one.name}: ${one.is} (${protocol})`, async () => {
        using it = await resumptionBench(protocol);
        const { established, resumed, error } = run(it, one, text);
        assertEquals(
          { established, resumed },
          { established: one.is !== "refused", resumed: one.is === "resumed" },
          String(error),
        );
        if (one.is === "refused") assertInstanceOf(error, CertificateError);
      });
    }
  }

  Deno.test(`a session of a cipher that is not allowed: full (${protocol})`, async () => {
    using it = await resumptionBench(protocol);
    const suite = protocol === "TLS 1.3"
      ? { cipherSuites: "TLS_CHACHA20_POLY1305_SHA256" }
      : { ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" };
    using session = it.connect().saved!;
    const second = it.tell({ session, context: it.client(suite) });
    assertEquals([second.established, second.resumed], [true, false], String(second.error));
  });

  Deno.test(`a session that says nothing of its server passes by its certificate (${protocol})`, async () => {
    using it = await resumptionBench(protocol);
    using session = reread(it.connect().saved!, withoutBinding);
    assertEquals(session.isBound, false);
    const other = it.tell({ session, serverName: "127.0.0.1" });
    assertEquals([other.established, other.resumed], [true, true]);
    const { established, resumed, error } = it.tell({ session, serverName: "other.example" });
    assertEquals([established, resumed], [false, false]);
    assertMatch(String(error), /Cannot complete the handshake: .* is not for other\.example/);
  });

  Deno.test(`a session that says nothing of its server is none where ocsp asks (${protocol})`, async () => {
    using it = await resumptionBench(protocol);
    using session = reread(it.connect().saved!, withoutBinding);
    using asking = it.client({ ocsp: "request" });
    const { established, resumed } = it.tell({ session, context: asking });
    assertEquals([established, resumed], [true, false]);
    using requiring = it.client({ ocsp: "require" });
    assertInstanceOf(it.tell({ session, context: requiring }).error, CertificateError);
  });

  Deno.test(`a session whose server has its name in the subject alone: refused (${protocol})`, async () => {
    const { ca, cert, key } = await makeChain("server", {
      leaf: { extensions: end("server", { names: null }) },
    });
    const server = { cert, key, clientCertificate: "none" } as const;
    using it = await resumptionBench(protocol, server, { caCerts: [ca] });
    using session = reread(it.connect({ unsafelySkipNameCheck: true }).saved!, withoutBinding);
    const { established, resumed, error } = it.tell({ session });
    assertEquals([established, resumed], [false, false]);
    assertMatch(String(error), /Cannot complete the handshake: .* is not for localhost/);
  });

  Deno.test(`a binding of another session binds nothing (${protocol})`, async () => {
    using it = await resumptionBench(protocol);
    using other = it.connect().saved!;
    using session = reread(
      it.connect().saved!,
      (text) => text.replace(BINDING, BINDING.exec(other.serialize())![0]),
    );
    const second = it.tell({ session });
    assertEquals([second.established, second.resumed], [true, false]);
  });

  Deno.test(`a resumed session's certificate is checked before a byte is sent (${protocol})`, async () => {
    using it = await resumptionBench(protocol);
    const { ca } = await testCertificates("stranger");
    using context = it.client({ caCerts: [ca] });
    using honest = it.connect().saved!;
    const trust = { context: context.trust, serverName: "localhost", checksName: true };
    const binding = `netpairs-binding: ${bindingOf(loadOpenSsl(), honest.pointer, trust)}`;
    using forged = reread(
      honest,
      (text) => text.replace(BINDING, binding),
    );
    const { established, error, heard } = it.tell({ session: forged, context });
    assertEquals([established, heard], [false, false]);
    assertInstanceOf(error, CertificateError);
    assertMatch(error.message, /^Cannot resume the session: the peer's certificate is refused: /);
  });

  Deno.test(`a session read from text has the chain below its authority (${protocol})`, async () => {
    const { root, chain, key } = await chainOf(["localhost"]);
    using it = await resumptionBench(protocol, {
      cert: chain,
      key,
      clientCertificate: "none",
    }, { caCerts: [root] });
    const first = it.connect();
    assert(first.saved, String(first.error));
    using session = reread(first.saved);
    assertEquals(session.intermediates.length, 1);
    const second = it.tell({ session });
    assertEquals([second.established, second.resumed], [true, true], String(second.error));
  });
}

Deno.test("a session of a version that is not allowed: full", async () => {
  using it = await resumptionBench("TLS 1.3");
  using session = it.connect().saved!;
  const second = it.tell({ session, context: it.client({ maxVersion: "TLSv1.2" }) });
  assertEquals([second.established, second.resumed], [true, false], String(second.error));
});
