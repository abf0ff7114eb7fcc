/**
 * A certificate whose authority is signed by another one, for tests.
 *
 * @module
 */
import { end, makeChain, namesOf } from "./authority_chain.ts";

/** A root, and a server's certificate followed by the intermediate authority's, PEM. */
export interface Chain {
  root: string;
  chain: string;
  key: string;
}

/** Makes a server's certificate for some names below an intermediate authority. */
export async function chainOf(names: readonly string[]): Promise<Chain> {
  const leaf = { extensions: end("server", { names: namesOf(names) }) };
  const { ca, cert, key } = await makeChain("server", { leaf });
  return { root: ca, chain: cert, key };
}
