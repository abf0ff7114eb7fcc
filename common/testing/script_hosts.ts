/**
 * The pairs' scripts in processes that outlive a run, see script_host.ts: starting a process takes
 * ten times as long as most runs.
 *
 * @module
 */
import { fromFileUrl } from "../base/std.ts";
import { type Lane, laneOptions, LANES, permissionsOf } from "../model/lanes.ts";
import {
  type Ending,
  listeningPort,
  ScriptProcess,
  type ScriptSettings,
} from "../../tools/lib/children.ts";
import { END_MARK, type HostedRun } from "./script_host.ts";

/** Where `Deno.makeTempDir()` makes its folders. */
const TEMP = Deno.env.get("TMPDIR") ?? "/tmp";

const PROGRAM = fromFileUrl(new URL("script_host.ts", import.meta.url));

/** A run of a script, in a host or in a process of its own. */
export interface RunningScript extends Pick<ScriptProcess, "ended" | "pid" | "port" | "kill"> {
  /** Waits until stderr matches, or the script has ended. */
  says(pattern: RegExp): Promise<void>;
}

/** Whether a lane's scripts need `--allow-ffi`: without, some of them do other things. */
export type Kind = "with FFI" | "without FFI";

/** Processes that run one script each at a time; started and closed outside of tests, or within one. */
export class ScriptHosts {
  readonly #free: Record<Kind, Host[]> = { "with FFI": [], "without FFI": [] };
  readonly #launcher: readonly string[];

  /** @param launcher what stands in front of each process's command line: it runs that elsewhere */
  constructor(launcher: readonly string[] = []) {
    this.#launcher = launcher;
  }

  /** Starts so many for each kind of lanes. */
  add(lanes: readonly Lane[], atOnce: number): void {
    for (const kind of new Set(lanes.map(kindOf))) {
      for (let i = 0; i < atOnce; i++) this.#free[kind].push(new Host(kind, this.#launcher));
    }
  }

  /** Starts a script; null where all are busy that could run it. */
  start(settings: ScriptSettings): RunningScript | null {
    const free = this.#free[kindOf(settings.lane)];
    const host = free.pop();
    return host ? new HostedScript(host, settings, () => free.push(host)) : null;
  }

  /** Ends those that run nothing. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#free).flat().map((host) => host.close()));
  }
}

const hosts = new ScriptHosts();

/**
 * Starts hosts before the first test of a file, and ends them after its last one. Within a test they
 * would be a leak.
 *
 * @param atOnce how many scripts of a kind run at the same time; more have processes of their own
 */
export function hostScripts(lanes: readonly Lane[] = LANES, atOnce = 2): void {
  Deno.test.beforeAll(() => hosts.add(lanes, atOnce));
  Deno.test.afterAll(() => hosts.close());
}

/**
 * Starts a script in a free host; in a process of its own where there is none, or where the process
 * itself is what is tested.
 */
export function startScript(settings: ScriptSettings, ownProcess = false): RunningScript {
  const { env, permissions, keyPassphraseFile } = settings;
  const isUsual = !ownProcess && !env && !permissions && !keyPassphraseFile;
  return (isUsual ? hosts.start(settings) : null) ?? new OwnProcess(settings);
}

/** The kind of a lane. */
export function kindOf(lane: Lane): Kind {
  return permissionsOf(lane).includes("--allow-ffi") ? "with FFI" : "without FFI";
}

/** What the lanes of a kind need, in all folders of tests. */
function hostPermissions(kind: Kind): string[] {
  const lanes = LANES.filter((lane) => kindOf(lane) === kind);
  const permissions = lanes.flatMap((lane) => permissionsOf(lane, TEMP));
  return [...new Set(permissions), `--allow-write=${TEMP}`, "--allow-sys=hostname,cpus"];
}

/** A process that runs one script at a time. */
class Host {
  readonly child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: ReadableStreamDefaultReader<Uint8Array>;

  constructor(kind: Kind, launcher: readonly string[]) {
    const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...hostPermissions(kind)];
    const [command, ...args] = [...launcher, ...deno, PROGRAM];
    this.child = new Deno.Command(command!, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.child.stdin.getWriter();
    this.#stdout = this.child.stdout.getReader();
    this.#stderr = this.child.stderr.getReader();
  }

  /**
   * Runs a script to its end, or to that of the process.
   *
   * @param onFree called in the former case: the host can run another one
   */
  async run(
    run: HostedRun,
    onStderr: (all: string) => void,
    onFree: () => void,
  ): Promise<Ending> {
    await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(run)}\n`));
    const [stdout, stderr] = await Promise.all([
      readRun(this.#stdout),
      readRun(this.#stderr, onStderr),
    ]);
    const texts = { stdout: stdout.text, stderr: stderr.text };
    if (stdout.code === null || stderr.code === null) {
      const { code, signal } = await this.child.status;
      return { code, signal, ...texts };
    }
    onFree();
    return { code: stdout.code, signal: null, ...texts };
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#stdin.close();
    await Promise.all([this.#stdout.cancel(), this.#stderr.cancel(), this.child.status]);
  }
}

/** Reads what a run prints, and its exit code: null where the stream ends before. */
async function readRun(
  stream: ReadableStreamDefaultReader<Uint8Array>,
  onText?: (all: string) => void,
): Promise<{ text: string; code: number | null }> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await stream.read();
    if (done) return { text, code: null };
    text += decoder.decode(value, { stream: true });
    const end = text.lastIndexOf(END_MARK);
    const isWhole = end >= 0 && text.endsWith("\n");
    if (isWhole) return { text: text.slice(0, end), code: Number(text.slice(end + 1)) };
    onText?.(text);
  }
}

/** What a script has said so far. */
class Speech {
  readonly #patterns = new Map<RegExp, () => void>();
  #text = "";

  /** Takes all that has been said. */
  update(text: string): void {
    this.#text = text;
    for (const [pattern, resolve] of this.#patterns) if (pattern.test(text)) resolve();
  }

  /** Resolves when it matches, or when something else has happened. */
  async until(pattern: RegExp, otherwise: Promise<unknown>): Promise<void> {
    if (pattern.test(this.#text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#patterns.set(pattern, resolve);
    await Promise.race([promise, otherwise]);
    this.#patterns.delete(pattern);
  }
}

/** A script's run in a process of its own. */
class OwnProcess extends ScriptProcess implements RunningScript {
  readonly #speech: Speech;

  constructor(settings: ScriptSettings) {
    const speech = new Speech();
    super({ ...settings, onStderr: (text) => speech.update(text) });
    this.#speech = speech;
  }

  says(pattern: RegExp): Promise<void> {
    return this.#speech.until(pattern, this.ended);
  }
}

/** A script's run in a host. */
class HostedScript implements RunningScript {
  readonly ended: Promise<Ending>;
  readonly #host: Host;
  readonly #listening = Promise.withResolvers<number | null>();
  readonly #speech = new Speech();
  #hasEnded = false;

  constructor(host: Host, settings: ScriptSettings, onFree: () => void) {
    const { lane, role, certs, args: own } = settings;
    this.#host = host;
    const args = [...laneOptions(lane), "--certs", certs, ...own];
    const running = host.run({ protocol: lane.protocol, role, args }, (stderr) => {
      const port = listeningPort(stderr);
      if (port !== null) this.#listening.resolve(port);
      this.#speech.update(stderr);
    }, onFree);
    this.ended = running.finally(() => {
      this.#hasEnded = true;
      this.#listening.resolve(null);
    });
  }

  get pid(): number {
    return this.#host.child.pid;
  }

  get port(): Promise<number | null> {
    return this.#listening.promise;
  }

  says(pattern: RegExp): Promise<void> {
    return this.#speech.until(pattern, this.ended);
  }

  /** Sends a signal to the host, unless the script has ended. */
  kill(signal: Deno.Signal): void {
    if (!this.#hasEnded) this.#host.child.kill(signal);
  }
}
