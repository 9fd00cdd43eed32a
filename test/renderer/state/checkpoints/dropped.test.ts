// What a dropped file says of itself, read from its head alone.
import { describe, expect, it } from 'vitest'

import { kindOf, kindOfFolder, quickKey, recipeIn } from '../../../../src-renderer/state/checkpoints/dropped.ts'

describe('a dropped file', () => {
  const header = (metadata: unknown) => {
    const json = new TextEncoder().encode(
      JSON.stringify({ __metadata__: metadata, w: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } }),
    )
    const length = new Uint8Array(8)
    new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true)
    return new Blob([length, json])
  }
  const local = ({
    name = 'archive/basil.json',
    text = '{"basil.recipe":"R"}',
    method = 0,
    flags = 0,
    size = 0,
  } = {}) => {
    const fixed = new DataView(new ArrayBuffer(30))
    fixed.setUint32(0, 0x04034b50, true)
    fixed.setUint16(6, flags, true)
    fixed.setUint16(8, method, true)
    fixed.setUint32(18, size || text.length, true)
    fixed.setUint16(26, name.length, true)
    fixed.setUint16(28, 3, true)
    return new Blob([fixed, name, 'pad', text, 'the rest of the archive'])
  }

  it('tells its recipe from the head of safetensors or of a PyTorch archive', async () => {
    expect(await recipeIn(header({ 'basil.recipe': 'R' }))).toBe('R')
    expect(await recipeIn(local())).toBe('R')
  })

  it.each([
    ['another program’s safetensors', header({ format: 'pt' })],
    ['safetensors without metadata', header(undefined)],
    ['a recipe that is no text', header({ 'basil.recipe': { run: 1 } })],
    ['an archive that begins with something else', local({ name: 'archive/data.pkl' })],
    ['a name that only ends alike', local({ name: 'archive/notbasil.json' })],
    ['a compressed entry', local({ method: 8 })],
    ['sizes that follow later', local({ flags: 8 })],
    ['an entry longer than the file', local({ size: 5000 })],
    ['text that is no JSON', local({ text: '{"basil.recipe":' })],
    ['an empty file', new Blob([])],
    ['a length past the end', new Blob([new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0, 1, 2, 3])])],
  ])('has none in %s', async (_name, file) => {
    expect(await recipeIn(file)).toBeNull()
  })

  it('reads no more than a head of 16 MiB', async () => {
    const length = new Uint8Array(8)
    new DataView(length.buffer).setBigUint64(0, 2n ** 24n + 1n, true)
    const asked: number[] = []
    const huge = {
      size: 2 ** 30,
      slice: (from: number, to: number) => {
        asked.push(to - from)
        return new Blob([length, new Uint8Array(22)]).slice(0, to - from)
      },
    }
    expect(await recipeIn(huge as unknown as Blob)).toBeNull()
    expect(Math.max(...asked)).toBeLessThan(64)
  })

  it('has the quick key that the library gives it', async () => {
    const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => {
      const view = new DataView(await crypto.subtle.digest('SHA-256', bytes))
      return [0, 8, 16, 24].map((at) => view.getBigUint64(at).toString(16).padStart(16, '0')).join('')
    }
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251)
    const ends = Uint8Array.from([...bytes.subarray(0, 65_536), ...bytes.subarray(-65_536)])
    expect(await quickKey(new Blob([bytes]))).toBe(await sha256(ends))
    expect(await quickKey(new Blob(['short']))).toBe(await sha256(new TextEncoder().encode('shortshort')))
  })
})

it('is told by its name and first bytes, a folder by what is in it', async () => {
  expect(await kindOf(new File(['%PDF-1.7'], 'paper.pdf'))).toEqual({ kind: 'nothing', words: 'a PDF document' })
  expect(await kindOf(new File([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], 'cat.png'))).toMatchObject({
    kind: 'nothing',
  })
  expect(await kindOf(new File(['PAR1'], 'train.parquet'))).toEqual({ kind: 'data' })
  expect(await kindOf(new File(['x'], 'model.safetensors'))).toEqual({ kind: 'model' })
  expect(kindOfFolder(['train', 'cat', '1.png'])).toEqual({ kind: 'data' })
  expect(kindOfFolder(['zeroshot.pt', 'curve.png'])).toEqual({ kind: 'model' })
})
