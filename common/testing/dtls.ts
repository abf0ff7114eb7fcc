/**
 * What the tests of the DTLS library share: a server and its clients on loopback.
 *
 * @module
 */
import { testCertificates } from "./certs.ts";
import { within } from "./within.ts";
import type { DtlsConn } from "../../dtls/lib/conn.ts";
import { connectDtls } from "../../dtls/lib/connect.ts";
import type { ConnectDtlsOptions } from "../../dtls/lib/settings.ts";
import { type DtlsListener, listenDtls } from "../../dtls/lib/listen.ts";
import type { ListenDtlsOptions } from "../../dtls/lib/settings.ts";

/** A server with a good certificate, on a free port. */
export async function listen(options: Partial<ListenDtlsOptions> = {}): Promise<DtlsListener> {
  const { server } = await testCertificates();
  return listenDtls({ hostname: "127.0.0.1", port: 0, ...server, ...options });
}

/** A client of that server, which believes its certificate. */
export async function connect(
  listener: DtlsListener,
  options: Partial<ConnectDtlsOptions> = {},
): Promise<DtlsConn> {
  const { ca } = await testCertificates();
  const trust = options.psk || options.context ? {} : { caCerts: [ca] };
  return connectDtls({ port: listener.addr.port, ...trust, ...options });
}

/** The server's side of a client's connection, once the handshake is complete. */
export async function acceptFrom(listener: DtlsListener, client: DtlsConn): Promise<DtlsConn> {
  const [server] = await within(Promise.all([listener.accept(), client.handshake()]));
  await within(server!.handshake());
  return server!;
}
