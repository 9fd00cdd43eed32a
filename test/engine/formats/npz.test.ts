// npz: headers as NumPy writes them are read, others are refused with what is wrong.
import { zipSync } from 'fflate'
import { expect, test } from 'vitest'

import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { sourceOf } from './bytes.ts'

function npy(header: string, data: number | Uint8Array = 24, version = 1, magic = '\x93NUMPY'): Uint8Array {
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4)
  if (version === 1) length.writeUInt16LE(header.length)
  else length.writeUInt32LE(header.length)
  return Buffer.concat([
    Buffer.from(magic, 'latin1'),
    Buffer.of(version, 0),
    length,
    Buffer.from(header, 'latin1'),
    Buffer.alloc(0),
    typeof data === 'number' ? Buffer.alloc(data) : data,
  ])
}
const open = async (array: Uint8Array, level: 0 | 6 = 0) =>
  openTensorFile(sourceOf(zipSync({ 'w.npy': array }, { level }), 'w.npz'))
const header = (descr: string, order: string, shape: string): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': (${shape}), }   \n`
const six = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer)

test.each([1, 2, 3])('version %i, both orders, stored and packed, whole and in ranges', async (version) => {
  for (const level of [0, 6] as const) {
    const rows = await open(npy(header("'<f4'", 'False', '2, 3'), six, version), level)
    const columns = await open(npy(header("'<f4'", 'True', '2, 3'), six, version), level)
    expect([...new Float32Array((await rows.read('w')).buffer)]).toEqual([0, 1, 2, 3, 4, 5])
    expect([...new Float32Array((await columns.read('w')).buffer)]).toEqual([0, 2, 4, 1, 3, 5])
    expect([...new Float32Array((await rows.readRange('w', 8, 12)).buffer)]).toEqual([2, 3, 4])
    expect([...new Float32Array((await columns.readRange('w', 8, 12)).buffer)]).toEqual([4, 1, 3])
  }
  const scalar = await open(npy(header("'<f4'", 'False', ''), 4, version))
  const vector = await open(npy(header("'|u1'", 'False', '5,'), 5, version))
  expect([scalar.tensors.get('w')?.shape, vector.tensors.get('w')?.shape]).toEqual([[], [5]])
})

const good = header("'<f4'", 'False', '2, 3')
test.each([
  ['no magic', npy(good, 24, 1, '\x93NUMPX'), 'file-damaged', /does not begin as NumPy/],
  ['an unknown version', npy(good, 24, 9), 'file-damaged', /version 9/],
  ['a header longer than the file', npy(good).subarray(0, 40), 'file-damaged', /has a header of/],
  ['fewer bytes than its shape needs', npy(good, 23), 'file-damaged', /ends past the 23 bytes/],
  ['code for a header', npy(`${good.slice(0, -5)}, 'x': __import__('os')}\n`), 'file-damaged', /not as NumPy writes/],
  ['a negative size', npy(header("'<f4'", 'False', '-2, 3')), 'file-damaged', /not as NumPy writes/],
  [
    'a shape beyond counting',
    npy(header("'<f4'", 'False', '4294967296, 4294967296')),
    'file-damaged',
    /can be counted/,
  ],
  [
    'a size of too many digits',
    npy(header("'<f4'", 'False', '99999999999999999999')),
    'file-damaged',
    /not as NumPy writes/,
  ],
  ['an order that is no order', npy(header("'<f4'", '1', '2, 3')), 'file-damaged', /not as NumPy writes/],
  ['Python objects', npy(header("'|O'", 'False', '2, 3')), 'tensor-dtype', /stored as '\|O'/],
  ['records', npy(header("[('a', '<f4')]", 'False', '2, 3')), 'tensor-dtype', /stored as \[/],
  [
    'a type that has no name but its size',
    npy(header("'<V1'", 'False', '2, 3')),
    'tensor-dtype',
    /stored as '<V1', any of ml_dtypes/,
  ],
  ['raw bytes', npy(header("'|V2'", 'False', '2, 3')), 'tensor-dtype', /stored as '\|V2'/],
  ['numbers longer than any', npy(header("'>f16'", 'False', '2, 3')), 'tensor-dtype', /stored as '>f16'/],
])('refuses %s', async (_, array, code, why) => {
  await expect(open(array)).rejects.toMatchObject({
    record: { code, where: expect.stringContaining('w.npz'), why: expect.stringMatching(why) },
  })
})

test.each([
  ['>f4', 'F32', '3f800000 40000000', '0000803f 00000040'],
  ['>f8', 'F64', '3ff0000000000000', '000000000000f03f'],
  ['>f2', 'F16', '3c00 c000', '003c 00c0'],
  ['>i4', 'I32', '00000001 fffffffe', '01000000 feffffff'],
  ['>u2', 'U16', '0102 fffe', '0201 feff'],
  ['>c8', 'C64', '3f800000 40000000', '0000803f 00000040'],
  ['<c16', 'C128', '000000000000f03f 0000000000000040', '000000000000f03f 0000000000000040'],
  ['<V2', 'BF16', '803f 0040', '803f 0040'], // 1, 2 of ml_dtypes.bfloat16
  ['<f1', 'F8_E5M2', '3c 40', '3c 40'], // 1, 2 of ml_dtypes.float8_e5m2
])(
  "numbers described as %s are %s, their bytes in Basil's order, whole and in ranges",
  async (descr, dtype, stored, expected) => {
    const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
    const item = Math.max(1, Number(descr.slice(2)))
    const count = hex(stored).length / item
    for (const level of [0, 6] as const) {
      const file = await open(npy(header(`'${descr}'`, 'False', `${count},`), hex(stored)), level)
      expect(file.tensors.get('w')).toMatchObject({ dtype, shape: [count] })
      expect(Buffer.from(await file.read('w')).toString('hex')).toBe(hex(expected).toString('hex'))
      const into = new Uint8Array(item)
      await file.readRange('w', (count - 1) * item, item, into)
      expect(Buffer.compare(into, hex(expected).subarray(-item))).toBe(0)
    }
  },
)

test('a zip with something else in it is no npz', async () => {
  const bytes = zipSync({ 'w.npy': npy(good), 'readme.txt': Buffer.from('x') })
  await expect(openTensorFile(sourceOf(bytes, 'w.npz'))).rejects.toMatchObject({
    record: { code: 'format-unknown', where: 'w.npz' },
  })
})

test('what is packed and does not unpack to its size is refused when it is read', async () => {
  const bytes = Buffer.from(zipSync({ 'w.npy': npy(good, six) }, { level: 6 }))
  bytes.fill(0xff, 40, 60) // inside of the deflate stream
  await expect(openTensorFile(sourceOf(bytes, 'w.npz')).then((file) => file.read('w'))).rejects.toMatchObject({
    record: { code: 'file-damaged', where: 'w.npz' },
  })
})
