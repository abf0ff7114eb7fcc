/**
 * What was measured with, and how the figures were made.
 *
 * @module
 */
import type { Section, Table } from "../content.ts";
import { failuresTable } from "../failures.ts";
import { MIN_ROUNDS } from "../inference.ts";
import { type Job, machinesOf, type Source } from "../jobs.ts";
import { NONE } from "../units.ts";
import { nameOf } from "../lane_rows.ts";

/** How the figures come about, a thought a line. */
const METHOD: readonly string[] = [
  "All times are microseconds of one monotonic clock, taken right around the calls; a message " +
  "lasts from its first step to its last.",
  "The first message of a run is warm-up: it is in the log, and in no figure. Lost messages are " +
  "counted, and their waits are in no figure either.",
  "Lanes are measured in rounds, one lane after the other in each, so that the machine's drift " +
  "hits all alike.",
  "A figure is the median over rounds of each round's own figure; its spread is the largest less " +
  "the smallest, divided by the median.",
  "Percentiles come from a histogram with three significant digits. One without a sample beyond " +
  "it (the 99th of fewer than 100) is not given.",
  "A ratio to TCP is the median of the ratios of single rounds, TCP on the same kind of I/O in " +
  `the same round. With at least ${MIN_ROUNDS} rounds it has a 95 % interval, by a bootstrap over ` +
  "rounds: messages of one round are not independent, rounds nearly are.",
  "Outliers stay in. The slowest message of each lane stands in the table.",
  "Steps are means, as means add up; everything else is a median or another percentile.",
  "Whether two documents differ is tested with rounds as blocks: the difference of the mean " +
  "logarithms of the rounds' medians, with 5 % granted to drift, against all ways to deal the " +
  "rounds out (max-T permutation over all lanes and sizes, 5 % false findings for the whole " +
  "comparison).",
  "Drift between two documents is cancelled by the median of the other lanes, round by round; " +
  "where there are none, a change has to exceed how far the rounds wander, too, and may still be " +
  "the machine's.",
];

/** The section. */
export function methodSection(sources: readonly Source[], jobs: readonly Job[]): Section {
  return {
    id: "method",
    title: "Machine and method",
    paragraphs: METHOD,
    picture: {
      charts: [],
      caption: "",
      tables: [
        failuresTable(jobs, (job) => nameOf(job, jobs)),
        environmentTable(sources),
        securityTable(jobs),
      ].filter(({ rows }) => rows.length > 0),
      open: true,
    },
  };
}

/** When and with what each document was measured. */
export function environmentTable(sources: readonly Source[]): Table {
  const machines = machinesOf(sources);
  return {
    ...{ caption: "Documents", isText: true },
    head: ["started", "machine", "system", "processor", "cores", "Deno", "OpenSSL", "netpairs"],
    rows: sources.map(({ document }, i) => {
      const { startedAt, version, environment, complete } = document;
      const { os, arch, cpu, cores, deno, openssl, hostname } = environment;
      return [
        `${startedAt.replace("T", " ").slice(0, 16)} UTC${complete ? "" : " (partial)"}`,
        ...[
          `[${machines[i]! + 1}] ${hostname ?? NONE}`,
          `${os} ${arch}`,
          cpu ?? NONE,
          cores > 0 ? String(cores) : NONE,
          deno,
          openssl ?? NONE,
          version,
        ],
      ];
    }),
  };
}

/** What the ends agreed on; the first round speaks for all. */
function securityTable(jobs: readonly Job[]): Table {
  const rows = jobs.filter(({ role }) => role === "client").flatMap(({ name, rounds }) => {
    const security = rounds[0]?.run.security;
    if (!security) return [];
    const { version, cipher, group } = security;
    return [[name, version ?? NONE, cipher ?? NONE, group ?? NONE]];
  });
  const unique = new Map(rows.map((row) => [row.join(), row]));
  return {
    ...{ caption: "What client and server agreed on", isText: true },
    head: ["lane", "version", "cipher suite", "key exchange"],
    rows: [...unique.values()],
  };
}
