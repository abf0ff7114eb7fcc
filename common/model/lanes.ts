/**
 * The lanes there are, and what their scripts need.
 *
 * @module
 */
import { type Engine, type Io, IO_KINDS, laneName, type Protocol } from "./protocol.ts";

/** Protocol, kind of I/O and engine: one way to exchange messages. */
export interface Lane {
  readonly name: string;
  readonly protocol: Protocol;
  readonly io: Io;
  readonly engine: Engine | null;
}

/** Every lane, in the order in which they run. */
export const LANES: readonly Lane[] = [
  ...IO_KINDS.map((io) => lane("tcp", io, null)),
  ...IO_KINDS.map((io) => lane("udp", io, null)),
  lane("tls", "async", "rustls"),
  ...IO_KINDS.map((io) => lane("tls", io, "openssl")),
  ...IO_KINDS.map((io) => lane("dtls", io, "openssl")),
];

function lane(protocol: Protocol, io: Io, engine: Engine | null): Lane {
  return { name: laneName(protocol, io, engine), protocol, io, engine };
}

/** The options that choose a lane on its pair's command line. */
export function laneOptions({ protocol, io, engine }: Lane): string[] {
  return ["--io", io, ...(protocol === "tls" ? ["--engine", engine!] : [])];
}

/**
 * The permissions that a lane's scripts need for the exchange itself.
 *
 * @param certs folder of the certificates, as it is to stand in the switch; none for all folders
 */
export function permissionsOf(
  { engine, io }: Pick<Lane, "engine" | "io">,
  certs?: string,
): string[] {
  const permissions = ["--allow-net"];
  if (engine) permissions.push(certs === undefined ? "--allow-read" : `--allow-read=${certs}`);
  if (engine === "openssl" || io !== "async") permissions.push("--allow-ffi");
  if (engine === "openssl") permissions.push("--allow-env=NETPAIRS_LIBSSL");
  return permissions;
}

/** The lane that a protocol's scripts run without options. */
export function defaultLane(protocol: Protocol): Lane {
  return LANES.find((lane) => lane.protocol === protocol)!;
}
