// A question of yes or no on a terminal. Ctrl+C and the end of what is typed are a no.
import { createInterface } from 'node:readline/promises'

import type { BasilError } from '../contract/errors.ts'
import { print } from './output.ts'

/** nobody: thrown where there is no terminal to ask in. */
export async function saysYes(question: string, nobody: BasilError): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw nobody
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  const left = (): string => {
    print('')
    return 'n'
  }
  const given = await asking.question(`${question} [y/N] `).catch(left)
  asking.close()
  return /^\s*y(es)?\s*$/i.test(given)
}
