/**
 * What run_all is told.
 *
 * @module
 */
import { parseHost } from "../../common/base/addresses.ts";
import { UsageError } from "../../common/base/errors.ts";
import { resolve } from "../../common/base/std.ts";
import { shownArgument } from "../../common/base/visible.ts";
import { type Arguments, argumentsOf, refuseTogether } from "../../common/cli/arguments.ts";
import { type Command, type Read, readCommand } from "../../common/cli/command.ts";
import { file, flag, hostName, option, text, wholeNumber } from "../../common/cli/option_kinds.ts";
import {
  EXCHANGE_EXCLUSIVE,
  EXCHANGE_OPTIONS,
  planOf,
  readPlan,
} from "../../common/cli/options.ts";
import { checkPlan, type PlanFile, QUICK_PLAN } from "../../common/model/plan.ts";
import { type ConnectMode, type Role, ROLES } from "../../common/model/protocol.ts";
import { DEFAULT_CERTS } from "../../common/pem/certificate_files.ts";
import { DEFAULT_PORT } from "../agent/messages.ts";
import { type Bound, MAX_OPTION } from "../report/bounds.ts";
import { coreCount, type Cores, twoCores } from "../lib/machine.ts";
import { RESULTS } from "../lib/results_folder.ts";
import { chooseJobs, jobsIn } from "./choose.ts";
import type { RoundsOptions } from "./rounds.ts";

const OPTIONS = {
  lanes: text(
    "A,B",
    "only these lanes, or all (default: all, with resumed sessions on async ones alone)",
    undefined,
  ),
  rounds: wholeNumber([1, 1000], "measure all lanes so many times, in turn", 1),
  quick: flag("the small plan: sizes 16384 and 100, no resumed lanes, no spin; less exact"),
  ...EXCHANGE_OPTIONS,
  trace: flag("TLS, DTLS through OpenSSL: keep handshakes, message by message; they get slower"),
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
  groups: text("LIST", "lanes on OpenSSL: key exchange groups, such as X25519", null),
  host: hostName("name or address", "127.0.0.1"),
  port: wholeNumber([1, 65_000], "--server, --client, --ssh: first port", 1443),
  certs: text("DIR", "folder of the certificates; made if there are none", DEFAULT_CERTS),
  "key-passphrase-file": text(
    "FILE",
    "its first line is the passphrase of encrypted private keys",
    undefined,
  ),
  results: text("DIR", "folder for results", RESULTS),
  max: MAX_OPTION,
  append: file("add the medians to this history, which the report draws"),
  json: text("FILE", "one more copy of the result document (- for stdout)", null),
};

/** The command. */
export const COMMAND: Command<typeof OPTIONS> = {
  does: "Runs every lane with the whole plan and shows what each of them cost.",
  starts: "deno task demo",
  about:
    `Each lane is measured twice: with a connection for every message (a quarter of the messages,
unless --repeat or --plan says how many), and with one that stays open; --connect chooses one of the
two, --rate the latter. Each server and each client is a process of its own. With --server and --client, every lane and
round has a port of its own, from --port on; give both the same --lanes, --rounds and options of
the exchange.

With --on, an agent on another machine runs the servers, one after the other, and both ends' results
are joined. --ssh copies this program and the server's certificate there, starts the agent, and takes
all of it away afterwards. Instead of [USER@]HOST it takes the file of push, with one server in it.

--lanes takes names, and beginnings of names: tcp stands for all lanes on TCP, tls-async for both
engines. * stands for anything: "*-async" is every protocol on the event loop. A lane's whole name
is that lane alone: dtls-sync-openssl, or dtls-sync-openssl-resumed with resumed sessions.`,
  options: OPTIONS,
  examples: [
    "deno task demo --quick",
    "deno task demo --rounds 5 --lanes tcp-sync,dtls-sync-openssl --connect once",
    "deno task demo --lanes dtls --max dtls-sync-openssl:p99=5ms --append history.ndjson",
    "deno task demo --lanes tls-sync,dtls-sync,dtls-sync-openssl-resumed --trace",
    "deno task demo --on server.example",
    "deno task demo --ssh user@server.example",
    "deno task demo --no-reply --connect once --seconds 2 --sizes 16384",
  ],
  canBeInterrupted: true,
  elsewhere: "deno run --allow-read=.,DIR --allow-write=.,DIR --allow-sys=hostname,cpus " +
    "--allow-run tools/run_all.ts",
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
export interface RunAllOptions extends Omit<RoundsOptions, "folder" | "servers"> {
  /** The agent that runs the servers; null where they run here, or are not run by this program. */
  on: AgentPlace | null;
  /** Where an agent is to be copied for the run; null for nowhere. */
  ssh: string | null;
  /** Number of jobs that run only where they are asked for. */
  leftOut: number;
  /** Folder for the folders of results. */
  results: string;
  /** What figures may be at most. */
  max: readonly Bound[];
  /** File of the history that the run is added to; undefined for none. */
  append: string | undefined;
  /** File for one more copy of the document; null for none. */
  json: string | null;
}

/** A message on a connection of its own, and on one that stays open. */
const BOTH_MODES = ["message", "once"] as const;

/** Where both modes are measured, one of so many messages has a connection of its own. */
const OPENING_PART = 4;

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
    ...[["server", "client", "on", "ssh"], ["on", "host"], ["ssh", "host"]],
    ...[["quick", "sizes"], ["quick", "plan"]],
    // The file would have to go there, too.
    ["ssh", "key-passphrase-file"],
    ...EXCHANGE_EXCLUSIVE,
  ]);
  const { clients, quick, keyPassphraseFile, on = null } = values;
  const side = values.server ? "server" : values.client ? "client" : "both";
  const file = quick ? { ...QUICK_PLAN, repeat: QUICK_REPEAT } : readPlan(given);
  const plan = planOf(given, file);
  const { sizes, repeat, seconds } = plan;
  const { waitMs, rate } = { ...values, ...file, ...given };
  const { connect } = { ...file, ...given };
  const isOneWay = values.noReply || file.reply === false;
  // A handshake takes as long as a hundred messages: where nothing else is said there are fewer.
  const isOwnPlan = given.repeat === undefined && given.plan === undefined;
  const opening = isOwnPlan && !connect && !isOneWay ? Math.ceil(repeat / OPENING_PART) : repeat;
  // A rate that messages can keep is none that handshakes can.
  const usual: readonly ConnectMode[] = isOneWay
    ? ["message"]
    : rate === null
    ? BOTH_MODES
    : ["once"];
  const all = jobsIn(connect ? [connect] : usual);
  const jobs = chooseJobs(values.lanes, all, quick);
  for (const { lane } of jobs) checkPlan(plan, lane.protocol);
  for (const { lane, text } of values.max) {
    if (lane === null || jobs.some(({ name }) => name.startsWith(lane))) continue;
    throw new UsageError(`--max ${shownArgument(text)}: no lane of this run begins with ${lane}`);
  }
  if (side === "both" && values.ssh === null && texts.has("port")) {
    throw new UsageError("--port goes with --server, --client or --ssh; else free ports are taken");
  }
  if (values.trace && !jobs.some(({ lane }) => lane.engine === "openssl")) {
    throw new UsageError(
      "--trace: none of these lanes can be traced; TLS and DTLS through OpenSSL can, such as " +
        "tls-async-openssl",
    );
  }
  return {
    jobs,
    allJobs: all,
    leftOut: texts.has("lanes") ? 0 : all.length - jobs.length,
    rounds: values.rounds,
    overlaps: quick && side === "both" && on === null && values.ssh === null,
    side,
    on,
    ssh: values.ssh,
    host: on?.hostname ?? values.host,
    port: texts.has("port") || side !== "both" ? values.port : null,
    certs: resolve(values.certs),
    keyPassphraseFile: keyPassphraseFile === undefined ? null : resolve(keyPassphraseFile),
    trace: values.trace,
    results: values.results,
    max: values.max,
    append: values.append,
    json: values.json,
    args: [
      ...(seconds === undefined ? [] : ["--seconds", String(seconds)]),
      ...passedOn(read, file),
    ],
    groups: values.groups,
    exchange: {
      sizes,
      repeat: seconds === undefined ? { message: opening, size: repeat, once: repeat } : null,
      seconds: seconds === undefined ? null : sizes.length * seconds,
      clients,
      reply: !isOneWay,
      waitMs,
      rate,
    },
    cores: existing(values.cpu, on || values.ssh !== null ? "client" : side) ??
      (side === "both" && !on && values.ssh === null
        ? twoCores(navigator.hardwareConcurrency)
        : null),
  };
}

/** The options of the exchange, as they stand there or in the plan, but for those written out. */
function passedOn({ texts: given }: Arguments, { reply, waitMs, rate }: PlanFile): string[] {
  const written = ["plan", "sizes", "repeat", "seconds", "connect"];
  const texts = new Map<string, readonly string[]>([
    ...(reply === false ? [["no-reply", [""]] as const] : []),
    ...(waitMs === undefined ? [] : [["wait-ms", [String(waitMs)]] as const]),
    ...(rate === undefined ? [] : [["rate", [String(rate)]] as const]),
    ...given,
  ]);
  const names = Object.keys(EXCHANGE_OPTIONS).filter((name) => !written.includes(name));
  return argumentsOf(texts, names);
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

/**
 * Refuses cores that this machine does not have, for the ends that run here. Those that it has, and
 * gives to other programs alone, only the system knows.
 */
function existing(cores: Cores | undefined, side: "both" | Role): Cores | undefined {
  const count = coreCount();
  if (cores === undefined || count === null) return cores;
  const here = ROLES.filter((role) => side === "both" || side === role);
  const missing = here.map((role) => cores[role]).find((core) => core >= count);
  if (missing === undefined) return cores;
  throw new UsageError(
    `--cpu ${cores.server},${cores.client}: there is no core ${missing}; this machine has ` +
      `${count}, counted from 0`,
  );
}
