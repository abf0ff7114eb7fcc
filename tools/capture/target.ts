/**
 * The files of a capture: where it goes, and where its keys are until they are in it.
 *
 * @module
 */
import { describe, RunError, UsageError } from "../../common/base/errors.ts";
import { makePrivateFolder } from "../../common/base/output.ts";
import { dirname, join, resolve } from "../../common/base/std.ts";
import { captureName, CAPTURES, RESULTS } from "../lib/results_folder.ts";
import { embed } from "./embed.ts";
import { createFile } from "./files.ts";
import { hasKeys } from "./given_keys.ts";
import type { Capture } from "./packets.ts";

/** Where it is in the end. */
export interface KeptCapture {
  path: string;
  /** Where its keys are, if not in it; null for nowhere. */
  keyLog: string | null;
  /** Whether its keys are in it. */
  hasKeys: boolean;
  /** Why the keys that a user names are not in it; null where none were named, or all is well. */
  withoutKeys: string | null;
  /** Why it stays as it was captured; null where it does not. */
  asCaptured: string | null;
}

/** The files of one capture. */
export class CaptureTarget {
  readonly #path: string;
  readonly #isNamed: boolean;
  readonly #ownKeys: string;
  readonly #givenKeys: string | null;

  /**
   * @param out where the user wants it; null for a name of its own in the folder of results
   * @param name what is captured
   * @param keyLog a user's own keys; null where a run makes them
   */
  constructor(out: string | null, name: string, keyLog: string | null) {
    this.#path = resolve(out ?? join(RESULTS, captureName(name, new Date())));
    this.#isNamed = out !== null;
    this.#ownKeys = `${this.#path.replace(CAPTURES, "")}.keys`;
    this.#givenKeys = keyLog;
  }

  /** Where a run writes its keys. */
  get keys(): { folder: string; path: string } {
    return { folder: dirname(this.#path), path: this.#ownKeys };
  }

  /**
   * Makes the file of the capture, for its owner alone.
   *
   * @throws {UsageError} where that, or its keys' file, is there already
   * @throws {RunError} where it cannot be made
   */
  async open(): Promise<Deno.FsFile> {
    try {
      if (!this.#isNamed) await makePrivateFolder(RESULTS);
      if (this.#givenKeys === null && await isThere(this.#ownKeys)) throw taken(this.#ownKeys);
      return createFile(this.#path);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable || cause instanceof UsageError) throw cause;
      if (cause instanceof Deno.errors.AlreadyExists) throw taken(this.#path);
      const why = cause instanceof Deno.errors.NotFound ? "no such folder" : describe(cause);
      throw new RunError(`cannot write ${this.#path}: ${why}`, { cause });
    }
  }

  /** Makes of it what is kept, when it has ended. */
  async finish({ program }: Capture): Promise<KeptCapture> {
    const { keyLog, withoutKeys } = await this.#keyLog();
    const { hasKeys: isEmbedded, asCaptured } = await embed(this.#path, keyLog);
    if (this.#givenKeys === null && (isEmbedded || keyLog === null)) {
      await Deno.remove(this.#ownKeys).catch(() => {});
    }
    const path = program === "tcpdump" && asCaptured !== null ? await this.#asPcap() : this.#path;
    const left = isEmbedded ? null : keyLog;
    return { path, keyLog: left, hasKeys: isEmbedded, withoutKeys, asCaptured };
  }

  /** The file that has keys; null where none has. */
  async #keyLog(): Promise<{ keyLog: string | null; withoutKeys: string | null }> {
    const given = this.#givenKeys;
    if (given === null) {
      const { size } = await Deno.stat(this.#ownKeys).catch(() => ({ size: 0 }));
      return { keyLog: size > 0 ? this.#ownKeys : null, withoutKeys: null };
    }
    try {
      if (await hasKeys(given)) return { keyLog: given, withoutKeys: null };
      return { keyLog: null, withoutKeys: `there are none in ${given}` };
    } catch (error) {
      return { keyLog: null, withoutKeys: describe(error) };
    }
  }

  /** A name that this program has given says what is in the file. */
  async #asPcap(): Promise<string> {
    if (this.#isNamed) return this.#path;
    const path = this.#path.replace(CAPTURES, ".pcap");
    await Deno.rename(this.#path, path);
    return path;
  }
}

function taken(path: string): UsageError {
  return new UsageError(`${path} is there already, and is not replaced; name another file (--out)`);
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
