/**
 * That files which are read or written are different ones: nothing is written over what is read.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { join, resolve } from "../../common/base/std.ts";
import type { Source } from "./jobs.ts";

/** A file, and what it is named by in an error. */
export interface NamedFile {
  name: string;
  path: string;
}

/** Whatever a path is called by: links lead to the same file. */
async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino === null ? resolve(path) : `${dev} ${ino}`;
  } catch {
    return resolve(path);
  }
}

/**
 * Makes sure that no file is written that is read, or written for something else, too.
 *
 * @param written files that will be written, without `-`
 * @throws {UsageError} naming both
 */
export async function refuseSameFiles(
  read: readonly NamedFile[],
  written: readonly NamedFile[],
): Promise<void> {
  const known = new Map<string, string>();
  for (const { name, path } of read) known.set(await identityOf(path), name);
  for (const { name, path } of written) {
    const identity = await identityOf(path);
    const other = known.get(identity);
    if (other !== undefined) {
      throw new UsageError(`${name} ${path}: it is ${other}, too; name another file`);
    }
    known.set(identity, name);
  }
}

/**
 * The files that documents were read from.
 *
 * @param besides names of files in their folders that are this program's own to write
 */
export async function filesOf(
  sources: readonly Source[],
  besides: readonly string[] = [],
): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  for (const { path, folder, madeOf } of sources) {
    if (!madeOf) files.push({ name: `the document ${path}`, path });
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".csv") || besides.includes(name)) continue;
      files.push({ name: `a log of ${folder}`, path: join(folder, name) });
    }
  }
  return files;
}

/**
 * Makes sure that a measurement does not count twice, as rounds that it has not.
 *
 * @throws {UsageError} naming both
 */
export function refuseTwice(sources: readonly Source[]): void {
  const known = new Map<string, string>();
  for (const { path, document: { startedAt, environment, runs } } of sources) {
    const text = JSON.stringify([startedAt, environment, runs]);
    const other = known.get(text);
    if (other !== undefined) {
      throw new UsageError(`${path}: the same measurement as ${other}; name each once`);
    }
    known.set(text, path);
  }
}
