/**
 * A file system of a few bytes, for tests of a disk that is full or may not be written to.
 *
 * @module
 */

/** Why there can be none here; null where there can. */
export const NO_SMALL_DISK: string | null = Deno.build.os !== "linux"
  ? "only Linux has tmpfs"
  : Deno.uid() !== 0
  ? "only root mounts a tmpfs"
  : await mayMount()
  ? null
  : "no tmpfs can be mounted here";

/** Mounts one over a folder until it is disposed. */
export async function smallDisk(folder: string, options: string): Promise<AsyncDisposable> {
  if (!await run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)) {
    throw new Error(`no tmpfs on ${folder}`);
  }
  return {
    async [Symbol.asyncDispose]() {
      await run("umount", "--lazy", folder);
    },
  };
}

async function mayMount(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "netpairs-disk-" });
  try {
    await (await smallDisk(folder, "size=4k"))[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(folder);
  }
}

async function run(program: string, ...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(program, { args }).output();
  return success;
}
