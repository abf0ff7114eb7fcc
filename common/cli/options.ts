/**
 * The options of a pair's client and server: each is a row of a table.
 *
 * A new option is a row here, and the property of its name in common/model/pair_options.ts:
 * `--wait-ms` is `waitMs`. The help and the checks follow from the row, and what run_all passes on
 * where it is a row of {@linkcode EXCHANGE_OPTIONS}.
 *
 * @module
 */
import { parseHost } from "../base/addresses.ts";
import { UsageError } from "../base/errors.ts";
import {
  checkPlan,
  FULL_PLAN,
  MAX_BLOCKING_CLIENTS,
  MAX_CLIENTS,
  MAX_REPEAT,
  MAX_SECONDS,
  parsePlan,
  type Plan,
  type PlanFile,
  RATES,
} from "../model/plan.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { DEFAULT_CERTS } from "../pem/certificate_files.ts";
import { defaultLane, permissionsOf } from "../model/lanes.ts";
import { MAX_CORES } from "../posix/affinity.ts";
import { lossySilenceMs } from "../exchange/patience.ts";
import { CONNECT_MODES, IO_KINDS, laneName, type Protocol, type Role } from "../model/protocol.ts";
import { shownArgument } from "../base/visible.ts";
import {
  type Arguments,
  defaultValues,
  givenValues,
  type Option,
  refuseTogether,
  splitArguments,
  type Values,
} from "./arguments.ts";
import { type CommandHelp, HELP } from "./command.ts";
import {
  decimal,
  file,
  flag,
  hostName,
  notTaken,
  oneOf,
  option,
  text,
  wholeNumber,
} from "./option_kinds.ts";

/** What the command line asks for. */
export type Request = PairOptions | "help" | "version";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What is exchanged: run_all takes these, too, and passes them on to both ends of every lane. */
export const EXCHANGE_OPTIONS = {
  plan: text("FILE", "YAML file of sizes, repeat and more; options win over it", undefined),
  sizes: option<readonly number[] | undefined>(
    "100,999",
    "message sizes in bytes, in their order (default: 22 sizes)",
    undefined,
    readSizes,
  ),
  repeat: wholeNumber([1, MAX_REPEAT], "messages of each size", FULL_PLAN.repeat),
  seconds: wholeNumber(
    [1, MAX_SECONDS],
    "seconds to send messages of each size, instead of --repeat",
    undefined,
  ),
  connect: oneOf(
    CONNECT_MODES,
    "a connection for each of these, or one for all",
    "message",
  ),
  "no-reply": flag("one-way: the server does not answer"),
  clients: wholeNumber([1, MAX_CLIENTS], "clients at once; a server waits for so many", 1),
  "wait-ms": wholeNumber([0, HOUR_MS], "pause between messages in milliseconds", 0),
  rate: decimal(
    RATES,
    "messages a second in all, whether answers have come or not; times count from when each was due",
    null,
  ),
  "timeout-ms": wholeNumber([1, HOUR_MS], "longest wait for one step in milliseconds", 5000),
};

/** Of these, one says what the other does not. */
export const EXCHANGE_EXCLUSIVE = [["repeat", "seconds"], ["wait-ms", "rate"]];

/** A server waits for what clients send at a rate; it has none itself. */
const SERVER_RATE = decimal(
  RATES,
  "messages a second that all clients send: a silence may be as long",
  null,
);

const EXCLUSIVE = [...EXCHANGE_EXCLUSIVE, ["echo", "discard"], ["no-reply", "expect-echo"], [
  "end-with-stdin",
  "pause",
]];

/** Options that Deno's own TLS has no setting for. */
const OPENSSL_ONLY = ["resume", "tls-version", "ciphers", "groups", "key-log", "trace"];

/** The options of a pair's end, as its help lists them. */
export function pairOptions(protocol: Protocol, role: Role) {
  const { engine } = defaultLane(protocol);
  const isServer = role === "server";
  const onServers = <T>(option: Option<T>) => isServer ? option : notTaken(option);
  const onClients = <T>(option: Option<T>) => isServer ? notTaken(option) : option;
  const onTls = <T>(option: Option<T>) => protocol === "tls" ? option : notTaken(option);
  const onSecure = <T>(option: Option<T>) => engine === null ? notTaken(option) : option;
  const onSecureClients = <T>(option: Option<T>) => onClients(onSecure(option));
  return {
    host: hostName(
      isServer ? "name or address to listen on" : "name or address of the server",
      "127.0.0.1",
    ),
    port: wholeNumber(
      [isServer ? 0 : 1, 65535],
      isServer ? "port to listen on; 0: a free one" : "port of the server",
      1443,
    ),
    bind: onClients(
      option<string | null>("ADDRESS", "sync and spin: this end's own address", null, readAddress),
    ),
    ...EXCHANGE_OPTIONS,
    ...(isServer ? { rate: SERVER_RATE } : {}),
    "expect-echo": onClients(flag("the answer is the message itself: the server echoes")),
    pause: flag("wait for the Enter key between sizes"),
    "end-with-stdin": flag("end the run when stdin ends"),
    io: oneOf(IO_KINDS, "event loop, blocking calls, or polling", "async"),
    cpu: wholeNumber([0, MAX_CORES - 1], "sync and spin: core to stay on", null),
    engine: onTls(oneOf(["rustls", "openssl"], "TLS library", engine)),
    resume: flag("TLS, DTLS: resume the session at every connection but the first"),
    "tls-version": onSecure(
      oneOf(["1.2", "1.3"], "version to agree on (default: the newest)", null),
    ),
    ciphers: onSecure(text("LIST", "cipher suites to choose from, see openssl-ciphers(1)", null)),
    groups: onSecure(
      text("LIST", "key exchange groups to choose from, such as X25519MLKEM768:X25519", null),
    ),
    "server-name": onSecureClients(
      hostName("name that the certificate has to be for (default: that of --host)", null),
    ),
    "unsafely-skip-name-check": onSecureClients(
      flag("believe a certificate of the authority's for any name"),
    ),
    certs: text("DIR", "folder of ca.pem, {server,client}-{cert,key}.pem", DEFAULT_CERTS),
    "key-passphrase-file": onSecure(
      text("FILE", "its first line is the passphrase of an encrypted private key", null),
    ),
    "key-log": onSecure(
      file("OpenSSL: add keys to FILE, with which the traffic can be read, as by Wireshark"),
    ),
    json: text("FILE", "write the result document (- for stdout)", null),
    csv: text("FILE", "write a line for every step (- for stdout)", null),
    hgrm: text("FILE", "write the distribution of times for HdrHistogram (- for stdout)", null),
    trace: onSecure(
      flag("draw the first handshake and the first resumed one; all are in --json"),
    ),
    quiet: flag("show no progress and no messages"),
    forever: onServers(flag("serve until stopped")),
    echo: onServers(flag("send back all that arrives, until stopped")),
    discard: onServers(flag("drop all that arrives, until stopped")),
    "idle-timeout-ms": onServers(
      wholeNumber([1, 24 * HOUR_MS], "fail after N milliseconds of silence", MINUTE_MS),
    ),
    "clock-shift-us": onServers(clockShift()),
    ...HELP,
    version: flag("show the version and end"),
  };
}

type PairTable = ReturnType<typeof pairOptions>;

/**
 * Reads a pair's command line.
 *
 * @param args as they stand after the script's name
 * @param readFile reads a plan file; only called where `--plan` is there
 * @throws {UsageError} naming the option, what is allowed and what to do
 *
 * @example
 * ```ts
 * const options = parseOptions("tcp", "client", ["--sizes", "100,999", "--repeat", "10"]);
 * if (typeof options === "string" || options.plan.repeat !== 10) throw new Error("not read");
 * ```
 */
export function parseOptions(
  protocol: Protocol,
  role: Role,
  args: string[],
  readFile: (path: string) => string = Deno.readTextFileSync,
): Request {
  const table = pairOptions(protocol, role);
  const split = splitArguments(table, args);
  if (split.texts.has("help")) return "help";
  if (split.texts.has("version")) return "version";
  refuseTogether(split, EXCLUSIVE);
  const given = givenValues(table, split);
  const file = readPlan(given, readFile);
  const plan = planOf(given, file);
  checkPlan(plan, protocol);
  const values = { ...defaultValues(table), ...file, ...given };
  refuseMisfits(values, split);
  // The plan has three of them.
  const { help: _h, version: _v, sizes: _s, repeat: _r, seconds: _t, ...named } = values;
  const { host, noReply, echo, discard, forever, reply, ...options } = named;
  const { io, engine, resume } = options;
  return {
    ...options,
    protocol,
    role,
    plan,
    lane: laneName(protocol, io, engine),
    hostname: host,
    // Elsewhere there is no session that could be resumed.
    resume: resume && engine === "openssl",
    reply: !noReply && (reply ?? true),
    forever: forever || echo || discard,
    answer: echo ? "echo" : discard ? "discard" : "ack",
    idleTimeoutMs: given.idleTimeoutMs ?? idleTimeoutOf(protocol, options),
  };
}

/** A server outlasts a client whose messages get lost, unless it is told to wait for less. */
function idleTimeoutOf(
  protocol: Protocol,
  options: Pick<PairOptions, "idleTimeoutMs" | "timeoutMs" | "waitMs" | "rate" | "clients">,
): number {
  const { idleTimeoutMs } = options;
  const mayGetLost = protocol === "udp" || protocol === "dtls";
  return mayGetLost ? Math.max(idleTimeoutMs, lossySilenceMs(options)) : idleTimeoutMs;
}

/** Refuses options that do not go with each other's values. */
function refuseMisfits(
  { io, engine, cpu, bind, clients, keyLog, json, csv, hgrm, reply, expectEcho }:
    & Values<PairTable>
    & Pick<PlanFile, "reply">,
  { texts }: Arguments,
): void {
  if (engine === "rustls") {
    if (io !== "async") {
      throw new UsageError(
        `--io ${io} goes with --engine openssl; rustls has the event loop alone`,
      );
    }
    const name = OPENSSL_ONLY.find((name) => texts.has(name));
    if (name) throw new UsageError(`--${name} goes with --engine openssl; rustls cannot set it`);
  }
  if (expectEcho && reply === false) {
    throw new UsageError("--expect-echo: the plan says that nothing is answered (reply: false)");
  }
  if (clients > MAX_BLOCKING_CLIENTS && io !== "async") {
    throw new UsageError(
      `--clients ${clients} goes with --io async: sync and spin take ${MAX_BLOCKING_CLIENTS} at most`,
    );
  }
  if (cpu !== null && io === "async") {
    throw new UsageError(`--cpu ${cpu} goes with --io sync or spin: there one thread does it all`);
  }
  if (bind !== null && io === "async") {
    throw new UsageError(`--bind ${bind} goes with --io sync or spin: Deno has no setting for it`);
  }
  refuseSameFile({ "key-log": keyLog, json, csv, hgrm });
}

/** Two outputs in one file would be neither. */
function refuseSameFile(outputs: Readonly<Record<string, string | null | undefined>>): void {
  const given = Object.entries(outputs).filter(([, path]) => path);
  for (const [i, [one, path]] of given.entries()) {
    const [other] = given.slice(i + 1).find(([, others]) => others === path) ?? [];
    if (other === undefined) continue;
    throw new UsageError(
      path === "-"
        ? `--${one} - and --${other} -: stdout can take only one`
        : `--${one} ${path} and --${other} ${path}: a file can take only one`,
    );
  }
}

/** What an end says of itself. */
export function pairHelp(protocol: Protocol, role: Role): CommandHelp {
  const script = `${protocol}/${role}.ts`;
  const name = protocol.toUpperCase();
  const { engine } = defaultLane(protocol);
  return {
    does: role === "client"
      ? `Sends the messages of a plan to a ${name} server and times every step.`
      : `Answers the messages of a plan that ${name} clients send, and times every step.`,
    starts: `deno run ${permissionsOf(defaultLane(protocol)).join(" ")} ${script}`,
    examples: [
      `${script} --sizes 16384,100`,
      `${script} --port 4000 --connect once --json result.json`,
    ],
    canBeInterrupted: true,
    permissions: {
      "--allow-net": "connections and messages",
      "--allow-read": engine === null ? "--plan" : "certificates, --plan",
      "--allow-ffi": {
        tcp: "--io sync and spin",
        udp: "--io sync and spin; to hear at once that nothing listens (Linux)",
        tls: "--engine openssl",
        dtls: "OpenSSL",
      }[protocol],
      ...(engine === null ? {} : { "--allow-env=NETPAIRS_LIBSSL": "to be told where OpenSSL is" }),
      ...(engine === null ? {} : {
        "--allow-write=FILE": "--key-log; --allow-read, too, where FILE is there",
        "--allow-env=SSLKEYLOGFILE": "to be told of such a FILE, where it may be written",
      }),
      "--allow-write": "--json, --csv, --hgrm",
      "--allow-sys=hostname,cpus": "the machine's name and processor in --json",
    },
  };
}

/**
 * What is exchanged: options count more than the file, and a number of messages or of seconds more
 * than either in the file.
 */
export function planOf(given: Partial<Values<typeof EXCHANGE_OPTIONS>>, file: PlanFile): Plan {
  const hasLength = given.repeat !== undefined || given.seconds !== undefined;
  const { repeat = FULL_PLAN.repeat, seconds } = hasLength ? given : file;
  const sizes = given.sizes ?? file.sizes ?? FULL_PLAN.sizes;
  return { sizes, repeat, ...(seconds === undefined ? {} : { seconds }) };
}

/**
 * Reads a plan file.
 *
 * @param given where it has no plan, that is empty; a pause or a rate counts more than either in the
 * file
 * @throws {UsageError} where it cannot be read, or says what cannot be
 */
export function readPlan(
  { plan: path, waitMs, rate }: Partial<Values<typeof EXCHANGE_OPTIONS>>,
  readFile: (path: string) => string = Deno.readTextFileSync,
): PlanFile {
  if (path === undefined) return {};
  const file = parsePlan(readText(path, readFile), path);
  if (waitMs !== undefined || rate !== undefined) {
    delete file.waitMs;
    delete file.rate;
  }
  return file;
}

function readText(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const why = cause instanceof Deno.errors.NotFound ? "no such file" : "it cannot be read";
    throw new UsageError(`plan ${path}: ${why}`, { cause });
  }
}

/** Of an end whose clock is another than its peer's. */
export function clockShift(): Option<number> {
  return option("N", "added to the clock for one-way delays, in microseconds", 0, readShift);
}

function readShift(text: string, name: string): number {
  if (/^-?[0-9]{1,16}$/.test(text)) return Number(text);
  throw new UsageError(`${name} ${shownArgument(text)}: a whole number of microseconds is wanted`);
}

function readAddress(text: string, name: string): string {
  try {
    const { kind, text: address } = parseHost(text);
    if (kind !== "name") return address;
  } catch {
    // Why it is no name either is of no interest.
  }
  throw new UsageError(`${name} ${shownArgument(text)}: an IP address is wanted`);
}

function readSizes(text: string, name: string): number[] {
  return text.split(",").map((size) => {
    if (!/^[0-9]{1,9}$/.test(size.trim())) {
      throw new UsageError(
        `${name} ${shownArgument(text)}: "${shownArgument(size)}" is no whole number of bytes`,
      );
    }
    return Number(size);
  });
}
