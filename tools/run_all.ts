/**
 * Runs every lane, each server and client a process of its own, and shows what each of them cost.
 *
 *     deno task demo --help
 *
 * @module
 */
import { ensureCertificates } from "../certs/generate.ts";
import { EXIT, reportError, UsageError } from "../common/errors.ts";
import { LANES } from "../common/lanes.ts";
import { openOutput, print } from "../common/output.ts";
import { sizesOf } from "../common/options.ts";
import { checkPlan, FULL_PLAN, MAX_REPEAT, QUICK_PLAN } from "../common/plan.ts";
import { describeEnvironment, formatDocument, makeDocument } from "../common/result.ts";
import { join, resolve } from "../common/std.ts";
import { helpLines, hostOf, numberOf, readWords, type WordTable } from "../common/words.ts";
import { type Job, type LaneReport, LaneRun } from "./lane_run.ts";
import { ProgressBar } from "./progress.ts";
import { formatReports } from "./summary.ts";

const WORDS: WordTable = {
  lanes: { value: "A,B", help: "only these lanes (default all)" },
  quick: { help: "the small plan: sizes 16384 and 100" },
  sizes: { value: "100,999", help: "message sizes in bytes (default: the built-in 22 sizes)" },
  repeat: { value: "N", help: "messages per size, default 100" },
  server: { help: "only the servers of all lanes, for clients on another machine" },
  client: { help: "only the clients of all lanes, for servers on another machine" },
  host: { value: "NAME", help: "name or address (default 127.0.0.1)" },
  port: {
    value: "N",
    help: "with --server and --client: first port, one for each lane (default 1443)",
  },
  certs: { value: "DIR", help: "certificates; made if there are none (default certs)" },
  results: { value: "DIR", help: "folder for results (default results)" },
  json: { value: "FILE", help: "one more copy of the result document (- for stdout)" },
  help: { help: "show this and end" },
};

/** What the words say. */
export interface RunAllOptions {
  jobs: readonly Job[];
  /** Which side runs here. */
  side: "both" | "server" | "client";
  host: string;
  /** First port; null for free ones. */
  port: number | null;
  certs: string;
  results: string;
  json: string | null;
  /** Words for every script. */
  words: string[];
  /** Messages that every lane exchanges. */
  messages: number;
}

/**
 * Reads run_all's command line.
 *
 * @throws {UsageError} naming the word and what is allowed
 */
export function parseRunAll(words: string[]): RunAllOptions | "help" {
  const values = readWords(WORDS, words);
  if (values.has("help")) return "help";
  if (values.has("server") && values.has("client")) {
    throw new UsageError("--server and --client: only one of them, or none for both sides");
  }
  if (values.has("quick") && values.has("sizes")) {
    throw new UsageError("--quick and --sizes: only one of them");
  }
  const side = values.has("server") ? "server" : values.has("client") ? "client" : "both";
  const plan = values.has("quick") ? QUICK_PLAN : FULL_PLAN;
  const sizes = sizesOf(values.get("sizes")) ?? plan.sizes;
  const repeat = numberOf(values, "repeat", 1, MAX_REPEAT) ?? plan.repeat;
  const jobs = jobsOf(values.get("lanes"));
  for (const { lane } of jobs) checkPlan({ sizes, repeat }, lane.protocol);
  if (side === "both" && values.has("port")) {
    throw new UsageError("--port goes with --server or --client; else free ports are taken");
  }
  return {
    jobs,
    side,
    host: hostOf(values, "host") ?? "127.0.0.1",
    port: side === "both" ? null : numberOf(values, "port", 1, 65_000) ?? 1443,
    certs: resolve(values.get("certs") ?? "certs"),
    results: values.get("results") ?? "results",
    json: values.get("json") ?? null,
    words: ["--sizes", sizes.join(","), "--repeat", String(repeat)],
    messages: sizes.length * repeat,
  };
}

/** Every lane and, right after it, the same with resumed sessions where its engine has them. */
export const JOBS: readonly Job[] = LANES.flatMap((lane) => [
  { lane, resume: false, name: lane.name },
  ...(lane.engine === "openssl" ? [{ lane, resume: true, name: `${lane.name}-resumed` }] : []),
]);

/** A lane's name stands for both its jobs. */
function jobsOf(text: string | undefined): readonly Job[] {
  if (text === undefined) return JOBS;
  const names = text.split(",");
  const unknown = names.find((name) => !JOBS.some((job) => isNamed(job, name)));
  if (unknown === undefined) return JOBS.filter((job) => names.some((name) => isNamed(job, name)));
  const known = JOBS.map(({ name }) => name).join(", ");
  throw new UsageError(`--lanes ${text}: no lane "${unknown}"; there are ${known}`);
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
      const usage = "Usage: deno task demo [WORDS]\n";
      const does = "Runs every lane with the whole plan and shows what each of them cost.\n";
      return print(`${[does, usage, ...helpLines(WORDS)].join("\n")}\n`), EXIT.complete;
    }
    return await run(options);
  } catch (error) {
    return reportError(error);
  }
}

async function run(options: RunAllOptions): Promise<number> {
  const startedAt = new Date();
  const writeJson = options.json === null ? null : openOutput(options.json);
  if (options.side !== "client" && options.jobs.some(({ lane }) => lane.engine !== null)) {
    const { made, summary } = await ensureCertificates({ dir: options.certs });
    if (made) console.error(summary);
  }
  const folder = resolve(options.results, startedAt.toISOString().replaceAll(":", "-"));
  await Deno.mkdir(folder, { recursive: true });
  const writeResult = openOutput(join(folder, "result.json"));
  const reports = await runLanes(options, folder);
  const complete = reports.length === options.jobs.length && reports.every((report) => report.ok);
  const openssl = reports.find((report) => report.openssl)?.openssl ?? null;
  const runs = reports.flatMap((report) => report.runs);
  const document = makeDocument(startedAt, describeEnvironment(openssl), complete, runs);
  const text = formatDocument(document);
  writeResult(text);
  writeJson?.(text);
  if (options.json !== "-") print(`${formatReports(reports, options.side)}\n`);
  for (const { job, failure } of reports) {
    if (failure) console.error(`error: ${job.name}: ${failure}`);
  }
  console.error(`results: ${folder}`);
  if (reports.some((report) => report.interrupted)) return EXIT.interrupted;
  return complete ? EXIT.complete : EXIT.failed;
}

/** One lane after the other; of servers alone, all at once. */
async function runLanes(options: RunAllOptions, folder: string): Promise<LaneReport[]> {
  const progress = new ProgressBar();
  const runs = options.jobs.map((job) => {
    const port = options.port === null ? null : options.port + JOBS.indexOf(job);
    return new LaneRun({ ...options, job, port, folder });
  });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    for (const run of runs) run.interrupt();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  try {
    if (options.side === "server") return await Promise.all(runs.map((run) => run.run(() => {})));
    const reports: LaneReport[] = [];
    for (const [i, run] of runs.entries()) {
      if (interrupted) break;
      const { name } = options.jobs[i]!;
      reports.push(await run.run((part) => progress.show((i + part) / runs.length, name)));
    }
    return reports;
  } finally {
    progress.clear();
    Deno.removeSignalListener("SIGINT", interrupt);
    Deno.removeSignalListener("SIGTERM", interrupt);
  }
}

if (import.meta.main) Deno.exit(await runAll(Deno.args));
