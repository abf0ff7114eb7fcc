/**
 * Serves lanes to a `run_all --on` of another machine.
 *
 *     deno task agent --help
 *
 * @module
 */
import { ensureCertificates } from "../certs/generate.ts";
import { EXIT } from "../common/base/errors.ts";
import { say } from "../common/base/say.ts";
import { resolve } from "../common/base/std.ts";
import { type Command, type Read, runCommand } from "../common/cli/command.ts";
import { flag, hidden, hostName, text, wholeNumber } from "../common/cli/option_kinds.ts";
import { clockShift } from "../common/cli/options.ts";
import { onEndSignals } from "../common/cli/signals.ts";
import { DEFAULT_CERTS, readPassphrase } from "../common/pem/certificate_files.ts";
import { Agent } from "./agent/agent.ts";
import { MAX_CLIENTS } from "../common/model/plan.ts";
import { DEFAULT_PORT } from "./agent/messages.ts";

const OPTIONS = {
  host: hostName("name or address to listen on", "0.0.0.0"),
  port: wholeNumber([0, 65_535], "port to listen on; 0: a free one", DEFAULT_PORT),
  "data-port": wholeNumber([0, 65_535], "port of the lanes' servers; 0: free ones", 1443),
  certs: text("DIR", "folder of ca.pem and server-{cert,key}.pem", DEFAULT_CERTS),
  "key-passphrase-file": text(
    "FILE",
    "its first line is the passphrase of an encrypted private key",
    undefined,
  ),
  "max-megabytes": wholeNumber([1, 100_000_000], "most of a lane, in 10^6 bytes", 10_000),
  "max-seconds": wholeNumber([1, 100_000], "longest run of a lane", 3600),
  "max-clients": wholeNumber([1, MAX_CLIENTS], "clients of a lane at once", 100),
  "end-with-stdin": flag("end when stdin ends"),
  "clock-shift-us": hidden(clockShift()),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Serves lanes to another machine, whose run names this one with --on.",
  starts: "deno task agent",
  about: `A client has to show a certificate of the authority in --certs. One client is
served at a time, others are told that the agent is busy. A client names a lane
and a plan within the limits below, and neither paths nor commands. Nothing is
written to disk.`,
  options: OPTIONS,
  examples: [
    "deno task agent",
    "deno task agent --host 192.0.2.7 --port 5000 --data-port 5001",
  ],
  canBeInterrupted: true,
  permissions: {
    "--allow-net": "its client",
    "--allow-read": "certificates",
    "--allow-ffi": "OpenSSL, and the time of day",
    "--allow-env=NETPAIRS_LIBSSL": "to be told where OpenSSL is",
    "--allow-run": "deno, for the servers",
  },
};

/**
 * Runs an agent until it is stopped.
 *
 * @returns the exit code
 */
export function agent(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, serve);
}

async function serve({ values }: Read<typeof OPTIONS>): Promise<number> {
  const { host, port, endWithStdin, keyPassphraseFile, ...settings } = values;
  const passphraseFile = keyPassphraseFile === undefined ? null : resolve(keyPassphraseFile);
  const { endsSoon, summary } = await ensureCertificates({
    dir: settings.certs,
    keyPassphrase: await readPassphrase(passphraseFile),
    roles: ["server"],
    // By which names clients will call it is not known here.
    neededNames: [],
    onlyCheck: true,
  });
  if (endsSoon) say(summary);
  const stop = Promise.withResolvers<void>();
  using _signals = onEndSignals(stop.resolve);
  if (endWithStdin) void untilStdinEnds().then(stop.resolve);
  const agent = await Agent.listen(port, {
    ...settings,
    hostname: host,
    certs: resolve(settings.certs),
    keyPassphraseFile: passphraseFile,
  }, say);
  say(`listening on ${agent.address}`);
  try {
    await Promise.race([agent.serve(), stop.promise]);
  } finally {
    await agent.close();
  }
  return EXIT.interrupted;
}

async function untilStdinEnds(): Promise<void> {
  const bytes = new Uint8Array(1024);
  while (await Deno.stdin.read(bytes) !== null);
}

if (import.meta.main) Deno.exit(await agent(Deno.args));
