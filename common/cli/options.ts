/**
 * The words on a pair's command line.
 *
 * @module
 */
import { UsageError } from "../base/errors.ts";
import {
  checkPlan,
  FULL_PLAN,
  MAX_REPEAT,
  MAX_SECONDS,
  parsePlan,
  type Plan,
  type PlanFile,
} from "../model/plan.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { DEFAULT_CERTS } from "../pem/certificate_files.ts";
import { defaultLane, permissionsOf } from "../model/lanes.ts";
import { MAX_CORES } from "../posix/affinity.ts";
import {
  type Engine,
  type Io,
  IO_KINDS,
  laneName,
  type Protocol,
  type Role,
} from "../model/protocol.ts";
import { shownWord } from "../base/visible.ts";
import {
  choiceOf,
  helpLines,
  hostOf,
  numberOf,
  type OptionHelp,
  readArguments,
  type Values,
} from "./arguments.ts";

/** What the command line asks for. */
export type Request = PairOptions | "help" | "version";

/** A word that not every script takes. */
interface PairOption extends OptionHelp {
  role?: Role;
  protocols?: readonly Protocol[];
}

const SECURE = ["tls", "dtls"] as const;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const OPTIONS: Readonly<Record<string, PairOption>> = {
  host: { value: "NAME", help: "name or address, IPv4 or IPv6 (default 127.0.0.1)" },
  port: { value: "N", help: "default 1443; a server with 0 takes a free one and prints it" },
  plan: { value: "FILE", help: "YAML: sizes, repeat, ... (default: the built-in 22 sizes)" },
  sizes: { value: "100,999", help: "message sizes in bytes; overrides the plan" },
  repeat: { value: "N", help: "messages per size, default 100" },
  seconds: { value: "N", help: "send messages of each size for that long instead" },
  connect: { value: "message|once", help: "a connection per message (default), or one for all" },
  "no-reply": { help: "one-way: the server does not answer" },
  "wait-ms": { value: "N", help: "pause between messages in milliseconds, default 0" },
  pause: { help: "wait for Enter between sizes" },
  "end-with-stdin": { help: "end in order when stdin does, as with the program that feeds it" },
  clients: { value: "N", help: "client: that many at once; server: wait for that many" },
  io: { value: "async|sync|spin", help: "event loop (default), blocking calls, or asking again" },
  cpu: { value: "N", help: "pin this end to one core, counted from 0 (sync and spin)" },
  engine: {
    value: "rustls|openssl",
    help: "TLS library (default rustls)",
    protocols: ["tls"],
  },
  resume: { help: "TLS, DTLS: resume the session at every connection but the first" },
  "tls-version": {
    value: "1.2|1.3",
    help: "version to agree on (default the newest)",
    protocols: SECURE,
  },
  ciphers: {
    value: "LIST",
    help: "cipher suites, as openssl-ciphers(1) has it",
    protocols: SECURE,
  },
  certs: { value: "DIR", help: `default ${DEFAULT_CERTS}: ca.pem, {server,client}-{cert,key}.pem` },
  "key-passphrase-file": {
    value: "FILE",
    help: "its first line opens the private key, where that is encrypted",
    protocols: SECURE,
  },
  "timeout-ms": { value: "N", help: "longest wait for one step in milliseconds, default 5000" },
  json: { value: "FILE", help: "result document (- for stdout)" },
  csv: { value: "FILE", help: "one CSV line a step (- for stdout)" },
  quiet: { help: "no progress, no line a message" },
  forever: { help: "serve until stopped", role: "server" },
  echo: { help: "send back whatever comes, until stopped", role: "server" },
  discard: { help: "drop whatever comes, until stopped", role: "server" },
  "idle-timeout-ms": {
    value: "N",
    help: "nothing heard for that long is an error, default 60000",
    role: "server",
  },
  help: { help: "show this and end" },
  version: { help: "show the version and end" },
};

/**
 * Reads a pair's command line.
 *
 * @param words as they stand after the script's name
 * @param readFile reads a plan file; only called where `--plan` is there
 * @throws {UsageError} naming the word, what is allowed and what to do
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
  words: string[],
  readFile: (path: string) => string = Deno.readTextFileSync,
): Request {
  const values = readArguments(wordsOf(protocol, role), words);
  if (values.has("help")) return "help";
  if (values.has("version")) return "version";
  const file = readPlan(values.get("plan"), readFile);
  const plan = planOf(values, file);
  checkPlan(plan, protocol);
  const io = choiceOf(values, "io", IO_KINDS) ?? "async";
  const engine = protocol === "tls"
    ? choiceOf(values, "engine", ["rustls", "openssl"]) ?? "rustls"
    : protocol === "dtls"
    ? "openssl"
    : null;
  refuseOnRustls(values, engine, io);
  const cpu = numberOf(values, "cpu", 0, MAX_CORES - 1) ?? null;
  if (cpu !== null && io === "async") {
    throw new UsageError(`--cpu ${cpu} goes with --io sync or spin: there one thread does it all`);
  }
  if (values.has("echo") && values.has("discard")) {
    throw new UsageError("--echo and --discard: only one of them");
  }
  if (values.has("end-with-stdin") && values.has("pause")) {
    throw new UsageError("--end-with-stdin and --pause: stdin can serve only one of them");
  }
  const [json = null, csv = null] = [values.get("json"), values.get("csv")];
  if (json !== null && json === csv) {
    throw new UsageError(
      json === "-"
        ? "--json - and --csv -: stdout can take only one"
        : `--json ${json} and --csv ${csv}: a file can take only one`,
    );
  }
  return {
    protocol,
    role,
    lane: laneName(protocol, io, engine),
    io,
    cpu,
    engine,
    hostname: hostOf(values, "host") ?? "127.0.0.1",
    port: numberOf(values, "port", role === "server" ? 0 : 1, 65535) ?? 1443,
    plan,
    connect: choiceOf(values, "connect", ["message", "once"]) ?? file.connect ?? "message",
    // Elsewhere there is no session that could be resumed.
    resume: values.has("resume") && engine === "openssl",
    tlsVersion: choiceOf<"1.2" | "1.3">(values, "tls-version", ["1.2", "1.3"]) ?? null,
    ciphers: values.get("ciphers") ?? null,
    reply: values.has("no-reply") ? false : file.reply ?? true,
    waitMs: numberOf(values, "wait-ms", 0, HOUR_MS) ?? file.waitMs ?? 0,
    pause: values.has("pause"),
    endWithStdin: values.has("end-with-stdin"),
    clients: numberOf(values, "clients", 1, 1000) ?? 1,
    certs: values.get("certs") ?? DEFAULT_CERTS,
    keyPassphraseFile: values.get("key-passphrase-file") ?? null,
    timeoutMs: numberOf(values, "timeout-ms", 1, HOUR_MS) ?? 5000,
    json,
    csv,
    quiet: values.has("quiet"),
    forever: ["forever", "echo", "discard"].some((word) => values.has(word)),
    answer: values.has("echo") ? "echo" : values.has("discard") ? "discard" : "ack",
    idleTimeoutMs: numberOf(values, "idle-timeout-ms", 1, 24 * HOUR_MS) ?? MINUTE_MS,
  };
}

/** The text of `--help`. */
export function helpText(protocol: Protocol, role: Role): string {
  const script = `${protocol}/${role}.ts`;
  const name = protocol.toUpperCase();
  const does = role === "client"
    ? `Sends the messages of a plan to a ${name} server and times every step.`
    : `Answers the messages of a plan that ${name} clients send, and times every step.`;
  return [
    `${does}\n`,
    `Usage: deno run ${permissionsOf(defaultLane(protocol)).join(" ")} ${script} [OPTIONS]\n`,
    ...helpLines(wordsOf(protocol, role)),
    "",
    "Examples:",
    `  ${script} --sizes 16384,100`,
    `  ${script} --port 4000 --connect once --json result.json`,
    "",
    "Exit codes: 0 complete, 1 failed, 2 wrong words, 130 interrupted.",
  ].join("\n");
}

function wordsOf(protocol: Protocol, role: Role): Record<string, PairOption> {
  const wanted = Object.entries(OPTIONS).filter(([, word]) =>
    (word.role ?? role) === role && (word.protocols ?? [protocol]).includes(protocol)
  );
  return Object.fromEntries(wanted);
}

/** Deno's own TLS lets a program choose none of these. */
function refuseOnRustls(values: Values, engine: Engine | null, io: Io): void {
  if (engine !== "rustls") return;
  if (io !== "async") {
    throw new UsageError(`--io ${io} goes with --engine openssl; rustls has the event loop alone`);
  }
  const word = ["resume", "tls-version", "ciphers"].find((word) => values.has(word));
  if (word) {
    throw new UsageError(`--${word} goes with --engine openssl; rustls has no such setting`);
  }
}

/** What is exchanged: the words win over the file, a count or a time over the other there, too. */
function planOf(values: Values, file: PlanFile): Plan {
  const words = {
    repeat: numberOf(values, "repeat", 1, MAX_REPEAT),
    seconds: numberOf(values, "seconds", 1, MAX_SECONDS),
  };
  if (words.repeat !== undefined && words.seconds !== undefined) {
    throw new UsageError("--repeat and --seconds: only one of them");
  }
  const hasWord = words.repeat !== undefined || words.seconds !== undefined;
  const { repeat = FULL_PLAN.repeat, seconds } = hasWord ? words : file;
  const sizes = sizesOf(values.get("sizes")) ?? file.sizes ?? FULL_PLAN.sizes;
  return { sizes, repeat, ...(seconds === undefined ? {} : { seconds }) };
}

function readPlan(path: string | undefined, readFile: (path: string) => string): PlanFile {
  if (path === undefined) return {};
  let text: string;
  try {
    text = readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const why = cause instanceof Deno.errors.NotFound ? "no such file" : "it cannot be read";
    throw new UsageError(`plan ${path}: ${why}`, { cause });
  }
  return parsePlan(text, path);
}

/**
 * Reads the value of `--sizes`.
 *
 * @throws {UsageError} naming what is no size
 */
export function sizesOf(text: string | undefined): number[] | undefined {
  return text?.split(",").map((size) => {
    if (!/^[0-9]{1,9}$/.test(size.trim())) {
      throw new UsageError(
        `--sizes ${shownWord(text)}: "${shownWord(size)}" is no whole number of bytes`,
      );
    }
    return Number(size);
  });
}
