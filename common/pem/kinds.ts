/**
 * Kinds of what goes into a certificate: its names, its days.
 *
 * @module
 */
import { type Kind, Misfit, OBJECTS, wrongKind } from "../settings/kind.ts";
import { wholeNumber } from "../settings/kinds.ts";
import { parseName, type SubjectName } from "./names.ts";

/** Longest lifetime that may be asked for, in days. */
export const MAX_DAYS = 3650;

/** A day of a lifetime, in milliseconds. */
export const MS_PER_DAY = 86_400_000;

/** A lifetime. */
export const DAYS: Kind<number> = wholeNumber(1, MAX_DAYS, "days");

/** A DNS name or an address, which is given back in the one spelling used for comparing. */
export const NAME: Kind<string> = {
  allowed: "a DNS name or an address",
  read(value) {
    if (typeof value !== "string") wrongKind(NAME.allowed, value);
    return readSubjectName(value).value;
  },
  good: ["a.example", "192.0.2.1", "2001:db8::1"],
  wrongKinds: [...OBJECTS, 1, true],
  wrongValues: ["", "a..b", "a b", "127.0.0.256", "a\0b"],
};

/**
 * Reads a DNS name or an address.
 *
 * @throws {Misfit} where it is neither
 */
export function readSubjectName(text: string): SubjectName {
  try {
    return parseName(text);
  } catch (error) {
    throw new Misfit(true, `must be ${NAME.allowed}: ${(error as Error).message}`);
  }
}
