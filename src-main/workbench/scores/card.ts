// What the card of a searched model says of how it was found: what each property is, of how many candidates it is the
// best, and which program said so. Programs are named, never placed (export/card-model.ts).
import { basename } from 'node:path'

import { plain, table } from '../export/card-model.ts'
import type { Chosen } from '../export/merge.ts'
import type { Aims } from './aims.ts'
import { wordsOf } from './command.ts'
import type { Found } from './search.ts'

export function chosenBy({ rows, candidates, kept, log }: Found, { keeps }: Aims, command: string): Chosen {
  const told = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(6))))
  const program = `\`${wordsOf(command)
    .map((word) => basename(word))
    .join(' ')
    .replaceAll('`', "'")}\``
  const [decisive] = rows.filter(({ decides }) => decides)
  const bounds = keeps.map(({ text }) => plain(text)).join(', ')
  return {
    data: `Whatever the program ${program} read for its scores.`,
    accuracy: table(
      ['score', 'better', 'pre-trained', 'best single model', 'this model'],
      rows.map(({ property, lower, base, single, winner }) => [
        plain(property),
        lower ? 'lower' : 'higher',
        ...[base, single, winner].map(told),
      ]),
    ),
    selection: [
      `The ${decisive?.lower ? 'lowest' : 'highest'} ${plain(decisive?.property ?? 'score')} of ${candidates} candidates, by ${program}.`,
      ...(bounds ? [`${kept} of them kept to ${bounds}.`] : []),
      `Weights and scores of them all are in \`${basename(log)}\`.`,
    ].join(' '),
  }
}
