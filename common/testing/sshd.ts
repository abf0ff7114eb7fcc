/**
 * The system's sshd on loopback, with keys and settings of its own, and a client's key that it takes.
 *
 * @module
 */
import { dirname } from "../base/std.ts";
import { type Folder, folderWith } from "./folder.ts";
import { findProgram } from "./programs.ts";
import { within } from "./within.ts";
import { freePort } from "./free_port.ts";

/** Whether tests can have one. */
export const HAS_SSHD: boolean = (["ssh", "scp", "sshd"] as const).every((program) =>
  findProgram(program) !== null
);

/** Files of the folder. */
const [HOST_KEY, USER_KEY, AUTHORIZED, KNOWN, CONFIG] = [
  "host_key",
  "user_key",
  "authorized_keys",
  "known_hosts",
  "sshd_config",
];

/** Listens until it is disposed. */
export class Sshd implements AsyncDisposable {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  readonly #folder: Folder;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(
    port: number,
    folder: Folder,
    child: Deno.ChildProcess,
    ended: Promise<unknown>,
  ) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
    this.#ended = ended;
  }

  /** Starts one. */
  static async start(): Promise<Sshd> {
    const folder = await folderWith();
    for (const name of [HOST_KEY, USER_KEY]) await makeKey(folder.path(name));
    await Deno.copyFile(folder.path(`${USER_KEY}.pub`), folder.path(AUTHORIZED));
    // It wants this folder where root starts it.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    for (let tries = 0; tries < 10; tries++) {
      // sshd knows no 0.
      const port = freePort("tcp");
      await Deno.writeTextFile(folder.path(CONFIG), settings(folder, port));
      const child = new Deno.Command(findProgram("sshd")!, {
        args: ["-D", "-e", "-f", folder.path(CONFIG)],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const listening = Promise.withResolvers<boolean>();
      const ended = watch(child, listening);
      if (await within(listening.promise)) return new Sshd(port, folder, child, ended);
      await ended;
    }
    throw new Error("no sshd was started: no port was free");
  }

  /** The user's own key, which it takes. */
  get identityFile(): string {
    return this.#folder.path(USER_KEY);
  }

  /** Writes a file of host keys in which its own stands, for another port, too. */
  async knownHosts(port: number = this.port): Promise<string> {
    const [type, key] = (await Deno.readTextFile(this.#folder.path(`${HOST_KEY}.pub`))).split(" ");
    const path = this.#folder.path(`${KNOWN}-${port}`);
    await Deno.writeTextFile(path, `[127.0.0.1]:${port} ${type} ${key}\n`);
    return path;
  }

  /** Makes a key that it does not know. */
  async strangerKey(): Promise<string> {
    const path = this.#folder.path("stranger key");
    await makeKey(path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
    await this.#folder[Symbol.asyncDispose]();
  }
}

async function watch(
  child: Deno.ChildProcess,
  listening: PromiseWithResolvers<boolean>,
): Promise<void> {
  let said = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (/^Server listening on /m.test(said)) listening.resolve(true);
  }
  await child.status;
  if (/Address already in use/.test(said)) listening.resolve(false);
  listening.reject(new Error(`sshd has ended: ${said}`));
  await listening.promise.catch(() => {});
}

function settings(folder: Folder, port: number): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder.path(HOST_KEY)}`,
    `AuthorizedKeysFile ${folder.path(AUTHORIZED)}`,
    "PidFile none",
    // The folder is in one that all may write to.
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "Subsystem sftp internal-sftp",
    `SetEnv ${sessionEnvironment().map(([name, value]) => `"${name}=${value}"`).join(" ")}`,
    "",
  ].join("\n");
}

/** Sessions have the Deno that runs the tests, and what it has loaded. */
function sessionEnvironment(): [name: string, value: string][] {
  const path = `${dirname(Deno.execPath())}:${Deno.env.get("PATH") ?? ""}`;
  const cache = Deno.env.get("DENO_DIR");
  return [
    ["PATH", path],
    ...(cache === undefined ? [] : [["DENO_DIR", cache] as [string, string]]),
  ];
}

async function makeKey(path: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "ed25519", "-N", "", "-f", path],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
