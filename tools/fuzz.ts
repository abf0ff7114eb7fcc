/**
 * Changed datagrams and TLS flights, for as long as one likes: no error but the library's own, no
 * session lost.
 *
 *     deno task fuzz --help
 *
 * @module
 */
import { RunError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { MAX_SEED, seedByChance } from "../common/base/random.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { refuseTogether, refuseWithout } from "./soak/options_together.ts";
import { decimal, text, wholeNumber } from "../common/cli/option_kinds.ts";
import { checkFolder, tellRound } from "./fuzz/corpus.ts";
import { floodWithDatagrams, floodWithHellos } from "./fuzz/flood.ts";
import { fuzzInMemory } from "./fuzz/in_memory.ts";
import { sayPassed } from "./soak/verdict.ts";

/** A line is printed so often. */
const LINE_MS = 60_000;

const MOST = 999_999_999;

const OPTIONS = {
  minutes: decimal({ min: 0.01, max: 1440 }, "how long, in memory; default 1", 1),
  seed: wholeNumber([0, MAX_SEED], "what everything is made from; default is by chance", null),
  output: text("DIR", "a file for each failure goes there", "results/fuzz"),
  datagrams: wholeNumber([1, MOST], "instead: so many at a listener with sessions", null),
  sessions: wholeNumber([1, 1000], "with --datagrams: sessions that are open", 100),
  hellos: wholeNumber([1, MOST], "instead: so many without a good cookie", null),
  ports: wholeNumber([1, 10_000], "with --hellos: ports that they come from", 1000),
  rate: wholeNumber([1, 1_000_000], "with --datagrams or --hellos: a second", 2000),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Feeds changed datagrams and TLS flights to clients and servers.",
  starts: "deno task fuzz",
  about:
    `By itself it makes handshakes and sessions of DTLS and TLS in memory, each from a seed of its own,
beginning with --seed, and looks whether an end fails with an error that is not the library's,
whether a session of DTLS is lost, or something comes out that was never sent, and whether a client
is served afterwards. What fails is kept in a file, to be put into tools/fuzz/corpus, which the
tests play again.

With --datagrams or --hellos a listener runs in a process of its own, strangers in another one.
From 100000 on 20000 more come to begin with, so that the listener is warm before its memory is
looked at, and runs go to and fro ten times between quiet and flood. The run fails where a session is
lost or one too many is there; with 1000000 datagrams or more where the listener's memory, after a
garbage collection, grows by over 10 MB, or the 99th percentile of a client's round trips to over 3
times; with 200000 hellos or more where the median of a client's handshakes grows to over 1.5 times.`,
  options: OPTIONS,
  examples: ["deno task fuzz --minutes 10", "deno task fuzz --hellos 200000"],
  permissions: {
    "--allow-net": "connections",
    "--allow-ffi": "OpenSSL",
    "--allow-write": "the files of failures",
    "--allow-run": "deno, for the listener and the strangers",
  },
};

/**
 * Runs it.
 *
 * @returns the exit code
 */
export function fuzz(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values, given }) => {
    refuseIdle(given);
    const { minutes, output, datagrams, sessions, hellos, ports, rate } = values;
    const seed = values.seed ?? seedByChance();
    if (datagrams === null && hellos === null) checkFolder(output);
    print(`seed ${seed}\n`);
    if (datagrams !== null) {
      const flood = { times: datagrams, rate, ports: 50, seed };
      sayPassed(await floodWithDatagrams(flood, sessions));
    } else if (hellos !== null) {
      sayPassed(await floodWithHellos({ times: hellos, rate, ports, seed }));
    } else {
      await inMemory(minutes, seed, output);
    }
  });
}

/** @throws {UsageError} where an option would do nothing beside the others */
function refuseIdle(given: Readonly<Partial<Record<keyof typeof OPTIONS, unknown>>>): void {
  refuseTogether(given, ["datagrams", "hellos"]);
  for (const instead of ["datagrams", "hellos"] as const) {
    for (const name of ["minutes", "output"] as const) refuseTogether(given, [name, instead]);
  }
  refuseWithout(given, "sessions", ["datagrams"]);
  refuseWithout(given, "ports", ["hellos"]);
  refuseWithout(given, "rate", ["datagrams", "hellos"]);
}

async function inMemory(minutes: number, seed: number, folder: string): Promise<void> {
  const tried = { rounds: 0, inputs: 0, seed };
  const dueMs = performance.now() + minutes * 60_000;
  let failures = 0;
  // Where libssl crashes this is the last that is seen: the seed is below the next one.
  const say = () => {
    const { rounds, inputs, seed } = tried;
    const failed = `${failures} failures`;
    print(`${rounds} rounds, ${inputs} changed inputs, ${failed}; next seed ${seed}\n`);
  };
  const timer = setInterval(say, LINE_MS);
  try {
    await fuzzInMemory(tried, () => performance.now() > dueMs, (failed) => {
      failures++;
      tellRound(folder, failed);
    });
  } finally {
    clearInterval(timer);
  }
  say();
  if (failures > 0) throw new RunError(`${failures} rounds have failed`);
  sayPassed({ held: "no round has failed", notJudged: null });
}

if (import.meta.main) Deno.exit(await fuzz(Deno.args));
