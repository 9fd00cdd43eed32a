// basil refine on the oracle's small models: from a fine-tuned checkpoint to a refined one and its card, with both
// accuracies and their intervals; a checkpoint that nothing improves stays as it is, and one that was never fine-tuned
// is refused.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { refinementOf } from '../../src-main/contract/run/refine.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { wilson } from '../../src-main/numbers/statistics/wilson.ts'
import { folder } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basilSync, type Outcome } from './terminal.ts'

const basil = (home: string, args: string[]): Outcome => basilSync(args, { home, cwd: folder })

function refine(
  home: string,
  checkpoint: string,
  ...args: string[]
): { code: number | null; err: string; lines: Record<string, unknown>[] } {
  const [learned, tested] = ['tasks.safetensors#alpha?half=1', 'tasks.safetensors#alpha?half=2']
  const images = ['--data', learned, '--validation', learned, '--test', tested]
  const given = [
    checkpoint,
    '--pretrained',
    'pretrained.safetensors',
    ...images,
    '--head',
    'tasks.safetensors#head.alpha',
    '--name',
    'alpha',
  ]
  const { code, out, err } = basil(home, ['refine', ...given, '--iterations', '1', '--epochs', '2', ...args, '--json'])
  return {
    code,
    err,
    lines: out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  }
}

test('a fine-tuned model is refined, measured before and after, and written with its card', () => {
  const home = temporaryFolder()
  const out = join(home, 'refined.safetensors')
  const { code, err, lines } = refine(join(home, 'data'), 'finetuned-alpha.safetensors', '--out', out)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const last = lines.at(-1) as {
    images: number
    before: { accuracy: number; interval: [number, number] }
    after: { accuracy: number }
  }
  expect(last).toMatchObject({ type: 'refined', run: 1, accepted: true, split: 'test', exported: { file: out } })
  const { accuracy, interval } = last.before
  expect(interval).toEqual(wilson(Math.round(accuracy * last.images), last.images))
  const done = lines.findLast(({ type }) => type === 'done') as { accuracy: number }
  expect(last.after.accuracy).toBe(done.accuracy)
  expect([out, join(home, 'refined.md')].map((file) => existsSync(file))).toEqual([true, true])
})

test('a checkpoint that no iteration improves stays as it is, and nothing is written', () => {
  const home = temporaryFolder()
  const [far, out] = [join(home, 'far.safetensors'), join(home, 'refined.safetensors')]
  const models = ['--pretrained', 'pretrained.safetensors', '--vectors', 'finetuned-alpha.safetensors']
  // so far beyond the optimum that no few steps lead back
  basil(join(home, 'data'), ['merge', ...models, '--coefficient', '6', '--out', far])
  const { code, lines } = refine(join(home, 'data'), far, '--out', out)
  expect(code).toBe(0)
  expect(lines.at(-1)).toMatchObject({ type: 'refined', accepted: false, exported: null })
  expect(existsSync(out)).toBe(false)
})

test('a copy of the pre-trained model has nothing to refine, and is refused', () => {
  const home = temporaryFolder()
  const { code, lines } = refine(join(home, 'data'), 'pretrained.safetensors')
  expect(code).toBe(3)
  expect(lines.at(-1)).toMatchObject({
    type: 'error',
    error: { code: 'data-invalid', what: 'The fine-tuned model is the pre-trained one' },
  })
})

test("a data set's folder is enough: half of its validation split is learned on, the other half selects", () => {
  const files = { name: 'MNIST', finetuned: '/ft.pt', pretrained: '/zs.pt', head: '/head.pt' }
  const [task] = resolveConfig(refinementOf({ ...files, data: '/data/MNIST' }), (path) => path).tasks
  expect(task).toMatchObject({
    data: '/data/MNIST#field-val?half=1&seed=0',
    validation: '/data/MNIST#field-val?half=2&seed=0',
    test: '/data/MNIST#field-test',
    finetuned: '/ft.pt',
  })
  expect(refinementOf({ ...files, data: 'a#b' }).tasks[0]).not.toHaveProperty('validation')
})
