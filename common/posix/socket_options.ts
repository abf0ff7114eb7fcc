/**
 * Options of sockets that Deno has no setting for: setsockopt(2), socket(7), ip(7), ipv6(7).
 *
 * @module
 */
import { descriptorOf } from "./descriptors.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { IPPROTO_IP, IPPROTO_IPV6 } from "./platform.ts";

/**
 * What the UDP socket of a DTLS connection or listener may be set to. Where one cannot be set, that
 * is a TypeError: it takes `--allow-ffi`, and Linux or macOS on x86-64 or arm64.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * // Expedited forwarding (RFC 3246), and no farther than the next router.
 * const options: SocketOptions = { tos: 46 << 2, ttl: 1 };
 * await using conn = await connectDtls({ port: listener.addr.port, psk, ...options });
 * await conn.handshake();
 * if (conn.info.pskIdentity !== "sensor-7") throw new Error("loopback is near enough");
 * ```
 */
export interface SocketOptions {
  /**
   * Size of the socket's send buffer asked of the system, in bytes (default the system's own); it may
   * give less (`net.core.wmem_max` of Linux).
   */
  sendBufferBytes?: number | undefined;
  /** Routers that a datagram may pass and be delivered, 1 to 255 (default the system's, mostly 64). */
  ttl?: number | undefined;
  /**
   * The byte of each IP header for its traffic class, 0 to 255 (default 0). Its upper six bits are the
   * DSCP (RFC 2474), so that 46 << 2 is expedited forwarding; the lower two belong to ECN (RFC 3168).
   */
  tos?: number | undefined;
}

/**
 * Sets options of a UDP socket of Deno's.
 *
 * @param local where it is bound
 * @throws {TypeError} naming the option that cannot be set
 */
export function setSocketOptions(local: Deno.NetAddr, options: SocketOptions): void {
  const wanted = NAMES.filter((name) => options[name] !== undefined);
  if (wanted.length === 0) return;
  const fd = descriptorOf(local);
  for (const name of wanted) {
    const isSet = fd !== null && SETTERS[name](loadLibc(), fd, options[name]!, local.hostname);
    if (!isSet) throw cannotSet(name);
  }
}

const NAMES = ["sendBufferBytes", "ttl", "tos"] as const;

type Setter = (libc: Libc, fd: number, value: number, hostname: string) => boolean;

const SETTERS: Readonly<Record<keyof SocketOptions, Setter>> = {
  sendBufferBytes: (libc, fd, bytes) => askForBuffer(libc, fd, "SND", bytes),
  ttl: (libc, fd, value, hostname) => {
    const { IP_TTL, IPV6_UNICAST_HOPS } = libc.platform;
    return setOfFamily(libc, fd, { v4: IP_TTL, v6: IPV6_UNICAST_HOPS }, value, hostname);
  },
  tos: (libc, fd, value, hostname) => {
    const { IP_TOS, IPV6_TCLASS } = libc.platform;
    return setOfFamily(libc, fd, { v4: IP_TOS, v6: IPV6_TCLASS }, value, hostname);
  },
};

function cannotSet(name: string): TypeError {
  return new TypeError(
    `Cannot set ${name} of the socket: it takes --allow-ffi, and Linux or macOS on x86-64 or arm64`,
  );
}

/** A socket at "::" has IPv4 peers, too, where the system lets it: it takes both options then. */
function setOfFamily(
  libc: Libc,
  fd: number,
  names: { v4: number; v6: number },
  value: number,
  hostname: string,
): boolean {
  if (!hostname.includes(":")) return setOption(libc, fd, IPPROTO_IP, names.v4, value);
  if (hostname === "::") setOption(libc, fd, IPPROTO_IP, names.v4, value);
  return setOption(libc, fd, IPPROTO_IPV6, names.v6, value);
}

/**
 * Asks for the size of a buffer, which the system may cut to a limit of its own (net.core.rmem_max and
 * wmem_max); root may have more.
 *
 * @returns false where the system knows no such size
 */
export function askForBuffer(libc: Libc, fd: number, which: "RCV" | "SND", bytes: number): boolean {
  const { SOL_SOCKET, [`SO_${which}BUF` as const]: name } = libc.platform;
  const force = libc.platform[`SO_${which}BUFFORCE` as const];
  const isForced = force !== null && setOption(libc, fd, SOL_SOCKET, force, bytes);
  return isForced || setOption(libc, fd, SOL_SOCKET, name, bytes);
}

function setOption(libc: Libc, fd: number, level: number, name: number, value: number): boolean {
  const bytes = new Uint8Array(Int32Array.of(value).buffer);
  return libc.setsockopt(fd, level, name, bytes, bytes.length) === 0;
}

/**
 * What an option is set to.
 *
 * @param numbers how many numbers it has
 * @returns null where the system does not know the option
 */
export function readOption(
  libc: Libc,
  fd: number,
  level: number,
  name: number,
  numbers = 1,
): Uint32Array | null {
  const values = new Uint32Array(numbers);
  const bytes = new Uint8Array(values.buffer);
  const length = Uint32Array.of(bytes.length);
  const result = libc.getsockopt(fd, level, name, bytes, length);
  return result === 0 && length[0] === bytes.length ? values : null;
}
