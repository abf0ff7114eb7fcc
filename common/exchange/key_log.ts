/**
 * The file that takes the keys of a pair's connections: that of `--key-log`, or else the one that
 * SSLKEYLOGFILE names.
 *
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { appendPrivately, appendTo, makePrivateFile } from "../base/output.ts";
import { say } from "../base/say.ts";
import type { PairOptions } from "../model/pair_options.ts";
import { environmentKeyLog } from "../openssl/key_log.ts";
import type { TlsSettings } from "../openssl/settings.ts";

type Given = Pick<PairOptions, "keyLog">;

/** A label, the client's random, a secret; or a comment, or nothing. */
const LINE = /^(?:#.*|[A-Z][A-Z0-9_]* (?:[0-9a-f]{2})+ (?:[0-9a-f]{2})+)?\r?$/i;

/** Whether a run's keys are kept. */
export function keepsKeys({ keyLog }: Given): boolean {
  return keyLog !== undefined || environmentKeyLog() !== null;
}

/**
 * Makes sure that keys can be kept, where they are to be, and warns of it.
 *
 * @returns a setting that adds keys to the file of `--key-log`; of SSLKEYLOGFILE the library itself
 * takes care
 * @throws {RunError} where the file cannot be written
 * @throws {UsageError} where it holds something else than keys, and is left as it is
 */
export function keyLogSetting({ keyLog }: Given): Pick<TlsSettings, "keyLog"> {
  if (keyLog !== undefined) openKeyLog(keyLog);
  const path = keyLog ?? environmentKeyLog();
  if (path !== null) say(`warning: the traffic can be read with ${path}, which takes its keys`);
  return keyLog === undefined ? {} : { keyLog: (line) => appendPrivately(keyLog, `${line}\n`) };
}

/** Says so where the environment asks for keys that Deno's own TLS does not tell. */
export function sayWithoutKeys(): void {
  if (environmentKeyLog() === null) return;
  say("SSLKEYLOGFILE: Deno's own TLS (rustls) tells no keys; --engine openssl does");
}

/**
 * Refuses the file of `--key-log` where it is something else: keys are not put into it, and it is not
 * put where keys go.
 *
 * @param text what is in it
 * @throws {UsageError} naming the line
 */
export function refuseOther(path: string, text: string): void {
  const wrong = text.split("\n").findIndex((line) => !LINE.test(line));
  if (wrong < 0) return;
  throw new UsageError(
    `--key-log ${path}: its line ${wrong + 1} is none of a key log; name another file`,
  );
}

function openKeyLog(path: string): void {
  if (makePrivateFile(path)) return;
  let end = "";
  appendTo(path, (there) => {
    refuseOther(path, there);
    end = there === "" || there.endsWith("\n") ? "" : "\n";
    return "";
  });
  // It is the owner's alone before the first key comes.
  appendPrivately(path, end);
}
