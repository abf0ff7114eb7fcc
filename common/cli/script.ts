/**
 * What every pair's script does around its exchange: reads the arguments, listens to Ctrl-C, writes
 * the results, and ends with one clear line and the right exit code.
 *
 * @module
 */
import { formatAddress, withZoneOf } from "../base/addresses.ts";
import { Client } from "../exchange/client.ts";
import { Schedule } from "../exchange/schedule.ts";
import { ConnectionServer } from "../exchange/connection_server.ts";
import { DatagramServer } from "../exchange/datagram_server.ts";
import { Gate, MAX_CONNECTING } from "../exchange/gate.ts";
import { HandshakeLog } from "../exchange/handshake_log.ts";
import { tracedClient, tracedServer } from "../exchange/traced.ts";
import type { AnyServerTransport, ClientTransport, Prepare } from "../exchange/transport.ts";
import type { ServerRun } from "../exchange/intake.ts";
import { Deadlines } from "../base/deadline.ts";
import { EXIT, exitCodeOf, InterruptedError, reportError } from "../base/errors.ts";
import { showHelp } from "./command.ts";
import { namingOption, withCertificateHint, withHint } from "./explain.ts";
import { pairHelp, pairOptions, parseOptions } from "./options.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { MessagePrinter } from "./message_printer.ts";
import { type LogFile, openDocument, openLog, print, type Write } from "../base/output.ts";
import { pinToCore } from "../posix/affinity.ts";
import { requireOpenFiles } from "../posix/open_files.ts";
import type { ReceiveBufferState } from "../posix/receive_buffer.ts";
import type { Protocol, Role, Security } from "../model/protocol.ts";
import { nowUs } from "../measure/clock.ts";
import type { CpuTime } from "../measure/cpu_time.ts";
import { formatHgrm } from "../measure/hgrm.ts";
import { missesRate } from "../measure/rate.ts";
import { Recorder } from "../measure/recorder.ts";
import {
  describeEnvironment,
  formatDocument,
  makeDocument,
  type RunResult,
} from "../measure/result.ts";
import { say } from "../base/say.ts";
import { onEndSignals } from "./signals.ts";
import { SetupTimes } from "../measure/setup_times.ts";
import { StepLog } from "../measure/step_log.ts";
import { summaryOf } from "./summary.ts";
import { drawHandshakes } from "./handshake_diagram.ts";
import { TroubleLines } from "./trouble_lines.ts";
import { VERSION } from "../base/version.ts";

/**
 * Runs a pair's client to its end.
 *
 * @returns the exit code
 */
export function clientMain<Connection>(
  protocol: Protocol,
  prepare: Prepare<ClientTransport<Connection>>,
  args: string[] = Deno.args,
): Promise<number> {
  return main(protocol, "client", args, async (script) => {
    const { options, recorder, deadlines } = script;
    if (options.unsafelySkipNameCheck) sayUnchecked();
    const transport = await made(prepare, script);
    script.library = transport.library ?? null;
    const { schedule, trace } = script;
    const gate = options.clients > MAX_CONNECTING
      ? new Gate(MAX_CONNECTING, deadlines.signal)
      : undefined;
    // Thousands of clients may have the same to say.
    const troubles = new TroubleLines(say);
    script.finishTalk = () => troubles.flush();
    const onTrouble = (line: string) => troubles.add(line);
    const run = { options, recorder, deadlines, schedule, gate, onTrouble };
    const clients = Array.from(
      { length: options.clients },
      (_, number) =>
        new Client(run, trace ? tracedClient(transport, trace, number) : transport, number),
    );
    try {
      await runSizes(script, clients);
    } finally {
      script.security = clients[0]!.security;
      for (const client of clients) await client.abandon();
      transport.end?.();
    }
  });
}

function sayUnchecked(): void {
  say(
    "warning: the server's name is not checked: any server's certificate of the authority passes",
  );
}

/**
 * Runs a pair's server to its end.
 *
 * @returns the exit code
 */
export function serverMain(
  protocol: Protocol,
  prepare: Prepare<AnyServerTransport>,
  args: string[] = Deno.args,
): Promise<number> {
  return main(protocol, "server", args, async (script) => {
    const { options, recorder, deadlines } = script;
    const transport = await made(prepare, script);
    script.library = transport.library ?? null;
    say(
      `listening on ${
        formatAddress(withZoneOf(options.hostname, transport.hostname), transport.port)
      }`,
    );
    const printer = new MessagePrinter();
    const troubles = new TroubleLines(say);
    script.finishTalk = () => {
      printer.flush();
      troubles.flush();
    };
    const run: ServerRun = {
      options,
      recorder,
      deadlines,
      onMessage: script.talks ? (header, epochUs) => printer.add(header, epochUs) : undefined,
      onTrouble: (line) => troubles.add(withCertificateHint(line)),
    };
    const server = "run" in transport
      ? new DatagramServer(run, transport)
      : new ConnectionServer(run, script.trace ? tracedServer(transport, script.trace) : transport);
    try {
      await server.serve();
    } finally {
      script.security = server.security;
      sayLoss(transport.receiveBuffer);
    }
  });
}

/** Makes a client or a server; where an option is wrong for the library, that is named. */
async function made<Transport>(
  prepare: Prepare<Transport>,
  { options, deadlines, trace }: Script,
): Promise<Transport> {
  try {
    // A name server that is silent makes a look-up long.
    return await deadlines.orInterrupted(prepare(options, deadlines, trace));
  } catch (error) {
    throw namingOption(error, options);
  }
}

/** Datagrams that have reached this machine, and not this program, are this machine's loss. */
function sayLoss(buffer: ReceiveBufferState | null | undefined): void {
  if (!buffer?.dropped) return;
  const { dropped, bytes, askedBytes } = buffer;
  const size = bytes === askedBytes ? `${bytes} bytes` : `${bytes} of ${askedBytes} bytes wanted`;
  say(
    `warning: ${dropped} datagrams were lost here: the socket's receive buffer (${size}) was full; ` +
      "let clients pause (--wait-ms), or raise the system's limit (net.core.rmem_max)",
  );
}

/** One run of a script, as its parts fill it in. */
interface Script {
  readonly options: PairOptions;
  readonly recorder: Recorder;
  /** A client's, with --rate. */
  readonly schedule: Schedule | undefined;
  readonly deadlines: Deadlines;
  /** With --trace. */
  readonly trace: HandshakeLog | undefined;
  readonly log: StepLog | undefined;
  /** Whether stdout is for people. */
  readonly talks: boolean;
  security: Security | null;
  library: string | null;
  cpu: CpuTime | null;
  /** Says what is still to be said before the table. */
  finishTalk: () => void;
}

async function main(
  protocol: Protocol,
  role: Role,
  args: string[],
  run: (script: Script) => Promise<void>,
): Promise<number> {
  try {
    const options = parseOptions(protocol, role, args);
    if (options === "help") {
      return showHelp(pairHelp(protocol, role), pairOptions(protocol, role)), EXIT.complete;
    }
    if (options === "version") return print(`netpairs ${VERSION}\n`), EXIT.complete;
    const writeJson = options.json === null ? null : openDocument(options.json);
    const writeHgrm = options.hgrm === null ? null : openDocument(options.hgrm);
    const logFile = options.csv === null ? null : openLog(options.csv);
    return await runScript(options, { writeJson, writeHgrm, logFile }, run);
  } catch (error) {
    return reportError(error);
  }
}

/** The files that were asked for. */
interface Outputs {
  writeJson: Write | null;
  writeHgrm: Write | null;
  logFile: LogFile | null;
}

/** From the first message to the last result: whatever ends the run, what was measured is kept. */
async function runScript(
  options: PairOptions,
  { writeJson, writeHgrm, logFile }: Outputs,
  run: (script: Script) => Promise<void>,
): Promise<number> {
  const startedAt = new Date();
  using deadlines = new Deadlines();
  using _signals = onSignals(deadlines);
  using setup = logFile && new SetupTimes();
  const log = logFile ? new StepLog(logFile, options.lane, options.role, setup) : undefined;
  const { role, rate, clients, json, csv, hgrm } = options;
  const talks = !options.quiet && ![json, csv, hgrm].includes("-");
  const recorder = new Recorder(log);
  const script: Script = {
    options,
    recorder,
    schedule: rate !== null && role === "client" ? new Schedule({ rate, clients }) : undefined,
    deadlines,
    trace: options.trace ? new HandshakeLog() : undefined,
    log,
    talks,
    security: null,
    library: null,
    cpu: null,
    finishTalk: () => {},
  };
  let failure: unknown;
  try {
    if (options.endWithStdin) void endWithStdin(deadlines);
    if (options.cpu !== null) pinToCore(options.cpu);
    if (hasSocketPerClient(options)) requireOpenFiles(options.clients);
    await run(script);
  } catch (error) {
    failure = error;
  }
  script.cpu = recorder.cpu();
  const complete = failure === undefined;
  const result = resultOf(script, complete);
  const isKept = keep(script, result, [
    () =>
      writeJson?.(formatDocument(
        makeDocument(startedAt, describeEnvironment(script.library), complete, [result]),
      )),
    () => writeHgrm?.(formatHgrm(recorder.times())),
  ]);
  sayMissed(result);
  sayCut(script.trace);
  if (failure instanceof InterruptedError) say("interrupted; the results are partial");
  else if (!complete) reportError(withHint(failure));
  if (!isKept) return EXIT.failed;
  return complete ? EXIT.complete : exitCodeOf(failure);
}

/**
 * Shows the table, then keeps the document and the log. Where something cannot be kept, that is said
 * after the table, which is shown in any case.
 *
 * @returns whether all is kept
 */
function keep(script: Script, result: RunResult, writes: (() => void)[]): boolean {
  const { talks, recorder, log } = script;
  const hasRows = recorder.messages > 0 || result.discarded !== undefined;
  const table = hasRows ? `${summaryOf(result, recorder)}\n` : "";
  const failures: unknown[] = [];
  const attempt = (act: () => void) => {
    try {
      act();
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  attempt(() => script.finishTalk());
  const isShown = talks && attempt(() => print(table + drawHandshakes(result)));
  for (const write of writes) attempt(write);
  attempt(() => log?.close());
  if (failures.length > 0 && !isShown && table) say(table.trimEnd());
  for (const failure of failures) reportError(failure);
  return failures.length === 0;
}

/** Where messages were due sooner than they could be sent, times are not those of single messages. */
function sayMissed(result: RunResult): void {
  const { rate } = result;
  if (!rate || !missesRate(result)) return;
  say(
    `warning: ${rate.wanted} messages a second were not reached: ${rate.reached} were sent; the times ` +
      "hold what messages waited for their turn; ask for a lower --rate, or for more --clients",
  );
}

function sayCut(trace: HandshakeLog | undefined): void {
  const count = trace?.cutFrom ?? null;
  if (count === null) return;
  const kept = trace!.handshakes().length;
  say(
    `trace: ${kept} of ${count} handshakes are kept: the first ones, the first complete one and the ` +
      "first resumed one",
  );
}

/** A server of datagrams has one socket for all. */
function hasSocketPerClient({ role, protocol }: PairOptions): boolean {
  return role === "client" || protocol === "tcp" || protocol === "tls";
}

/** All clients send one size, then all the next. */
async function runSizes(script: Script, clients: Client<unknown>[]): Promise<void> {
  const { options, recorder, schedule, deadlines, log } = script;
  const { sizes } = options.plan;
  const shows = !options.quiet && Deno.stderr.isTerminal();
  for (const [i, sizeBytes] of sizes.entries()) {
    if (options.pause && i > 0) await untilEnter(sizeBytes, deadlines);
    const startUs = nowUs();
    schedule?.begin();
    if (shows) say(`size ${i + 1} of ${sizes.length}: ${sizeBytes} bytes`);
    const running = clients.map((client) => client.exchangeSize(sizeBytes, i === sizes.length - 1));
    try {
      await Promise.all(running);
    } catch (error) {
      // Where one client fails the run has failed: the others stop where they are.
      deadlines.interrupt();
      await Promise.allSettled(running);
      throw error;
    }
    const tookUs = nowUs() - startUs;
    recorder.sizeTook(sizeBytes, tookUs);
    log?.size(sizeBytes, startUs, tookUs);
    log?.flush();
  }
  for (let from = 0; from < clients.length; from += MAX_CONNECTING) {
    const ending = clients.slice(from, from + MAX_CONNECTING).map((client) => client.finish());
    await Promise.allSettled(ending);
    await Promise.all(ending);
  }
}

/** Waits for the Enter key, or for Ctrl-C. */
async function untilEnter(nextSizeBytes: number, deadlines: Deadlines): Promise<void> {
  say(`press Enter for size ${nextSizeBytes}`);
  await deadlines.orInterrupted(Deno.stdin.read(new Uint8Array(1024)));
}

/** The program that has started this one holds the other end: it is closed when that is killed, too. */
async function endWithStdin(deadlines: Deadlines): Promise<void> {
  const bytes = new Uint8Array(1024);
  while (await Deno.stdin.read(bytes) !== null);
  deadlines.interrupt();
}

/** The first signal ends the run in order, a second one ends it at once. */
function onSignals(deadlines: Deadlines): Disposable {
  let count = 0;
  const handler = () => {
    if (++count > 1) Deno.exit(EXIT.interrupted);
    deadlines.interrupt();
  };
  return onEndSignals(handler);
}

function resultOf(script: Script, complete: boolean): RunResult {
  const { options, recorder, schedule, security } = script;
  const { lane, role, protocol, io, engine, connect, resume, reply, clients, rate, plan } = options;
  const sizes = role === "client"
    ? recorder.clientResults(reply)
    : recorder.serverResults(plan, clients, reply, complete && !options.forever);
  const { headerBytes } = recorder;
  return {
    ...{ lane, role, protocol, io, engine, connect, resume, reply, clients },
    ...(options.expectEcho ? { expectEcho: true as const } : {}),
    ...(rate === null ? {} : { rate: schedule?.result() ?? { wanted: rate, reached: null } }),
    ...(options.answer === "discard" ? { discarded: recorder.discarded } : {}),
    ...{ security, ...(headerBytes.length > 0 ? { headerBytes } : {}), sizes },
    allSizes: recorder.allSizes(),
    ...(script.cpu ? { cpu: script.cpu } : {}),
    ...(script.trace ? { handshakes: script.trace.handshakes() } : {}),
  };
}
