/**
 * Round after round on networks in memory, until the time is over.
 *
 * @module
 */
import { virtualNet } from "../../common/testing/virtual_net.ts";
import { netOptions } from "./nets.ts";
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
  const work = async (no: number) => {
    let net = await virtualNet(netOptions(no));
    try {
      while (!isOver()) {
        try {
          const changed = await runRound(net, tried.seed++);
          tried.inputs += changed.length;
        } catch (error) {
          if (!(error instanceof FailedRound)) throw error;
          tried.inputs += error.changed.length;
          onFailure(error);
          // Who knows what is left in it.
          net[Symbol.dispose]();
          net = await virtualNet(netOptions(no));
        }
        tried.rounds++;
      }
    } finally {
      net[Symbol.dispose]();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, no) => work(no)));
}
