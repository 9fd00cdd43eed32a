// Data sets in miniature whose images are pictures: a folder of classes with twins planted across its splits and one
// image that cannot be read, and MNIST's files. Pictures are drawn from a number, so that two of the same number are
// the same and others look different.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import sharp from 'sharp'

import { uniform } from '../../../src-main/numbers/random.ts'

const side = 32

/** (side, side, 3) of 4 x 4 patches of random colours: no two look alike. */
function pixels(seed: number): Uint8Array {
  const patch = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => 240 * uniform(seed, 0, 0, i))
  return Uint8Array.from({ length: side * side * 3 }, (_, at) => {
    const [y, x, c] = [Math.floor(at / (side * 3)), Math.floor(at / 3) % side, at % 3]
    return patch[(Math.floor(y / 4) * 8 + Math.floor(x / 4)) * 3 + c] as number
  })
}

function picture(seed: number): Promise<Buffer> {
  return sharp(pixels(seed), { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer()
}

function write(file: string, content: Uint8Array | string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

/**
 * train: 20 images of cats and dogs, test: 6. Of the test images one is in train too, one is one of train's a little
 * brighter, one cannot be read; a fourth of the dogs is of a kind that is not read.
 */
export async function petsAt(folder: string): Promise<void> {
  for (const [label, name] of ['cat', 'dog'].entries()) {
    for (let i = 0; i < 10; i++) write(join(folder, 'train', name, `${i}.png`), await picture(100 * label + i))
    for (let i = 0; i < 3; i++) write(join(folder, 'test', name, `${i}.png`), await picture(1000 + 100 * label + i))
  }
  write(join(folder, 'test/cat/0.png'), await picture(3))
  const brighter = pixels(104).map((value) => Math.min(255, value + 4))
  write(
    join(folder, 'test/dog/1.png'),
    await sharp(brighter, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toBuffer(),
  )
  write(join(folder, 'test/dog/2.png'), 'this is no picture')
  write(join(folder, 'test/dog/3.heic'), 'nor is this read')
}

/** 30 training and 10 test images in MNIST's files below root/MNIST/raw. */
export function mnistAt(root: string): void {
  const file = (magic: number, sizes: number[], data: Uint8Array): Buffer => {
    const head = Buffer.alloc(4 + 4 * sizes.length)
    head.writeUInt32BE(magic)
    for (const [i, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * i)
    return Buffer.concat([head, data])
  }
  for (const [name, count] of [
    ['train', 30],
    ['t10k', 10],
  ] as const) {
    const drawn = Array.from({ length: count }, (_, i) =>
      pixels(5000 + count * 100 + i).filter((_value, at) => at % 3 === 0),
    )
    const cut = drawn.map((grey) => grey.filter((_value, at) => at % side < 28 && at < side * 28))
    write(join(root, `MNIST/raw/${name}-images-idx3-ubyte`), file(0x803, [count, 28, 28], Buffer.concat(cut)))
    write(
      join(root, `MNIST/raw/${name}-labels-idx1-ubyte`),
      file(
        0x801,
        [count],
        Uint8Array.from({ length: count }, (_, i) => i % 10),
      ),
    )
  }
}
