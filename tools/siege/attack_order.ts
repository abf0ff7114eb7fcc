/**
 * What a process of strangers is told, and what it says.
 *
 * @module
 */
import type { CertificateSet } from "../../certs/authority.ts";
import type { AttackName, Target } from "./attacks.ts";

/** What it is to do. */
export interface AttackOrder {
  seed: number;
  /** Strangers have good certificates, which get them further. */
  set: CertificateSet;
  attacks: ({ name: AttackName } & Pick<Target, "port" | "rate" | "times" | "ports">)[];
}

/** What it has done. */
export interface AttackCounts {
  made: Partial<Record<AttackName, number>>;
  /** Attacks that are not done. */
  running: number;
}
