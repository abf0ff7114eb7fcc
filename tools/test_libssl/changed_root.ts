/**
 * A program run with another folder as its root, where this project, this Deno and its cache are,
 * too: newer libraries want a newer libc, which Deno then runs with.
 *
 * @module
 */
import { dirname, join } from "../../common/base/std.ts";
import { run } from "./commands.ts";
import type { Unpacked } from "./apt.ts";

/** Where Deno is there. */
const DENO = "/usr/local/bin/deno";

/** What programs ask who they are. */
const FILES = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n" +
    "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n" +
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/hostname": "localhost\n",
  "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
};

/** In a mount namespace of its own, which ends with the program: $1 is the root, $2 the project. */
const SCRIPT = `
root=$1 project=$2 deno=$3 cache=$4
shift 4
for folder in /proc /dev /sys; do mount --rbind $folder "$root$folder"; done
mount --bind "$project" "$root$project"
mount --bind "$cache" "$root$cache"
mount --bind "$deno" "$root${DENO}"
cd "$project"
exec chroot "$root" /bin/sh -euc 'cd "$1"; shift; exec "$@"' - "$project" "$@"
`;

/** What is to be run. */
export interface Inside {
  /** Folder of the project. */
  project: string;
  /** Arguments for Deno. */
  args: readonly string[];
  /** Its environment, and nothing else of this one. */
  env: Readonly<Record<string, string>>;
}

/**
 * Runs Deno there; what it says is shown.
 *
 * @param onStdout sees what it says on stdout
 * @returns its exit code
 * @throws {Skipped} where this system does not let us
 */
export async function runInside(
  { root }: Unpacked,
  { project, args, env }: Inside,
  onStdout: (bytes: Uint8Array) => void,
): Promise<number> {
  const cache = await denoCache();
  const namespace = ["--mount", ...(Deno.uid() === 0 ? [] : ["--map-root-user"])];
  await run("unshare", [...namespace, "true"], "change the root of a program");
  // What an interrupted run has left there.
  await Deno.remove(join(root, "tmp"), { recursive: true }).catch(() => {});
  for (const path of ["proc", "dev", "sys", "run/sshd", "tmp", project, cache, dirname(DENO)]) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.writeTextFile(join(root, path), text);
  }
  await Deno.writeTextFile(join(root, DENO), "");
  const own = [root, project, Deno.execPath(), cache];
  const command = [...namespace, "sh", "-euc", SCRIPT, "-", ...own, DENO, ...args];
  const variables = { PATH: "/usr/local/bin:/usr/sbin:/usr/bin", HOME: "/root", LANG: "C.UTF-8" };
  const child = new Deno.Command("unshare", {
    args: command,
    clearEnv: true,
    env: { ...variables, DENO_DIR: cache, ...env },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const [shown, seen] = child.stdout.tee();
  const showing = shown.pipeTo(Deno.stdout.writable, { preventClose: true });
  for await (const bytes of seen) onStdout(bytes);
  await showing;
  return (await child.status).code;
}

/** Folder that Deno keeps modules in. */
async function denoCache(): Promise<string> {
  const text = await run(Deno.execPath(), ["info", "--json"], "know its cache");
  return (JSON.parse(text) as { denoDir: string }).denoDir;
}
