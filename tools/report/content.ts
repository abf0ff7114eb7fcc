/**
 * What a report consists of, whatever it is written as.
 *
 * @module
 */
import type { Chart } from "./chart.ts";

/** Rows of text; the first column names what a row is about. */
export interface Table {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Whether its cells are words, which may be long, and not numbers. */
  isText?: true;
}

/** Charts, and the same figures as a table. */
export interface Picture {
  charts: readonly Chart[];
  /** How to read them; not needed where there are none. */
  caption: string;
  tables: readonly Table[];
  /** Whether the tables are shown at once. */
  open: boolean;
}

/** A part of a report: what it says, and what it shows. */
export interface Section {
  /** Unique, for links. */
  id: string;
  title: string;
  paragraphs: readonly string[];
  picture: Picture;
}

/** A report. */
export interface Report {
  title: string;
  /** When and with what it was measured. */
  subtitle: string;
  /** The answer in plain words. */
  answer: readonly string[];
  /** What a reader has to know before relying on it. */
  warnings: readonly string[];
  sections: readonly Section[];
}
