/**
 * What comes to a socket that DTLS shares with other protocols, told apart by its first byte.
 *
 * @module
 */
import type { OnDatagram } from "../../common/deno/udp.ts";
import { notify } from "../../common/openssl/bindings/calls.ts";
import { withoutZone } from "../../common/base/addresses.ts";
import type { OnOtherDatagram } from "./settings.ts";

/** First bytes of DTLS records: RFC 7983 7, RFC 9443 4. */
const FIRST = { from: 20, to: 63 } as const;

/** Whether a datagram may be DTLS: STUN, ZRTP, TURN's channels, RTP and RTCP begin otherwise. */
function mayBeDtls(datagram: Uint8Array): boolean {
  const first = datagram[0] ?? 0;
  return first >= FIRST.from && first <= FIRST.to;
}

/**
 * Hands on what is DTLS, and the rest to the program.
 *
 * @param others what the program does with the rest; undefined drops it
 * @param peer where a client's server is: what others send is none of its; null takes all
 */
export function divided(
  onDatagram: OnDatagram,
  others: OnOtherDatagram | undefined,
  peer: Deno.NetAddr | null = null,
): OnDatagram {
  return (datagram, from) => {
    if (mayBeDtls(datagram) && (peer === null || isFrom(peer, from))) {
      return onDatagram(datagram, from);
    }
    // Nobody pays for a copy that nobody takes: anyone can send what is no DTLS.
    if (others) notify("onOtherDatagram", others, datagram.slice(), from);
    return undefined;
  };
}

function isFrom(peer: Deno.NetAddr, { hostname, port }: Deno.NetAddr): boolean {
  return port === peer.port && withoutZone(hostname) === withoutZone(peer.hostname);
}

/**
 * The address of a server as a socket reaches it.
 *
 * @param addresses at least one
 * @param local where the socket is bound
 * @throws {Deno.errors.AddrNotAvailable} where none is of the socket's family
 */
export function reachableFrom(addresses: readonly string[], local: Deno.NetAddr): string {
  const isIPv6 = local.hostname.includes(":");
  const found = addresses.find((address) => address.includes(":") === isIPv6);
  if (found !== undefined) return found;
  // A socket of IPv6 for all addresses speaks IPv4, too, in its own form (RFC 4291 2.5.5.2).
  const [first] = addresses;
  if (local.hostname === "::") return `::ffff:${first}`;
  throw new Deno.errors.AddrNotAvailable(
    `the server's address ${first} cannot be reached from a socket on ${local.hostname}`,
  );
}
