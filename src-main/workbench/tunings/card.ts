// The card of a fine-tuned model: what it is, how it is loaded, how it was made and what it was measured to do. Files
// are named, never placed: a card is published, the machine it was made on is not.
import { basename } from 'node:path'

import type { Description } from '../../contract/checkpoint.ts'
import { citation } from '../../contract/paper.ts'
import { cardOf } from '../../contract/tuning/config.ts'
import type { TuningDetail } from '../../contract/tuning/tuning.ts'
import { loadingLines } from '../export/card-loading.ts'
import { plain, table } from '../export/card-model.ts'

export function cardOfTuning(detail: TuningDetail, file: string, written: Description): string {
  const { config, sha256, name } = detail
  const card = cardOf(config.kind)
  const container = written.format.startsWith('pytorch') ? ('state_dict' as const) : ('safetensors' as const)
  return [
    '---',
    'license: other',
    `license_name: "not given - the parents' licences apply"`,
    `tags: [basil, clip, fine-tuning, ${config.kind}]`,
    '---',
    '',
    `# ${plain(name)}`,
    '',
    `A CLIP model (${plain(written.architecture?.name ?? 'unknown architecture')}) that Basil fine-tuned on ${plain(config.task.name)}: ${card.title}. ${card.sentence}.`,
    `The file \`${basename(file)}\` has ${written.tensors.length} tensors (${written.layout} layout, ${written.dtype ?? 'no floating type'}) in ${written.bytes} bytes, SHA-256 \`${sha256}\`.`,
    '',
    "Licence: not given - the parents' licences apply.",
    '',
    '## How to load it',
    '',
    ...['```python', ...loadingLines({ file: basename(file), container, written }), '```'],
    '',
    '## Recipe',
    '',
    table(['', ''], recipeRows(detail)),
    '',
    `Its equation: ${plain(card.equation ?? card.sentence)}. ${card.paper ? `Source: ${plain(citation(card.paper))}.` : ''}`,
    "The file's own metadata (`basil.tuning`) holds the whole configuration, the hashes of what it was made of and of the images it saw.",
    '',
    '## Parents',
    '',
    table(
      ['role', 'file', 'SHA-256'],
      detail.parents.map((parent) => [parent.role, plain(parent.name), `\`${parent.sha256}\``]),
    ),
    '',
    '## Data',
    '',
    table(
      ['task', 'split', 'images', 'SHA-256 of their pixels'],
      detail.data.map(({ task, split, count, pixels }) => [plain(task), split, String(count), `\`${pixels}\``]),
    ),
    '',
    '## Accuracy',
    '',
    ...accuracyLines(detail),
    '',
  ].join('\n')
}

function recipeRows({ config, plan, engines, finished, steps }: TuningDetail): string[][] {
  const ended = finished?.stopped ? `${steps} of ${plan?.steps ?? steps}, ended early` : String(steps)
  return [
    ['kind', config.kind],
    ['steps', ended],
    ['batch', String(config.batch)],
    ['learning rate', `${config.learningRate}, ${config.warmup} steps of warm-up, then half a cosine`],
    ['weight decay', String(config.weightDecay)],
    ['gradient clip', String(config.clipNorm ?? 'none')],
    ['label smoothing', String(config.labelSmoothing)],
    ['augmented', config.augment ? 'crops and flips' : 'no'],
    ['state kept', config.keep === 'best' ? 'the best on validation data' : 'the last'],
    ['seed', String(config.seed)],
    ['engine', engines.map((engine) => plain(engine.name)).join('; ') || 'not recorded'],
  ]
}

function accuracyLines({ finished, config }: TuningDetail): string[] {
  if (!finished) return ['This model was not measured.']
  const percent = (share: number): string => (100 * share).toFixed(1)
  return [
    `In %, on ${finished.split} data of ${plain(config.task.name)}, with the head that was frozen while it learned.`,
    '',
    table(['pre-trained', 'this model'], [[percent(finished.pretrained), percent(finished.accuracy)]]),
    '',
    finished.split === 'test'
      ? 'Test data was opened once, at the end, and selected nothing.'
      : 'There was no test data: images that it is measured on were seen while it was made.',
  ]
}
