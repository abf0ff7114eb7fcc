/**
 * What run_all is told.
 *
 * @module
 */
import { parseHost } from "../../common/base/addresses.ts";
import { UsageError } from "../../common/base/errors.ts";
import { resolve } from "../../common/base/std.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { type Arguments, refuseTogether } from "../../common/cli/arguments.ts";
import { type Command, type Read, readCommand } from "../../common/cli/command.ts";
import { flag, hostName, option, text, wholeNumber } from "../../common/cli/option_kinds.ts";
import { EXCHANGE_EXCLUSIVE, EXCHANGE_OPTIONS, planOf } from "../../common/cli/options.ts";
import { LANES } from "../../common/model/lanes.ts";
import { checkPlan, QUICK_PLAN } from "../../common/model/plan.ts";
import { DEFAULT_CERTS } from "../../common/pem/certificate_files.ts";
import { DEFAULT_PORT } from "../agent/messages.ts";
import { type Cores, twoCores } from "../lib/machine.ts";
import { jobName } from "../lib/results_folder.ts";
import type { Job } from "./job.ts";
import type { RoundsOptions } from "./rounds.ts";

const OPTIONS = {
  lanes: text("A,B", "only these lanes, or all (default: resumed ones only async)", undefined),
  rounds: wholeNumber([1, 1000], "measure all lanes so many times, in turn", 1),
  quick: flag("the small plan: sizes 16384 and 100, no resumed lanes"),
  ...EXCHANGE_OPTIONS,
  cpu: option<Cores | undefined>(
    "A,B",
    "sync and spin: cores of server and client (default: two of them)",
    undefined,
    readCores,
  ),
  server: flag("only the servers of all lanes, for clients on another machine"),
  client: flag("only the clients of all lanes, for servers on another machine"),
  on: option<AgentPlace | undefined>(
    "HOST[:PORT]",
    `have the servers run by the agent there (default port ${DEFAULT_PORT})`,
    undefined,
    readPlace,
  ),
  ssh: text("[USER@]HOST", "the same with an agent that is copied there for the run", null),
  host: hostName("name or address", "127.0.0.1"),
  port: wholeNumber([1, 65_000], "--server, --client, --ssh: first port", 1443),
  certs: text("DIR", "folder of the certificates; made if there are none", DEFAULT_CERTS),
  "key-passphrase-file": text(
    "FILE",
    "its first line is the passphrase of encrypted private keys",
    undefined,
  ),
  results: text("DIR", "folder for results", "results"),
  json: text("FILE", "one more copy of the result document (- for stdout)", null),
};

/** The command. */
export const COMMAND: Command<typeof OPTIONS> = {
  does: "Runs every lane with the whole plan and shows what each of them cost.",
  starts: "deno task demo",
  about:
    `Each server and each client is a process of its own. With --server and --client, every lane and
round has a port of its own, from --port on.
With --on, an agent on another machine runs the servers, one after the other,
and both ends' results are joined. --ssh copies this program and the server's
certificate there, starts the agent, and takes all of it away afterwards. Instead
of [USER@]HOST it takes the file of deno task push, with one server in it.`,
  options: OPTIONS,
  examples: [
    "deno task demo --quick",
    "deno task demo --rounds 5 --lanes tcp-sync,dtls-sync-openssl --connect once",
    "deno task demo --on server.example",
    "deno task demo --ssh user@server.example",
    "deno task demo --no-reply --connect once --seconds 2 --sizes 16384",
  ],
  canBeInterrupted: true,
  permissions: {
    "--allow-read": "certificates and results",
    "--allow-write": "the same",
    "--allow-run": "deno, for the clients and servers; --ssh: ssh and tar",
    "--allow-sys=hostname,cpus": "the machine's name and processor in the result document",
    "--allow-net": "--on: the agent",
    "--allow-ffi": "--on: OpenSSL, and the time of day",
    "--allow-env=NETPAIRS_LIBSSL": "--on: to be told where OpenSSL is",
  },
};

/** What the arguments say. */
export interface RunAllOptions extends Omit<RoundsOptions, "allJobs" | "folder" | "servers"> {
  /** The agent that runs the servers; null where they run here, or are not run by this program. */
  on: AgentPlace | null;
  /** Where an agent is to be copied for the run; null for nowhere. */
  ssh: string | null;
  /** Number of jobs that run only where they are asked for. */
  leftOut: number;
  /** Folder for the folders of results. */
  results: string;
  /** File for one more copy of the document; null for none. */
  json: string | null;
}

/** Two sizes of these make a 99th percentile, in little time. */
const QUICK_REPEAT = 60;

/**
 * Reads run_all's command line.
 *
 * @throws {UsageError} naming the argument and what is allowed
 */
export function parseRunAll(args: string[]): RunAllOptions | "help" {
  const read = readCommand(COMMAND, args);
  return read === "help" ? "help" : runAllOptions(read);
}

/** @throws {UsageError} for options that do not go together, or a lane that does not exist */
export function runAllOptions(read: Read<typeof OPTIONS>): RunAllOptions {
  const { values, given, texts } = read;
  refuseTogether(read, [
    ...[["server", "client", "on", "ssh"], ["on", "host"], ["ssh", "host"], ["quick", "sizes"]],
    // The file would have to go there, too.
    ["ssh", "key-passphrase-file"],
    ...EXCHANGE_EXCLUSIVE,
  ]);
  const { connect, clients, quick, keyPassphraseFile, on = null } = values;
  const side = values.server ? "server" : values.client ? "client" : "both";
  const plan = planOf(given, quick ? { ...QUICK_PLAN, repeat: QUICK_REPEAT } : {});
  const { sizes, repeat, seconds } = plan;
  // One connection for all messages has nothing to resume.
  const all = connect === "once" ? JOBS.filter(({ resume }) => !resume) : JOBS;
  const jobs = jobsOf(values.lanes, all, quick);
  for (const { lane } of jobs) checkPlan(plan, lane.protocol);
  if (side === "both" && values.ssh === null && texts.has("port")) {
    throw new UsageError("--port goes with --server, --client or --ssh; else free ports are taken");
  }
  return {
    jobs,
    leftOut: texts.has("lanes") ? 0 : all.length - jobs.length,
    rounds: values.rounds,
    side,
    on,
    ssh: values.ssh,
    host: on?.hostname ?? values.host,
    port: texts.has("port") || side !== "both" ? values.port : null,
    certs: resolve(values.certs),
    keyPassphraseFile: keyPassphraseFile === undefined ? null : resolve(keyPassphraseFile),
    results: values.results,
    json: values.json,
    args: [
      ...["--sizes", sizes.join(",")],
      ...(seconds === undefined ? ["--repeat", String(repeat)] : ["--seconds", String(seconds)]),
      ...passedOn(read),
    ],
    exchange: {
      messages: seconds === undefined ? sizes.length * repeat : null,
      seconds: seconds === undefined ? null : sizes.length * seconds,
      connect,
      clients,
    },
    cores: values.cpu ??
      (side === "both" && !on && values.ssh === null
        ? twoCores(navigator.hardwareConcurrency)
        : null),
  };
}

/** The options of the exchange, as they stand there, but for those that are written out. */
function passedOn({ texts }: Arguments): string[] {
  const written = ["sizes", "repeat", "seconds"];
  const names = Object.keys(EXCHANGE_OPTIONS).filter((name) => !written.includes(name));
  return names.flatMap((name) => texts.get(name)?.flatMap((text) => [`--${name}`, text]) ?? [])
    .filter((arg) => arg !== "");
}

/** Where an agent listens. */
export interface AgentPlace {
  hostname: string;
  port: number;
}

/** An IPv6 address with a port stands in brackets. */
function readPlace(text: string, name: string): AgentPlace {
  const [, host = text, port] = /^(\[.*\]|[^:]*):([^:]*)$/s.exec(text) ?? [];
  try {
    const { text: hostname } = parseHost(host, name);
    if (port === undefined) return { hostname, port: DEFAULT_PORT };
    if (/^[0-9]{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535) {
      return { hostname, port: Number(port) };
    }
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
  throw new UsageError(
    `${name} ${shownArgument(text)}: a port is a whole number from 1 to 65535`,
  );
}

function readCores(text: string, name: string): Cores {
  const [, server, client] = /^([0-9]{1,4}),([0-9]{1,4})$/.exec(text) ?? [];
  if (server === undefined) {
    throw new UsageError(
      `${name} ${shownArgument(text)}: two cores are wanted, the server's and the client's: 0,1`,
    );
  }
  return { server: Number(server), client: Number(client) };
}

/** Every lane and, right after it, the same with resumed sessions where its engine has them. */
export const JOBS: readonly Job[] = LANES.flatMap((lane) => [
  { lane, resume: false, name: lane.name },
  ...(lane.engine === "openssl" ? [{ lane, resume: true, name: jobName(lane.name, true) }] : []),
]);

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
    `--lanes ${shownArgument(text)}: no lane "${shownArgument(unknown)}"; there are ${known}`,
  );
}

function isNamed({ name, lane }: Job, wanted: string): boolean {
  return name === wanted || lane.name === wanted;
}
