/**
 * The system's ssh, scp and tar: how they are started, and what it means when they fail.
 *
 * Nothing is asked: a key that needs a passphrase comes from ssh's agent. A host key that is not known
 * is refused.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { visibleLine } from "../../common/base/visible.ts";
import type { Remote } from "./hosts.ts";

/** How long is waited, and what ends the wait. */
export interface Patience {
  /** Longest wait for a connection, and for a sign of life on it, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends all that was started. */
  readonly signal: AbortSignal;
}

/** How a program of the system ended. */
export interface ToolEnding {
  code: number;
  /** The last of what it said on stderr. */
  stderr: string;
}

/** More of what a program says is not kept. */
const MAX_KEPT = 16_384;

/** A word as a POSIX shell has to be given it, to read it as it is. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A folder of the other machine as its commands take it: a relative one is in the user's home, where
 * ssh's commands begin, and never looks like an option.
 */
export function remotePath(folder: string): string {
  if (folder.startsWith("/")) return folder;
  return folder.startsWith("~") ? `.${folder.slice(1)}` : `./${folder}`;
}

/**
 * A remote path as scp takes it. Old ones hand it to the shell there, new ones take it for a pattern
 * (glob(7)); a backslash before each character keeps both from seeing more in it than a name.
 */
export function scpSource({ host }: Remote, path: string): string {
  const escaped = path.replace(/[^\p{L}\p{N}/._-]/gu, "\\$&");
  return `${host.includes(":") ? `[${host}]` : host}:${escaped}`;
}

/** Options that ssh and scp have in common (ssh_config(5)). */
export function sshOptions(remote: Remote, timeoutMs: number): string[] {
  const { user, port, identityFile, knownHostsFile } = remote;
  const seconds = Math.ceil(timeoutMs / 1000);
  const options: Record<string, string | number> = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    UpdateHostKeys: "no",
    ConnectTimeout: seconds,
    ConnectionAttempts: 1,
    // After so many questions without an answer the connection is given up.
    ServerAliveInterval: Math.ceil(seconds / 2),
    ServerAliveCountMax: 2,
    ClearAllForwardings: "yes",
    ForwardAgent: "no",
    PermitLocalCommand: "no",
    // The other machine's banner is no error.
    LogLevel: "ERROR",
    ...(user === undefined ? {} : { User: `"${user.replaceAll("\\", "\\\\")}"` }),
    ...(port === undefined ? {} : { Port: port }),
    ...(identityFile === undefined
      ? {}
      : { IdentityFile: configFile(identityFile), IdentitiesOnly: "yes" }),
    ...(knownHostsFile === undefined
      ? {}
      : { UserKnownHostsFile: configFile(knownHostsFile), GlobalKnownHostsFile: "/dev/null" }),
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** A path as a value of ssh_config(5): in quotes, and with a percent sign that stands for itself. */
function configFile(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** Arguments of ssh for a script of sh(1), without line breaks, that is given words as $1, $2, ... */
export function sshCommand(
  remote: Remote,
  timeoutMs: number,
  script: string,
  words: readonly string[],
): string[] {
  // The user's shell there need not be a POSIX one, but all of them know such quotes.
  const command = ["exec", "sh", "-c", ...[script, "sh", ...words].map(quote)].join(" ");
  return [...sshOptions(remote, timeoutMs), "-T", "--", remote.host, command];
}

/** What to install where a program is missing. */
const PACKAGES: Readonly<Record<string, string>> = {
  ssh: "OpenSSH's client (apt install openssh-client, dnf install openssh-clients)",
  scp: "OpenSSH's client (apt install openssh-client, dnf install openssh-clients)",
  tar: "tar (apt install tar)",
};

/**
 * Starts a program of the system.
 *
 * @throws {RunError} where it is missing, saying how to install it
 */
export function startTool(
  program: "ssh" | "scp" | "tar",
  args: string[],
  signal: AbortSignal,
  stdio: Pick<Deno.CommandOptions, "stdin" | "stdout"> = {},
): Deno.ChildProcess {
  try {
    const command = new Deno.Command(program, {
      args,
      // macOS's tar would add a second file to each.
      env: { COPYFILE_DISABLE: "1" },
      signal,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...stdio,
    });
    return command.spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new RunError(`there is no ${program} on this machine; install ${PACKAGES[program]}`, {
      cause,
    });
  }
}

/**
 * Waits for its end.
 *
 * @param onStderr called with the last of what it has said, whenever there is more
 */
export async function endOf(
  child: Deno.ChildProcess,
  onStderr?: (last: string) => void,
): Promise<ToolEnding> {
  const decoder = new TextDecoder();
  let stderr = "";
  for await (const bytes of child.stderr) {
    stderr = (stderr + decoder.decode(bytes, { stream: true })).slice(-MAX_KEPT);
    onStderr?.(stderr);
  }
  const { code } = await child.status;
  return { code, stderr };
}

/** What ssh and the programs on the other side say, and what is the case then. */
const CASES:
  readonly (readonly [pattern: RegExp, explain: (remote: Remote, into: string) => string])[] = [
    [
      /HOST IDENTIFICATION HAS CHANGED/,
      ({ host }) =>
        `its host key is not the known one: another machine answers as ${host}, or it was set up anew; ` +
        "ask its administrator before the old key is removed from the known hosts",
    ],
    [
      /Host key verification failed|host key is known for/,
      ({ host }) =>
        `its host key is not known; connect once by hand (ssh ${host}) and compare the fingerprint, or ` +
        "name a knownHostsFile",
    ],
    [
      /Permission denied \(([^)]*)\)/,
      ({ identityFile }) =>
        `it refuses the login: ${
          identityFile === undefined ? "none of ssh's keys" : `the key in ${identityFile}`
        } does not open that user's account, or needs a passphrase (ssh-add)`,
    ],
    [/Could not resolve hostname/, () => "no such host name"],
    [
      /Connection refused/,
      ({ port }) =>
        `connection refused${port === undefined ? "" : ` on port ${port}`}; is sshd running there?`,
    ],
    [/timed out|Timeout, server .* not responding/, () => "it does not answer in time"],
    [/No route to host|Network is unreachable/, () => "there is no way to it in the network"],
    [
      /No space left on device|Disk quota exceeded|write remote .*: Failure/,
      (_, into) => `no space left for ${into}`,
    ],
  ];

/** What tar and scp say after it was said what is wrong. */
const EPILOGUE =
  /^(?:\S*\/)?(?:tar: (?:Error is not recoverable|Exiting with failure status)|scp: Connection closed)/;

/** What is said where nothing else is wrong. */
const LOST =
  /Connection (?:to .* )?(?:closed|reset)|[Bb]roken pipe|[Ll]ost connection|^the copy was interrupted/;

/**
 * Why ssh or scp failed, in one line.
 *
 * @param into the folder that was copied into
 */
export function failureOf(
  { code, stderr }: ToolEnding,
  remote: Remote,
  into: string = remote.folder,
): RunError {
  const found = CASES.find(([pattern]) => pattern.test(stderr));
  if (found) return new RunError(found[1](remote, into));
  const lines = stderr.split(/[\r\n]+/).filter((line) => line !== "");
  const line = lines.findLast((line) => !EPILOGUE.test(line)) ?? lines.at(-1);
  if (line === undefined) return new RunError(`ended with exit code ${code}, without a word`);
  return new RunError(LOST.test(line) ? "the connection was lost" : visibleLine(line));
}
