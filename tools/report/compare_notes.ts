/**
 * What a comparison's figures mean, and how far they can be trusted, in words.
 *
 * @module
 */
import { describeMode } from "./answer.ts";
import {
  type Change,
  type Comparison,
  isInconclusive,
  type LaneChanges,
  MARGIN,
  verdictOf,
} from "./compare.ts";
import { ENOUGH_LANES } from "./drift.ts";
import { MIN_ROUNDS } from "./inference.ts";
import { type Job, modeKey, modesOf } from "./jobs.ts";
import { changedGroups } from "./key_exchange.ts";
import { listOf } from "./units.ts";

/** A ratio as a change: "+5.7 %". */
export function formatChange(ratio: number): string {
  return `${formatPoints(ratio)} %`;
}

/** A ratio as a change in percent, without the sign of percent: "+5.7". */
export function formatPoints(ratio: number): string {
  const points = pointsOf(ratio);
  return `${points < 0 ? "" : "+"}${points.toFixed(1)}`;
}

/** Percent to one digit, as they are shown; never -0. */
function pointsOf(ratio: number): number {
  return Math.round((ratio - 1) * 1000) / 10 + 0;
}

/** What a mode is called above its lanes. */
export function formatMode(job: Job): string {
  return `${describeMode(job)}${job.reply ? "" : ", one way"}`;
}

/** Lanes that were measured in the same mode, in the order of the modes. */
export function byMode(lanes: readonly LaneChanges[]): LaneChanges[][] {
  return modesOf(lanes.map(({ job }) => job)).map((mode) =>
    lanes.filter(({ job }) => modeKey(job) === modeKey(mode))
  );
}

/** A lane's name, with its mode where there are several. */
function nameOf({ job }: LaneChanges, lanes: readonly LaneChanges[]): string {
  const isOneMode = modesOf(lanes.map(({ job }) => job)).length === 1;
  return isOneMode ? job.name : `${job.name} (${formatMode(job)})`;
}

/** All that has to be known, a thought a line. */
export function notesOf(comparison: Comparison): string[] {
  const { lanes, onlyBefore, onlyAfter, withoutFigures } = comparison;
  return [
    ...changedGroups(lanes),
    ...driftNotes(lanes),
    ...poolNotes(lanes),
    ...signNotes(lanes),
    ...roundNotes(lanes),
    ...scatterNotes(comparison),
    ...(onlyBefore.length ? [`Only in the first document: ${listOf(onlyBefore)}.`] : []),
    ...(onlyAfter.length ? [`Only in the second document: ${listOf(onlyAfter)}.`] : []),
    ...(withoutFigures.length
      ? [`Without a figure that every round of both documents has: ${listOf(withoutFigures)}.`]
      : []),
  ];
}

function driftNotes(lanes: readonly LaneChanges[]): string[] {
  const notes: string[] = [];
  const known = lanes.filter(({ driftFrom }) => driftFrom);
  if (known.length > 0) {
    notes.push(
      "The machine's drift was taken out of each lane's own change, and of nothing else: it is " +
        "the median of the other lanes, round by round; of those with the same kind of I/O where " +
        `there are at least ${ENOUGH_LANES}.`,
    );
  }
  const unsure = known.filter(({ driftFrom }) => driftFrom!.length < ENOUGH_LANES);
  if (unsure.length > 0) {
    const names = listOf(unsure.map((lane) => nameOf(lane, lanes)));
    notes.push(
      `Fewer than ${ENOUGH_LANES} other lanes show the drift of ${names}: where one lane changes, ` +
        "the others seem to change the other way.",
    );
  }
  const unknown = lanes.filter(({ driftFrom }) => !driftFrom);
  if (unknown.length > 0) {
    const names = listOf(unknown.map((lane) => nameOf(lane, lanes)));
    notes.push(
      `Drift was not taken out for ${names}: a change has to exceed how far the rounds wander ` +
        "there, and may still be the machine's.",
    );
  }
  return notes;
}

function poolNotes(lanes: readonly LaneChanges[]): string[] {
  const apart = lanes.filter(({ isPooled }) => !isPooled);
  if (apart.length === 0) return [];
  const names = listOf(apart.map((lane) => nameOf(lane, lanes)));
  return [
    `The documents do not both have the same sizes as one series for ${names}: before and after ` +
    "are means over the sizes they share, which no report shows.",
  ];
}

/** Changes that are smaller than this, in percent, are not worth a sentence each. */
const SMALL = 1;

/** Where the eye sees one sign and the lane's own change has the other. */
function signNotes(lanes: readonly LaneChanges[]): string[] {
  const apart = lanes.flatMap((lane) => {
    const change = lane.changes[0]!;
    const [plain, own] = [pointsOf(change.plainRatio), pointsOf(change.ratio)];
    if (plain * own >= 0) return [];
    return [{
      name: nameOf(lane, lanes),
      change,
      isSmall: Math.max(plain, own, -plain, -own) < SMALL,
    }];
  });
  const small = apart.filter(({ isSmall }) => isSmall).map(({ name }) => name);
  return [
    ...apart.filter(({ isSmall }) => !isSmall).map(({ name, change }) => signNote(name, change)),
    ...(small.length
      ? [`The two changes of ${listOf(small)} have different signs, and are below ${SMALL} %.`]
      : []),
  ];
}

function signNote(name: string, { plainRatio, machineRatio, ratio }: Change): string {
  const [plain, own] = [formatChange(plainRatio), formatChange(ratio)];
  // Medians of rounds and means of rounds may part by themselves, too.
  const isMachine = machineRatio !== null && (machineRatio < 1) === (ratio > 1) &&
    (plainRatio / machineRatio > 1) === (ratio > 1);
  if (!isMachine) {
    return `The rounds of ${name} are uneven: their median changed by ${plain}, their mean by ` +
      `${own} of the lane's own.`;
  }
  const percent = Math.abs((machineRatio - 1) * 100).toFixed(1);
  return `The machine was ${percent} % ${machineRatio < 1 ? "faster" : "slower"} in the second ` +
    `document; of the ${plain} of ${name}, that leaves ${own} of its own.`;
}

function roundNotes(lanes: readonly LaneChanges[]): string[] {
  const few = lanes.filter(hasFewRounds);
  if (few.length === 0) return [];
  const names = few.map((lane) =>
    `${nameOf(lane, lanes)} (${lane.rounds.before}, ${lane.rounds.after})`
  );
  return [
    `Too few rounds for a statement about ${listOf(names)}: ${MIN_ROUNDS} are needed on each side.`,
  ];
}

function hasFewRounds({ changes: [change] }: LaneChanges): boolean {
  return change!.probability === null;
}

/** That nothing was found says little where little could have been found. */
function scatterNotes({ lanes, boundPercent }: Comparison): string[] {
  const noisy = inconclusive(lanes).filter((lane) => !hasFewRounds(lane));
  if (noisy.length === 0) return [];
  const names = noisy.map((lane) =>
    `${nameOf(lane, lanes)} (${formatChange(lane.changes[0]!.detectable!)})`
  );
  return [
    `Inconclusive: the rounds scatter too much to be sure of finding ${boundPercent} %. What ` +
    `would be found: ${listOf(names)}.`,
  ];
}

function inconclusive(lanes: readonly LaneChanges[]): LaneChanges[] {
  return lanes.filter((lane) => verdictOf(lane) === "inconclusive");
}

/** How many lanes there are of each verdict; those without figures are inconclusive, too. */
export function countVerdicts({ lanes, withoutFigures }: Comparison) {
  const verdicts = lanes.map(verdictOf);
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  return {
    ...{ unchanged: count("unchanged"), slower: count("slower"), faster: count("faster") },
    inconclusive: count("inconclusive") + withoutFigures.length,
  };
}

/** The comparison in one sentence, and what to do where it is inconclusive. */
export function conclusionOf(comparison: Comparison): string {
  const { lanes, withoutFigures, boundPercent } = comparison;
  const all = lanes.length + withoutFigures.length;
  if (all === 0) return "Inconclusive, as no lane is in both documents: measure the same lanes.";
  const { unchanged, slower, faster, inconclusive } = countVerdicts(comparison);
  const beyond = lanes.filter(({ changes }) => changes.some(({ isRegression }) => isRegression));
  const counts = [
    `${unchanged} unchanged`,
    `${slower} slower${slower ? ` (${beyond.length} by more than ${boundPercent} %)` : ""}`,
    `${faster} faster`,
    `${inconclusive} inconclusive`,
  ];
  const what = isInconclusive(comparison) ? `: ${adviceOf(comparison)}` : "";
  return `Of ${all} ${all === 1 ? "lane" : "lanes"}, ${listOf(counts)}${what}.`;
}

/** What would settle it. */
function adviceOf({ lanes, withoutFigures, boundPercent }: Comparison): string {
  const open = inconclusive(lanes);
  if (open.length === 0) return `measure ${listOf(withoutFigures)} again`;
  const hopeless = open.filter((lane) => !hasFewRounds(lane) && needed(lane) === null);
  if (hopeless.length > 0 && Math.log(1 + boundPercent / 100) <= MARGIN) {
    return `changes of up to ${formatMargin()} are never called significant, so take a larger ` +
      "--bound, or --accept-inconclusive";
  }
  if (hopeless.length > 0) {
    return "no number of rounds is enough for a lane that wanders so far, so measure other lanes " +
      "beside it, or on a quieter machine";
  }
  const rounds = Math.max(...open.map((lane) => needed(lane) ?? MIN_ROUNDS));
  return `measure about ${rounds} rounds for each document, or on a quieter machine`;
}

function needed({ changes: [change] }: LaneChanges): number | null {
  return change!.roundsNeeded;
}

function formatMargin(): string {
  return `${((Math.exp(MARGIN) - 1) * 100).toFixed(0)} %`;
}
