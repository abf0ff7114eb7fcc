/**
 * Opens and closes many connections, and looks for what they leave behind in memory.
 *
 *     deno task soak --help
 *
 * @module
 */
import { generateCertificates } from "../certs/generate.ts";
import { RunError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { sprintf } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { many, oneOf, wholeNumber } from "../common/cli/option_kinds.ts";
import { runWays } from "./soak/allocations.ts";
import { type Client, type Connect, connectTo } from "./soak/clients.ts";
import { ALLOWED_GROWTH, growthOf, pointsOf } from "./soak/growth.ts";
import { ListenerProcess } from "./soak/listener_process.ts";
import { refuseTogether, refuseWithout } from "./soak/options_together.ts";
import { JUDGED_CONNECTIONS } from "./soak/left.ts";
import { runMixed, SECURE_LANES, type SecureLane } from "./soak/mixed.ts";
import { mebibytes, type Usage, usage, V8_FLAGS } from "./soak/usage.ts";
import { sayPassed } from "./soak/verdict.ts";
import { JUDGED_WORKERS, MOST_WORKERS, runWorkers } from "./soak/workers/run.ts";

const PROTOCOLS = ["dtls", "tls"] as const;

/** From here on growth counts: below, it is the heap's settling. */
const JUDGED_CYCLES = 20_000;

const LANES = Object.keys(SECURE_LANES) as SecureLane[];

const OPTIONS = {
  protocol: oneOf(PROTOCOLS, "with --cycles or --sessions: what to connect with", "dtls"),
  cycles: wholeNumber([1, 10_000_000], "connections, one after the other", JUDGED_CYCLES),
  sessions: wholeNumber([1, 10_000], "instead: connections, all open at once", undefined),
  mixed: wholeNumber([8, 10_000_000], "instead: connections on each lane, half of them fail", null),
  lane: many({
    ...oneOf(LANES, "with --mixed: this secure lane; default is all of them", undefined),
    value: "LANE",
  }),
  ways: wholeNumber([1, 100_000], "instead: so often each way through OpenSSL", null),
  workers: wholeNumber(
    [1, MOST_WORKERS],
    "instead: so many Workers that end, and so many ended",
    null,
  ),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Opens and closes many connections, and shows the memory that they leave behind.",
  starts: "deno task soak",
  about:
    `A listener runs in a process of its own, clients in this one, with certificates at both ends. The
resident memory of both processes is printed: with --cycles after every eighth of them, and how much
of it all cycles would add if each added what it did in the second half, when memory has settled;
with --sessions before and while all of them are open. The run fails if 20000 cycles or more add
over 10 %, or if any leave an SSL object.

With --mixed each secure lane has so many connections, one after the other. Half of them exchange a
message; the others are refused, or refuse the listener, for a certificate of another authority, are
closed by the client in the middle of the handshake, or left by a stranger who vanishes in it. A line
a minute says how far it is. What both processes use is printed as it was after a tenth of them and at
the end, when nothing is under way. The run fails if SSL objects, descriptors or timers are not as many as before, if OpenSSL has
over 100 blocks of memory more, and, from ${JUDGED_CONNECTIONS} connections on, if resident memory has grown by
over 10 % and 16 MB, or by over 2 MB the heap with its buffers, or what malloc(3) has given out. DTLS listeners give a handshake up
after 1.5 s here, and a session after 2 s of silence. Lanes are ${
      LANES.join(", ")
    }; those that spin share all code with those that block.

With --ways it goes so often each way through OpenSSL that the project has, in memory: handshakes
that go well, fail or are left, resumption, keys, certificates, lists and files, good and bad ones.
The run fails if one leaves more than a block of OpenSSL's memory in ten times, and says where that
was allocated. Counting takes a C compiler; where there is none, the run fails, while --mixed
looks at all else and says what it could not count.

With --workers a process has three Workers that stay, with listeners of DTLS and TLS, and connect to
a neighbour's and to their own without end, on one libssl. Beside them so many others come, connect,
close their listeners and end themselves, and as many again are terminated while they connect, at
different moments; a tenth more of both comes first. The run fails where the process crashes or a
connection of one that stays fails, where one that has closed all has SSL objects left, if sockets
or the SSL objects of the three are not as many as before, and where those that closed have left over
100 blocks of OpenSSL's memory or, from ${JUDGED_WORKERS} on, where memory grows by over 10 %, as with --cycles.
What those have left that were terminated is printed, and not judged: nothing of theirs runs any
more that could free it.

The task starts deno with ${V8_FLAGS}, as
the listener's process always is: memory is measured after a garbage collection, and the young heap
has a fixed size. It would otherwise grow by some MiB in the first 10000 cycles.`,
  options: OPTIONS,
  permissions: {
    "--allow-net": "connections",
    "--allow-ffi": "OpenSSL",
    "--allow-read": "the project",
    "--allow-write": "the counter of OpenSSL's memory, in results",
    "--allow-run": "deno, for the listener; cc",
  },
  examples: [
    "deno task soak --protocol tls",
    "deno task soak --mixed 100000 --lane dtls-async-openssl",
    "deno task soak --ways 1000",
    "deno task soak --workers 500",
  ],
};

/**
 * Runs the soak.
 *
 * @returns the exit code
 */
export function soak(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values, given }) => {
    const { protocol, cycles, sessions, mixed, lane, ways, workers } = values;
    refuseTogether(given, ["cycles", "sessions", "mixed", "ways", "workers"]);
    for (const instead of ["mixed", "ways", "workers"]) {
      refuseTogether(given, ["protocol", instead]);
    }
    refuseWithout(given, "lane", ["mixed"]);
    if (ways !== null) return await runWays(ways);
    const set = await generateCertificates();
    if (workers !== null) return sayPassed(await runWorkers(workers, set));
    if (mixed !== null) {
      const lanes = lane.length > 0 ? lane.filter((lane) => lane !== undefined) : LANES;
      const foreign = await generateCertificates();
      return await runMixed({ lanes, connections: mixed, good: set, foreign });
    }
    await using listener = await ListenerProcess.start([protocol], set);
    const connect = connectTo(protocol, listener.ports[protocol], set);
    if (sessions === undefined) await runCycles(cycles, connect, listener);
    else await runSessions(sessions, connect, listener);
  });
}

async function runCycles(cycles: number, connect: Connect, listener: ListenerProcess) {
  const points = pointsOf(cycles);
  const marks: Usage[][] = [];
  print("    cycles  client MiB  server MiB\n");
  for (let done = 1; done <= cycles; done++) {
    const client = await connect();
    await client.exchange();
    await client.close();
    if (!points.includes(done)) continue;
    const both = [await usage(), await listener.usage()];
    marks.push(both);
    print(
      sprintf("%10d  %10.1f  %10.1f\n", done, ...both.map(({ rssBytes }) => mebibytes(rssBytes))),
    );
  }
  const growths = [0, 1].map((end) => growthOf(marks.map((both) => both[end]!.rssBytes)));
  print(sprintf("    growth  %8.1f %%  %8.1f %%\n", ...growths.map((growth) => growth * 100)));
  checkLive(marks.at(-1)!);
  if (cycles >= JUDGED_CYCLES && growths.some((growth) => growth > ALLOWED_GROWTH)) {
    throw new RunError(`memory goes on growing, by more than 10 % in ${cycles} cycles`);
  }
}

async function runSessions(sessions: number, connect: Connect, listener: ListenerProcess) {
  const one = await connect();
  await one.exchange();
  await one.close();
  const before = [await usage(), await listener.usage()];
  const clients: Client[] = [];
  for (let i = 0; i < sessions; i++) {
    const client = await connect();
    clients.push(client);
    await client.exchange();
  }
  const during = [await usage(), await listener.usage()];
  // Those that were there first have to be there still.
  for (const client of clients) await client.exchange();
  for (const client of clients) await client.close();
  const after = [await usage(), await listener.usage()];
  print("                client      server\n");
  for (const [name, both] of Object.entries({ before, during, after })) {
    print(
      sprintf(
        "%-8s MiB  %10.1f  %10.1f\n",
        name,
        ...both.map(({ rssBytes }) => mebibytes(rssBytes)),
      ),
    );
  }
  const each = during.map(({ rssBytes }, i) => (rssBytes - before[i]!.rssBytes) / sessions / 1024);
  print(sprintf("a session's KiB %6.1f  %10.1f\n", ...each));
  checkLive(after);
}

/** @throws {RunError} where an SSL object was not freed */
function checkLive(both: Usage[]): void {
  const [client, server] = both.map(({ live }) => live);
  print(sprintf("live SSLs  %10d  %10d\n", client, server));
  if (client || server) throw new RunError("SSL objects were not freed");
}

if (import.meta.main) Deno.exit(await soak(Deno.args));
