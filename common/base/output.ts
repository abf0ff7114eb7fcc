/**
 * Where a command's results go: stdout, and the files that were asked for.
 *
 * Whether a file can be written is found out before a run, so that a wrong name fails before anything
 * was measured; what the file held before is left alone until there is something else to be kept.
 *
 * @module
 */
import { describe, RunError } from "./errors.ts";
import { visible } from "./visible.ts";

/** Takes text, writes it to its end. */
export type Write = (text: string) => void;

/** A file that grows while a command runs. */
export interface LogFile {
  /** Adds text to what was written before; the first one takes the place of what the file held. */
  write: Write;
  /**
   * Gives the file back.
   *
   * @throws {RunError} where it was removed in the meantime
   */
  close(): void;
}

const encoder = new TextEncoder();

/**
 * Makes sure that a document can be written; "-" is stdout.
 *
 * @returns writes the whole document, and throws a {@linkcode RunError} where that fails: the file
 * holds all of it or, as where the process is killed, what it held before
 * @throws {RunError} naming the file
 */
export function openDocument(path: string): Write {
  if (path === "-") return print;
  return explained(path, () => {
    const there = openThere(path);
    const info = there && mayRead(path) ? there.statSync() : null;
    const isOurs = there === null ? isFree(path) : info !== null && isPlain(path, info);
    if (isOurs && mayReplace(path, info)) {
      there?.close();
      return (text) => explained(path, () => replace(path, text, info?.mode));
    }
    return (text) => explained(path, () => writeOver(there ?? openOrMake(path), text));
  });
}

/**
 * Makes a folder, and those above it that are missing, which its owner alone can look into,
 * whatever the umask leaves to others: keys come into it, or results, which name the machine.
 *
 * @throws {Deno.errors.*} as the file system says
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: PRIVATE });
}

/** Read, written and entered by its owner alone. */
export const PRIVATE = 0o700;

/**
 * Opens a log; "-" is stdout.
 *
 * @throws {RunError} naming the file; so do its methods
 */
export function openLog(path: string): LogFile {
  if (path === "-") return { write: print, close() {} };
  return explained(path, () => {
    const file = openOrMake(path);
    let isFirst = true;
    return {
      write: (text) =>
        explained(path, () => {
          if (isFirst) cut(file, 0);
          isFirst = false;
          writeAll(file, text);
        }),
      close: () =>
        explained(path, () => {
          const isGone = mayRead(path) && file.statSync().nlink === 0;
          file.close();
          if (isGone) throw new RunError("it was removed in the meantime");
        }),
    };
  });
}

/**
 * Adds text to a file that several programs may add to: it is locked meanwhile, where the file
 * system has locks, and the text is written in one piece, at the end of what is there then. A file
 * that is made is for its owner alone.
 *
 * @param textAfter makes the text of what the file holds; nothing is written where it throws
 * @throws {RunError} naming the file, and what `textAfter` throws
 */
export function appendTo(path: string, textAfter: (there: string) => string): void {
  const options = { read: true, append: true, create: true, mode: 0o600 };
  using file = explained(path, () => Deno.openSync(path, options));
  const there = explained(path, () => {
    if (!file.statSync().isFile) throw new RunError(NO_FILE);
    lock(file);
    return readAll(file);
  });
  const text = textAfter(there);
  if (text === "") return;
  explained(path, () => {
    writeAll(file, text);
    file.syncSync();
  });
}

/** Of a folder, a pipe or a device. */
const NO_FILE = "it is no file that can be added to";

/**
 * Makes a file for its owner alone, where nothing has its name.
 *
 * @returns whether it was made
 * @throws {RunError} naming the file
 */
export function makePrivateFile(path: string): boolean {
  return explained(path, () => {
    try {
      Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw error;
    }
  });
}

/**
 * Adds text in one piece, so that several programs may write to the same file. It is for its owner
 * alone from then on, whoever could read it before. What is no file is let be, as far as the
 * permission to read lets it be seen: a device would be its owner's alone for all programs, and a
 * pipe that nobody reads would hold up this one.
 *
 * @throws {RunError} naming the file
 */
export function appendPrivately(path: string, text: string): void {
  // Deno gives a file that is there this mode, too, before it writes.
  const options = { append: true, mode: 0o600 };
  explained(path, () => {
    if (isOther(path)) throw new RunError(NO_FILE);
    Deno.writeTextFileSync(path, text, options);
  });
}

/** Whether what is there is seen to be no file. */
function isOther(path: string): boolean {
  try {
    return mayRead(path) && !Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * Writes to stdout what can be seen, see {@linkcode visible}. A reader that has gone away is no
 * error: the files still get everything.
 *
 * @throws {RunError} where stdout takes no more
 */
export function print(text: string): void {
  try {
    writeAll(Deno.stdout, visible(text));
  } catch (cause) {
    if (cause instanceof Deno.errors.BrokenPipe) return;
    throw new RunError(`cannot write to stdout: ${describe(cause)}`, { cause });
  }
}

/** What is there, opened for writing; null where nothing is. */
function openThere(path: string): Deno.FsFile | null {
  try {
    return Deno.openSync(path, { write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function openOrMake(path: string): Deno.FsFile {
  return Deno.openSync(path, { write: true, create: true });
}

/** Whether a file of that name can be made; false where the name is a link that leads nowhere. */
function isFree(path: string): boolean {
  try {
    return tryToMake(path, () => true);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Whether the name stands for a file and no more: no pipe, no device, no link, no second name. */
function isPlain(path: string, { isFile, nlink }: Deno.FileInfo): boolean {
  return isFile && nlink === 1 && Deno.lstatSync(path).isFile;
}

/**
 * Whether another file can take this one's name, as far as permissions and the folder's rights go.
 *
 * @param there the file that has the name now: it keeps its owner
 */
function mayReplace(path: string, there: Deno.FileInfo | null): boolean {
  // Deno.rename() wants to read, too.
  if (!mayRead(path)) return false;
  try {
    const uid = tryToMake(besides(path), (file) => file.statSync().uid);
    return there === null || there.uid === uid;
  } catch {
    return false;
  }
}

function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** A name in the same folder that nothing has. */
function besides(path: string): string {
  return `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/** Makes a file, looks at it and removes it. */
function tryToMake<T>(path: string, look: (file: Deno.FsFile) => T): T {
  using file = Deno.openSync(path, { write: true, createNew: true });
  try {
    return look(file);
  } finally {
    Deno.removeSync(path);
  }
}

/** Writes a file of another name, and gives it this one when all of it is on the disk. */
function replace(path: string, text: string, mode: number | null | undefined): void {
  const other = besides(path);
  const options = { write: true, createNew: true, mode: (mode ?? 0o666) & 0o777 };
  using file = Deno.openSync(other, options);
  try {
    writeAll(file, text);
    file.syncSync();
    Deno.renameSync(other, path);
  } catch (error) {
    removeIfThere(other);
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // What went wrong first is what counts.
  }
}

/** Writes a document where another one may stand, which may be longer. */
function writeOver(file: Deno.FsFile, text: string): void {
  writeAll(file, text);
  cut(file, encoder.encode(text).length);
}

/** Cuts a file off; a pipe or a device has no length. */
function cut(file: Deno.FsFile, length: number): void {
  try {
    file.truncateSync(length);
  } catch {
    // ftruncate(2) refuses them.
  }
}

/** Until the file is closed; a file system may have no locks. */
function lock(file: Deno.FsFile): void {
  try {
    file.lockSync(true);
  } catch {
    // What is written in one piece does not mix with what others write.
  }
}

function readAll(file: Deno.FsFile): string {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(65_536);
  let text = "";
  for (let length; (length = file.readSync(bytes));) {
    text += decoder.decode(bytes.subarray(0, length), { stream: true });
  }
  return text + decoder.decode();
}

/** Has an error say which file could not be written, and why. */
function explained<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const why = cause instanceof Deno.errors.NotFound ? "no such folder" : describe(cause);
    throw new RunError(`cannot write ${path}: ${why}`, { cause });
  }
}

function writeAll(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
}
