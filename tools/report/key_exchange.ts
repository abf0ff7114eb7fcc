/**
 * Lanes that have not agreed on the same key exchange: what they cost is then not the protocol's alone.
 *
 * From OpenSSL 3.5 on TLS 1.3 agrees on X25519MLKEM768 by itself; DTLS 1.2 cannot, and an older
 * library does not have it.
 *
 * @module
 */
import type { LaneChanges } from "./compare.ts";
import type { Job } from "./jobs.ts";
import { listOf } from "./units.ts";

/** The group that a lane's clients have agreed on; null where there was none, or it is not told. */
function groupOf({ role, rounds }: Job): string | null {
  if (role !== "client") return null;
  for (const { run: { security } } of rounds) if (security?.group) return security.group;
  return null;
}

/** Warns where lanes of one document differ in their key exchange; empty where none does. */
export function mixedGroups(jobs: readonly Job[]): string[] {
  const lanes = new Map<string, Set<string>>();
  for (const job of jobs) {
    const group = groupOf(job)?.toUpperCase();
    if (group === undefined) continue;
    lanes.set(group, (lanes.get(group) ?? new Set()).add(job.name));
  }
  if (lanes.size < 2) return [];
  const said = [...lanes].map(([group, names]) => `${group} on ${listOf([...names])}`);
  const silent = jobs.some(({ engine }) => engine === "rustls") ? "; rustls does not tell its" : "";
  return [
    `the key exchange differs: ${said.join("; ")}${silent}: part of what tells these lanes ` +
    "apart is its cost; --groups X25519 makes it the same",
  ];
}

/** Says of which lanes the key exchange has changed between two documents; empty where of none. */
export function changedGroups(lanes: readonly LaneChanges[]): string[] {
  const changed = lanes.flatMap(({ job, jobAfter }) => {
    const [before, after] = [groupOf(job), groupOf(jobAfter)];
    const isSame = before?.toUpperCase() === after?.toUpperCase();
    return before === null || after === null || isSame
      ? []
      : [`${job.name} (${before}, then ${after})`];
  });
  return changed.length === 0 ? [] : [
    `The key exchange is another one on ${listOf([...new Set(changed)])}: part of the change is ` +
    "its cost.",
  ];
}
