// The program's icon in every form that a system wants, out/icons, from build/release/icon.svg: NxN.png for Linux, .ico
// for Windows and .icns for macOS, both of which are lists of PNGs with a head of their own.
// Use: node build/run.mjs build/release/icons.ts
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import sharp from 'sharp'

const root = join(import.meta.dirname, '..', '..')
const sizes = [16, 32, 48, 64, 128, 256, 512, 1024]
const icnsTypes: Record<number, string> = {
  16: 'icp4',
  32: 'icp5',
  64: 'icp6',
  128: 'ic07',
  256: 'ic08',
  512: 'ic09',
  1024: 'ic10',
}
const largestIco = 256

interface Picture {
  size: number
  png: Buffer
}

/** Writes them anew; the same bytes each time. */
export async function makeIcons(folder = join(root, 'out', 'icons')): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const pictures = await Promise.all(sizes.map(async (size) => ({ size, png: await drawn(size) })))
  for (const { size, png } of pictures) writeFileSync(join(folder, `${size}x${size}.png`), png)
  writeFileSync(join(folder, 'icon.ico'), ico(pictures.filter(({ size }) => size <= largestIco)))
  writeFileSync(join(folder, 'icon.icns'), icns(pictures))
}

function drawn(size: number): Promise<Buffer> {
  const source = join(import.meta.dirname, 'icon.svg')
  return sharp(source, { density: (72 * size) / 512 })
    .resize(size, size)
    .png({ compressionLevel: 9 })
    .toBuffer()
}

/** u16 0, u16 1, u16 count; then for each width, height (0: 256), 0, 0, u16 planes, u16 bits, u32 bytes, u32 offset. */
function ico(pictures: readonly Picture[]): Buffer {
  const [head, row] = [6, 16]
  const table = Buffer.alloc(head + row * pictures.length)
  table.writeUInt16LE(1, 2)
  table.writeUInt16LE(pictures.length, 4)
  let offset = table.length
  for (const [i, { size, png }] of pictures.entries()) {
    const at = head + row * i
    table.writeUInt8(size % 256, at)
    table.writeUInt8(size % 256, at + 1)
    table.writeUInt16LE(1, at + 4)
    table.writeUInt16LE(32, at + 6)
    table.writeUInt32LE(png.length, at + 8)
    table.writeUInt32LE(offset, at + 12)
    offset += png.length
  }
  return Buffer.concat([table, ...pictures.map(({ png }) => png)])
}

/** "icns", u32 bytes of all; then for each its type, u32 bytes with this head, the PNG. Big-endian. */
function icns(pictures: readonly Picture[]): Buffer {
  const known = pictures.flatMap(({ size, png }) => {
    const type = icnsTypes[size]
    return type === undefined ? [] : [block(type, png)]
  })
  return block('icns', Buffer.concat(known))
}

function block(type: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(8 + bytes.length, 4)
  return Buffer.concat([head, bytes])
}

if (process.argv[1] === import.meta.filename) await makeIcons()
