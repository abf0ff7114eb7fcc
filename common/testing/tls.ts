/**
 * What the tests of the TLS library share.
 *
 * @module
 */
import type { SavedSession } from "../openssl/saved_session.ts";
import { connectTls } from "../../tls/lib/connect.ts";
import { listenTls } from "../../tls/lib/listen.ts";
import { testCertificates } from "./certs.ts";

/** A session of TLS 1.2, where it is there after the handshake. */
export async function savedSession(): Promise<SavedSession> {
  const { server, ca } = await testCertificates();
  await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server });
  const accepting = listener.accept();
  const { port } = listener.addr;
  await using client = await connectTls({ port, caCerts: [ca], maxVersion: "TLSv1.2" });
  await client.handshake();
  await accepting;
  return client.saveSession()!;
}
