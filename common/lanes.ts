/**
 * The lanes there are, and what their scripts need.
 *
 * @module
 */
import { type Engine, type Io, laneName, type Protocol } from "./protocol.ts";

/** Protocol, kind of I/O and engine: one way to exchange messages. */
export interface Lane {
  readonly name: string;
  readonly protocol: Protocol;
  readonly io: Io;
  readonly engine: Engine | null;
}

/** Every lane of this version, in the order in which they run. */
export const LANES: readonly Lane[] = [
  lane("tcp", "async", null),
  lane("udp", "async", null),
  lane("tls", "async", "rustls"),
  lane("dtls", "async", "openssl"),
];

function lane(protocol: Protocol, io: Io, engine: Engine | null): Lane {
  return { name: laneName(protocol, io, engine), protocol, io, engine };
}

/** The words that choose a lane on its pair's command line. */
export function laneWords({ protocol, io, engine }: Lane): string[] {
  return ["--io", io, ...(protocol === "tls" ? ["--engine", engine!] : [])];
}

/**
 * The permissions that a protocol's scripts need for the exchange itself.
 *
 * @param certs folder of the certificates, as it is to stand in the switch; none for all folders
 */
export function permissionsOf(protocol: Protocol, certs?: string): string[] {
  const read = certs === undefined ? "--allow-read" : `--allow-read=${certs}`;
  switch (protocol) {
    case "tcp":
    case "udp":
      return ["--allow-net"];
    case "tls":
      return ["--allow-net", read];
    case "dtls":
      return ["--allow-net", read, "--allow-ffi", "--allow-env=NETPAIRS_LIBSSL"];
  }
}
