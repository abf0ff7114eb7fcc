/** What connections do whose keys have sealed as much as is safe, over sockets. */
import { connectDtls, type DtlsConn, listenDtls } from "../../dtls/mod.ts";
import { connectTls, listenTls, type TlsConn } from "../../tls/mod.ts";
import { KeyLimitError } from "../base/errors.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { shareOfLimits } from "../openssl/session/sealed_volume.ts";
import { assertEquals, assertRejects } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { within } from "../testing/within.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const { ca, server } = await testCertificates();
const LISTEN = { hostname: "127.0.0.1", port: 0, ...server };
const MESSAGE = new Uint8Array(100).fill(7);

/** Room for one message and not for another. */
const SHARE = 200 / (2 ** 24.5 * 16_384);

async function dtls(): Promise<[DtlsConn, DtlsConn, AsyncDisposable]> {
  const listener = listenDtls(LISTEN);
  const accepted = listener.accept();
  const conn = await connectDtls({ port: listener.addr.port, caCerts: [ca] });
  return [conn, (await accepted)!, listener];
}

async function tls(): Promise<[TlsConn, TlsConn, AsyncDisposable]> {
  const listener = listenTls({ ...LISTEN, maxVersion: "TLSv1.2" });
  const accepted = listener.accept();
  const conn = await connectTls({ port: listener.addr.port, caCerts: [ca] });
  return [conn, (await accepted)!, listener];
}

function send(conn: DtlsConn | TlsConn): Promise<unknown> {
  return "send" in conn ? conn.send(MESSAGE) : conn.write(MESSAGE);
}

/** How many bytes come; null where the peer has ended in order. */
async function receive(conn: DtlsConn | TlsConn): Promise<number | null> {
  if ("read" in conn) return await conn.read(new Uint8Array(1000));
  return (await conn.receive())?.length ?? null;
}

for (const [protocol, open] of [["DTLS", dtls], ["TLS 1.2", tls]] as const) {
  Deno.test(`a connection that may seal no more still receives, and ends in order (${protocol})`, async () => {
    using _limits = shareOfLimits(SHARE);
    const [conn, other, listener] = await open();
    await using _listener = listener;
    await within(Promise.all([conn.handshake(), other.handshake()]));
    await within(send(conn));
    assertEquals(await within(receive(other)), MESSAGE.length);
    for (let times = 0; times < 2; times++) {
      await assertRejects(() => within(send(conn)), KeyLimitError);
    }
    await within(send(other));
    assertEquals(await within(receive(conn)), MESSAGE.length);
    const closing = conn.close();
    assertEquals(await within(receive(other)), null);
    await within(Promise.all([closing, other.close()]));
  });
}
