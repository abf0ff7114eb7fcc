/**
 * DTLS client: a handshake with a cookie round trip, a message, its answer, an orderly shutdown;
 * once for every message.
 *
 *     deno run --unstable-net --allow-net --allow-read --allow-ffi dtls/client.ts --help
 *
 * @module
 */
import { loadCertificates } from "../common/pem/certificate_files.ts";
import { type ClientConnection, type ClientTransport, LOST } from "../common/exchange/client.ts";
import { STEP_INDEX } from "../common/measure/clock.ts";
import type { Deadlines } from "../common/base/deadline.ts";
import { TimeoutError } from "../common/base/errors.ts";
import { serverAddresses } from "../common/deno/lookup.ts";
import {
  pairSettings,
  SecureConnection,
  SessionPool,
  shaken,
} from "../common/exchange/secure_pair.ts";
import type { PairOptions } from "../common/model/pair_options.ts";
import { clientMain } from "../common/cli/script.ts";
import type { Prepare, Prepared } from "../common/exchange/prepare.ts";
import type { DtlsConn } from "./lib/conn.ts";
import { dtlsContext, openDtls } from "./lib/connect.ts";
import { preparePosixClient } from "./blocking.ts";

class DtlsConnection extends SecureConnection<DtlsConn> implements ClientConnection {
  readonly #timeoutMs: number;

  constructor(conn: DtlsConn, sessions: SessionPool, timeoutMs: number) {
    super(conn, sessions);
    this.#timeoutMs = timeoutMs;
  }

  send(message: Uint8Array): Promise<void> {
    return this.conn.send(message);
  }

  async receive(into: Uint8Array): Promise<number> {
    try {
      return (await this.conn.receive(into, this.#timeoutMs))?.length ?? 0;
    } catch (error) {
      if (error instanceof TimeoutError) return LOST;
      throw error;
    }
  }
}

async function prepare(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { hostname, port, timeoutMs } = options;
  const addresses = await serverAddresses(hostname);
  const certificates = await loadCertificates(options, "client");
  const context = dtlsContext({ ...certificates, ...pairSettings(options) });
  const sessions = new SessionPool(options.resume);
  const { signal } = deadlines;
  return {
    library: context.lib.versionText,
    transport: {
      async open(timer) {
        using session = sessions.take();
        const settings = { hostname, port, handshakeTimeoutMs: timeoutMs, signal, session };
        const conn = await shaken(openDtls(context, addresses, settings));
        timer.mark(STEP_INDEX.handshake);
        return new DtlsConnection(conn, sessions, timeoutMs);
      },
      close: () => context.close(),
    },
  };
}

export const prepareLane: Prepare<ClientTransport> = (options, deadlines) =>
  (options.io === "async" ? prepare : preparePosixClient)(options, deadlines);

if (import.meta.main) Deno.exit(await clientMain("dtls", prepareLane));
