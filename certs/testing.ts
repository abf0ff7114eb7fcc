/**
 * What the tests of this folder share.
 *
 * @module
 */

/** Runs with a directory of its own that is gone afterwards. */
export async function withDirectory(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-certs-" });
  try {
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What a finished command has left. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export async function run(command: string, args: string[], cwd?: string): Promise<Finished> {
  const output = await new Deno.Command(command, { args, cwd, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

/**
 * Runs this same Deno. Where it was installed as a package, the `deno` that `--allow-run=deno`
 * permits is a wrapper around it; then the wrapper is run.
 */
export async function runDeno(args: string[]): Promise<Finished> {
  const self = await Deno.permissions.query({ name: "run", command: Deno.execPath() });
  return await run(self.state === "granted" ? Deno.execPath() : "deno", args);
}

/**
 * Runs the openssl command in a directory.
 *
 * @returns undefined, and says so, where there is no such command
 */
export async function openssl(dir: string, ...args: string[]): Promise<Finished | undefined> {
  try {
    return await run("openssl", args, dir);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("not checked with OpenSSL: there is no openssl command");
    return undefined;
  }
}
