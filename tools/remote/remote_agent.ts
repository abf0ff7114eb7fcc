/**
 * An agent on another machine for the time of a run: its program is copied there, started through ssh,
 * and taken away again.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { visibleLine } from "../../common/base/visible.ts";
import type { Remote } from "./hosts.ts";
import { certificates, thisProgram } from "./parcel.ts";
import { pushTo } from "./push.ts";
import { endOf, failureOf, type Patience, remotePath, sshCommand, startTool } from "./ssh.ts";

/** What an agent is started with. */
export interface RemoteAgentSettings {
  /** The other machine; beside its folder a new one is made. */
  readonly remote: Remote;
  /** Folder of this machine's certificates. */
  readonly certs: string;
  /** Its name or address in the network, see {@linkcode hostnameOf}. */
  readonly hostname: string;
  /** Port of the agent, the next one being the lanes' servers'; null for free ones. */
  readonly port: number | null;
}

/**
 * What runs on the other machine: $1 is the folder, $2 the executable in it, or nothing where Deno runs
 * the sources; the rest are arguments. However it ends, the folder is gone then. ssh's end is the
 * agent's, as it ends with stdin.
 */
const SERVE = [
  'cd "$1" || exit 1; here=$(pwd); program=$2; shift 2',
  `trap 'cd /; rm -rf "$here"' EXIT; trap 'exit 1' HUP INT PIPE TERM`,
  'if [ -n "$program" ]; then "./$program" agent "$@"',
  'elif command -v deno >/dev/null; then deno task agent "$@"',
  `elif command -v npx >/dev/null; then npx -y deno@${Deno.version.deno} task agent "$@"`,
  'else echo "there is neither Deno nor npx on its path" >&2; exit 1; fi',
].join("; ");

/** Listens until it is disposed. */
export class RemoteAgent implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port;
    this.#stop = stop;
  }

  /**
   * Starts one.
   *
   * @throws {RunError} saying why it cannot be started; then no file is left there
   */
  static async start(settings: RemoteAgentSettings, patience: Patience): Promise<RemoteAgent> {
    const { remote, certs } = settings;
    // Nothing else has this name: it may be removed.
    const folder = `${remote.folder.replace(/\/+$/, "")}-run-${crypto.randomUUID()}`;
    const program = await thisProgram();
    await pushTo(
      { ...remote, folder },
      [...program, await certificates(certs, "server")],
      patience,
    );
    const { timeoutMs, signal } = patience;
    const executable = Deno.build.standalone ? program[0]!.names[0]! : "";
    const words = [remotePath(folder), executable, ...listenArgs(settings)];
    const ssh = startTool("ssh", sshCommand(remote, timeoutMs, SERVE, words), signal, {
      stdin: "piped",
    });
    const listening = Promise.withResolvers<number>();
    const ended = endOf(ssh, (stderr) => {
      const port = /^listening on .*:(\d{1,5})$/m.exec(stderr)?.[1];
      if (port !== undefined) listening.resolve(Number(port));
    });
    ended.then(
      (ending) => listening.reject(signal.aborted ? signal.reason : failureOf(ending, remote)),
      listening.reject,
    );
    const stop = async () => {
      await ssh.stdin.close().catch(() => {});
      await ended;
    };
    return new RemoteAgent(await listening.promise, stop);
  }

  /** Ends it, and takes away what was copied. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}

/** On all addresses, as the one that it is reached at may not be its own. */
function listenArgs({ hostname, port }: RemoteAgentSettings): string[] {
  const anywhere = hostname.includes(":") ? "::" : "0.0.0.0";
  const host = /^(127\.[0-9.]+|::1|localhost)$/.test(hostname) ? hostname : anywhere;
  const [own, data] = port === null ? [0, 0] : [port, port + 1];
  return ["--host", host, "--port", `${own}`, "--data-port", `${data}`, "--end-with-stdin"];
}

/** Name or address of a host in the network: ssh's configuration may call it otherwise. */
export async function hostnameOf(
  remote: Remote,
  { timeoutMs, signal }: Patience,
): Promise<string> {
  const args = ["-G", ...sshCommand(remote, timeoutMs, "", [])];
  const ssh = startTool("ssh", args, signal, { stdout: "piped" });
  const [{ code, stderr }, said] = await Promise.all([
    endOf(ssh),
    new Response(ssh.stdout).text(),
  ]);
  const hostname = /^hostname (.+)$/m.exec(said)?.[1];
  if (code === 0 && hostname !== undefined) return hostname;
  throw new RunError(visibleLine(`ssh does not know ${remote.host}: ${stderr}`));
}
