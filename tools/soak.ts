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
import { oneOf, wholeNumber } from "../common/cli/option_kinds.ts";
import { type Client, type Connect, connectTo } from "./soak/clients.ts";
import { growthOf, pointsOf } from "./soak/growth.ts";
import { ListenerProcess } from "./soak/listener_process.ts";
import { type Usage, usage, V8_FLAGS } from "./soak/usage.ts";

const PROTOCOLS = ["dtls", "tls"] as const;

/** From here on growth counts: below, it is the heap's settling. */
const JUDGED_CYCLES = 20_000;
const ALLOWED_GROWTH = 0.1;

const OPTIONS = {
  protocol: oneOf(PROTOCOLS, "what to connect with", "dtls"),
  cycles: wholeNumber([1, 10_000_000], "connections, one after the other", JUDGED_CYCLES),
  sessions: wholeNumber([1, 10_000], "instead: connections, all open at once", undefined),
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

The task starts deno with ${V8_FLAGS}, as
the listener's process always is: memory is measured after a garbage collection, and the young heap
has a fixed size. It would otherwise grow by some MiB in the first 10000 cycles.`,
  options: OPTIONS,
  permissions: {
    "--allow-net": "connections",
    "--allow-ffi": "OpenSSL",
    "--allow-run": "deno, for the listener",
  },
};

/**
 * Runs the soak.
 *
 * @returns the exit code
 */
export function soak(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values }) => {
    const { protocol, cycles, sessions } = values;
    const set = await generateCertificates();
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
    print(sprintf("%10d  %10.1f  %10.1f\n", done, ...both.map(mebibytes)));
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
    print(sprintf("%-8s MiB  %10.1f  %10.1f\n", name, ...both.map(mebibytes)));
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

function mebibytes({ rssBytes }: Usage): number {
  return rssBytes / 2 ** 20;
}

if (import.meta.main) Deno.exit(await soak(Deno.args));
