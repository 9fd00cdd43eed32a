// What stands against a merge, each told in one sentence with its exit code: what can be seen in words or headers
// before long work, the rest as it comes; and whatever it was, what lay there before lies there afterwards, and
// nothing else.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { sha256 } from '../../src-main/contract/branded.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { mergeRecipe } from '../../src-main/workbench/export/merge.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { started } from '../bundles.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, type Shapes } from '../engine/layouts/models.ts'
import { moved } from '../engine/measures/memory.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil as inTerminal, type Outcome, oneThread, outcome, start } from './terminal.ts'

const shapes: Shapes = [
  ['layers.0.weight', [30, 20]],
  ['layers.1.weight', [30, 20]],
  ['bias', [30]],
]
const base = filled(shapes, 'F32', 1, true)
const models = { base, one: moved(base, 2, 0.1), two: moved(base, 3, 0.1) }

/** base, one and two as files, and one again in two shards. */
async function folderOf(others: Record<string, Full[]> = {}): Promise<string> {
  const folder = temporaryFolder()
  for (const [name, tensors] of Object.entries({ ...models, ...others }))
    writeFileSync(join(folder, `${name}.safetensors`), await written(tensors))
  mkdirSync(join(folder, 'sharded'))
  const map: Record<string, string> = {}
  for (const [k, tensors] of [models.one.slice(0, 1), models.one.slice(1)].entries()) {
    const file = `model-0000${k + 1}-of-00002.safetensors`
    writeFileSync(join(folder, 'sharded', file), await written(tensors))
    for (const { name } of tensors) map[name] = file
  }
  writeFileSync(join(folder, 'sharded', 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  return folder
}

const home = mkdtempSync(join(tmpdir(), 'basil-refusals-')) // the data folder, apart from the files that are merged
afterAll(() => rmSync(home, { recursive: true }))
const basil = (folder: string, ...args: string[]): Promise<Outcome> =>
  inTerminal(args, { home, cwd: folder, env: oneThread })

const everything = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(cache|\.basil-lock)/.test(name))
    .sort()

/** Gives the sentence; nothing may have come or gone. */
async function refused(folder: string, code: number, ...words: string[]): Promise<string> {
  const before = everything(folder)
  const { code: ended, out, err } = await basil(folder, 'merge', ...words)
  expect({ ended, out }).toEqual({ ended: code, out: '' })
  expect(err.trim().split('\n')).toHaveLength(1)
  expect(everything(folder)).toEqual(before)
  return err
}
const pair = ['--pretrained', 'base.safetensors', '--vectors', 'one.safetensors', 'two.safetensors']
const out = ['--out', 'merged.safetensors']

test('what the words of the command show: base, numbers of models, weights, parameters', async () => {
  const folder = await folderOf()
  const none = await refused(folder, 2, '--method', 'ties', '--vectors', 'one.safetensors', 'two.safetensors', ...out)
  expect(none).toMatch(/TIES needs the pre-trained model .*merges differences.*--pretrained/)
  const both = ['--vectors', 'one.safetensors', 'two.safetensors', 'base.safetensors']
  expect(await refused(folder, 2, '--method', 'slerp', ...both, ...out)).toMatch(/are 3, it takes 2/)
  expect(await refused(folder, 2, '--method', 'slerp', '--vectors', 'one.safetensors', ...out)).toMatch(
    /is 1, it takes 2/,
  )
  expect(await refused(folder, 2, ...pair, '--method', 'ties', '--density', '1.5', ...out)).toMatch(/TIES.*density/)
  expect(await refused(folder, 2, ...pair, '--method', 'dare', '--density', '-0.1', ...out)).toMatch(/DARE.*density/)
  expect(await refused(folder, 2, ...pair, '--weights', '1', '1', '1', ...out)).toMatch(/there are 2 models, and 3/)
})

test.each([
  ['weighted-average', []],
  ['weighted-average', ['--of', 'differences', '--pretrained', 'base.safetensors']],
  ['multi-slerp', []],
  ['nuslerp', []],
  ['karcher', []],
  ['wise-ft', ['--pretrained', 'base.safetensors']],
  ['model-stock', ['--pretrained', 'base.safetensors']],
  ['fednova', ['--pretrained', 'base.safetensors']],
  ['fedgma', ['--pretrained', 'base.safetensors']],
  ['centred-clipping', ['--pretrained', 'base.safetensors']],
  ['dare', ['--normalize', 'true', '--pretrained', 'base.safetensors']],
])('weights that sum to 0 have no mean: %s %j', async (method, more) => {
  const asked = mergeAsked(method, more)
  expect(() => mergeRecipe({ ...asked, weights: [1, -1] })).toThrow(/The weights cancel out.*they sum to 0/)
  expect(mergeRecipe({ ...asked, weights: [1, -0.5] }).steps[0]?.weights).toEqual([1, -0.5])
})

/** What the words come to. */
function mergeAsked(method: string, words: readonly string[]) {
  const parent = (name: string) => ({ name, file: name, sha256: sha256('') })
  const valueOf = (option: string): string | undefined => words[words.indexOf(option) + 1]
  return {
    method,
    parameters: {
      ...(words.includes('--of') && { of: valueOf('--of') }),
      ...(words.includes('--normalize') && { normalize: true }),
    },
    pretrained: words.includes('--pretrained') ? parent('base') : null,
    vectors: [parent('one'), parent('two')],
  }
}

test('weights that sum to 0, from the terminal', async () => {
  const words = ['--method', 'weighted-average', '--vectors', 'one.safetensors', 'two.safetensors']
  expect(await refused(await folderOf(), 2, ...words, '--weights', '1', '-1', ...out)).toMatch(
    /The weights cancel out.*another sum, or turn normalizing off/,
  )
})

test('a shard that is missing is named, before and as a file of the merge', async () => {
  const folder = await folderOf()
  rmSync(join(folder, 'sharded', 'model-00002-of-00002.safetensors'))
  const words = ['--pretrained', 'base.safetensors', '--vectors', 'sharded', ...out]
  expect(await refused(folder, 3, ...words)).toContain('model-00002-of-00002.safetensors')
})

test('another architecture: the names of both where no tensor fits, also where the base was to fill in', async () => {
  const elsewhere = filled(
    [
      ['encoder.block.attention', [8, 8]],
      ['decoder.norm', [8]],
    ],
    'F32',
    4,
    true,
  )
  const wider = filled(
    shapes.map(([name, shape]) => [name, shape.map((n) => n + 1)]),
    'F32',
    5,
    true,
  )
  const folder = await folderOf({ elsewhere, wider })
  const to = (name: string) => ['--pretrained', 'base.safetensors', '--vectors', `${name}.safetensors`, ...out]
  for (const more of [[], ['--missing', 'base']])
    expect(await refused(folder, 3, ...to('elsewhere'), ...more)).toMatch(
      /no tensor is in both.*encoder\.block\.attention, decoder\.norm.*layers\.0\.weight, layers\.1\.weight, bias/,
    )
  expect(await refused(folder, 3, ...to('wider'))).toMatch(/layers\.0\.weight in another shape.*\[31,21\], \[30,20\]/)
  expect(await refused(folder, 3, ...to('wider'), '--missing', 'base')).toMatch(/No tensor is in all.*one shape/)
})

test('a target that is there: a file only by --overwrite, a folder never', async () => {
  const folder = await folderOf()
  writeFileSync(join(folder, 'merged.safetensors'), 'somebody else')
  mkdirSync(join(folder, 'kept'))
  writeFileSync(join(folder, 'kept', 'notes.txt'), 'mine')
  expect(await refused(folder, 1, ...pair, ...out)).toMatch(/already there/)
  expect(await refused(folder, 1, ...pair, '--out', 'kept', '--overwrite')).toMatch(
    /already there.*only where nothing lies, whatever is asked for/,
  )
  expect(readFileSync(join(folder, 'merged.safetensors'), 'utf8')).toBe('somebody else')
  expect(await basil(folder, 'merge', ...pair, ...out, '--overwrite')).toMatchObject({ code: 0, err: '' })
  expect(readFileSync(join(folder, 'merged.safetensors')).length).toBeGreaterThan(4 * 1230)
})

test.each(['in place', 'another size', 'another file'])('a shard that changes while it is read: %s', async (how) => {
  const folder = await folderOf()
  const shard = join(folder, 'sharded', 'model-00002-of-00002.safetensors')
  const parent = (name: string) => ({ name, file: join(folder, name), sha256: sha256('') })
  const recipe = mergeRecipe({
    ...{ method: 'wudi', parameters: { steps: 300 }, pretrained: parent('base.safetensors') },
    vectors: [parent('sharded/model.safetensors.index.json'), parent('two.safetensors')],
  })
  const before = everything(folder)
  const target = join(folder, 'merged.safetensors')
  const merging = rebuild({ recipe, out: target, overwrite: false, form: formSchema.parse({}) })
  merging.catch(() => undefined)
  while (!readdirSync(folder).some((name) => name.endsWith('.tmp'))) await new Promise(setImmediate)
  const bytes = readFileSync(shard)
  if (how === 'in place') {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(shard, bytes)
  } else if (how === 'another size') writeFileSync(shard, Buffer.concat([bytes, Buffer.alloc(8)]))
  else {
    rmSync(shard)
    writeFileSync(shard, bytes)
    utimesSync(shard, 1, 1)
  }
  await expect(merging).rejects.toMatchObject({ record: { code: 'file-changed', where: shard } })
  expect(everything(folder)).toEqual(before)
})

const canMount = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' }).status === 0

test.skipIf(!canMount)('a disk that is full in the middle: its own code, and the disk as it was', async () => {
  const large = filled(
    [
      ['w', [300, 300]],
      ['v', [300, 300]],
    ],
    'F32',
    1,
    true,
  )
  const folder = await folderOf({ large, other: moved(large, 2, 0.1) })
  mkdirSync(join(folder, 'full'))
  const cli = started('src-main/cli.ts')
  for (const target of ['full/m.safetensors', 'full/m']) {
    const words = ['merge', '--pretrained', 'large.safetensors', '--vectors', 'other.safetensors', '--out', target]
    const script = `mount -t tmpfs -o size=512k none full && "$@" --json; echo "code $?"; ls -A full`
    const { stdout } = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', process.execPath, cli, ...words], {
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, ...oneThread, BASIL_HOME: folder },
    })
    const [told = '', ...rest] = stdout.trim().split('\n')
    expect(JSON.parse(told)).toMatchObject({ error: { code: 'disk-full', what: 'The disk is full' } })
    expect(rest).toEqual(['code 1'])
  }
})

test.each([['merged.safetensors'], ['folder']])('Ctrl+C in the middle leaves what was there: %s', async (target) => {
  const square = filled([['w', [256, 256]]], 'F32', 1, true)
  const folder = await folderOf({ square, a: moved(square, 2, 0.1), b: moved(square, 3, 0.1) })
  const isFile = target.endsWith('.safetensors')
  if (isFile) writeFileSync(join(folder, target), 'what was there')
  const before = everything(folder)
  const long = ['--method', 'wudi', '--steps', '10000', '--pretrained', 'square.safetensors']
  const words = ['merge', ...long, '--vectors', 'a.safetensors', 'b.safetensors', '--out', target, '--json']
  const place = { home, cwd: folder, env: oneThread }
  const child = start(isFile ? [...words, '--overwrite'] : words, place)
  const ending = outcome(child)
  await expect.poll(() => readdirSync(folder).some((name) => name.endsWith('.tmp')), { interval: 20 }).toBe(true)
  child.kill('SIGINT')
  const { code, out: said } = await ending
  expect({ code, error: JSON.parse(said).error.code }).toEqual({ code: 1, error: 'cancelled' })
  expect(everything(folder)).toEqual(before)
  if (isFile) expect(readFileSync(join(folder, target), 'utf8')).toBe('what was there')
  else expect(existsSync(join(folder, target))).toBe(false)
})
