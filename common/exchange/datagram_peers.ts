/**
 * Peers that have sent datagrams to a server, within a bound of memory: a datagram can name any
 * sender.
 *
 * @module
 */
import { DUPLICATE, SequenceTracker, trackerBytes } from "../model/sequence_tracker.ts";
import type { Plan } from "../model/plan.ts";

/** What is remembered of peers takes about so many bytes at most, or what the plan's clients need. */
export const DATAGRAM_PEERS_BYTES = 64 * 1024 * 1024;

/** However many clients there are with however long a plan: more is not remembered. */
export const MAX_DATAGRAM_PEERS_BYTES = 512 * 1024 * 1024;

/** Peers that have sent less than so many messages are new ones, which are forgotten first. */
const KNOWN_AFTER = 4;

/** A peer that is remembered. */
interface RememberedPeer {
  readonly tracker: SequenceTracker;
  /** Messages that were no duplicates. */
  messages: number;
}

/** Remembers what has come of each peer; the new peer that was silent for longest is forgotten first. */
export class DatagramPeers {
  /** What is remembered takes about so many bytes. */
  bytes = 0;
  readonly #plan: Plan;
  readonly #maxBytes: number;
  /** By address, the longest silent first. */
  readonly #newPeers = new Map<string, RememberedPeer>();
  readonly #known = new Map<string, RememberedPeer>();
  #last: RememberedPeer | null = null;
  #lastPeer = "";

  /**
   * @param clients how many the run waits for, each of which may do the whole plan
   * @param leastBytes for tests
   */
  constructor(plan: Plan, clients: number, leastBytes = DATAGRAM_PEERS_BYTES) {
    this.#plan = plan;
    const needed = Math.max(clients * trackerBytes(plan), leastBytes);
    this.#maxBytes = Math.min(needed, MAX_DATAGRAM_PEERS_BYTES);
  }

  /** How many peers are remembered. */
  get size(): number {
    return this.#newPeers.size + this.#known.size;
  }

  /** Takes a peer's message: see {@linkcode SequenceTracker.take}. */
  take(peer: string, sizeBytes: number, no: number): number {
    const remembered = peer === this.#lastPeer && this.#last
      ? this.#last
      : this.#rememberedPeer(peer);
    const { tracker } = remembered;
    const before = tracker.bytes;
    const ahead = tracker.take(sizeBytes, no);
    this.bytes += tracker.bytes - before;
    if (ahead !== DUPLICATE && ++remembered.messages === KNOWN_AFTER) {
      this.#newPeers.delete(peer);
      this.#known.set(peer, remembered);
    }
    if (this.bytes > this.#maxBytes) this.#makeRoom(remembered);
    return ahead;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#newPeers.clear();
    this.#known.clear();
    this.#last = null;
    this.bytes = 0;
  }

  /** The peer of the last message, which is the last of its map from now on. */
  #rememberedPeer(peer: string): RememberedPeer {
    let home = this.#known;
    let remembered = home.get(peer);
    if (!remembered) remembered = (home = this.#newPeers).get(peer);
    if (remembered) home.delete(peer);
    else {
      remembered = { tracker: new SequenceTracker(this.#plan), messages: 0 };
      this.bytes += remembered.tracker.bytes;
    }
    home.set(peer, remembered);
    this.#lastPeer = peer;
    return this.#last = remembered;
  }

  /**
   * Forgets an eighth of what there is: a map's first key is found by passing over all that were
   * deleted before it, which would cost too much for each one.
   *
   * @param latest who is remembered in any case
   */
  #makeRoom(latest: RememberedPeer): void {
    const wanted = this.#maxBytes - this.#maxBytes / 8;
    for (const home of [this.#newPeers, this.#known]) {
      for (const [peer, remembered] of home) {
        if (this.bytes <= wanted) return;
        if (remembered === latest) continue;
        this.bytes -= remembered.tracker.bytes;
        home.delete(peer);
      }
    }
  }
}
