/**
 * Runs every lane, each server and client a process of its own, and shows what each of them cost.
 *
 *     deno task demo --help
 *
 * @module
 */
import { ensureCertificates } from "../certs/generate.ts";
import { readPassphrase } from "../common/pem/certificate_files.ts";
import { describe, EXIT, InterruptedError } from "../common/base/errors.ts";
import { openDocument, print } from "../common/base/output.ts";
import {
  describeEnvironment,
  formatDocument,
  makeDocument,
  type RunResult,
} from "../common/measure/result.ts";
import { say } from "../common/base/say.ts";
import { join } from "../common/base/std.ts";
import { runCommand } from "../common/cli/command.ts";
import { wrap } from "../common/cli/wrap.ts";
import { onEndSignals } from "../common/cli/signals.ts";
import { readServer } from "./remote/hosts.ts";
import { hostnameOf, RemoteAgent } from "./remote/remote_agent.ts";
import { keep, makeFolder, RESULT_FILE } from "./lib/results_folder.ts";
import { Rounds, type RoundsResult } from "./run_all/rounds.ts";
import type { Cores } from "./lib/machine.ts";
import { readHistory } from "./report/history.ts";
import { HANDSHAKES_ID } from "./report/handshake_shapes.ts";
import { brokenBounds, checkBounds } from "./report/bounds.ts";
import { type Job, jobsOf } from "./report/jobs.ts";
import { failureLines, interruptedLine } from "./run_all/failures.ts";
import { COMMAND, type RunAllOptions, runAllOptions } from "./run_all/options.ts";
import { type Servers, SERVERS_HERE, serversOf } from "./run_all/servers.ts";
import { formatSummary } from "./run_all/summary.ts";
import { type Circumstances, keyOf, warningsOf } from "./run_all/warnings.ts";

/**
 * Runs all lanes.
 *
 * @returns the exit code
 */
export function runAll(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async (read) => {
    const options = runAllOptions(read);
    return options.ssh === null ? await run(options) : await runOverSsh(options, options.ssh);
  });
}

/** Has the lanes' servers run by an agent that is copied to another machine. */
async function runOverSsh(options: RunAllOptions, ssh: string): Promise<number> {
  const remote = await readServer(ssh, "--ssh");
  const { certs, port } = options;
  await using stack = new AsyncDisposableStack();
  const on = await untilInterrupted(async (signal) => {
    const patience = { timeoutMs: 10_000, signal };
    const hostname = await hostnameOf(remote, patience);
    await prepareCertificates({ ...options, host: hostname });
    const agent = await RemoteAgent.start({ remote, hostname, certs, port }, patience);
    stack.use(agent);
    return { hostname, port: agent.port };
  });
  return await run({ ...options, on, host: on.hostname, port: null });
}

/** What comes of work that a signal ends. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  using _signals = onEndSignals(() => abort.abort(new InterruptedError("interrupted")));
  return await work(abort.signal);
}

async function run(options: RunAllOptions): Promise<number> {
  const startedAt = new Date();
  const writeJson = options.json === null ? null : openDocument(options.json);
  // A history that cannot be added to is said before anything is measured.
  if (options.append !== undefined) await readHistory(options.append, true);
  const isSecure = options.on !== null || options.jobs.some(({ lane }) => lane.engine !== null);
  if (isSecure) await prepareCertificates(options);
  await using place = await findServers(options);
  const { servers } = place;
  const folder = await makeFolder(options.results, startedAt);
  const writeResult = openDocument(join(folder, RESULT_FILE));
  const result = await new Rounds({ ...options, servers, folder }).run();
  await place.close();
  const { reports } = result;
  const complete = reports.length === options.jobs.length * options.rounds &&
    reports.every((report) => report.ok);
  const openssl = reports.find((report) => report.openssl)?.openssl ?? null;
  const runs = reports.flatMap((report) => report.runs);
  const environment = describeEnvironment(openssl);
  const make = (warnings?: string[]) =>
    makeDocument(startedAt, environment, complete, runs, warnings);
  // The very figures of the report.
  const jobs = jobsOf([{ path: folder, folder, document: make(), logs: [] }]);
  const warnings = warningsOf(circumstancesOf(options, result, jobs));
  const text = formatDocument(make(warnings));
  const isShown = show(options, result, jobs, warnings);
  const isKept = [writeResult, writeJson].map((write) => keep(write, text)).every(Boolean);
  say(`results: ${folder}`);
  const isReported = runs.length === 0 || await report(folder, options.append, isTraced(runs));
  if (result.interrupted && isKept) return EXIT.interrupted;
  const broken = brokenBounds(checkBounds(jobs, options.max));
  for (const line of broken) say(`error: ${line}`);
  const isGood = complete && isShown && isKept && isReported && broken.length === 0;
  return isGood ? EXIT.complete : EXIT.failed;
}

/** Where the servers run. */
interface Place extends AsyncDisposable {
  servers: Servers;
  /** Ends the use of it. May be called twice. */
  close(): Promise<void>;
}

async function findServers({ on, certs, keyPassphraseFile }: RunAllOptions): Promise<Place> {
  const placeOf = (servers: Servers, close: () => Promise<void>) => ({
    ...{ servers, close, [Symbol.asyncDispose]: close },
  });
  if (on === null) return placeOf(SERVERS_HERE, () => Promise.resolve());
  const { AgentClient } = await import("./agent/client.ts");
  const agent = await AgentClient.connect({ ...on, certs, keyPassphraseFile });
  return placeOf(serversOf(agent), () => agent.close());
}

/** Certificates of a client's own would be from an authority that no server knows. */
async function prepareCertificates(options: RunAllOptions): Promise<void> {
  const { host, certs: dir, keyPassphraseFile } = options;
  const side = options.on === null ? options.side : "client";
  const { made, endsSoon, summary } = await ensureCertificates({
    dir,
    keyPassphrase: await readPassphrase(keyPassphraseFile),
    roles: side === "both" ? undefined : [side],
    // Which names a server's clients will call it by is not known here.
    neededNames: side === "both" ? [host] : [],
    onlyCheck: side === "client",
  });
  if (made || endsSoon) say(summary);
}

/**
 * The table, what went wrong, and what to make of it.
 *
 * @returns false where stdout does not take the table: then it stands on stderr
 */
function show(
  options: RunAllOptions,
  { reports, pinFailure, interrupted }: RoundsResult,
  jobs: readonly Job[],
  warnings: readonly string[],
): boolean {
  const { rounds, json, cores } = options;
  const pinned = pinFailure === null ? cores : null;
  const notes = notesOf(options, pinned, interrupted);
  const table = [formatSummary(jobs), ...notes.map((note) => wrap(note))]
    .filter((text) => text !== "").join("\n");
  const isShown = json === "-" || jobs.length === 0 || keep(print, `${table}\n`);
  if (!isShown) say(table);
  for (const { shown } of reports) if (shown) say(shown);
  for (const line of failureLines(reports)) say(`error: ${line}`);
  for (const warning of warnings) say(`warning: ${warning}`);
  if (interrupted) say(interruptedLine(reports, options.jobs.length, rounds));
  return isShown;
}

function circumstancesOf(
  { side, on, cores: wanted }: RunAllOptions,
  { reports, busy, pinFailure }: RoundsResult,
  jobs: readonly Job[],
): Circumstances {
  const slowStarts = new Map<string, number[]>();
  for (const { job, slowStart } of reports) {
    if (slowStart === null) continue;
    slowStarts.set(keyOf(job), [...slowStarts.get(keyOf(job)) ?? [], slowStart]);
  }
  const role = side === "server" ? "server" : "client";
  return {
    jobs: jobs.filter((job) => job.role === role),
    slowStarts,
    isOneMachine: side === "both" && on === null,
    cores: navigator.hardwareConcurrency,
    pinned: pinFailure === null ? wanted : null,
    pinFailure,
    busy,
  };
}

/** How it was measured, where a reader might think otherwise. */
function notesOf(
  { jobs, leftOut }: RunAllOptions,
  pinned: Cores | null,
  interrupted: boolean,
): string[] {
  const notes: string[] = [];
  if (pinned && jobs.some(({ lane }) => lane.io !== "async")) {
    const { server, client } = pinned;
    notes.push(
      `(sync and spin: server on core ${server}, client on core ${client}; async ends run where ` +
        "the system puts them)",
    );
  }
  if (leftOut > 0 && !interrupted) {
    notes.push(`(${leftOut} more runs, with resumed sessions or on spin: --lanes all)`);
  }
  return notes;
}

function isTraced(runs: readonly RunResult[]): boolean {
  return runs.some(({ handshakes = [] }) => handshakes.length > 0);
}

/** Charts take a while to load, and a run can do without. */
async function report(
  folder: string,
  append: string | undefined,
  isTraced: boolean,
): Promise<boolean> {
  // All that was measured is kept already.
  using _signals = onEndSignals(() => {
    say("interrupted: there is no report; deno task report makes it");
    Deno.exit(EXIT.interrupted);
  });
  try {
    const { writeReport } = await import("./report/write.ts");
    const { html } = await writeReport([folder], { append });
    say(`report: ${html}`);
    if (isTraced) {
      say(`handshakes: ${html}#${HANDSHAKES_ID}`);
      say(`handshakes as Mermaid text: deno task report --mermaid ${folder}`);
    }
    return true;
  } catch (error) {
    say(`error: no report: ${describe(error)}`);
    return false;
  }
}

if (import.meta.main) Deno.exit(await runAll(Deno.args));
