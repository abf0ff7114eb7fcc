/**
 * Round after round on networks in memory, until the time is over.
 *
 * @module
 */
import { type VirtualNet, virtualNet } from "../../common/testing/virtual_net.ts";
import { netOf, NETS } from "./nets.ts";
import { FailedRound, runRound } from "./rounds.ts";

/** Networks at a time: they wait for libssl's timers together. */
const AT_A_TIME = 20;

/** What was done. */
export interface Tried {
  rounds: number;
  /** Datagrams and pieces of streams that arrived changed. */
  inputs: number;
  /** The next seed. */
  seed: number;
}

/**
 * Runs rounds with one seed after the other.
 *
 * @param isOver asked before each round
 * @param onFailure told of each that found something; the others go on
 * @param tried counts on, and can be looked at in the meantime
 */
export async function fuzzInMemory(
  tried: Tried,
  isOver: () => boolean,
  onFailure: (failed: FailedRound) => void,
): Promise<void> {
  const work = async () => {
    using nets = new KeptNets();
    while (!isOver()) {
      const seed = tried.seed++;
      try {
        const changed = await runRound(await nets.of(seed), seed);
        tried.inputs += changed.length;
      } catch (error) {
        if (!(error instanceof FailedRound)) throw error;
        tried.inputs += error.changed.length;
        onFailure(error);
        // Who knows what is left in it.
        nets.drop(seed);
      }
      tried.rounds++;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

/** One network of each kind, for one round after the other. */
class KeptNets implements Disposable {
  readonly #kept = new Map<string, VirtualNet>();

  async of(seed: number): Promise<VirtualNet> {
    const name = netOf(seed);
    const net = this.#kept.get(name) ?? await virtualNet(NETS[name]);
    this.#kept.set(name, net);
    return net;
  }

  drop(seed: number): void {
    this.#kept.get(netOf(seed))?.[Symbol.dispose]();
    this.#kept.delete(netOf(seed));
  }

  [Symbol.dispose](): void {
    for (const net of this.#kept.values()) net[Symbol.dispose]();
  }
}
