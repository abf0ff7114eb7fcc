/**
 * A capture from its start to what is kept and said of it.
 *
 * @module
 */
import { ensureCertificates } from "../../certs/generate.ts";
import { describe, EXIT, InterruptedError, RunError } from "../../common/base/errors.ts";
import { say } from "../../common/base/say.ts";
import { onEndSignals } from "../../common/cli/signals.ts";
import { readPassphrase } from "../../common/pem/certificate_files.ts";
import { jobName } from "../lib/results_folder.ts";
import { hasKeys } from "./given_keys.ts";
import { LanePair } from "./lane_pair.ts";
import type { CaptureOptions } from "./options.ts";
import { Capture } from "./packets.ts";
import { showCapture } from "./show.ts";
import { CaptureTarget } from "./target.ts";

/** Packets that have passed are in the file after so long, in milliseconds. */
const SETTLE_MS = 500;

/**
 * Captures a lane that is run, or what others run.
 *
 * @returns the exit code
 */
export async function runCapture(options: CaptureOptions): Promise<number> {
  const abort = new AbortController();
  using _signals = onEndSignals(() => abort.abort());
  const { signal } = abort;
  try {
    return options.only === null
      ? await captureLane(options, signal)
      : await captureOnly(options, options.only, signal);
  } catch (cause) {
    // A program that a signal has ended fails before it captures.
    if (!signal.aborted) throw cause;
    throw new InterruptedError("interrupted: nothing was captured", { cause });
  }
}

async function captureLane(options: CaptureOptions, signal: AbortSignal): Promise<number> {
  const { lane, interface: name, certs, keyPassphraseFile, args, resume } = options;
  if (lane.engine !== null) await prepareCertificates(options);
  const target = new CaptureTarget(options.out, jobName(lane.name, resume), null);
  await using pair = new LanePair({ lane, certs, keyPassphraseFile, args });
  signal.addEventListener("abort", () => pair.interrupt());
  const port = await pair.port;
  if (port === null || signal.aborted) throw new RunError(await pair.serverFailure());
  await using capture = await Capture.start({
    interface: name,
    ports: [port],
    open: () => target.open(),
  });
  // Where the disk is full, or what captures was killed, there is nothing more to be captured.
  capture.ended.catch(() => pair.interrupt());
  const keys = lane.engine === "openssl" ? target.keys : null;
  let failure = signal.aborted ? null : await pair.run(port, keys);
  const isWhole = await capture.end().catch((error) => {
    failure = describe(error);
    return false;
  });
  await showCapture(await target.finish(capture), { options, port, dropped: capture.dropped });
  if (signal.aborted) return sayInterrupted();
  if (failure !== null) throw new RunError(`${lane.name}: ${failure}`);
  if (isWhole) return EXIT.complete;
  throw new RunError(
    `the end of the run was not seen on ${name}: its ends talk to each other on this machine`,
  );
}

async function captureOnly(
  options: CaptureOptions,
  { port, seconds, keyLog }: NonNullable<CaptureOptions["only"]>,
  signal: AbortSignal,
): Promise<number> {
  const { interface: name } = options;
  if (keyLog !== null) await hasKeys(keyLog);
  const target = new CaptureTarget(options.out, `port-${port}`, keyLog);
  await using capture = await Capture.start({
    interface: name,
    ports: [port],
    open: () => target.open(),
  });
  say(`capturing on ${name}, port ${port}${seconds === null ? "; Ctrl-C ends it" : ""}`);
  const over = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => over.resolve());
  if (signal.aborted) over.resolve();
  const timer = seconds === null ? undefined : setTimeout(over.resolve, seconds * 1000);
  await Promise.race([over.promise, capture.ended.catch(() => {})]);
  clearTimeout(timer);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const failure = await capture.stop().then(() => null, describe);
  await showCapture(await target.finish(capture), { options, port, dropped: capture.dropped });
  if (signal.aborted) return sayInterrupted();
  if (failure !== null) throw new RunError(failure);
  return EXIT.complete;
}

function sayInterrupted(): number {
  say("interrupted; what was captured until then is kept");
  return EXIT.interrupted;
}

async function prepareCertificates({ certs, keyPassphraseFile }: CaptureOptions): Promise<void> {
  const { made, endsSoon, summary } = await ensureCertificates({
    dir: certs,
    keyPassphrase: await readPassphrase(keyPassphraseFile),
    neededNames: ["127.0.0.1"],
  });
  if (made || endsSoon) say(summary);
}
