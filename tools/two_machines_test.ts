/**
 * Pairs between two machines: every run ends, and what its ends count as lost is what the network has
 * dropped, both ways.
 *
 * The gate runs few messages. NETPAIRS_NETWORK=all (deno task test:network) runs every lane with IPv4
 * and IPv6, with 0, 1 and 20 % loss.
 */
import { assertEquals } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { allCases, fewCases } from "../common/testing/namespaces/cases.ts";
import {
  Network,
  type NetworkRun,
  type NetworkRunEnding,
} from "../common/testing/namespaces/runs.ts";
import { whyNoMachines } from "../common/testing/namespaces/two_machines.ts";
import { Workplace } from "../common/testing/pairs.ts";

const ROUND_TRIP_MS = 20;

/** Runs at the same time; each takes a process on either machine. */
const AT_ONCE = { "with FFI": 3, "without FFI": 2 };

/** Those of cases that run at the same time would see each other's. */
const NO_SANITIZERS = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

const isLong = Deno.env.get("NETPAIRS_NETWORK") === "all";

const missing = whyNoMachines();

Deno.test({
  name: missing === null ? "between two machines" : `between two machines (not tested: ${missing})`,
  ignore: missing !== null,
  fn: async (test) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    if (isLong) console.log(`seed ${seed}`);
    await using place = await Workplace.make(await testCertificates("wrongName"));
    await using network = await Network.start(ROUND_TRIP_MS, AT_ONCE);
    const cases = Object.entries(isLong ? allCases(seed) : fewCases());
    await Promise.all(cases.map(([name, runs]) =>
      test.step({
        name,
        ...NO_SANITIZERS,
        fn: async () => {
          const wrong = runs.map(async (run) => {
            const first = await wrongOf(network, run, place);
            if (isLong || first.length === 0) return first;
            // An answer that the network has not dropped may have come too late, on a busy machine.
            console.log(first.join("\n"));
            return await wrongOf(network, patient(run), place);
          });
          assertEquals((await Promise.all(wrong)).flat(), []);
        },
      })
    ));
  },
});

/** The same run, whose ends wait longer for what does not come. */
function patient(run: NetworkRun): NetworkRun {
  const longer = (arg: string, i: number) => run.args[i - 1] === "--timeout-ms" ? `${arg}0` : arg;
  return { ...run, args: run.args.map(longer) };
}

/** Runs it, and says what is wrong with it. */
function wrongOf(network: Network, run: NetworkRun, place: Workplace): Promise<string[]> {
  return network.run(run, place).then((ending) => wrongIn(run, ending), (error) => [`${error}`]);
}

/** What is wrong with a run; nothing if all is well. */
function wrongIn(run: NetworkRun, ending: NetworkRunEnding): string[] {
  const { client, server, counted, lost, dropped, shortestUs } = ending;
  const hasDropped = dropped.toServer + dropped.toClient > 0;
  const isRight = client.code === 0 && server.code === 0 &&
    counted?.toServer === lost.toServer && counted.toClient === lost.toClient &&
    (hasDropped ? mayDrop(run) : !mustDrop(run)) &&
    // A figure of an answer cannot be less than what its way takes.
    (shortestUs === null || shortestUs >= ROUND_TRIP_MS * 1000);
  if (isRight) return [];
  const { lane, version, repeat, sizes, args, loss } = run;
  const count = `${repeat} messages of sizes ${sizes}`;
  return [[
    [lane.name, version, count, ...args, JSON.stringify(loss)].join(" "),
    JSON.stringify({ counted, lost, dropped, shortestUs }),
    `client, exit code ${client.code}: ${client.stderr.trim()}`,
    `server, exit code ${server.code}: ${server.stderr.trim()}`,
  ].join("\n  ")];
}

function mayDrop({ loss: { loss, drops } }: NetworkRun): boolean {
  return drops !== undefined || loss > 0;
}

/** The gate's runs have seeds with which something is dropped. */
function mustDrop({ loss: { loss, drops } }: NetworkRun): boolean {
  return drops !== undefined || loss > 0 && !isLong;
}
