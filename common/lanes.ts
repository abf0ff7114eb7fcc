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
  lane("tls", "async", "openssl"),
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
 * The permissions that a lane's scripts need for the exchange itself.
 *
 * @param certs folder of the certificates, as it is to stand in the switch; none for all folders
 */
export function permissionsOf({ engine }: Pick<Lane, "engine">, certs?: string): string[] {
  const permissions = ["--allow-net"];
  if (engine) permissions.push(certs === undefined ? "--allow-read" : `--allow-read=${certs}`);
  if (engine === "openssl") permissions.push("--allow-ffi", "--allow-env=NETPAIRS_LIBSSL");
  return permissions;
}

/** The lane that a protocol's scripts run without words. */
export function defaultLane(protocol: Protocol): Lane {
  return LANES.find((lane) => lane.protocol === protocol)!;
}
