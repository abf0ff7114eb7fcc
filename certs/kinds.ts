/**
 * Kinds of what goes into an authority's certificates: texts, dates, entries.
 *
 * @module
 */
import { group, setting } from "../common/settings/check.ts";
import { type Kind, Misfit, OBJECTS, wrongKind } from "../common/settings/kind.ts";
import { oneOf, text } from "../common/settings/kinds.ts";
import { NAME, readSubjectName } from "../common/pem/kinds.ts";
import type { SubjectName } from "../common/pem/names.ts";

/** Longest common name and organisation in characters: RFC 5280 appendix A.1, ub-common-name. */
const MAX_TEXT_LENGTH = 64;

/** Years that a certificate has four digits for: RFC 5280 4.1.2.5.2. */
const MAX_YEAR = 9999;

/** A path in the file system. */
export const PATH: Kind<string> = text({ what: "a path" });

/** Values that are no text at all. */
const NO_TEXTS: readonly unknown[] = [...OBJECTS, 1, true];

/** A common name or an organisation. */
export const SUBJECT_TEXT: Kind<string> = {
  allowed: `1 to ${MAX_TEXT_LENGTH} characters, with no blanks around them and none that controls`,
  read(value) {
    if (typeof value !== "string") wrongKind(SUBJECT_TEXT.allowed, value);
    // deno-lint-ignore no-control-regex -- control characters are what is refused
    const isPrintable = /^[^\x00-\x1f\x7f]+$/.test(value) && value.isWellFormed();
    if (isPrintable && value.trim() === value && value.length <= MAX_TEXT_LENGTH) return value;
    throw new Misfit(true, `must be ${SUBJECT_TEXT.allowed}`);
  },
  good: ["a", "ä b", "x".repeat(MAX_TEXT_LENGTH)],
  wrongKinds: NO_TEXTS,
  wrongValues: ["", " a", "a\n", "a\0b", "a\ud800", "x".repeat(MAX_TEXT_LENGTH + 1)],
};

const SUBJECT_NAME_PARTS = group<SubjectName>({
  type: setting(oneOf(["dns", "ip"]), "what it is"),
  value: setting(NAME, "the name or the address"),
}, { type: "dns", value: "a.example" });

/** An entry of the subjectAltName extension. */
export const SUBJECT_NAME: Kind<SubjectName> = {
  ...SUBJECT_NAME_PARTS,
  read(value) {
    const name = SUBJECT_NAME_PARTS.read(value);
    if (readSubjectName(name.value).type === name.type) return name;
    throw new Misfit(true, `must be ${name.type === "ip" ? "an address" : "a DNS name"}`, ".value");
  },
  wrongValues: [...SUBJECT_NAME_PARTS.wrongValues, { type: "ip", value: "a.example" }],
};

/** A date that a certificate can have. */
export const DATE: Kind<Date> = {
  allowed: `a Date of the years 1 to ${MAX_YEAR}`,
  read(value) {
    if (!(value instanceof Date)) wrongKind(DATE.allowed, value);
    const year = value.getUTCFullYear();
    // An invalid date is of no year.
    if (year >= 1 && year <= MAX_YEAR) return new Date(value);
    throw new Misfit(true, `must be ${DATE.allowed}`);
  },
  good: [new Date("0001-01-01"), new Date("9999-12-31")],
  wrongKinds: [...OBJECTS, "2020-01-01", 1_600_000_000_000, true],
  wrongValues: [new Date(NaN), new Date(8.64e15), new Date(-8.64e15)],
};
