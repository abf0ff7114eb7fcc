/**
 * How many sessions a listener takes, and what it has counted.
 *
 * @module
 */
import { isIP } from "node:net";
import { addressBytes, withoutZone } from "../base/addresses.ts";
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
  /** For {@linkcode SessionLimits}: whose it is. */
  readonly hostname: string;
  /** For {@linkcode SessionLimits}: ends the handshake, as there are too many. */
  readonly giveWay: () => void;
  #place: "handshake" | "session" | "none" = "handshake";

  /** Made by {@linkcode SessionLimits.enter}. */
  constructor(limits: SessionLimits<never>, hostname: string, giveWay: () => void) {
    this.#limits = limits;
    this.hostname = hostname;
    this.giveWay = giveWay;
  }

  /**
   * Its handshake is complete, which is counted.
   *
   * @returns false where there are too many sessions by now: it has to end
   */
  established(): boolean {
    if (this.#place !== "handshake") return this.#place === "session";
    const { hostname } = this;
    if (!this.#limits.admits(hostname)) return false;
    this.#limits.leaveHandshakes(this);
    this.#limits.enterSessions(hostname);
    this.#limits.counters.established++;
    this.#place = "session";
    return true;
  }

  /** Gives the place back. May be called twice. */
  leave(): void {
    if (this.#place === "none") return;
    if (this.#place === "session") this.#limits.leaveSessions(this.hostname);
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
  /** Established ones, in all and by address. */
  #sessions = 0;
  readonly #sessionsByAddress = new Map<string, number>();
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
    const there = this.#sessionsByAddress.get(hostname) ?? 0;
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
    const slot = new Slot(this, hostname, giveWay);
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
    const network = networkOf(slot.hostname);
    const there = this.#handshakesByNetwork.get(network);
    there?.delete(slot);
    if (there?.size === 0) this.#handshakesByNetwork.delete(network);
    this.#handshakes.delete(slot);
  }

  /** For {@linkcode Slot}. */
  enterSessions(hostname: string): void {
    this.#sessions++;
    this.#sessionsByAddress.set(hostname, (this.#sessionsByAddress.get(hostname) ?? 0) + 1);
  }

  /** For {@linkcode Slot}. */
  leaveSessions(hostname: string): void {
    this.#sessions--;
    const left = this.#sessionsByAddress.get(hostname)! - 1;
    if (left > 0) this.#sessionsByAddress.set(hostname, left);
    else this.#sessionsByAddress.delete(hostname);
  }
}

/** One host has all addresses of an IPv6 network of 64 bits (RFC 4291 2.5.4): they count as one. */
function networkOf(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const address = withoutZone(hostname);
  // What carries datagrams may have addresses of its own.
  return isIP(address) === 6 ? addressBytes(address).subarray(0, 8).toHex() : hostname;
}
