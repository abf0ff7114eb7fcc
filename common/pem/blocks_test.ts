import fc from "fast-check";
import { generateCertificates } from "../../certs/generate.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { formatPem, parsePem } from "./blocks.ts";
import { PemError } from "./errors.ts";
import { PKCS8 } from "../testing/pem.ts";

const NOTE = "-----BEGIN NOTE-----\naGVsbG8=\n-----END NOTE-----\n";
const HELLO = new TextEncoder().encode("hello");

/** A text as UTF-16. */
function utf16(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) {
    view.setUint16(2 * i, text.charCodeAt(i), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

/** Texts with one block in them, all the same to a reader. */
const SAME: Readonly<Record<string, string>> = {
  "as it is": NOTE,
  "CRLF": NOTE.replaceAll("\n", "\r\n"),
  "CR": NOTE.replaceAll("\n", "\r"),
  "a byte order mark": `\uFEFF${NOTE}`,
  "no line break at the end": NOTE.trimEnd(),
  "blanks around its lines": NOTE.replaceAll("\n", " \t\n  "),
  "text around it":
    `Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n${NOTE}\nbye`,
  "headers": NOTE.replace("NOTE-----\n", "NOTE-----\nProc-Type: 4,CLEAR\n\n"),
  "many short lines": NOTE.replace("aGVsbG8=", "aG\nVs\nbG\n8="),
};

for (const [what, text] of Object.entries(SAME)) {
  for (const input of [text, new TextEncoder().encode(text)]) {
    const form = typeof input === "string" ? "a text" : "bytes";
    Deno.test(`parsePem() reads ${form} with ${what}`, () => {
      const blocks = parsePem(input, "note");
      assertEquals(blocks.map(({ label, bytes }) => [label, [...bytes]]), [["NOTE", [...HELLO]]]);
    });
  }
}

Deno.test("parsePem() reads several blocks in their order, with their lines and headers", () => {
  const blocks = parsePem(`${NOTE}between\n${NOTE.replace("-----\n", "-----\nA: b\n\n")}`, "note");
  assertEquals(blocks.map(({ line, headers }) => [line, [...headers]]), [
    [1, []],
    [5, [["A", "b"]]],
  ]);
});

/** What is refused, and why. */
const REFUSED: readonly (readonly [what: string, input: string | Uint8Array, why: string])[] = [
  ["an empty text", "", "it is empty"],
  ["an empty file", new Uint8Array(), "it is empty"],
  ["blanks alone", " \r\n\t\n", "it is empty"],
  ["a byte order mark alone", "\uFEFF", "it is empty"],
  ["a text without blocks", "hello", 'it is not PEM: no line begins with "-----BEGIN"'],
  ["a block without an end", NOTE.split("\n", 2).join("\n"), "line 1 is cut off: it has no END"],
  ["a block in a block", NOTE.split("\n", 1)[0] + "\n" + NOTE, "line 1 is cut off"],
  ["an end without a beginning", "\n-----END NOTE-----", "line 2 ends a block that has not begun"],
  ["another end", NOTE.replace("END NOTE", "END VOTE"), "line 3 ends another, VOTE"],
  ["a boundary cut short", NOTE.replace("NOTE-----\n", "NOTE---\n"), "line 1 is damaged"],
  ["letters that are not base64", NOTE.replace("aG", "a*"), "it is not base64"],
  ["base64 cut short", NOTE.replace("8=", ""), "line 1 is damaged: it is not base64"],
  ["an empty block", NOTE.replace("aGVsbG8=", ""), "begins in line 1 is empty"],
  ["UTF-16 as Windows writes it", utf16(`\uFEFF${NOTE}`, true), "it is UTF-16 text"],
  ["UTF-16 in the other order", utf16(`\uFEFF${NOTE}`, false), "it is UTF-16 text"],
  ["UTF-16 without a mark", utf16(NOTE, true), "iconv -f UTF-16 -t UTF-8 OLD > NEW"],
  [
    "DER of a key",
    parsePem(PKCS8, "")[0]!.bytes,
    "it is DER, not PEM; to convert it: openssl pkey",
  ],
];

for (const [what, input, why] of REFUSED) {
  Deno.test(`parsePem() refuses ${what}`, () => {
    const error = assertThrows(() => parsePem(input, "note.pem"), PemError, why);
    assertEquals(error.message, `Cannot use note.pem: ${error.problem}`);
    assertEquals(error.source, "note.pem");
  });
}

Deno.test("parsePem() refuses DER of a certificate, read as bytes and as a text", async () => {
  const { bytes } = parsePem((await generateCertificates()).ca, "")[0]!;
  const how = "it is DER, not PEM; to convert it: openssl x509 -inform DER";
  for (const input of [bytes, new TextDecoder().decode(bytes), String.fromCharCode(...bytes)]) {
    assertThrows(() => parsePem(input, "cert"), PemError, how);
  }
});

Deno.test("formatPem() makes what parsePem() reads, whatever text is around it", () => {
  const label = fc.stringMatching(/^[A-Z][A-Z0-9 ]{0,20}$/);
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const text = fc.string({ maxLength: 80 }).filter((text) => !text.includes("-----"));
  const newline = fc.constantFrom("\n", "\r\n", "\r");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(label, bytes), { minLength: 1 }),
      text,
      newline,
      (all, around, nl) => {
        const pem = all.map(([label, bytes]) => `${around}\n${formatPem(label, bytes)}`).join("");
        const blocks = parsePem(` ${pem}`.replaceAll("\n", nl), "test");
        assertEquals(
          blocks.map(({ label, bytes }) => [label, bytes.toHex()]),
          all.map(([label, bytes]) => [label, bytes.toHex()]),
        );
      },
    ),
  );
});

/** Pieces that hostile PEM is made of, besides bytes of any kind. */
const PIECES = [
  ...["-----BEGIN ", "-----END ", "-----", "CERTIFICATE", "PRIVATE KEY", "\n", "\r\n", "\r", ":"],
  ...["\0", "\uFEFF", "=", "AAAA", "Proc-Type: 4,ENCRYPTED\n", "0\x82\x01", " ", "-"],
];

Deno.test("parsePem() throws nothing but a PemError, whatever it is given", () => {
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 }));
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
  const input = fc.oneof(text, text.map((text) => new TextEncoder().encode(text)), fc.uint8Array());
  fc.assert(
    fc.property(input, (input) => {
      try {
        assert(parsePem(input, "test").length > 0);
      } catch (error) {
        assertInstanceOf(error, PemError);
      }
    }),
    { numRuns: 1000 },
  );
});

/** Texts of a megabyte that a reader with quadratic time would take hours for. */
const LONG: Readonly<Record<string, string>> = {
  "beginnings": "-----BEGIN A-----\n",
  "beginnings without line breaks": "-----BEGIN ",
  "dashes": "-",
  "headers": "A: b\n",
  "blanks": " ",
  "line breaks": "\r\n",
  "blocks": NOTE,
};

for (const [what, piece] of Object.entries(LONG)) {
  Deno.test(`parsePem() reads a megabyte of ${what} once`, () => {
    const text = `-----BEGIN A-----\n${piece.repeat(1_000_000 / piece.length)}`;
    assertThrows(() => parsePem(text, "long"), PemError);
  });
}
