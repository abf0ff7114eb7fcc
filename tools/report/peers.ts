/**
 * Which jobs are the two ends of one exchange.
 *
 * @module
 */
import type { Job } from "./jobs.ts";

/** The other end's job: the same lane in the same mode, on this machine or on another one. */
export function peerOf(job: Job, jobs: readonly Job[]): Job | null {
  const peers = jobs.filter((other) => other.role !== job.role && keyOf(other) === keyOf(job));
  return peers.find(({ machine }) => machine === job.machine) ?? peers[0] ?? null;
}

/** Without what only a client knows: whether it wants its own message back. */
function keyOf({ name, connect, reply, clients }: Job): string {
  return `${name} ${connect} ${reply} ${clients}`;
}
