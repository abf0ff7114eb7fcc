/**
 * The key log that the environment asks for.
 *
 * @module
 */

import { describe } from "../base/errors.ts";
import { say } from "../base/say.ts";

/** Names a file for key logs: curl, browsers and Wireshark know it by this name. */
const VARIABLE = "SSLKEYLOGFILE";

/**
 * Where to write keys: what the program says, or the file that SSLKEYLOGFILE names, as far as
 * reading the variable and writing the file are permitted. It never asks for a permission.
 */
export function keyLogOf(keyLog?: (line: string) => void): ((line: string) => void) | undefined {
  if (keyLog) return keyLog;
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  const path = state === "granted" ? Deno.env.get(VARIABLE) : undefined;
  if (!path || Deno.permissions.querySync({ name: "write", path }).state !== "granted") return;
  let writes = true;
  return (line) => {
    if (!writes) return;
    try {
      // Appended to line by line: several programs may write to the same file.
      Deno.writeTextFileSync(path, `${line}\n`, { append: true, mode: 0o600 });
    } catch (error) {
      // A log that was not asked for by the program must not end it.
      writes = false;
      say(`${VARIABLE}: cannot write ${path}: ${describe(error)}`);
    }
  };
}
