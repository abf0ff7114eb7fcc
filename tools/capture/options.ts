/**
 * What capture is told.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { resolve } from "../../common/base/std.ts";
import { argumentsOf, refuseTogether } from "../../common/cli/arguments.ts";
import type { Command, Read } from "../../common/cli/command.ts";
import { file, flag, oneOf, text, wholeNumber } from "../../common/cli/option_kinds.ts";
import {
  EXCHANGE_EXCLUSIVE,
  EXCHANGE_OPTIONS,
  pairOptions,
  parseOptions,
} from "../../common/cli/options.ts";
import { type Lane, laneOptions, LANES } from "../../common/model/lanes.ts";
import { MAX_REPEAT } from "../../common/model/plan.ts";
import { ROLES } from "../../common/model/protocol.ts";
import { jobName } from "../lib/results_folder.ts";
import { DEFAULT_CERTS } from "../../common/pem/certificate_files.ts";
import { LOOPBACK } from "./programs.ts";

/** What is sent where nothing else is said: a session that is resumed takes two connections. */
const USUAL = { sizes: "100", repeat: "2" };

const { plan: _plan, ...EXCHANGE } = EXCHANGE_OPTIONS;
const { resume, "tls-version": tlsVersion, ciphers, groups } = pairOptions("tls", "client");

/** Lanes, and those that resume sessions under the names that the demo has for them. */
const NAMED = [false, true].flatMap((resume) =>
  LANES.filter(({ engine }) => !resume || engine === "openssl")
    .map((lane) => ({ lane, resume, name: jobName(lane.name, resume) }))
);

/** What goes to both ends as it stands there. */
const PASSED_ON = {
  ...EXCHANGE,
  sizes: {
    ...EXCHANGE.sizes,
    help: `message sizes in bytes, in their order (default: ${USUAL.sizes})`,
  },
  repeat: wholeNumber([1, MAX_REPEAT], "messages of each size", Number(USUAL.repeat)),
  seconds: {
    ...EXCHANGE.seconds,
    help: "seconds to send messages of each size; with --only: seconds to capture",
  },
  ...{ resume, "tls-version": tlsVersion, ciphers, groups },
};

const OPTIONS = {
  lane: {
    ...oneOf(NAMED.map(({ name }) => name), "what is run", "dtls-sync-openssl"),
    value: "LANE",
  },
  out: file("file of the capture (default: one in results/)"),
  interface: text("NAME", "where to capture", LOOPBACK),
  "list-interfaces": { ...flag("-D for short: list the interfaces and end"), short: "D" },
  ...PASSED_ON,
  only: flag("capture alone, until Ctrl-C: a pair is run by hand, or elsewhere"),
  port: wholeNumber([1, 65_535], "--only: port of the server", null),
  "key-log": file("--only: the keys that the pair writes to FILE"),
  certs: text("DIR", "folder of the certificates; made if there are none", DEFAULT_CERTS),
  "key-passphrase-file": text(
    "FILE",
    "its first line is the passphrase of encrypted private keys",
    undefined,
  ),
};

/** The command. */
export const COMMAND: Command<typeof OPTIONS> = {
  does: "Runs a lane, captures what passes its port, and shows its handshake as tshark sees it.",
  starts: "deno task capture",
  about: `tshark captures, or else dumpcap or tcpdump. The keys of a lane on OpenSSL come into the
file (by editcap, or else they stay beside it): who has it can read the traffic. Deno's own TLS
tells no keys. LANE is a lane's whole name, as the demo has it; one that ends with -resumed is the
lane with --resume.

Without editcap tcpdump's file stays in pcap's format, which has no place for keys, and without
tshark the last datagram of a capture, "netpairs: the last", is one that only marks its end.`,
  options: OPTIONS,
  examples: [
    "deno task capture --resume",
    "deno task capture --lane tls-async-openssl --tls-version 1.2 --out tls.pcapng",
    "deno task capture --only --port 1443 --key-log keys.txt",
  ],
  canBeInterrupted: true,
  elsewhere: "deno run --quiet --allow-read=.,DIR --allow-write=.,DIR --allow-net=127.0.0.1 " +
    "--allow-sys=hostname --allow-run tools/capture.ts",
  permissions: {
    "--allow-run": "tshark, dumpcap, tcpdump, editcap; deno, for the client and the server",
    "--allow-read": "the capture and its keys, certificates",
    "--allow-write": "the same",
    "--allow-net=127.0.0.1": "the datagram that ends a capture",
    "--allow-sys=hostname": "certificates that are made",
  },
};

/** What the arguments say. */
export interface CaptureOptions {
  lane: Lane;
  /** Null for one in the folder of results. */
  out: string | null;
  interface: string;
  /** Of both ends. */
  args: string[];
  resume: boolean;
  /** What is captured without running it; null where the lane is run. */
  only: { port: number; seconds: number | null; keyLog: string | null } | null;
  certs: string;
  keyPassphraseFile: string | null;
}

/** @throws {UsageError} naming the option and what is allowed */
export function captureOptions(read: Read<typeof OPTIONS>): CaptureOptions {
  const { values, texts } = read;
  refuseTogether(read, EXCHANGE_EXCLUSIVE);
  const { lane, resume } = NAMED.find(({ name }) => name === values.lane)!;
  const args = argumentsOf(texts, Object.keys(PASSED_ON));
  if (resume && values.connect === "once") {
    throw new UsageError(`--lane ${values.lane}: nothing is resumed with --connect once`);
  }
  if (resume && !values.resume) args.push("--resume");
  if (!texts.has("sizes")) args.push("--sizes", USUAL.sizes);
  if (!texts.has("repeat") && !texts.has("seconds")) args.push("--repeat", USUAL.repeat);
  // What an end would refuse is refused here.
  for (const role of ROLES) parseOptions(lane.protocol, role, [...laneOptions(lane), ...args]);
  return {
    lane,
    out: values.out ?? null,
    interface: values.interface,
    args,
    resume: (resume || values.resume) && lane.engine !== null && values.connect !== "once",
    only: onlyOf(read),
    certs: resolve(values.certs),
    keyPassphraseFile: values.keyPassphraseFile === undefined
      ? null
      : resolve(values.keyPassphraseFile),
  };
}

function onlyOf({ values, texts }: Read<typeof OPTIONS>): CaptureOptions["only"] {
  const { only, port, seconds = null, keyLog = null, out } = values;
  if (keyLog !== null && out !== undefined && resolve(out) === resolve(keyLog)) {
    throw new UsageError(`--out ${out} and --key-log ${keyLog}: a file can take only one`);
  }
  if (only && port !== null) {
    const name = Object.keys(PASSED_ON).find((name) => name !== "seconds" && texts.has(name));
    if (name === undefined) return { port, seconds, keyLog };
    throw new UsageError(`--${name} and --only: only one of them`);
  }
  if (only) throw new UsageError("--only: --port is missing, the port of the server");
  const name = ["port", "key-log"].find((name) => texts.has(name));
  if (name === undefined) return null;
  throw new UsageError(`--${name} goes with --only; a lane's port and its keys need no names`);
}
