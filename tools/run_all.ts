/**
 * Runs every lane, each server and client a process of its own, and shows what each of them cost.
 *
 *     deno task demo --help
 *
 * @module
 */
import { ensureCertificates } from "../certs/generate.ts";
import { DEFAULT_CERTS, readPassphrase } from "../common/pem/certificate_files.ts";
import { describe, EXIT, reportError, UsageError } from "../common/base/errors.ts";
import { type Lane, LANES } from "../common/model/lanes.ts";
import { sizesOf } from "../common/cli/options.ts";
import { openDocument, print } from "../common/base/output.ts";
import { checkPlan, FULL_PLAN, MAX_REPEAT, MAX_SECONDS, QUICK_PLAN } from "../common/model/plan.ts";
import { describeEnvironment, formatDocument, makeDocument } from "../common/measure/result.ts";
import { say } from "../common/base/say.ts";
import { join, resolve } from "../common/base/std.ts";
import { shownWord } from "../common/base/visible.ts";
import {
  choiceOf,
  helpLines,
  hostOf,
  numberOf,
  type OptionTable,
  readArguments,
  type Values,
} from "../common/cli/arguments.ts";
import type { Job } from "./run_all/job.ts";
import type { Exchange } from "./run_all/job.ts";
import { jobName, keep, makeFolder, RESULT_FILE } from "./lib/results_folder.ts";
import { Rounds, type RoundsOptions, type RoundsResult } from "./run_all/rounds.ts";
import { measuredJobs } from "./run_all/rounds_figures.ts";
import { type Cores, twoCores } from "./lib/machine.ts";
import { explainColumns, formatJobs } from "./run_all/summary.ts";
import { warningsOf } from "./run_all/warnings.ts";
import { CONNECT_MODES } from "../common/model/protocol.ts";

const OPTIONS: OptionTable = {
  lanes: { value: "A,B", help: "only these lanes, or all (default: resumed ones async alone)" },
  rounds: { value: "N", help: "measure all lanes N times, one after the other (default 1)" },
  quick: { help: "the small plan: sizes 16384 and 100, no resumed lanes" },
  sizes: { value: "100,999", help: "message sizes in bytes (default: the built-in 22 sizes)" },
  repeat: { value: "N", help: "messages per size, default 100" },
  seconds: { value: "N", help: "send messages of each size for that long instead" },
  connect: { value: "message|once", help: "a connection per message (default), or one for all" },
  "no-reply": { help: "one-way: the servers do not answer" },
  clients: { value: "N", help: "clients at once, default 1" },
  cpu: { value: "A,B", help: "sync and spin: cores of server and client (default two of them)" },
  server: { help: "only the servers of all lanes, for clients on another machine" },
  client: { help: "only the clients of all lanes, for servers on another machine" },
  host: { value: "NAME", help: "name or address (default 127.0.0.1)" },
  port: {
    value: "N",
    help: "with --server and --client: first port, one for each lane and round (default 1443)",
  },
  certs: { value: "DIR", help: `certificates; made if there are none (default ${DEFAULT_CERTS})` },
  "key-passphrase-file": {
    value: "FILE",
    help: "its first line opens the private keys, where they are encrypted",
  },
  results: { value: "DIR", help: "folder for results (default results)" },
  json: { value: "FILE", help: "one more copy of the result document (- for stdout)" },
  help: { help: "show this and end" },
};

const HELP = `Runs every lane with the whole plan and shows what each of them cost.

Usage: deno task demo [OPTIONS]

${helpLines(OPTIONS).join("\n")}

Examples:
  deno task demo --quick
  deno task demo --rounds 5 --lanes tcp-sync,dtls-sync-openssl --connect once
  deno task demo --no-reply --connect once --seconds 2 --sizes 16384

Exit codes: 0 complete, 1 failed, 2 wrong words, 130 interrupted.
`;

/** What the words say. */
export interface RunAllOptions extends Omit<RoundsOptions, "allJobs" | "folder"> {
  /** Number of jobs that run only where they are asked for. */
  leftOut: number;
  /** Folder for the folders of results. */
  results: string;
  /** File for one more copy of the document; null for none. */
  json: string | null;
}

/** Two sizes of these make a 99th percentile, in little time. */
const QUICK_REPEAT = 60;

const MAX_ROUNDS = 1000;
const MAX_CLIENTS = 1000;

/** Words that the scripts take as they are. */
const PASSED_ON = ["connect", "clients"];

/**
 * Reads run_all's command line.
 *
 * @throws {UsageError} naming the word and what is allowed
 */
export function parseRunAll(words: string[]): RunAllOptions | "help" {
  const values = readArguments(OPTIONS, words);
  if (values.has("help")) return "help";
  refusePairs(values, [["server", "client"], ["quick", "sizes"], ["repeat", "seconds"]]);
  const side = values.has("server") ? "server" : values.has("client") ? "client" : "both";
  const isQuick = values.has("quick");
  const sizes = sizesOf(values.get("sizes")) ?? (isQuick ? QUICK_PLAN : FULL_PLAN).sizes;
  const seconds = numberOf(values, "seconds", 1, MAX_SECONDS) ?? null;
  const repeat = numberOf(values, "repeat", 1, MAX_REPEAT) ??
    (isQuick ? QUICK_REPEAT : FULL_PLAN.repeat);
  const connect = choiceOf(values, "connect", CONNECT_MODES) ?? "message";
  // One connection for all messages has nothing to resume.
  const all = connect === "once" ? JOBS.filter(({ resume }) => !resume) : JOBS;
  const jobs = jobsOf(values.get("lanes"), all, isQuick);
  const plan = seconds === null ? { sizes, repeat } : { sizes, repeat, seconds };
  for (const { lane } of jobs) checkPlan(plan, lane.protocol);
  if (side === "both" && values.has("port")) {
    throw new UsageError("--port goes with --server or --client; else free ports are taken");
  }
  const passphraseFile = values.get("key-passphrase-file");
  const exchange: Exchange = {
    messages: seconds === null ? sizes.length * repeat : null,
    seconds: seconds === null ? null : sizes.length * seconds,
    connect,
    clients: numberOf(values, "clients", 1, MAX_CLIENTS) ?? 1,
  };
  return {
    jobs,
    leftOut: values.has("lanes") ? 0 : all.length - jobs.length,
    rounds: numberOf(values, "rounds", 1, MAX_ROUNDS) ?? 1,
    side,
    host: hostOf(values, "host") ?? "127.0.0.1",
    port: side === "both" ? null : numberOf(values, "port", 1, 65_000) ?? 1443,
    certs: resolve(values.get("certs") ?? DEFAULT_CERTS),
    keyPassphraseFile: passphraseFile === undefined ? null : resolve(passphraseFile),
    results: values.get("results") ?? "results",
    json: values.get("json") ?? null,
    words: [
      ...["--sizes", sizes.join(",")],
      ...(seconds === null ? ["--repeat", String(repeat)] : ["--seconds", String(seconds)]),
      ...PASSED_ON.flatMap((word) => values.has(word) ? [`--${word}`, values.get(word)!] : []),
      ...(values.has("no-reply") ? ["--no-reply"] : []),
    ],
    exchange,
    cores: coresOf(values) ?? (side === "both" ? twoCores(navigator.hardwareConcurrency) : null),
  };
}

function refusePairs(values: Values, pairs: readonly [string, string][]): void {
  for (const [one, other] of pairs) {
    if (!values.has(one) || !values.has(other)) continue;
    throw new UsageError(`--${one} and --${other}: only one of them`);
  }
}

function coresOf(values: Values): Cores | null {
  const text = values.get("cpu");
  if (text === undefined) return null;
  const [, server, client] = /^([0-9]{1,4}),([0-9]{1,4})$/.exec(text) ?? [];
  if (server === undefined) {
    throw new UsageError(
      `--cpu ${shownWord(text)}: two cores are wanted, the server's and the client's: 0,1`,
    );
  }
  return { server: Number(server), client: Number(client) };
}

/** Every lane and, right after it, the same with resumed sessions where its engine has them. */
export const JOBS: readonly Job[] = LANES.flatMap((lane) => [
  jobOf(lane, false),
  ...(lane.engine === "openssl" ? [jobOf(lane, true)] : []),
]);

function jobOf(lane: Lane, resume: boolean): Job {
  return { lane, resume, name: jobName(lane.name, resume) };
}

/**
 * A lane's name stands for both its jobs. Without names, resumption shows on one kind of I/O, as all
 * of them would take more than two minutes.
 */
function jobsOf(text: string | undefined, all: readonly Job[], isQuick: boolean): readonly Job[] {
  if (text === undefined) {
    return all.filter(({ lane, resume }) => !resume || (!isQuick && lane.io === "async"));
  }
  if (text === "all") return all;
  const names = text.split(",");
  const unknown = names.find((name) => !all.some((job) => isNamed(job, name)));
  if (unknown === undefined) return all.filter((job) => names.some((name) => isNamed(job, name)));
  if (JOBS.some(({ name }) => name === unknown)) {
    throw new UsageError(`--lanes ${unknown}: nothing is resumed with --connect once`);
  }
  const known = all.map(({ name }) => name).join(", ");
  throw new UsageError(
    `--lanes ${shownWord(text)}: no lane "${shownWord(unknown)}"; there are ${known}`,
  );
}

function isNamed({ name, lane }: Job, wanted: string): boolean {
  return name === wanted || lane.name === wanted;
}

/**
 * Runs all lanes.
 *
 * @returns the exit code
 */
export async function runAll(words: string[]): Promise<number> {
  try {
    const options = parseRunAll(words);
    if (options === "help") {
      return print(HELP), EXIT.complete;
    }
    return await run(options);
  } catch (error) {
    return reportError(error);
  }
}

async function run(options: RunAllOptions): Promise<number> {
  const startedAt = new Date();
  const writeJson = options.json === null ? null : openDocument(options.json);
  if (options.jobs.some(({ lane }) => lane.engine !== null)) await prepareCertificates(options);
  const folder = await makeFolder(options.results, startedAt);
  const writeResult = openDocument(join(folder, RESULT_FILE));
  const result = await new Rounds({ ...options, allJobs: JOBS, folder }).run();
  const { reports } = result;
  const complete = reports.length === options.jobs.length * options.rounds &&
    reports.every((report) => report.ok);
  const openssl = reports.find((report) => report.openssl)?.openssl ?? null;
  const runs = reports.flatMap((report) => report.runs);
  const text = formatDocument(
    makeDocument(startedAt, describeEnvironment(openssl), complete, runs),
  );
  const isShown = show(options, result);
  const isKept = [writeResult, writeJson].map((write) => keep(write, text)).every(Boolean);
  say(`results: ${folder}`);
  const isReported = runs.length === 0 || await report(folder);
  if (result.interrupted && isKept) return EXIT.interrupted;
  return complete && isShown && isKept && isReported ? EXIT.complete : EXIT.failed;
}

/** Certificates of a client's own would be from an authority that no server knows. */
async function prepareCertificates(options: RunAllOptions): Promise<void> {
  const { side, host, certs: dir, keyPassphraseFile } = options;
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
function show(options: RunAllOptions, { reports, busy, pinFailure }: RoundsResult): boolean {
  const { rounds, side, json, cores: wanted } = options;
  const jobs = measuredJobs(reports, side === "server" ? "server" : "client");
  const pinned = pinFailure === null ? wanted : null;
  const notes = [explainColumns(jobs, rounds), ...notesOf(options, pinned)];
  const table = [formatJobs(jobs, rounds), ...notes].join("\n");
  const isShown = json === "-" || jobs.length === 0 || keep(print, `${table}\n`);
  if (!isShown) say(table);
  for (const { shown } of reports) if (shown) say(shown);
  const failures = reports.flatMap(({ job, failure }) =>
    failure ? [`${job.name}: ${failure}`] : []
  );
  for (const failure of new Set(failures)) say(`error: ${failure}`);
  const cores = navigator.hardwareConcurrency;
  const isOneMachine = side === "both";
  for (const warning of warningsOf({ jobs, isOneMachine, cores, pinned, pinFailure, busy })) {
    say(`warning: ${warning}`);
  }
  return isShown;
}

/** How it was measured, where a reader might think otherwise. */
function notesOf({ jobs, leftOut }: RunAllOptions, pinned: Cores | null): string[] {
  const notes: string[] = [];
  if (pinned && jobs.some(({ lane }) => lane.io !== "async")) {
    const { server, client } = pinned;
    notes.push(
      `(sync and spin: server on core ${server}, client on core ${client}; async ends run where ` +
        "the system puts them)",
    );
  }
  if (leftOut > 0) {
    notes.push(`(${leftOut} lanes with resumed sessions did not run: --lanes all takes all)`);
  }
  return notes;
}

/** Charts take a while to load, and a run can do without. */
async function report(folder: string): Promise<boolean> {
  try {
    const { writeReport } = await import("./report/write.ts");
    const { html } = await writeReport([folder]);
    say(`report: ${html}`);
    return true;
  } catch (error) {
    say(`error: no report: ${describe(error)}`);
    return false;
  }
}

if (import.meta.main) Deno.exit(await runAll(Deno.args));
