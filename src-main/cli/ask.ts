// A question of yes or no on a terminal.
import { createInterface } from 'node:readline/promises'

import type { BasilError } from '../contract/errors.ts'

/** nobody: thrown where there is no terminal to ask in. */
export async function saysYes(question: string, nobody: BasilError): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw nobody
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  const given = await asking.question(`${question} [y/N] `).finally(() => asking.close())
  return /^\s*y(es)?\s*$/i.test(given)
}
