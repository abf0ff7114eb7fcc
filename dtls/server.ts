/**
 * DTLS server: one UDP socket, many clients, each authenticated by its certificate; answers every
 * message with `ack`.
 *
 *     deno run --unstable-net --allow-net --allow-read --allow-ffi dtls/server.ts --help
 *
 * @module
 */
import { loadCertificates } from "../common/certificates.ts";
import type { Deadlines } from "../common/deadline.ts";
import { loadOpenSsl } from "../common/openssl/library.ts";
import { resolveHost } from "../common/net.ts";
import { pairSettings, SecureConnection } from "../common/secure_pair.ts";
import type { PairOptions } from "../common/options.ts";
import { type Prepared, serverMain } from "../common/script.ts";
import type { ServerConnection, ServerTransport } from "../common/server_transport.ts";
import type { DtlsConn } from "./conn.ts";
import { listenDtls } from "./listen.ts";

class DtlsConnection extends SecureConnection<DtlsConn> implements ServerConnection {
  readonly #options: PairOptions;

  constructor(conn: DtlsConn, options: PairOptions) {
    super(conn);
    this.#options = options;
  }

  handshake(): Promise<void> {
    return this.conn.handshake();
  }

  async receive(into: Uint8Array, idle: boolean): Promise<number> {
    const { idleTimeoutMs, timeoutMs } = this.#options;
    const message = await this.conn.receive(into, idle ? idleTimeoutMs : timeoutMs);
    return message?.length ?? 0;
  }

  send(answer: Uint8Array): Promise<void> {
    return this.conn.send(answer);
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ServerTransport>> {
  const hostname = await resolveHost(options.hostname);
  const listener = listenDtls({
    ...await loadCertificates(options.certs, "server"),
    ...pairSettings(options),
    hostname,
    port: options.port,
    clientCertificate: "require",
    handshakeTimeoutMs: options.timeoutMs,
    signal: deadlines.signal,
  });
  return {
    library: loadOpenSsl().versionText,
    transport: {
      hostname: listener.addr.hostname,
      port: listener.addr.port,
      lossy: true,
      async accept() {
        const conn = await listener.accept();
        return conn && new DtlsConnection(conn, options);
      },
      stopAccepting: () => listener.stopAccepting(),
      close: () => listener.close(),
    },
  };
}

if (import.meta.main) Deno.exit(await serverMain("dtls", prepare));
