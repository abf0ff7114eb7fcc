/**
 * A pair's scripts as processes of their own.
 *
 * @module
 */
import { type Lane, laneOptions, permissionsOf } from "../../common/model/lanes.ts";
import type { Protocol, Role } from "../../common/model/protocol.ts";
import { dirname, fromFileUrl, join } from "../../common/base/std.ts";

/** The project's folder. */
export const ROOT: string = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** How a script ended, and all that it said. */
export interface Ending {
  code: number;
  /** The signal that ended it, if one did. */
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** What a script is started with. */
export interface ScriptSettings {
  lane: Lane;
  role: Role;
  /** Folder of the certificates. */
  certs: string;
  /** File with the passphrase of the private key (default none). */
  keyPassphraseFile?: string | null;
  /** Folder that it may write its results to; null for none. */
  results: string | null;
  /** More arguments. */
  args: string[];
  /** Instead of the permissions that it needs. */
  permissions?: string[];
  /** Added to its environment. */
  env?: Record<string, string>;
  /** Called with all that it has said on stderr whenever there is more. */
  onStderr?: (all: string) => void;
}

/**
 * What starts a script: Deno with its file; where this program is compiled it is all commands in
 * one, which starts itself.
 */
export function startOf(
  protocol: Protocol,
  role: Role,
  permissions: readonly string[],
  isCompiled: boolean = Deno.build.standalone,
): string[] {
  if (isCompiled) return [protocol, role];
  return ["run", "--quiet", "--no-prompt", ...permissions, join(ROOT, protocol, `${role}.ts`)];
}

/** One running script. It ends when this program does, however that ends. */
export class ScriptProcess {
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;
  readonly #child: Deno.ChildProcess;
  readonly #listening = Promise.withResolvers<number | null>();

  /** Starts it, with the permissions it needs and no more. */
  constructor(settings: ScriptSettings) {
    const { lane, role, certs, results, args, env } = settings;
    const passphraseFile = lane.engine === null ? null : settings.keyPassphraseFile ?? null;
    const permissions = settings.permissions ?? [
      ...permissionsOf(lane, passphraseFile === null ? certs : `${certs},${passphraseFile}`),
      ...(results === null ? [] : [`--allow-write=${results}`]),
      "--allow-sys=hostname,cpus",
    ];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...startOf(lane.protocol, role, permissions),
        ...[...laneOptions(lane), "--certs", certs, "--end-with-stdin"],
        ...(passphraseFile === null ? [] : ["--key-passphrase-file", passphraseFile]),
        ...args,
      ],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#wait(settings.onStderr);
  }

  /** The system's number of it. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The port its server listens on; null where it ended before it listened. */
  get port(): Promise<number | null> {
    return this.#listening.promise;
  }

  /** Sends a signal, unless it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }

  async #wait(onStderr?: ScriptSettings["onStderr"]): Promise<Ending> {
    const [stdout, stderr] = await Promise.all([
      collect(this.#child.stdout),
      collect(this.#child.stderr, (text) => {
        const port = listeningPort(text);
        if (port !== null) this.#listening.resolve(port);
        onStderr?.(text);
      }),
    ]);
    const { code, signal } = await this.#child.status;
    this.#listening.resolve(null);
    await this.#child.stdin.close();
    return { code, signal, stdout, stderr };
  }
}

/** The port that a server's stderr names; null where it does not listen yet. */
export function listeningPort(stderr: string): number | null {
  const port = /^listening on .*:(\d+)$/m.exec(stderr)?.[1];
  return port === undefined ? null : Number(port);
}

/** Reads a stream to its end. */
async function collect(
  stream: ReadableStream<Uint8Array>,
  onText?: (all: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    onText?.(text);
  }
  return text;
}

/** What a script says that is no reason for its end. */
const NO_REASON = /^(?:\S+: )?(?:listening on |warning: |size \d+ of |press Enter |interrupted; )/;

/** Why a script failed, in one line: what it said, or how it ended. */
export function failureOf({ code, signal, stderr }: Ending): string {
  const lines = stderr.trim().split("\n");
  const error = lines.findLast((line) => line.startsWith("error: "));
  if (error) return error.slice("error: ".length);
  if (signal !== null) return `was ended by ${signal}`;
  const line = lines.findLast((line) => line !== "" && !NO_REASON.test(line));
  return line ?? `ended with exit code ${code}`;
}
