/**
 * What the report may read and write: its task has the project's folder alone.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";

/**
 * Asks for a path that was named, as Deno asks: on a terminal only, and for what was not granted.
 *
 * @throws {RunError} saying how to permit it, where it is not
 */
export async function permit(name: "read" | "write", path: string): Promise<void> {
  const { state } = await Deno.permissions.request({ name, path });
  if (state === "granted") return;
  const how = `deno run --allow-read=.,DIR --allow-write=.,DIR tools/report.ts`;
  throw new RunError(
    `permission missing: ${name} access to ${path}; for another folder DIR: ${how}`,
  );
}
