// Checkpoints as today's programs write them, given to the terminal: every type of safetensors, float8 against
// ml_dtypes and torch bit for bit, models that lack what another has, masks of -Infinity, thirty thousand tensors,
// headers beyond Basil's limit, peft's adapters, and transformers' shards.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { inspectionSchema } from '../../src-main/contract/checkpoint.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { type Float8, float8Table, toFloat8 } from '../../src-main/engine/formats/float8.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { openSource } from '../../src-main/files/source.ts'
import { started } from '../bundles.ts'
import { generated, pythonWith } from './python.ts'

const newest = pythonWith('newest', 'torch', 'safetensors', 'ml_dtypes', 'peft')
const field = pythonWith('field', 'torch', 'transformers')
const folder = mkdtempSync(join(tmpdir(), 'basil-checkpoints-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => join(folder, name)

async function using<T>(path: string, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const source = await openSource(path)
  try {
    return await use(await openTensorFile(source))
  } finally {
    await source.close()
  }
}

const read = (path: string, tensor: string): Promise<Uint8Array> =>
  using(path, async (file) => (await file.read(tensor)).slice())

/** What the terminal answers, and its exit code. */
function asked(...args: string[]): { code: number | null; out: string; err: string } {
  mkdirSync(at('home'), { recursive: true })
  const env = { ...process.env, BASIL_HOME: at('home'), BASIL_BACKEND: 'wasm', BASIL_THREADS: '1' }
  const told = spawnSync(process.execPath, [started('src-main/cli.ts'), ...args], {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return { code: told.status, out: told.stdout, err: told.stderr }
}

function merged(pretrained: string, tuned: string, ...more: string[]) {
  const out = at('merged.safetensors')
  for (const file of [out, at('merged.md')]) rmSync(file, { force: true }) // with its card
  const told = asked(
    'merge',
    '--pretrained',
    at(pretrained),
    '--vectors',
    at(tuned),
    '--coefficient',
    '0.5',
    '--out',
    out,
    ...more,
  )
  expect(existsSync(out)).toBe(told.code === 0)
  return { ...told, said: told.out, out }
}

describe.skipIf(!newest)('of the newest programs', () => {
  beforeAll(() => {
    generated(newest as string, 'checkpoints.py', folder)
  })

  test.each(['F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'] as const)(
    '%s: all codes widened, and narrowed, bit for bit',
    async (dtype: Float8) => {
      const expected = at('float8-expected.safetensors')
      expect(await using(at('float8.safetensors'), async (file) => file.tensors.get(dtype)?.dtype)).toBe(dtype)
      const codes = await read(at('float8.safetensors'), dtype)
      const wide = toFloat32(await read(expected, `${dtype}.wide`), 'F32')
      for (const [i, value] of toFloat32(codes, dtype).entries())
        if (!Object.is(value, wide[i])) expect.fail(`code ${i}: ${value} is not ${wide[i]}`)

      const numbers = toFloat32(await read(expected, 'numbers'), 'F32')
      const narrow = toFloat8(numbers, dtype)
      expect(Buffer.compare(narrow, await read(expected, `${dtype}.ml_dtypes`)), 'ml_dtypes').toBe(0)
      const table = float8Table(dtype)
      const theirs = await read(expected, `${dtype}.torch`)
      let compared = 0
      for (const [i, code] of narrow.entries()) {
        // torch has another NaN, and saturates in E4M3: Basil refuses to write either
        if (!Number.isFinite(table[code])) continue
        if (code !== theirs[i]) expect.fail(`${numbers[i]} is ${code}, and torch's ${theirs[i]}`)
        compared++
      }
      expect(compared).toBeGreaterThan(numbers.length / 2)
    },
  )

  test.each([
    ['fp8', ['a.weight F8_E4M3', 'a.scale F32', 'b.weight F32'], null],
    [
      'c64',
      ['freqs_cis C64', 'b.weight F32'],
      /1 of types that Basil lists and copies, but does not compute with: C64/,
    ],
    ['f4', ['a.weight F4', 'a.scale F8_E8M0', 'b.weight F32'], /2 of types .*: F4, F8_E8M0/],
    ['f6', ['a.weight F6_E2M3', 'c.weight F6_E3M2', 'b.weight F32'], /2 of types .*: F6_E2M3, F6_E3M2/],
  ])('%s is listed whole, with the types it has, and converted byte for byte', async (name, tensors, named) => {
    const path = at(`${name}.safetensors`)
    const found = inspectionSchema.parse(JSON.parse(asked('inspect', path, '--json').out))
    expect(found.tensors.map(({ name, dtype }) => `${name} ${dtype}`).toSorted()).toEqual(tensors.toSorted())
    const { out, code } = asked('inspect', path)
    expect([code, named ? named.test(out) : !/does not compute/.test(out)]).toEqual([0, true])
    const copy = at(`${name}-copy.safetensors`)
    expect(asked('convert', path, '--out', copy).code).toBe(0)
    for (const { name } of found.tensors) expect(await read(copy, name), name).toEqual(await read(path, name))
  })

  test("float8 under one scale is merged, in the parent's type or wider, and the rounding is said", async () => {
    const [b, t] = [
      await read(at('fp8.safetensors'), 'a.weight'),
      await read(at('fp8-tuned.safetensors'), 'a.weight'),
    ].map((codes) => toFloat32(codes, 'F8_E4M3')) as [Float32Array, Float32Array]
    const exact = b.map((x, i) => x + 0.5 * ((t[i] as number) - x))
    const own = merged('fp8.safetensors', 'fp8-tuned.safetensors')
    expect(own).toMatchObject({
      code: 0,
      said: expect.stringMatching(/rounded to F8_E4M3 \(to nearest, ties to even\)/),
    })
    expect(await read(own.out, 'a.weight')).toEqual(toFloat8(exact, 'F8_E4M3'))
    const wide = merged('fp8.safetensors', 'fp8-tuned.safetensors', '--dtype', 'float32')
    expect(toFloat32(await read(wide.out, 'a.weight'), 'F32')).toEqual(exact)
  })

  test('a mask of -Infinity is merged byte for byte; float16 models give a float16 model', async () => {
    const { code, out } = merged('base-mask.safetensors', 'tuned-mask.safetensors')
    expect(code).toBe(0)
    expect(await read(out, 'attn_mask')).toEqual(await read(at('base-mask.safetensors'), 'attn_mask'))
    const found = asked('compatible', at('base-mask.safetensors'), at('tuned-mask.safetensors'))
    expect([found.code, found.out.includes('NaN'), /note: .*attn_mask/.test(found.out)]).toEqual([0, false, true])
    const half = merged('base-half.safetensors', 'tuned-half.safetensors')
    expect(half.code).toBe(0)
    expect(await using(half.out, async (file) => [...file.tensors.values()].map(({ dtype }) => dtype))).toEqual(
      new Array(4).fill('F16'),
    )
  })

  test.each([
    ['tuned-untied', /tuned-untied\.safetensors has the tensor lm_head\.weight, which base\.safetensors lacks/],
    [
      'tuned-vocab12',
      /tuned-vocab12\.safetensors has the tensor model\.embed\.weight in another shape than base\.safetensors.*\[12,4\], \[10,4\] is needed/,
    ],
    ['tuned-notemp', /tuned-notemp\.safetensors lacks the tensor model\.temp, which base\.safetensors has/],
  ])('%s: which file lacks what', async (name, told) => {
    expect(merged('base.safetensors', `${name}.safetensors`)).toMatchObject({
      code: 3,
      err: expect.stringMatching(told),
    })
  })

  test('thirty thousand tensors are merged', async () => {
    const { code, out } = merged('many.safetensors', 'many-tuned.safetensors')
    expect(code).toBe(0)
    const name = 'model.layers.74.mlp.experts.399.down_proj.weight'
    const base = toFloat32(await read(at('many.safetensors'), name), 'F32')
    const tuned = toFloat32(await read(at('many-tuned.safetensors'), name), 'F32')
    const expected = base.map((x, i) => x + 0.5 * ((tuned[i] as number) - x))
    expect(toFloat32(await read(out, name), 'F32')).toEqual(expected)
  })

  test.each(['huge-header', 'huge-metadata'])("%s: the limit is named as Basil's", async (name) => {
    const { code, err } = asked('inspect', at(`${name}.safetensors`))
    expect(code).toBe(1)
    expect(err).toMatch(
      /beyond a limit of Basil's.*its header has \d+ bytes; Basil reads 16777216 at most, though the format allows 100000000/,
    )
    expect(err).not.toMatch(/sound|damage|again/)
  })

  test.each(['lora', 'dora', 'ia3'])("peft's %s is called an adapter wherever it is given", async (name) => {
    const file = join(name, 'adapter_model.safetensors')
    expect(JSON.parse(asked('inspect', at(file), '--json').out)).toMatchObject({ role: 'adapter' })
    const told = /adapter_model\.safetensors is a PEFT adapter.*merge it into its base model first: .*merge_and_unload/
    // a LoRA may be given with its own base, which this is not
    const other = /cannot add this adapter to its base.*base\.safetensors has no tensor that it could mean/
    const asTuned = name === 'ia3' ? told : other
    expect(merged('base.safetensors', file)).toMatchObject({ code: 1, err: expect.stringMatching(asTuned) })
    expect(merged(file, 'base.safetensors')).toMatchObject({ code: 1, err: expect.stringMatching(told) })
    expect(asked('compatible', at('base.safetensors'), at(file))).toMatchObject({
      code: 3,
      out: expect.stringMatching(asTuned),
    })
    expect(asked('library', 'add', at(file)).code).toBe(0)
    expect(JSON.parse(asked('library', 'list', '--json').out).entries).toContainEqual(
      expect.objectContaining({ path: at(file), role: 'adapter' }),
    )
  })
})

test.skipIf(!field)(
  "an index over transformers' .bin shards is the checkpoint that one safetensors file is",
  async () => {
    generated(field as string, 'bin_shards.py', folder)
    const [index, whole] = [at('shards/pytorch_model.bin.index.json'), at('whole/model.safetensors')]
    const [mine, theirs] = [index, whole].map((path) => JSON.parse(asked('inspect', path, '--json').out))
    expect(mine).toMatchObject({
      format: 'pytorch-sharded',
      layout: 'huggingface',
      architecture: theirs.architecture,
      parameters: theirs.parameters,
    })
    const { out } = asked('diff', index, whole)
    expect(out).toMatch(/(\d+) tensors in both: 0 differ, \1 are equal/)
  },
)
