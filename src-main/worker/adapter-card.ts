// The card of an extracted adapter: how peft loads it, what it was taken out of, by hash, and what it does not hold.
// Files are named, never placed: a card is published, the machine it was made on is not.
import type { Extracted, Extraction } from '../contract/extraction.ts'

export function adapterCard(extracted: Extracted, { rank, dtype, layout }: Extraction): string {
  const { pretrained, finetuned, layers, rest } = extracted
  const ranks = layers.map((layer) => layer.rank)
  const [least, most] = [Math.min(...ranks), Math.max(...ranks)]
  const lost = rest.filter(({ fate }) => fate === 'lost')
  const asked = rank === 'full' ? 'all of it' : rank < 1 ? `${rank} of each |delta|^2` : `at most ${rank}`
  return [
    '---',
    'library_name: peft',
    'license: other',
    `license_name: "not given - the parents' licences apply"`,
    'tags: [basil, lora, peft]',
    '---',
    '',
    `# LoRA of ${code(finetuned.name)}`,
    '',
    `Basil extracted it: of ${layers.length} matrices the difference between the fine-tuned and the pre-trained model, as B A of rank ${least === most ? most : `${least} to ${most}`} (asked for: ${asked}), B = U sqrt(S), A = sqrt(S) V', in ${dtype}. Nothing was trained.`,
    '',
    '```python',
    'from peft import PeftModel',
    '# base: the pre-trained model, in the class whose module names these are',
    `model = PeftModel.from_pretrained(base, "FOLDER")${layout === null ? '' : ` # ${layout}`}`,
    'model = model.merge_and_unload()',
    '```',
    '',
    '| role | file | SHA-256 |',
    '| --- | --- | --- |',
    `| pre-trained | ${code(pretrained.name)} | \`${pretrained.sha256}\` |`,
    `| fine-tuned | ${code(finetuned.name)} | \`${finetuned.sha256}\` |`,
    '',
    `Relative error |delta - B A| / |delta|: ${extracted.layerError.toPrecision(4)} of these matrices, ${extracted.error.toPrecision(4)} of the whole model${lost.length ? `; ${lost.length} tensors that differ are not held:` : '.'}`,
    '',
    ...lost.map(
      ({ tensor, why, share }) => `- ${code(tensor)}: ${code(why)}${share === null ? '' : `, ${percent(share)}`}`,
    ),
    '',
  ].join('\n')
}

const percent = (share: number): string => `${(100 * share).toPrecision(3)} % of |delta|`

const code = (text: string): string => `\`${text.replace(/[`|\s]+/g, ' ')}\``
