// NumPy's npz: a zip of one .npy file an array. Each begins with "\x93NUMPY", a version and a header that is a Python
// literal of three fixed fields, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, and is read as that and
// nothing more. Numbers of the other order of bytes ('>f4') are turned. NumPy has no name for the types of ml_dtypes
// but their size: bfloat16 alone is '<V2', and float8_e5m2 '<f1'.
import { type Dtype, dtypes } from './dtype.ts'
import { reversed } from './element-bits.ts'
import type { ZippedFormat } from './format.ts'
import { type ByteSource, damaged, type Region, shown } from './source.ts'
import { rowMajor, type Strided, stridedFile, unknownType } from './strided.ts'
import type { TensorFile } from './tensor-file.ts'
import type { ZipArchive } from './zip.ts'

const descriptions: Record<string, Dtype> = Object.assign(Object.create(null), {
  '<c16': 'C128',
  '<c8': 'C64',
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '<i8': 'I64',
  '<i4': 'I32',
  '<i2': 'I16',
  '|i1': 'I8',
  '<u8': 'U64',
  '<u4': 'U32',
  '<u2': 'U16',
  '|u1': 'U8',
  '|b1': 'BOOL',
  '<V2': 'BF16',
  '<f1': 'F8_E5M2',
})
const longestHeader = 65536 // an array has at most 64 dimensions
const header =
  /^\{'descr': ('[^'\\]{1,32}'|\[[^\]]*\]), 'fortran_order': (True|False), 'shape': \(((?:\d{1,16}, ?)*(?:\d{1,16})?)\), ?\} *\n$/

export const npz: ZippedFormat = {
  matchesEntries: ({ names }) => names.length > 0 && names.every((name) => name.endsWith('.npy')),
  open,
}

async function open(source: ByteSource, zip: ZipArchive): Promise<TensorFile> {
  const views = new Map<string, Strided>()
  for (const entry of zip.names) {
    const name = entry.slice(0, -'.npy'.length)
    views.set(name, await readArray(source, name, await zip.region(entry)))
  }
  return stridedFile(source, 'npz', views, {})
}

/** One .npy. Throws file-damaged, and not-supported for types that are no plain numbers. */
export async function readArray(source: ByteSource, name: string, entry: Region): Promise<Strided> {
  const refuse = (why: string): never => {
    throw damaged(source, 'npz', `the array ${shown(name)} ${why}`)
  }
  if (entry.size < 10) refuse(`has ${entry.size} bytes, too few for a header`)
  const head = await entry.read(0, Math.min(12, entry.size))
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  if (view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) refuse('does not begin as NumPy begins')
  const wide = head[6] === 2 || head[6] === 3 // the length of its header has four bytes, not two
  if ((!wide && head[6] !== 1) || head[7] !== 0) refuse(`is of version ${head[6]}.${head[7]}, which is unknown`)
  const length = wide && head.length === 12 ? view.getUint32(8, true) : view.getUint16(8, true)
  const start = (wide ? 12 : 10) + length
  if (length > longestHeader || start > entry.size) refuse(`has a header of ${length} bytes`)
  // reads of the data go on from here
  const text = new TextDecoder('latin1').decode((await entry.read(0, start)).subarray(start - length))
  const [, descr = '', order, sizes = ''] = header.exec(text) ?? refuse('has a header that is not as NumPy writes it')
  const isTurned = /^'>[fciu]/.test(descr)
  const dtype = descriptions[isTurned ? `<${descr.slice(2, -1)}` : descr.slice(1, -1)]
  if (!dtype)
    throw unknownType(source, name, descr === "'<V1'" ? "'<V1', any of ml_dtypes' types of 8 bits or less" : descr)
  const shape = sizes.split(',').flatMap((size) => (size.trim() ? [Number(size)] : []))
  const region: Region = {
    size: entry.size - start,
    read: (offset, count, into) => entry.read(start + offset, count, into),
  }
  const strides = order === 'True' ? rowMajor(shape.toReversed()).reverse() : rowMajor(shape)
  const width = dtypes[dtype] / (descr[2] === 'c' ? 2 : 1) // a complex number is two
  return { dtype, region, offset: 0, shape, strides, changes: isTurned ? [reversed(width)] : [] }
}
