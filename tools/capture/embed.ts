/**
 * Makes one file of a capture and its keys, without the datagram that only marks its end.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";
import { createFile, writeBytes } from "./files.ts";
import { framesWithMark } from "./reading.ts";
import { start } from "./programs.ts";

/** What has become of a capture. */
export interface Embedded {
  /** Whether the keys are in it. */
  hasKeys: boolean;
  /** Why it is as it was captured; null where it was made anew. */
  asCaptured: string | null;
}

/**
 * Writes a capture anew, as pcapng with its keys in it. Where that cannot be done it stays as it is.
 *
 * @param path of a file that its owner alone can read, which stays so
 * @param keyLog path of the keys; null for none
 */
export async function embed(path: string, keyLog: string | null): Promise<Embedded> {
  const other = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const secrets = keyLog === null ? [] : ["--inject-secrets", `tls,${keyLog}`];
  const marks = await framesWithMark(path);
  try {
    const child = start("editcap", ["-F", "pcapng", ...secrets, path, "-", ...marks]);
    if (!child) return { hasKeys: false, asCaptured: "there is no editcap" };
    using file = createFile(other);
    const stderr = new Response(child.stderr).text();
    for await (const bytes of child.stdout) writeBytes(file, bytes);
    if (!(await child.status).success) throw new RunError(`editcap: ${await stderr}`);
    await Deno.rename(other, path);
    return { hasKeys: keyLog !== null, asCaptured: null };
  } catch (error) {
    await Deno.remove(other).catch(() => {});
    return { hasKeys: false, asCaptured: describe(error) };
  }
}
