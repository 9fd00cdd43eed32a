// Every merge on one page of Markdown, made of the cards: what it does, formula, paper, parameters and presets. The
// project's MERGES.md is this page.
import type { MergeCard } from '../contract/merges/card.ts'
import { merges } from '../contract/merges/index.ts'
import { allowed, parametersOf } from '../contract/merges/parameters.ts'
import { citation } from '../contract/paper.ts'

export function mergePage(): string {
  return [
    '# Merges without training',
    '',
    'Made by `basil merge methods --markdown` of the cards in `src-main/contract/merges`. τ_t = θ_t − θ_pre, λ is the',
    'coefficient (`--coefficient`, or `--set lambda=`), w_t are the weights (`--weights`).',
    ...merges.flatMap(section),
    '',
  ].join('\n')
}

function section(card: MergeCard): string[] {
  const { name, title, sentence, when, costs, equation, paper, presets = {}, coefficient } = card
  const own = parametersOf(card)
  return [
    '',
    `## ${title} (\`${name}\`)`,
    '',
    `${sentence}. ${when}. ${costs}.`,
    '',
    `    ${equation}`,
    '',
    ...(paper ? [`${citation(paper)}.`, ''] : []),
    `Merges ${inputs(card)}. Its coefficient is ${coefficient} where nobody says.`,
    ...(own.length ? ['', '| parameter | values | default | |', '|---|---|---|---|'] : []),
    ...own.map((of) =>
      row([`\`${of.name}\`${of.symbol ? ` (${of.symbol})` : ''}`, allowed(of), said(of.default), of.description]),
    ),
    ...(Object.keys(presets).length ? ['', '| preset | |', '|---|---|'] : []),
    ...Object.entries(presets).map(([preset, { parameters, coefficient: lambda }]) =>
      row([
        preset,
        [...Object.entries(parameters), ...(lambda === undefined ? [] : [['lambda', lambda]])]
          .map(([of, value]) => `${of} ${value}`)
          .join(', '),
      ]),
    ),
  ]
}

function inputs({ needs: { base, least, most } }: MergeCard): string {
  const count = most === undefined ? `${least} or more` : least === most ? `${least}` : `${least} to ${most}`
  const pretrained =
    base === true
      ? ', with the pre-trained one'
      : base === false
        ? ''
        : ', with the pre-trained one where it is of differences'
  return `${count} models${pretrained}`
}

const said = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value ?? ''))

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
