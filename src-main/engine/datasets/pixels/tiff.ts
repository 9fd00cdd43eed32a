// What the first page of a TIFF says of itself, as far as it tells whether libvips reads it as Pillow does: built
// without a compression, libvips gives pixels of zeros for it and no error.
const [compressionTag, photometricTag] = [259, 262]
const jpeg = 7
const ycbcr = 6
/** None, Huffman, fax, LZW, JPEG, deflate and PackBits. */
const read = new Set([1, 2, 3, 4, 5, jpeg, 8, 32773, 32946])

/** Why it is not read; undefined where it is, or is no TIFF. */
export function unreadTiff(bytes: Uint8Array): string | undefined {
  const isLittle = bytes[0] === 0x49
  if (bytes.length < 16 || !((isLittle && bytes[1] === 0x49) || (bytes[0] === 0x4d && bytes[1] === 0x4d)))
    return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const isBig = view.getUint16(2, isLittle) === 43
  const long = (at: number): number => (isBig ? Number(view.getBigUint64(at, isLittle)) : view.getUint32(at, isLittle))
  const start = long(isBig ? 8 : 4)
  const [counted, entryBytes, valueAt] = isBig ? [8, 20, 12] : [2, 12, 8]
  if (start + counted > bytes.length) return 'its first page lies past its end'
  const count = isBig ? long(start) : view.getUint16(start, isLittle)
  let [compression, photometric] = [1, -1]
  for (let k = 0, at = start + counted; k < count && at + entryBytes <= bytes.length; k++, at += entryBytes) {
    const tag = view.getUint16(at, isLittle)
    if (tag === compressionTag) compression = view.getUint16(at + valueAt, isLittle)
    if (tag === photometricTag) photometric = view.getUint16(at + valueAt, isLittle)
  }
  if (!read.has(compression)) return `it is a TIFF whose compression, ${compression}, is not read`
  return photometric === ycbcr && compression !== jpeg
    ? 'it is a TIFF of YCbCr without JPEG, which is not read'
    : undefined
}
