/**
 * The key log that the environment asks for.
 *
 * @module
 */

import { describe } from "../base/errors.ts";
import { appendPrivately } from "../base/output.ts";
import { say } from "../base/say.ts";

/** Names a file for key logs: curl, browsers and Wireshark know it by this name. */
const VARIABLE = "SSLKEYLOGFILE";

/**
 * The file that SSLKEYLOGFILE names, as far as reading the variable and writing the file are
 * permitted; null where there is none. It never asks for a permission.
 */
export function environmentKeyLog(): string | null {
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  const path = state === "granted" ? Deno.env.get(VARIABLE) : undefined;
  if (!path || Deno.permissions.querySync({ name: "write", path }).state !== "granted") return null;
  return path;
}

/** Where to write keys: what the program says, or the file of {@linkcode environmentKeyLog}. */
export function keyLogOf(keyLog?: (line: string) => void): ((line: string) => void) | undefined {
  if (keyLog) return keyLog;
  const path = environmentKeyLog();
  if (path === null) return;
  let writes = true;
  return (line) => {
    if (!writes) return;
    try {
      appendPrivately(path, `${line}\n`);
    } catch (error) {
      // A log that was not asked for by the program must not end it.
      writes = false;
      say(`${VARIABLE}: ${describe(error)}`);
    }
  };
}
