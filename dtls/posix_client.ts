/**
 * The client on OpenSSL and the system's own calls, blocking or spinning.
 *
 * @module
 */
import { loadCertificates } from "../common/certificates.ts";
import type { ClientTransport } from "../common/client.ts";
import type { Deadlines } from "../common/deadline.ts";
import { DrivenClient } from "../common/driven_pair.ts";
import { TlsSession } from "../common/openssl/session.ts";
import type { PairOptions } from "../common/options.ts";
import { PosixCarrier } from "../common/posix_carrier.ts";
import { posixLoop, serverAddress } from "../common/posix_pair.ts";
import { PosixUdp } from "../common/posix/udp.ts";
import type { Prepared } from "../common/script.ts";
import { pairSettings, SessionPool } from "../common/secure_pair.ts";
import { dtlsContext } from "./connect.ts";

/** Loads certificates and looks the name up, once for the run. */
export async function preparePosixClient(
  options: PairOptions,
  deadlines: Deadlines,
): Promise<Prepared<ClientTransport>> {
  const { hostname } = options;
  const server = await serverAddress(options);
  const certificates = await loadCertificates(options.certs, "client");
  const context = dtlsContext({ ...certificates, ...pairSettings(options) });
  const sessions = new SessionPool(options.resume);
  const loop = posixLoop(options, deadlines);
  return {
    library: context.lib.versionText,
    transport: {
      rest: () => loop.rest(),
      open(timer) {
        using session = sessions.take();
        const core = new TlsSession(context, { serverName: hostname, session });
        const carrier = new PosixCarrier(PosixUdp.toward(server, loop), core);
        return new DrivenClient(core, carrier, options, sessions).shaken(timer);
      },
    },
  };
}
