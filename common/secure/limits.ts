/**
 * How many sessions a listener takes, and what it has counted.
 *
 * @module
 */
import { isIP } from "node:net";
import { addressBytes, addressText, mappedIpv4, withoutZone } from "../base/addresses.ts";
import { notify } from "../openssl/bindings/calls.ts";
import {
  type ListenerCounters,
  type ListenSettings,
  MAX_HANDSHAKES,
  MAX_HANDSHAKES_PER_ADDRESS,
  MAX_SESSIONS,
} from "../openssl/settings.ts";

/** The settings that set limits. */
export type LimitSettings = Pick<
  ListenSettings,
  "maxSessions" | "maxSessionsPerAddress" | "maxHandshakes" | "maxHandshakesPerAddress"
>;

/** A session's place: among the handshakes at first, then among the sessions. */
export class Slot {
  /** It tells them no address. */
  readonly #limits: SessionLimits<never>;
  /** For {@linkcode SessionLimits}: whose it is, as {@linkcode networkOf} says. */
  readonly network: string;
  /** For {@linkcode SessionLimits}: ends the handshake, as there are too many. */
  readonly giveWay: () => void;
  #place: "handshake" | "session" | "none" = "handshake";

  /** Made by {@linkcode SessionLimits.enter}. */
  constructor(limits: SessionLimits<never>, network: string, giveWay: () => void) {
    this.#limits = limits;
    this.network = network;
    this.giveWay = giveWay;
  }

  /**
   * Its handshake is complete, which is counted.
   *
   * @param replaces whether a session ends for it, whose place it takes
   * @returns false where there are too many sessions by now: it has to end
   */
  established(replaces = false): boolean {
    if (this.#place !== "handshake") return this.#place === "session";
    if (!replaces && !this.#limits.admitsFrom(this.network)) return false;
    this.#limits.leaveHandshakes(this);
    this.#limits.enterSessions(this.network);
    this.#limits.counters.established++;
    this.#place = "session";
    return true;
  }

  /** Gives the place back. May be called twice. */
  leave(): void {
    if (this.#place === "none") return;
    if (this.#place === "session") this.#limits.leaveSessions(this.network);
    else this.#limits.leaveHandshakes(this);
    this.#limits.counters.sessions--;
    this.#place = "none";
  }
}

/**
 * Counts sessions, in all and by address, and handshakes that fail. Those that are not complete have
 * limits of their own, by which the oldest gives way: a client that has shown no more than a cookie
 * takes no place from one that is established, nor for long from one that comes.
 */
export class SessionLimits<Address = Deno.NetAddr> {
  /** What was counted until now. */
  readonly counters: ListenerCounters = {
    sessions: 0,
    established: 0,
    cookies: 0,
    refused: 0,
    displaced: 0,
    errors: 0,
  };
  readonly #onError: ((error: unknown, address: Address) => void) | undefined;
  readonly #max: Required<{ [K in keyof LimitSettings]: number }>;
  /** Established ones, in all and by network. */
  #sessions = 0;
  readonly #sessionsByNetwork = new Map<string, number>();
  /** The oldest first. */
  readonly #handshakes = new Set<Slot>();
  readonly #handshakesByNetwork = new Map<string, Set<Slot>>();

  /**
   * @param settings as they were checked
   * @param onError the program's, told by {@linkcode failed}
   */
  constructor(settings: LimitSettings, onError?: (error: unknown, address: Address) => void) {
    this.#onError = onError;
    const { maxSessions = MAX_SESSIONS, maxHandshakes = MAX_HANDSHAKES } = settings;
    this.#max = {
      maxSessions,
      maxSessionsPerAddress: settings.maxSessionsPerAddress ?? maxSessions,
      maxHandshakes,
      maxHandshakesPerAddress: settings.maxHandshakesPerAddress ??
        Math.min(maxHandshakes, MAX_HANDSHAKES_PER_ADDRESS),
    };
  }

  /** Whether one more session from an address may be; counts it as refused where not. */
  admits(hostname: string): boolean {
    const { maxSessions, maxSessionsPerAddress } = this.#max;
    // Whoever sends hellos is asked about: without a limit of its own no address is read.
    return this.admitsFrom(maxSessionsPerAddress < maxSessions ? networkOf(hostname) : "");
  }

  /** For {@linkcode Slot}. */
  admitsFrom(network: string): boolean {
    const there = this.#sessionsByNetwork.get(network) ?? 0;
    const { maxSessions, maxSessionsPerAddress } = this.#max;
    if (this.#sessions < maxSessions && there < maxSessionsPerAddress) return true;
    this.counters.refused++;
    return false;
  }

  /**
   * One more handshake begins; where there are too many, the oldest ends, of the same address if that
   * has too many.
   *
   * @param giveWay ends it
   */
  enter(hostname: string, giveWay: () => void): Slot {
    const network = networkOf(hostname);
    const there = this.#handshakesByNetwork.get(network) ?? new Set();
    if (there.size >= this.#max.maxHandshakesPerAddress) this.#displace(there);
    else if (this.#handshakes.size >= this.#max.maxHandshakes) this.#displace(this.#handshakes);
    const slot = new Slot(this, network, giveWay);
    this.#handshakesByNetwork.set(network, there.add(slot));
    this.#handshakes.add(slot);
    this.counters.sessions++;
    return slot;
  }

  /** A client's handshake has failed: that is counted, and the program is told. */
  failed(error: unknown, address: Address): void {
    this.counters.errors++;
    notify("onError", this.#onError, error, address);
  }

  #displace(slots: Set<Slot>): void {
    const [oldest] = slots;
    if (!oldest) return;
    this.counters.displaced++;
    oldest.leave();
    oldest.giveWay();
  }

  /** For {@linkcode Slot}. */
  leaveHandshakes(slot: Slot): void {
    const there = this.#handshakesByNetwork.get(slot.network);
    there?.delete(slot);
    if (there?.size === 0) this.#handshakesByNetwork.delete(slot.network);
    this.#handshakes.delete(slot);
  }

  /** For {@linkcode Slot}. */
  enterSessions(network: string): void {
    this.#sessions++;
    this.#sessionsByNetwork.set(network, (this.#sessionsByNetwork.get(network) ?? 0) + 1);
  }

  /** For {@linkcode Slot}. */
  leaveSessions(network: string): void {
    this.#sessions--;
    const left = this.#sessionsByNetwork.get(network)! - 1;
    if (left > 0) this.#sessionsByNetwork.set(network, left);
    else this.#sessionsByNetwork.delete(network);
  }
}

/**
 * What counts as one address. A host has all of an IPv6 network of 64 bits (RFC 4291 2.5.4); a socket
 * at "::" says of its IPv4 peers what RFC 4291 2.5.5.2 has for them, where each is one of its own. So is
 * each that a translator puts before a server without IPv4 (RFC 7755).
 */
function networkOf(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const address = withoutZone(hostname);
  // What carries datagrams may have addresses of its own.
  if (isIP(address) !== 6) return hostname;
  const bytes = addressBytes(address);
  const isTranslated = TRANSLATED.every((byte, i) => byte === bytes[i]);
  return mappedIpv4(addressText(bytes)) ?? bytes.subarray(0, isTranslated ? 16 : 8).toHex();
}

/** What IPv4 addresses begin with that were translated: 64:ff9b::/96 and 64:ff9b:1::/48 (RFC 8215 3). */
const TRANSLATED = [0, 0x64, 0xff, 0x9b];
