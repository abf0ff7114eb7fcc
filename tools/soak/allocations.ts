/**
 * Goes every way through OpenSSL many times, and looks for what is allocated afterwards.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";
import { print } from "../../common/base/output.ts";
import { sprintf } from "../../common/base/std.ts";
import { AllocationCounter, compileCounter } from "./counter.ts";
import type { Way } from "./ways/meeting.ts";

/**
 * So often a way is gone before anything is counted: OpenSSL fetches algorithms when they are first
 * wanted, and keeps them.
 */
const WARM_UP = 1;

/** OpenSSL's own caches move by some blocks; a way that leaves one each time leaves more than that. */
const MOST_LEFT = 0.1;

/** Places that are named of a leak. */
const SHOWN = 8;

/** What was left by a way. */
export interface Left {
  blocks: number;
  bytes: number;
  /** By the places that have allocated it, those with most first. */
  places: [place: string, blocks: number][];
}

/**
 * Goes a way so often. No garbage is collected: what C has is freed at once, or by nobody.
 *
 * @throws {RunError} where it does not lead where it should
 */
export async function leftBy(counter: AllocationCounter, way: Way, times: number): Promise<Left> {
  const go = async (times: number) => {
    for (let time = 0; time < times; time++) await way();
  };
  await go(WARM_UP);
  const [blocks, bytes, before] = [counter.blocks, counter.bytes, counter.places()];
  await go(times);
  const places = [...counter.places()]
    .map(([place, count]): [string, number] => [place, count - (before.get(place) ?? 0)])
    .filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  return { blocks: counter.blocks - blocks, bytes: counter.bytes - bytes, places };
}

/**
 * Goes every way so often.
 *
 * @throws {RunError} where one leaves something, or does not lead where it should, and where nothing
 * can be counted, as there is no C compiler
 */
export async function runWays(times: number): Promise<void> {
  const file = compileCounter();
  if (typeof file === "string") throw new RunError(file);
  using _file = file;
  const counter = new AllocationCounter(file.path);
  // What the ways are made of opens OpenSSL when it is imported.
  const { allWays } = await import("./ways/all.ts");
  const ways = Object.entries(await allWays());
  const leaking: string[] = [];
  print("  blocks    bytes  left by each way\n");
  for (const [name, way] of ways) {
    const left = await tried(name, () => leftBy(counter, way, times));
    print(sprintf("%8d %8d  %s\n", left.blocks, left.bytes, name));
    if (left.blocks <= times * MOST_LEFT) continue;
    leaking.push(name);
    for (const [place, blocks] of left.places.slice(0, SHOWN)) {
      print(sprintf("%8d           %s\n", blocks, place));
    }
  }
  print(`${ways.length} ways, ${times === 1 ? "once" : `${times} times`} each\n`);
  if (leaking.length > 0) throw new RunError(`something is left by: ${leaking.join("; ")}`);
}

async function tried<T>(name: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new RunError(`${name}: ${describe(cause)}`, { cause });
  }
}
